//! Mail of a server, by what its options name.

use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Place, Server};

/// Takes one mail as a mail server would; answers what was sent.
async fn take_mail(listener: TcpListener) -> String {
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = BufReader::new(stream);
    say(&mut stream, "220 sink").await;
    let mut taken = String::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        taken.push_str(&line);
        match line.trim_end() {
            "DATA" => say(&mut stream, "354 go on").await,
            "." => {
                say(&mut stream, "250 taken").await;
                return taken;
            }
            _ if is_command(&line) => say(&mut stream, "250 sink").await,
            _ => assert!(!line.is_empty(), "cut off: {taken}"),
        }
    }
}

fn is_command(line: &str) -> bool {
    let commands = ["EHLO ", "MAIL FROM:", "RCPT TO:"];
    commands.iter().any(|command| line.starts_with(command))
}

async fn say(stream: &mut BufReader<TcpStream>, line: &str) {
    let line = format!("{line}\r\n");
    stream.get_mut().write_all(line.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn a_server_sends_by_the_mail_server_it_is_told() {
    let place = Place::sqlite();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp+danger-none://{}", listener.local_addr().unwrap());
    let arguments = [
        "--mail-url",
        &url,
        "--mail-from",
        "Acme <no-reply@example.com>",
    ];
    let arguments = arguments.map(ToOwned::to_owned).into_iter();
    let server = Server::start(arguments.chain(place.arguments())).await;
    let mut client = server.client().await;
    client.sign_up("ann@example.com").await;
    let body = json!({"email": "ann@example.com"});
    client.post("/api/auth/request-password-reset", body).await;
    let mail = take_mail(listener).await;
    assert!(mail.contains("MAIL FROM:<no-reply@example.com>"), "{mail}");
    assert!(mail.contains("RCPT TO:<ann@example.com>"), "{mail}");
    let from = mail.lines().find(|line| line.starts_with("From:"));
    let from = from.unwrap().replace('"', "");
    assert_eq!(from, "From: Acme <no-reply@example.com>");
    assert!(!server.has_said("no mailer is set"));
    server.stop().await;
}

#[tokio::test]
async fn a_server_that_sends_to_the_log_says_so() {
    let place = Place::sqlite();
    let server = Server::start(place.arguments()).await;
    assert!(server.has_said("no mailer is set"));
    server.stop().await;
}
