//! Rules of security as requests meet them, each by its id: see
//! `docs/security.md`. What belongs to one area of the API is tested there.

use serde_json::{Value as Json, json};
use workeros_http::testkit::{TestApp, TestResponse};

mod canary;
mod key;
mod lim;
mod log;
mod pw;
mod ses;
mod tok;

const PLATFORM: &str = "/api/auth";
const APP: &str = "/api/t/default/auth";
const BOTH: [&str; 2] = [PLATFORM, APP];
const PASSWORD: &str = "correct horse battery";

/// What somebody with this address sends to sign up.
fn form(email: &str) -> Json {
    json!({"email": email, "password": PASSWORD, "name": "Somebody"})
}

/// Somebody new on a plane.
async fn sign_up(app: &TestApp, base: &str, email: &str) -> TestResponse {
    let request = app.anonymous().post(format!("{base}/sign-up/email"));
    request.json(&form(email)).await.expect(200)
}

/// A text in the body of an answer.
fn text(answer: &TestResponse, pointer: &str) -> String {
    let json = answer.json();
    let text = json.pointer(pointer).and_then(Json::as_str);
    text.unwrap_or_else(|| panic!("no `{pointer}` in {json}"))
        .to_owned()
}
