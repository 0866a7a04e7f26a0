//! Options that cannot be.

use std::process::Output;

use crate::support::{Place, Server, run};

/// Runs `serve` in a folder of its own; expects the exit code, and these words.
async fn refused(arguments: &[&str], code: i32, words: &[&str]) {
    let place = Place::sqlite();
    let own = place.arguments();
    let first = ["serve", "--listen", "127.0.0.1:0"];
    let all = first.iter().chain(arguments).copied();
    let output = run(all.chain(own.iter().map(String::as_str))).await;
    expect(&output, code, words);
}

fn expect(output: &Output, code: i32, words: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    let errors: Vec<&str> = said.lines().filter(|l| l.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 1, "{said}");
    for word in words {
        assert!(errors[0].contains(word), "no `{word}` in {said}");
    }
    assert!(!said.contains('\u{1b}'), "colours: {said:?}");
}

#[tokio::test]
async fn a_secret_that_is_short_or_a_sample() {
    refused(
        &["--secret", "hush"],
        2,
        &["shorter than 32 bytes", "openssl"],
    )
    .await;
    refused(&["--secret", &"ab".repeat(20)], 2, &["sample"]).await;
}

#[tokio::test]
async fn a_public_url_that_is_none() {
    for url in [
        "api.example.com",
        "ftp://example.com",
        "https://example.com/?q",
        "/backend",
    ] {
        refused(&["--public-url", url], 2, &[url, "is not a public URL"]).await;
    }
}

#[tokio::test]
async fn an_origin_that_is_none() {
    refused(
        &["--allow-origin", "example.com/app"],
        2,
        &["example.com/app"],
    )
    .await;
}

#[tokio::test]
async fn a_proxy_that_is_no_address() {
    let proxy = ["--trust-proxy", "10.0.0.1,proxy.internal"];
    refused(&proxy, 2, &["proxy.internal", "10.0.0.0/8"]).await;
    refused(&["--trust-origin", "*"], 2, &["*", "is not an origin"]).await;
}

/// What is refused is not repeated: it may hold a password.
#[tokio::test]
async fn a_mail_url_that_is_none() {
    let from = ["--mail-from", "no-reply@example.com"];
    for url in [
        "hush-hush",
        "pigeon:hush-hush",
        "smtp://user:hush-hush@",
        "smtps://hush-hush@mail.example.com",
        "smtps://user:hush-hush@mail.example.com/path",
        "mailgun:hush-hush",
        "ses:hush-hush@eu-central-1",
    ] {
        let place = Place::sqlite();
        let given = ["serve", "--listen", "127.0.0.1:0", "--mail-url", url];
        let own = place.arguments();
        let all = given.iter().chain(&from).copied();
        let output = run(all.chain(own.iter().map(String::as_str))).await;
        expect(&output, 2, &["mail URL"]);
        assert!(!String::from_utf8_lossy(&output.stderr).contains("hush-hush"));
    }
    refused(&["--mail-url", "resend:key"], 2, &["required arguments"]).await;
    refused(&from, 2, &["required arguments"]).await;
    refused(
        &["--mail-url", "resend:key", "--mail-from", "nobody"],
        2,
        &["from"],
    )
    .await;
}

#[tokio::test]
async fn a_previous_secret_without_a_secret_or_a_short_one() {
    let secret = "rQ7m2vX9kLw4TzB8nYp3HsD6fJc1GaE5";
    refused(&["--previous-secret", secret], 2, &["required arguments"]).await;
    refused(
        &["--secret", secret, "--previous-secret", "hush"],
        2,
        &["shorter than 32 bytes"],
    )
    .await;
}

#[tokio::test]
async fn an_address_that_is_taken_or_none() {
    let place = Place::sqlite();
    let server = Server::start(place.arguments()).await;
    let address = server.address.to_string();
    let output = run(["serve", "--listen", &address]).await;
    expect(&output, 2, &["cannot listen on", &address, "in use"]);
    let output = run(["serve", "--listen", "localhost"]).await;
    expect(&output, 2, &["--listen", "localhost"]);
}

#[tokio::test]
async fn a_database_that_is_no_url() {
    refused(
        &["--database-url", "mysql://localhost/x"],
        2,
        &["postgres://", "sqlite:"],
    )
    .await;
}

#[tokio::test]
async fn a_server_that_cannot_be_reached() {
    let url = "postgres://ann:hush-hush@127.0.0.1:1/nowhere";
    let output = run(["serve", "--listen", "127.0.0.1:0", "--database-url", url]).await;
    expect(&output, 1, &["database"]);
    assert!(!String::from_utf8_lossy(&output.stderr).contains("hush-hush"));
}

#[tokio::test]
async fn a_file_that_is_no_database() {
    let place = Place::sqlite();
    let file = place.file("notes.txt");
    std::fs::write(&file, "this is no database, and never was one\n".repeat(50)).unwrap();
    let url = format!("sqlite:{}", file.display());
    let output = run(["migrate", "--database-url", &url]).await;
    expect(&output, 1, &["file is not a database"]);
}

#[tokio::test]
async fn what_nobody_knows() {
    refused(&["--quickly"], 2, &["--quickly"]).await;
    refused(&["--log", "workeros=loud"], 2, &["--log"]).await;
    expect(&run(["bake"]).await, 2, &["bake"]);
}

#[tokio::test]
async fn an_error_is_said_whatever_is_logged() {
    refused(&["--log", "off", "--secret", "hush"], 2, &["32 bytes"]).await;
}

#[tokio::test]
async fn help_tells_every_variable_and_no_secret() {
    let output = run(["serve", "--help"]).await;
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    for variable in [
        "WORKEROS_LISTEN",
        "WORKEROS_DATA_DIR",
        "WORKEROS_DATABASE_URL",
        "WORKEROS_PUBLIC_URL",
        "WORKEROS_ALLOW_ORIGIN",
        "WORKEROS_SETUP_TOKEN",
        "WORKEROS_SECRET",
        "WORKEROS_PREVIOUS_SECRETS",
        "WORKEROS_SIGN_UP",
        "WORKEROS_TRUST_ORIGIN",
        "WORKEROS_TRUST_PROXY",
        "WORKEROS_FORWARDED_HEADER",
        "WORKEROS_MAIL_URL",
        "WORKEROS_MAIL_FROM",
        "WORKEROS_LOG",
    ] {
        assert!(help.contains(variable), "no {variable} in {help}");
    }
}
