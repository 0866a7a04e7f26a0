//! Mail by the HTTP APIs of providers: the requests are what they document.

use std::sync::Arc;

use serde_json::json;
use workeros_adapters::{MailgunMailer, ResendMailer, SendgridMailer, SesCredentials, SesMailer};
use workeros_core::testkit::{Answer, HttpServer, Received, StandingClock};
use workeros_core::{Email, ErrorKind, HttpClient, Mailer, Sender};

use crate::http_client::opened_to;

/// All of them, at one server.
fn mailers(server: &HttpServer) -> [Arc<dyn Mailer>; 4] {
    [
        Arc::new(resend(server)),
        Arc::new(sendgrid(server)),
        Arc::new(mailgun(server)),
        Arc::new(ses(server)),
    ]
}

fn resend(server: &HttpServer) -> ResendMailer {
    let mailer = ResendMailer::new(client(server), "re_canary", sender()).unwrap();
    mailer.with_endpoint(server.url(""))
}

fn sendgrid(server: &HttpServer) -> SendgridMailer {
    let mailer = SendgridMailer::new(client(server), "SG.canary", sender()).unwrap();
    mailer.with_endpoint(server.url(""))
}

fn mailgun(server: &HttpServer) -> MailgunMailer {
    let mailer = MailgunMailer::new(client(server), "key-canary", "mg.acme.example", sender());
    mailer.unwrap().with_endpoint(server.url(""))
}

fn ses(server: &HttpServer) -> SesMailer {
    let credentials = SesCredentials::new("AKIDEXAMPLE", "canary").unwrap();
    let credentials = credentials.with_session_token("token-canary").unwrap();
    let mailer = SesMailer::new(client(server), credentials, "eu-central-1", sender());
    let mailer = mailer.unwrap().with_endpoint(server.url(""));
    mailer.with_clock(Arc::new(StandingClock::default()))
}

fn client(server: &HttpServer) -> Arc<dyn HttpClient> {
    Arc::new(opened_to(&[server.address()]))
}

fn sender() -> Sender {
    let sender = Sender::new("no-reply@acme.example").unwrap();
    sender.with_name("Müller \"Söhne\"").unwrap()
}

fn email() -> Email {
    Email::new("ann@example.com", "Grüße", "Hello & welcome\nAnn")
        .unwrap()
        .with_html("<p>Hello</p>")
        .with_reply_to("help@acme.example")
        .unwrap()
        .with_header("X-Campaign", "welcome")
        .unwrap()
}

/// What the server was sent for a mail.
async fn sent(mailer: &dyn Mailer, server: &HttpServer, email: Email) -> Received {
    mailer.send(email).await.unwrap();
    server.received().pop().unwrap()
}

fn plain() -> Email {
    Email::new("ann@example.com", "Hi", "text").unwrap()
}

macro_rules! contract {
    ($($mailer:ident $status:literal)*) => {
        $(
            mod $mailer {
                use workeros_core::testkit::{Answer, HttpServer};

                // The server goes with the process.
                workeros_core::mailer_conformance!(async {
                    let server = HttpServer::start(|_| Answer::new($status));
                    let mailer = super::$mailer(&server);
                    std::mem::forget(server);
                    mailer
                });
            }
        )*
    };
}

contract!(resend 200 sendgrid 202 mailgun 200 ses 200);

#[tokio::test]
async fn resend_is_asked_as_it_documents() {
    let server = HttpServer::start(|_| Answer::new(200).with_body(r#"{"id":"1"}"#));
    let request = sent(&resend(&server), &server, email()).await;
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("POST", "/emails")
    );
    assert_eq!(request.header("authorization"), "Bearer re_canary");
    assert_eq!(request.header("content-type"), "application/json");
    let expected = json!({
        "from": "\"Müller \\\"Söhne\\\"\" <no-reply@acme.example>",
        "to": ["ann@example.com"],
        "subject": "Grüße",
        "text": "Hello & welcome\nAnn",
        "html": "<p>Hello</p>",
        "reply_to": "help@acme.example",
        "headers": {"X-Campaign": "welcome"},
    });
    assert_eq!(request.json(), expected);
    let request = sent(&resend(&server), &server, plain()).await;
    let members: Vec<_> = request
        .json()
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(members, ["from", "subject", "text", "to"]);
}

#[tokio::test]
async fn sendgrid_is_asked_as_it_documents() {
    let server = HttpServer::start(|_| Answer::new(202));
    let request = sent(&sendgrid(&server), &server, email()).await;
    let call = (request.method.as_str(), request.target.as_str());
    assert_eq!(call, ("POST", "/v3/mail/send"));
    assert_eq!(request.header("authorization"), "Bearer SG.canary");
    assert_eq!(request.header("content-type"), "application/json");
    let expected = json!({
        "personalizations": [{"to": [{"email": "ann@example.com"}]}],
        "from": {"email": "no-reply@acme.example", "name": "Müller \"Söhne\""},
        "reply_to": {"email": "help@acme.example"},
        "subject": "Grüße",
        "content": [
            {"type": "text/plain", "value": "Hello & welcome\nAnn"},
            {"type": "text/html", "value": "<p>Hello</p>"},
        ],
        "headers": {"X-Campaign": "welcome"},
    });
    assert_eq!(request.json(), expected);
}

#[tokio::test]
async fn mailgun_is_asked_as_it_documents() {
    let server = HttpServer::start(|_| Answer::new(200).with_body(r#"{"id":"1"}"#));
    let request = sent(&mailgun(&server), &server, email()).await;
    let call = (request.method.as_str(), request.target.as_str());
    assert_eq!(call, ("POST", "/v3/mg.acme.example/messages"));
    // `api:key-canary`
    assert_eq!(
        request.header("authorization"),
        "Basic YXBpOmtleS1jYW5hcnk="
    );
    let kind = request.header("content-type");
    assert_eq!(kind, "application/x-www-form-urlencoded");
    assert_eq!(
        request.text(),
        "from=%22M%C3%BCller+%5C%22S%C3%B6hne%5C%22%22+%3Cno-reply%40acme.example%3E\
         &to=ann%40example.com&subject=Gr%C3%BC%C3%9Fe&text=Hello+%26+welcome%0AAnn\
         &html=%3Cp%3EHello%3C%2Fp%3E&h%3AReply-To=help%40acme.example\
         &h%3AX-Campaign=welcome"
    );
}

#[tokio::test]
async fn ses_is_asked_as_it_documents() {
    let server = HttpServer::start(|_| Answer::new(200).with_body(r#"{"MessageId":"1"}"#));
    let request = sent(&ses(&server), &server, email()).await;
    let call = (request.method.as_str(), request.target.as_str());
    assert_eq!(call, ("POST", "/v2/email/outbound-emails"));
    assert_eq!(request.header("x-amz-date"), "20240601T120000Z");
    assert_eq!(request.header("x-amz-security-token"), "token-canary");
    assert_eq!(request.header("host"), server.address().to_string());
    let authorization = request.header("authorization");
    let expected = "AWS4-HMAC-SHA256 \
        Credential=AKIDEXAMPLE/20240601/eu-central-1/ses/aws4_request, \
        SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=";
    assert!(authorization.starts_with(expected), "{authorization}");
    assert!(!authorization.contains("canary"));
    let text = |data: &str| json!({"Data": data, "Charset": "UTF-8"});
    let expected = json!({
        "FromEmailAddress": "=?UTF-8?B?TcO8bGxlciAiU8O2aG5lIg==?= <no-reply@acme.example>",
        "Destination": {"ToAddresses": ["ann@example.com"]},
        "ReplyToAddresses": ["help@acme.example"],
        "Content": {"Simple": {
            "Subject": text("Grüße"),
            "Body": {"Text": text("Hello & welcome\nAnn"), "Html": text("<p>Hello</p>")},
            "Headers": [{"Name": "X-Campaign", "Value": "welcome"}],
        }},
    });
    assert_eq!(request.json(), expected);
}

/// A mail comes by the name it has; where it comes from stays the same.
#[tokio::test]
async fn a_mail_has_the_name_of_its_sender() {
    let server = HttpServer::start(|_| Answer::new(200));
    let named = plain().with_sender_name("Shop, \"Söhne\"").unwrap();
    let resent = sent(&resend(&server), &server, named.clone()).await;
    let quoted = "\"Shop, \\\"Söhne\\\"\" <no-reply@acme.example>";
    assert_eq!(resent.json()["from"], quoted);
    let by_sendgrid = sent(&sendgrid(&server), &server, named.clone()).await;
    let expected = json!({"email": "no-reply@acme.example", "name": "Shop, \"Söhne\""});
    assert_eq!(by_sendgrid.json()["from"], expected);
    let by_mailgun = sent(&mailgun(&server), &server, named.clone()).await;
    let from = by_mailgun.text().split('&').next().unwrap().to_owned();
    assert_eq!(
        from,
        "from=%22Shop%2C+%5C%22S%C3%B6hne%5C%22%22+%3Cno-reply%40acme.example%3E"
    );
    let by_ses = sent(&ses(&server), &server, named).await;
    assert_eq!(
        by_ses.json()["FromEmailAddress"],
        "=?UTF-8?B?U2hvcCwgIlPDtmhuZSI=?= <no-reply@acme.example>"
    );
}

/// Amazon says with 400 as well that the account may not send for now.
#[tokio::test]
async fn what_amazon_says_of_the_account_is_not_about_the_mail() {
    for (kind, expected) in [
        ("MessageRejected", ErrorKind::Validation),
        ("BadRequestException", ErrorKind::Validation),
        ("SendingPausedException", ErrorKind::Unavailable),
        (
            "LimitExceededException:http://a.example/",
            ErrorKind::Unavailable,
        ),
        ("AccountSuspendedException", ErrorKind::Unavailable),
        ("MailFromDomainNotVerifiedException", ErrorKind::Unavailable),
    ] {
        let server =
            HttpServer::start(move |_| Answer::new(400).with_header("x-amzn-errortype", kind));
        let error = ses(&server).send(plain()).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{kind}");
    }
}

#[tokio::test]
async fn what_a_provider_answers_is_told_apart() {
    let server = HttpServer::start(|request| {
        // The subject is the status to answer with.
        let number = |text: &str| {
            text.split(|char: char| !char.is_ascii_digit())
                .find_map(|it| it.parse().ok().filter(|status| (200..600).contains(status)))
        };
        let subject = request.text().split("ubject").nth(1).unwrap();
        Answer::new(number(subject).unwrap())
            .with_header("retry-after", "7")
            .with_body("{\"message\":\"no\nluck\"}")
    });
    for mailer in mailers(&server) {
        for (status, kind, retry_after) in [
            (400, ErrorKind::Validation, None),
            (413, ErrorKind::Validation, None),
            (422, ErrorKind::Validation, None),
            (302, ErrorKind::Unavailable, Some(7)),
            (401, ErrorKind::Unavailable, Some(7)),
            (403, ErrorKind::Unavailable, Some(7)),
            (429, ErrorKind::Unavailable, Some(7)),
            (500, ErrorKind::Unavailable, Some(7)),
            (503, ErrorKind::Unavailable, Some(7)),
        ] {
            let email = Email::new("ann@example.com", status.to_string(), "text").unwrap();
            let error = mailer.send(email).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{mailer:?}: {status}");
            assert_eq!(
                error.retry_after_seconds(),
                retry_after,
                "{mailer:?}: {status}"
            );
            let told = format!("{error:?}");
            assert!(told.contains(&status.to_string()), "{told}");
            assert!(
                told.contains("no luck") && !told.contains("canary"),
                "{told}"
            );
        }
    }
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_may_come_back() {
    let server = HttpServer::start(|_| Answer::new(200));
    let mailers = mailers(&server);
    drop(server);
    for mailer in mailers {
        let error = mailer.send(email()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
        let told = format!("{mailer:?} {error:?}");
        assert!(!told.contains("canary"), "{told}");
    }
}

#[test]
fn keys_that_cannot_be_are_refused() {
    let server = HttpServer::start(|_| Answer::new(200));
    for key in ["", "key\n", "ke y", "kéy", "key\r\nx-a: b"] {
        assert!(ResendMailer::new(client(&server), key, sender()).is_err());
        assert!(SendgridMailer::new(client(&server), key, sender()).is_err());
        assert!(MailgunMailer::new(client(&server), key, "a.example", sender()).is_err());
        assert!(SesCredentials::new(key, "secret").is_err());
        assert!(SesCredentials::new("id", key).is_err());
    }
    for domain in [
        "",
        "example",
        "a/../b.example",
        "a.example?x=",
        "a b.example",
    ] {
        assert!(MailgunMailer::new(client(&server), "key", domain, sender()).is_err());
    }
    for region in ["", "eu.evil.example/", "eu central"] {
        let credentials = SesCredentials::new("id", "secret").unwrap();
        assert!(SesMailer::new(client(&server), credentials, region, sender()).is_err());
    }
}
