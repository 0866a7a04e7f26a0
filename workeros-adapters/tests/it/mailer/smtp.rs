//! Mail by SMTP, to a real server.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::generate_simple_self_signed;
use serde_json::Value as Json;
use tempfile::TempDir;
use workeros_adapters::{SmtpMailer, SmtpOptions, SmtpTls};
use workeros_core::testkit::{SequentialIds, StandingClock};
use workeros_core::{Email, ErrorKind, Mailer as _, Sender};

/// The mail server of `sink.py`.
struct Sink {
    child: Child,
    output: BufReader<ChildStdout>,
    port: u16,
    certificate: String,
    _directory: TempDir,
}

impl Sink {
    /// Starts a server, if there is a Python with aiosmtpd.
    fn start(tls: SmtpTls) -> Option<Self> {
        let Ok(python) = std::env::var("WORKEROS_TEST_PYTHON") else {
            println!("skipped: WORKEROS_TEST_PYTHON is not set");
            return None;
        };
        let certified = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let directory = TempDir::new().unwrap();
        let (certificate, key) = (directory.path().join("cert"), directory.path().join("key"));
        std::fs::write(&certificate, certified.cert.pem()).unwrap();
        std::fs::write(&key, certified.signing_key.serialize_pem()).unwrap();
        let mode = match tls {
            SmtpTls::DangerNone => "none",
            SmtpTls::StartTls => "starttls",
            SmtpTls::Implicit => "implicit",
        };
        let mut child = Command::new(python)
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/it/mailer/sink.py"
            ))
            .arg(mode)
            .args([&certificate, &key])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut port = String::new();
        output.read_line(&mut port).unwrap();
        Some(Self {
            child,
            output,
            port: port.trim().parse().expect("a server that starts"),
            certificate: certified.cert.pem(),
            _directory: directory,
        })
    }

    fn options(&self, tls: SmtpTls) -> SmtpOptions {
        SmtpOptions::new("127.0.0.1")
            .with_port(self.port)
            .with_tls(tls)
            .with_root_certificate(self.certificate.clone())
            .with_timeout(Duration::from_secs(5))
    }

    /// The next mail.
    fn mail(&mut self) -> Json {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn sender() -> Sender {
    let sender = Sender::new("no-reply@acme.example").unwrap();
    sender.with_name("Müller & Söhne, \"GmbH\"").unwrap()
}

fn mailer(options: SmtpOptions) -> SmtpMailer {
    let mailer = SmtpMailer::new(options, sender()).unwrap();
    let mailer = mailer.with_clock(Arc::new(StandingClock::default()));
    mailer.with_ids(Arc::new(SequentialIds::default()))
}

fn to(address: &str) -> Email {
    Email::new(address, "Hello", "Hello\n").unwrap()
}

mod contract {
    use workeros_adapters::SmtpTls;

    // The server goes with the process.
    workeros_core::mailer_conformance!(async {
        let sink = super::Sink::start(SmtpTls::DangerNone)?;
        let mailer = super::mailer(sink.options(SmtpTls::DangerNone));
        std::mem::forget(sink);
        Some(mailer)
    });
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_sent() {
    let Some(mut sink) = Sink::start(SmtpTls::DangerNone) else {
        return;
    };
    let subject = "Grüße aus 東京 – ein Betreff, der länger ist als eine Zeile lang sein darf 👋";
    let text = "Schöne Grüße 👋\n.\nFrom: eve\n";
    let email = Email::new("ann@example.com", subject, text)
        .unwrap()
        .with_html("<p>Schöne Grüße 👋</p>\n")
        .with_reply_to("help@acme.example")
        .unwrap()
        .with_header("X-Campaign", "welcome")
        .unwrap();
    mailer(sink.options(SmtpTls::DangerNone))
        .send(email)
        .await
        .unwrap();

    let mail = sink.mail();
    assert_eq!(mail["from"], "no-reply@acme.example");
    assert_eq!(mail["to"], serde_json::json!(["ann@example.com"]));
    let headers = &mail["headers"];
    assert_eq!(headers["to"], "ann@example.com");
    assert_eq!(headers["subject"], subject);
    let from = headers["from"].as_str().unwrap();
    assert!(from.ends_with("<no-reply@acme.example>"), "{from}");
    assert!(
        from.contains("Müller & Söhne") && from.contains("GmbH"),
        "{from}"
    );
    assert_eq!(headers["reply-to"], "help@acme.example");
    assert_eq!(headers["x-campaign"], "welcome");
    assert_eq!(headers["date"], "Sat, 01 Jun 2024 12:00:00 +0000");
    let id = "<018fd3ab-c200-7000-8000-000000000001@acme.example>";
    assert_eq!(headers["message-id"], id);
    assert_eq!(mail["type"], "multipart/alternative");
    assert_eq!(
        mail["bodies"]["text/plain"].as_str().unwrap().trim_end(),
        text.trim_end()
    );
    let html = mail["bodies"]["text/html"].as_str().unwrap();
    assert_eq!(html.trim_end(), "<p>Schöne Grüße 👋</p>");
    assert_eq!(mail["hello"], "acme.example");
    // Every server can pass it on.
    assert!(mail["raw"].as_str().unwrap().is_ascii());
}

#[test]
fn an_address_no_mail_can_come_from_is_refused_at_once() {
    let sender = Sender::new("no..reply@acme.example").unwrap();
    let refused = SmtpMailer::new(SmtpOptions::new("127.0.0.1"), sender).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Validation);
}

#[tokio::test]
async fn a_mail_without_html_has_one_body() {
    let Some(mut sink) = Sink::start(SmtpTls::DangerNone) else {
        return;
    };
    let mailer = mailer(sink.options(SmtpTls::DangerNone));
    let named = to("ann@example.com").with_sender_name("Shop, \"Söhne\"");
    mailer.send(named.unwrap()).await.unwrap();
    let mail = sink.mail();
    assert_eq!(mail["from"], "no-reply@acme.example");
    let from = mail["headers"]["from"].as_str().unwrap();
    assert!(from.contains("Shop") && from.contains("Söhne"), "{from}");
    assert!(from.ends_with("<no-reply@acme.example>"), "{from}");
    assert_eq!(mail["type"], "text/plain");
    assert_eq!(
        mail["bodies"]["text/plain"].as_str().unwrap().trim_end(),
        "Hello"
    );
}

#[tokio::test]
async fn mails_and_passwords_go_over_tls() {
    for tls in [SmtpTls::Implicit, SmtpTls::StartTls] {
        let Some(mut sink) = Sink::start(tls) else {
            return;
        };
        let options = sink.options(tls).with_credentials("ann", "secret");
        mailer(options).send(to("ann@example.com")).await.unwrap();
        let mail = sink.mail();
        assert_eq!((&mail["tls"], &mail["user"]), (&true.into(), &"ann".into()));
    }
}

#[tokio::test]
async fn a_server_nobody_vouches_for_gets_nothing() {
    for tls in [SmtpTls::Implicit, SmtpTls::StartTls] {
        let Some(sink) = Sink::start(tls) else {
            return;
        };
        let options = SmtpOptions::new("127.0.0.1")
            .with_port(sink.port)
            .with_tls(tls);
        let sent = mailer(options.with_credentials("ann", "secret"));
        let error = sent.send(to("ann@example.com")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    }
}

#[tokio::test]
async fn a_server_without_starttls_gets_nothing() {
    let Some(sink) = Sink::start(SmtpTls::DangerNone) else {
        return;
    };
    let mailer = mailer(sink.options(SmtpTls::StartTls));
    let error = mailer.send(to("ann@example.com")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
}

#[tokio::test]
async fn a_wrong_password_can_be_mended() {
    let Some(sink) = Sink::start(SmtpTls::Implicit) else {
        return;
    };
    let options = sink.options(SmtpTls::Implicit);
    let mailer = mailer(options.with_credentials("ann", "canary"));
    assert!(!format!("{mailer:?}").contains("canary"));
    let error = mailer.send(to("ann@example.com")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
}

#[tokio::test]
async fn recipients_are_refused_for_good_or_for_now() {
    let Some(sink) = Sink::start(SmtpTls::DangerNone) else {
        return;
    };
    let mailer = mailer(sink.options(SmtpTls::DangerNone));
    for (address, kind) in [
        ("nobody@example.com", ErrorKind::Validation),
        ("busy@example.com", ErrorKind::Unavailable),
    ] {
        let error = mailer.send(to(address)).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
    }
    // The connection is still good, or another one is made.
    mailer.send(to("ann@example.com")).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_silent_or_gone_may_come_back() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let options = SmtpOptions::new("127.0.0.1")
        .with_port(silent.local_addr().unwrap().port())
        .with_tls(SmtpTls::DangerNone)
        .with_timeout(Duration::from_millis(300));
    let mailer = mailer(options);
    let start = Instant::now();
    let error = mailer.send(to("ann@example.com")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    drop(silent);
    let error = mailer.send(to("ann@example.com")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn what_is_no_certificate_is_refused() {
    let options = SmtpOptions::new("127.0.0.1").with_root_certificate("no certificate");
    let error = SmtpMailer::new(options, sender()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation);
}
