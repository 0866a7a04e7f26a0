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
        &["postgres://"],
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
        "WORKEROS_LOG",
    ] {
        assert!(help.contains(variable), "no {variable} in {help}");
    }
}
