//! ERR-2: a secret is in the answer that hands it over, and nowhere else.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Method;
use serde_json::{Value as Json, json};
use tracing_subscriber::fmt::MakeWriter;
use workeros_adapters::MemoryMailer;
use workeros_adapters::testkit::{Opened, databases};
use workeros_auth::TotpSecret;
use workeros_core::{Clock as _, Dialect, Statement, Value};
use workeros_http::testkit::{TestApp, TestResponse};

use super::{APP, PLATFORM, text};
use crate::oauth::provider::{self, Provider, parameter};
use crate::soft_authenticator::{SoftAuthenticator, decode};
use crate::support::kept;

const HERE: &str = "http://localhost:8080";
const ADDRESS: &str = "uma@example.com";
const PASSWORD: &str = "canary-5e7c-password";
const NEW_PASSWORD: &str = "canary-5e7c-new-password";
/// Of the app of the tests: what everything is sealed and signed by.
const MASTER: &str = "rQ7m2vX9kLw4TzB8nYp3HsD6fJc1GaE5";

/// Everything that is logged, by any thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// What nobody else may learn.
struct Canary {
    what: &'static str,
    /// In every form in which it could stand somewhere.
    forms: Vec<String>,
    /// What answers may have it: the ends of their paths.
    told_by: &'static [&'static str],
}

impl Canary {
    fn is_in(&self, text: &str) -> bool {
        let stands = |form: &String| {
            let mut places = text.match_indices(form.as_str());
            places.any(|(at, _)| !is_within_a_number(text, at, form))
        };
        self.forms.iter().any(stands)
    }
}

/// Six digits stand in every timestamp, which is no code.
fn is_within_a_number(text: &str, at: usize, form: &str) -> bool {
    let is_code = form.len() == 6 && form.bytes().all(|byte| byte.is_ascii_digit());
    let is_joined = |char: char| char.is_ascii_alphanumeric() || ".-:\\".contains(char);
    let (before, after) = (&text[..at], &text[at + form.len()..]);
    is_code && (before.ends_with(is_joined) || after.starts_with(is_joined))
}

/// Bytes as a text that can be searched: each is a character.
fn searchable(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// Bytes as Postgres writes them.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What answers tell somebody the tokens of his own.
const OWN: &[&str] = &[
    "/sign-up/email",
    "/sign-in/email",
    "/sign-in/email-otp",
    "/magic-link/verify",
    "/two-factor/verify-totp",
    "/two-factor/verify-backup-code",
    "/passkey/verify-authentication",
    "/one-time-token/verify",
    "/callback/github",
    "/token/refresh",
    "/get-session",
    "/list-sessions",
];

/// An app, what was answered by it, and what must be nowhere.
struct Watch {
    app: TestApp,
    mailer: MemoryMailer,
    provider: Provider,
    log: Log,
    base: &'static str,
    canaries: Vec<Canary>,
    answers: Vec<(String, String)>,
    opened: Opened,
}

impl Watch {
    async fn new(opened: Opened, log: Log, base: &'static str) -> Self {
        let (mailer, provider) = (MemoryMailer::default(), Provider::default());
        let (connect, sender) = (provider.connect(), Arc::new(mailer.clone()));
        let app = TestApp::builder(Arc::clone(&opened.database))
            .with_auth(|auth| connect(auth).with_mailer(sender))
            .build()
            .await;
        app.admin().await;
        let mut watch = Self {
            app,
            mailer,
            provider,
            log,
            base,
            canaries: Vec::new(),
            answers: Vec::new(),
            opened,
        };
        for (what, secret) in [
            ("a password", PASSWORD),
            ("a new password", NEW_PASSWORD),
            ("the master secret", MASTER),
            ("the secret of a client", provider::SECRET),
            ("a token of a provider", provider::TOKEN),
        ] {
            watch.hides(what, secret, &[]);
        }
        watch
    }

    /// Says what is a secret from now on, and which answers tell it.
    fn hides(&mut self, what: &'static str, secret: &str, told_by: &'static [&'static str]) {
        assert!(secret.len() >= 6, "{what}: {secret}");
        self.hides_forms(what, &[secret.as_bytes().to_vec()], told_by);
    }

    fn hides_forms(
        &mut self,
        what: &'static str,
        forms: &[Vec<u8>],
        told_by: &'static [&'static str],
    ) {
        let forms = forms.iter().flat_map(|form| [searchable(form), hex(form)]);
        self.canaries.push(Canary {
            what,
            forms: forms.collect(),
            told_by,
        });
    }

    async fn send(&mut self, who: &str, method: Method, path: &str, body: &Json) -> TestResponse {
        self.send_with(who, method, path, body, "").await
    }

    async fn send_with(
        &mut self,
        who: &str,
        method: Method,
        path: &str,
        body: &Json,
        cookie: &str,
    ) -> TestResponse {
        let client = match who {
            "" => self.app.anonymous(),
            token => self.app.with_token(token),
        };
        let mut request = client.request(method.clone(), path).header("origin", HERE);
        if method != Method::GET {
            request = request.json(body);
        }
        if !cookie.is_empty() {
            request = request.header("cookie", cookie);
        }
        let answer = request.await;
        let end = path.split('?').next().unwrap_or_default().to_owned();
        let told = format!("{}\n{:?}", answer.text(), answer.headers);
        self.answers.push((end, told));
        answer
    }

    async fn post(&mut self, who: &str, path: &str, body: Json) -> TestResponse {
        let path = format!("{}/{path}", self.base);
        self.send(who, Method::POST, &path, &body).await
    }

    async fn get(&mut self, who: &str, path: &str) -> TestResponse {
        let path = format!("{}/{path}", self.base);
        self.send(who, Method::GET, &path, &Json::Null).await
    }

    /// The lines of the mails there are.
    async fn mailed(&mut self) -> Vec<String> {
        // While it waits to be sent.
        self.look("before a mail").await;
        let auth = self.app.backend().auth().unwrap();
        auth.deliver_mail().await.unwrap();
        let mails = self.mailer.take();
        let lines = mails.iter().flat_map(|mail| mail.text().lines());
        lines.map(ToOwned::to_owned).collect()
    }

    /// What the mail's link ends with.
    async fn mailed_link(&mut self, told_by: &'static [&'static str]) -> (String, String) {
        let lines = self.mailed().await;
        let link = lines.iter().find_map(|line| line.strip_prefix(HERE));
        let link = link.unwrap().to_owned();
        let token = parameter(&link, "token");
        let token = token.unwrap_or_else(|| {
            let path = link.split('?').next().unwrap();
            path.rsplit('/').next().unwrap().to_owned()
        });
        self.hides("a link", &token, told_by);
        (link, token)
    }

    async fn mailed_code(&mut self) -> String {
        let lines = self.mailed().await;
        let is_code = |line: &&String| line.len() == 6 && line.parse::<u32>().is_ok();
        let code = lines.iter().find(is_code).unwrap().clone();
        self.hides("a code", &code, &[]);
        code
    }

    /// Hides the tokens of whoever was signed in.
    fn signed_in(&mut self, answer: &TestResponse) -> String {
        let json = answer.json();
        let of_cookie = kept(answer, "workeros");
        let token = json["token"].as_str().map(ToOwned::to_owned).or(of_cookie);
        let token = token.unwrap_or_else(|| panic!("nobody was signed in: {}", answer.text()));
        self.hides("an access or session token", &token, OWN);
        if let Some(refresh) = json["refreshToken"].as_str() {
            self.hides("a refresh token", refresh, OWN);
        }
        token
    }

    /// Looks for every secret everywhere.
    async fn look(&self, when: &str) {
        let log = self.log.text();
        let rows = self.rows().await;
        for canary in &self.canaries {
            let what = canary.what;
            assert!(
                !canary.is_in(&log),
                "{when}: {what} is in the log: {}",
                log.lines()
                    .find(|line| canary.is_in(line))
                    .unwrap_or_default()
            );
            for (table, cells) in &rows {
                assert!(!canary.is_in(cells), "{when}: {what} is in `{table}`");
            }
            for (path, told) in &self.answers {
                let tells = canary.told_by.iter().any(|end| path.ends_with(end));
                assert!(
                    tells || !canary.is_in(told),
                    "{when}: {what} is told by {path}: {told}"
                );
            }
        }
    }

    /// Everything in the database, table by table.
    async fn rows(&self) -> Vec<(String, String)> {
        let database = &self.opened.database;
        let sqlite = database.dialect() == Dialect::Sqlite;
        let tables = match sqlite {
            true => "SELECT name FROM sqlite_master WHERE type = 'table'",
            false => {
                "SELECT table_name::text FROM information_schema.tables \
                WHERE table_schema = current_schema()"
            }
        };
        let tables = database
            .fetch(Statement::new(tables, vec![]))
            .await
            .unwrap();
        let mut all = Vec::new();
        for table in tables.iter().map(|row| row.text(0).unwrap()) {
            let sql = match sqlite {
                true => format!("SELECT * FROM \"{table}\""),
                false => format!("SELECT t::text FROM \"{table}\" t"),
            };
            let statement = Statement::new(&*sql.leak(), vec![]);
            let rows = database.fetch(statement).await.unwrap();
            let cells = rows.iter().flat_map(|row| row.values().iter().map(cell));
            all.push((table.to_owned(), cells.collect::<Vec<_>>().join("\n")));
        }
        let read: usize = all.iter().map(|(_, cells)| cells.len()).sum();
        assert!(read > 1000, "the database was not read");
        all
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Text(text) | Value::Json(text) => text.clone(),
        Value::Bytes(bytes) => searchable(bytes),
        other => format!("{other:?}"),
    }
}

async fn passwords(watch: &mut Watch) -> String {
    let body = json!({"email": ADDRESS, "password": PASSWORD, "name": "Uma"});
    let signed_up = watch.post("", "sign-up/email", body.clone()).await;
    let uma = watch.signed_in(&signed_up.expect(200));
    watch.post("", "sign-up/email", body).await.expect(422);
    let wrong = json!({"email": ADDRESS, "password": NEW_PASSWORD});
    watch.post("", "sign-in/email", wrong).await.expect(401);
    for path in ["get-session", "list-sessions", "list-accounts"] {
        watch.get(&uma, path).await.expect(200);
    }
    // Not even where it does not belong.
    let garbled = json!({"email": ADDRESS, "password": {"x": PASSWORD}});
    watch.post("", "sign-in/email", garbled).await.expect(422);
    watch.look("passwords").await;
    uma
}

async fn tokens(watch: &mut Watch, uma: &str) {
    if watch.base == PLATFORM {
        let body = json!({"name": "robot"});
        let made = watch.send(uma, Method::POST, "/api/api-keys", &body).await;
        let key = text(&made.expect(201), "/data/key");
        watch.hides("an API key", &key, &["/api/api-keys"]);
        // Once: never in the list, which has the same path.
        let listed = watch.send(uma, Method::GET, "/api/api-keys", &Json::Null);
        assert!(!listed.await.text().contains(&key[13..]));
        let path = format!("/api/items/posts?q={key}");
        watch.send("", Method::GET, &path, &Json::Null).await;
        watch
            .send(&key, Method::GET, "/api/collections", &Json::Null)
            .await;
    } else {
        let body = json!({"email": ADDRESS, "password": PASSWORD});
        let signed_in = watch.post("", "sign-in/email", body).await.expect(200);
        watch.signed_in(&signed_in);
        let body = json!({"refreshToken": text(&signed_in, "/refreshToken")});
        for _ in 0..2 {
            let next = watch.post("", "token/refresh", body.clone()).await;
            let next = next.expect(200);
            watch.hides("an access token", &text(&next, "/token"), OWN);
            watch.hides("a refresh token", &text(&next, "/refreshToken"), OWN);
        }
        watch.app.clock().advance(Duration::from_secs(11));
        watch.post("", "token/refresh", body).await.expect(401);
    }
    watch.look("tokens").await;
}

async fn mails(watch: &mut Watch) -> String {
    let asked = json!({"email": ADDRESS});
    watch
        .post("", "send-verification-email", asked.clone())
        .await
        .expect(200);
    let (link, _) = watch.mailed_link(&[]).await;
    watch.look("a link was mailed").await;
    watch.send("", Method::GET, &link, &Json::Null).await;
    for kind in ["sign-in", "email-verification", "forget-password"] {
        let asked = json!({"email": ADDRESS, "type": kind});
        let sent = watch.post("", "email-otp/send-verification-otp", asked);
        sent.await.expect(200);
        if kind == "email-verification" {
            // He is verified: there is none.
            continue;
        }
        let code = watch.mailed_code().await;
        watch.look("a code was mailed").await;
        let shown = json!({"email": ADDRESS, "type": kind, "otp": code});
        let checked = watch.post("", "email-otp/check-verification-otp", shown);
        checked.await.expect(200);
        if kind == "sign-in" {
            let body = json!({"email": ADDRESS, "otp": code});
            let signed_in = watch.post("", "sign-in/email-otp", body).await;
            watch.signed_in(&signed_in.expect(200));
        }
    }
    let asked_link = watch.post("", "sign-in/magic-link", asked.clone()).await;
    if let Some(proof) = kept(&asked_link, "workeros.magic-link") {
        watch.hides(
            "what a browser is known by",
            &proof,
            &["/sign-in/magic-link"],
        );
    }
    // Where there is no cookie, the page gets the token and sends it.
    let (link, token) = watch.mailed_link(&["/magic-link/verify"]).await;
    watch.look("a link to sign in was mailed").await;
    watch.send("", Method::GET, &link, &Json::Null).await;
    let path = format!("{}/magic-link/verify?token={token}", watch.base);
    let signed_in = watch.send("", Method::POST, &path, &json!({})).await;
    assert!(
        [200, 302].contains(&signed_in.status),
        "{}",
        signed_in.text()
    );
    watch.signed_in(&signed_in);

    watch
        .post(
            "",
            "request-password-reset",
            json!({"email": ADDRESS, "redirectTo": "/new"}),
        )
        .await
        .expect(200);
    let (link, token) = watch.mailed_link(&[]).await;
    // It leads on to the page that sends it back.
    watch.look("a link for a password was mailed").await;
    drop(link);
    let body = json!({"token": token, "newPassword": NEW_PASSWORD});
    watch.post("", "reset-password", body).await.expect(200);
    let body = json!({"email": ADDRESS, "password": NEW_PASSWORD});
    let signed_in = watch.post("", "sign-in/email", body).await.expect(200);
    let uma = watch.signed_in(&signed_in);
    watch.look("mails").await;
    uma
}

async fn second_factor(watch: &mut Watch, uma: &str) -> String {
    let body = json!({"password": NEW_PASSWORD});
    let enabled = watch.post(uma, "two-factor/enable", body).await.expect(200);
    let uri = text(&enabled, "/totpURI");
    let secret = parameter(&uri, "secret").unwrap();
    const TELL: &[&str] = &["/two-factor/enable"];
    watch.hides("the secret of an app", &secret, TELL);
    let codes = enabled.json()["backupCodes"].clone();
    let codes: Vec<String> = serde_json::from_value(codes).unwrap();
    for code in &codes {
        watch.hides("a backup code", code, TELL);
        let bare: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
        watch.hides("a backup code", &bare, TELL);
    }
    watch.look("an app was set up").await;
    let shown = |watch: &Watch| {
        let code = TotpSecret::parse(&secret).unwrap();
        let code = code.code(watch.app.clock().now());
        json!({"code": code.expose()})
    };
    let body = shown(watch);
    let confirmed = watch.post(uma, "two-factor/verify-totp", body).await;
    watch.signed_in(&confirmed.expect(200));
    let mut last = String::new();
    for backup in [false, true] {
        watch.app.clock().advance(Duration::from_secs(31));
        let body = json!({"email": ADDRESS, "password": NEW_PASSWORD});
        let asked = watch.post("", "sign-in/email", body).await.expect(200);
        let cookie = kept(&asked, "workeros.two-factor");
        let waits = asked.json()["twoFactorToken"]
            .as_str()
            .map(ToOwned::to_owned);
        let waits = cookie.clone().or(waits).unwrap();
        watch.hides(
            "what waits for a second factor",
            &waits,
            &["/sign-in/email"],
        );
        let (path, mut body) = match backup {
            true => ("verify-backup-code", json!({"code": codes[0]})),
            false => ("verify-totp", shown(watch)),
        };
        let cookie = match cookie {
            Some(waits) => format!("workeros.two-factor={waits}"),
            None => {
                body["twoFactorToken"] = json!(waits);
                String::new()
            }
        };
        watch.look("a second factor is waited for").await;
        let path = format!("{}/two-factor/{path}", watch.base);
        let finished = watch.send_with("", Method::POST, &path, &body, &cookie);
        let finished = finished.await.expect(200);
        last = watch.signed_in(&finished);
    }
    watch.look("second factors").await;
    last
}

async fn passkeys(watch: &mut Watch, uma: &str) {
    let mut device = SoftAuthenticator::on(HERE);
    for (who, ask, answer) in [
        (uma, "generate-register-options", "verify-registration"),
        ("", "generate-authenticate-options", "verify-authentication"),
    ] {
        const TELL: &[&str] = &[
            "/passkey/generate-register-options",
            "/passkey/generate-authenticate-options",
        ];
        let options = watch.get(who, &format!("passkey/{ask}")).await.expect(200);
        let challenge = options.json()["challenge"].clone();
        let forms = [
            challenge.as_str().unwrap().as_bytes().to_vec(),
            decode(&challenge),
        ];
        watch.hides_forms("what a device is asked", &forms, TELL);
        let cookie = kept(&options, "workeros.passkey");
        if let Some(browser) = &cookie {
            watch.hides("what a browser is known by", browser, TELL);
        }
        watch.look("a device is asked").await;
        let signed = match who {
            "" => device.get(&options.json()),
            _ => device.create(&options.json()),
        };
        let path = format!("{}/passkey/{answer}", watch.base);
        let cookie = cookie.map(|cookie| format!("workeros.passkey={cookie}"));
        let body = json!({"response": signed});
        let cookie = cookie.unwrap_or_default();
        let done = watch.send_with(who, Method::POST, &path, &body, &cookie);
        let done = done.await.expect(200);
        if who.is_empty() {
            watch.signed_in(&done);
        }
    }
    watch.look("passkeys").await;
}

async fn provider(watch: &mut Watch) {
    let body = json!({"provider": "github", "callbackURL": "/home"});
    let away = watch.post("", "sign-in/social", body).await.expect(200);
    let url = text(&away, "/url");
    const TELL: &[&str] = &["/sign-in/social"];
    let state = parameter(&url, "state").unwrap();
    watch.hides("a state", &state, TELL);
    let browser = kept(&away, "workeros.oauth").unwrap();
    watch.hides("what a browser is known by", &browser, TELL);
    if watch.base == APP {
        watch.hides("what a page knows", &text(&away, "/browserToken"), TELL);
    }
    watch.look("a browser is away").await;
    let code = watch.provider.visit(&url);
    watch.hides("a code of a provider", &code, &[]);
    let path = format!("{}/callback/github?code={code}&state={state}", watch.base);
    let cookie = format!("workeros.oauth={browser}");
    let back = watch.send_with("", Method::GET, &path, &Json::Null, &cookie);
    let back = back.await.expect(302);
    if watch.base == APP {
        let token = parameter(back.header("location"), "token").unwrap();
        watch.hides(
            "what a page changes for tokens",
            &token,
            &["/callback/github"],
        );
        watch.look("a page has come back").await;
        let told = text(&away, "/browserToken");
        let body = json!({"token": token, "browserToken": told});
        let changed = watch.post("", "one-time-token/verify", body).await;
        watch.signed_in(&changed.expect(200));
    } else {
        watch.signed_in(&back);
    }
    // Once more, which fails.
    let again = watch.send_with("", Method::GET, &path, &Json::Null, &cookie);
    again.await.expect(400);
    watch.look("a provider").await;
}

/// What an admin sets for end users, with secrets that nobody gave out.
async fn settings(watch: &mut Watch) {
    const PATH: &str = "/api/auth-settings";
    const SECRET: &str = "canary-5e7c-secret-of-a-workspace";
    watch.hides("the secret of a workspace's provider", SECRET, &[]);
    let admin = watch.app.admin().await.token().to_owned();
    let provider = |kind: &str| json!({"kind": kind, "client_id": "c", "client_secret": SECRET});
    for (kind, status) in [("github", 200), ("unknown", 422)] {
        let patch = json!({"oauth_providers": {"of-workspace": provider(kind)}});
        let told = watch.send(&admin, Method::PATCH, PATH, &patch).await;
        told.expect(status);
    }
    let told = watch.send(&admin, Method::GET, PATH, &Json::Null).await;
    assert!(
        told.expect(200)
            .text()
            .contains(r#""client_secret":{"set":true}"#)
    );
    let misplaced = json!({"sign_up": SECRET, "session": {"idle": SECRET}});
    let told = watch.send(&admin, Method::PATCH, PATH, &misplaced).await;
    told.expect(422);
    let providers = format!("{APP}/providers");
    watch.send("", Method::GET, &providers, &Json::Null).await;
    watch.look("settings").await;
}

/// ERR-2: at TRACE, in every answer but the one that hands it over, in the change
/// log, in rows of activity and in every other column, no secret is to be read:
/// on both planes, of every way to sign in.
#[tokio::test]
async fn err_2_no_secret_is_anywhere_but_where_it_is_handed_over() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .with_ansi(false)
        .finish();
    // For the whole process: work in the background runs on other threads.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    for base in [PLATFORM, APP] {
        for opened in databases().await {
            println!("{base} on {}", opened.name);
            let mut watch = Watch::new(opened, log.clone(), base).await;
            settings(&mut watch).await;
            let uma = passwords(&mut watch).await;
            tokens(&mut watch, &uma).await;
            let uma = mails(&mut watch).await;
            let uma = second_factor(&mut watch, &uma).await;
            passkeys(&mut watch, &uma).await;
            provider(&mut watch).await;
            let admin = watch.app.admin().await.token().to_owned();
            for path in ["/api/auth-activity", "/api/users"] {
                let told = watch.send(&admin, Method::GET, path, &Json::Null).await;
                told.expect(200);
            }
            watch.look("in the end").await;
            assert!(watch.canaries.len() > 40, "{}", watch.canaries.len());
        }
    }
    let text = log.text();
    assert!(text.contains("/sign-in/email"), "the log was read: {text}");
}
