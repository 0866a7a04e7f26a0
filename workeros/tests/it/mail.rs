//! Mail as a mail server gets it: in the language of who reads it, in the words of
//! the host, and with no header that somebody has put in.

use axum::body::Body;
use http::{Request, StatusCode, header};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;
use workeros::{
    Locale, MailTemplate, MailText, RealmSettings, Sender, SmtpMailer, SmtpOptions, SmtpTls,
    Sqlite, Templates, Workeros,
};

/// Takes one mail as a mail server would, and gives its lines.
async fn take_mail(listener: &TcpListener) -> Vec<String> {
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = BufReader::new(stream);
    say(&mut stream, "220 sink").await;
    let mut mail: Option<Vec<String>> = None;
    loop {
        let mut line = String::new();
        assert!(stream.read_line(&mut line).await.unwrap() > 0, "cut off");
        let line = line.trim_end().to_owned();
        match (&mut mail, line.as_str()) {
            (Some(_), ".") => {
                say(&mut stream, "250 taken").await;
                return mail.unwrap();
            }
            (Some(lines), _) => lines.push(line),
            (None, "DATA") => {
                say(&mut stream, "354 go on").await;
                mail = Some(Vec::new());
            }
            (None, _) => say(&mut stream, "250 sink").await,
        }
    }
}

async fn say(stream: &mut BufReader<TcpStream>, line: &str) {
    let line = format!("{line}\r\n");
    stream.get_mut().write_all(line.as_bytes()).await.unwrap();
}

/// Asks for a link to sign in by.
async fn ask(backend: &Workeros, path: &str, name: &str, languages: &str) {
    let body = json!({"email": format!("{name}@example.com")}).to_string();
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT_LANGUAGE, languages)
        .body(Body::from(body))
        .unwrap();
    let response = backend.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}

fn headers<'a>(mail: &'a [String], name: &str) -> Vec<&'a str> {
    let head = mail.iter().take_while(|line| !line.is_empty());
    let named = head.filter_map(|line| {
        let (known, value) = line.split_once(':')?;
        known.eq_ignore_ascii_case(name).then(|| value.trim())
    });
    named.collect()
}

#[tokio::test]
async fn a_mail_arrives_in_the_language_and_words_it_is_to_have() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = SmtpOptions::new("127.0.0.1")
        .with_port(listener.local_addr().unwrap().port())
        .with_tls(SmtpTls::DangerNone);
    let sender = Sender::new("no-reply@example.com").unwrap();
    let own = MailText::new()
        .with_subject("Ton lien vers {{site}}")
        .with_text("{{url}}");
    let templates = Templates::new()
        .with_text(MailTemplate::MagicLink, Locale::parse("fr").unwrap(), own)
        .unwrap()
        .with_reply_to("help@example.com")
        .unwrap();
    let backend = Workeros::builder()
        .db(Sqlite::memory().await.unwrap())
        .public_url("https://example.com")
        .mailer(SmtpMailer::new(options, sender).unwrap())
        .auth(|auth| auth.with_app_settings(RealmSettings::new().with_templates(templates)))
        .build()
        .await
        .unwrap();
    let (team, app) = (
        "/api/auth/sign-in/magic-link",
        "/api/t/default/auth/sign-in/magic-link",
    );

    for (path, name, languages, subject, reply_to) in [
        (team, "ann", "de-CH, en;q=0.5", "Anmelden", &[][..]),
        (team, "bob", "", "Sign in", &[]),
        (
            app,
            "uma",
            "fr-CA, en",
            "Ton lien vers example.com",
            &["help@example.com"],
        ),
        // What somebody sends as a language is none, and goes nowhere.
        (
            app,
            "eve",
            "x, Bcc: a@b;q=1, de\tBcc",
            "Sign in",
            &["help@example.com"],
        ),
    ] {
        ask(&backend, path, name, languages).await;
        let mail = take_mail(&listener).await;
        assert_eq!(headers(&mail, "to"), [format!("{name}@example.com")]);
        assert_eq!(headers(&mail, "subject"), [subject]);
        assert_eq!(headers(&mail, "reply-to"), reply_to);
        assert!(headers(&mail, "bcc").is_empty(), "{mail:?}");
    }
    backend.shutdown().await;
}
