//! How the two planes of users look from outside: where their endpoints are,
//! what one signs in with, and what one is given for it.

use http::header::SET_COOKIE;
use serde_json::{Value as Json, json};
use workeros_auth::{
    App, Auth, CookiePolicy, Credentials, Plane, Platform, Session, SessionKey, SignedIn,
};
use workeros_core::{Credential, Error, ErrorKind, Identity, Result, SessionId};

use crate::call::Call;
use crate::cookie::{self, Keep};
use crate::reply::Reply;

/// The path of an endpoint on each plane.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paths {
    pub(crate) platform: &'static str,
    pub(crate) app: &'static str,
}

/// The paths of what stands below `/api/auth` and below the same of a
/// workspace.
macro_rules! paths {
    ($path:literal) => {
        $crate::plane::Paths {
            platform: concat!("/api/auth", $path),
            app: concat!("/api/t/{workspace}/auth", $path),
        }
    };
}
pub(crate) use paths;

/// A plane as HTTP shows it.
pub(crate) trait Wired: Plane {
    /// Where an endpoint is.
    fn path(paths: Paths) -> &'static str;

    /// The path of an endpoint as a link leads to it, with the workspace that
    /// the request is about.
    fn link_path(call: &Call, paths: Paths) -> String;

    /// The users a request is about.
    fn auth(call: &Call) -> impl Future<Output = Result<Auth<Self>>> + Send;

    /// The session a request presents, if it does. What cannot be one is none.
    fn presented(
        call: &Call,
        auth: &Auth<Self>,
    ) -> impl Future<Output = Result<Option<SessionKey>>> + Send;

    /// The session by which somebody acts, if it is one of this plane's.
    fn session_of(call: &Call, identity: &Identity, auth: &Auth<Self>) -> Option<SessionId>;

    /// What somebody gets who is now signed in: the answer with his tokens in
    /// it.
    fn hand_over(
        auth: &Auth<Self>,
        signed_in: &SignedIn<Self>,
        answer: Json,
        keep: Keep,
    ) -> impl Future<Output = Result<Reply>> + Send;

    /// How cookies are named and marked, where there are any.
    fn cookies(auth: &Auth<Self>) -> Option<&CookiePolicy>;

    /// Takes away what a browser keeps of a session.
    fn forget(reply: Reply, auth: &Auth<Self>) -> Result<Reply>;

    /// What a client of better-auth finds as the token of the session he acts
    /// by.
    fn token_of(call: &Call, session: &Session) -> String;
}

impl Wired for Platform {
    fn path(paths: Paths) -> &'static str {
        paths.platform
    }

    fn link_path(_: &Call, paths: Paths) -> String {
        paths.platform.to_owned()
    }

    async fn auth(call: &Call) -> Result<Auth> {
        call.auth()
    }

    async fn presented(call: &Call, auth: &Auth) -> Result<Option<SessionKey>> {
        let credentials = lenient(auth.credentials(call.headers()))?;
        let token = credentials.as_ref().and_then(Credentials::session);
        Ok(token.map(SessionKey::of_token))
    }

    fn session_of(_: &Call, identity: &Identity, _: &Auth) -> Option<SessionId> {
        match identity.credential {
            Credential::Session(session) => Some(session),
            _ => None,
        }
    }

    async fn hand_over(
        auth: &Auth,
        signed_in: &SignedIn,
        mut answer: Json,
        keep: Keep,
    ) -> Result<Reply> {
        add(&mut answer, "token", json!(signed_in.token.expose()));
        let cookie = cookie::set(auth, &signed_in.token, keep)?;
        Ok(Reply::json(&answer).with_header(SET_COOKIE, cookie))
    }

    fn cookies(auth: &Auth) -> Option<&CookiePolicy> {
        Some(auth.cookie())
    }

    fn forget(reply: Reply, auth: &Auth) -> Result<Reply> {
        Ok(reply.with_header(SET_COOKIE, cookie::clear(auth)?))
    }

    fn token_of(call: &Call, session: &Session) -> String {
        let credentials = call
            .backend
            .auth()
            .and_then(|auth| auth.credentials(call.headers()).ok().flatten());
        let token = credentials.as_ref().and_then(Credentials::session);
        token.map_or_else(|| session.id.to_string(), |token| token.expose().to_owned())
    }
}

/// No cookie is read here: whoever asks acts by what he sends himself.
impl Wired for App {
    fn path(paths: Paths) -> &'static str {
        paths.app
    }

    fn link_path(call: &Call, paths: Paths) -> String {
        paths.app.replace("{workspace}", call.segment("workspace"))
    }

    async fn auth(call: &Call) -> Result<Auth<Self>> {
        call.app()
    }

    async fn presented(call: &Call, auth: &Auth<Self>) -> Result<Option<SessionKey>> {
        let credentials = lenient(call.auth()?.credentials(call.headers()))?;
        match credentials {
            Some(Credentials::Access(token)) => auth.session_of_token(&token).await,
            _ => Ok(None),
        }
    }

    fn session_of(_: &Call, identity: &Identity, auth: &Auth<Self>) -> Option<SessionId> {
        let here = identity.tenant == auth.realm().workspace();
        match identity.credential {
            Credential::AppSession(session) if here => Some(session),
            _ => None,
        }
    }

    async fn hand_over(
        auth: &Auth<Self>,
        signed_in: &SignedIn<Self>,
        mut answer: Json,
        _: Keep,
    ) -> Result<Reply> {
        let access = auth.access_token(signed_in).await?;
        let token = access.token.expose();
        for (name, value) in [
            ("accessToken", json!(token)),
            ("refreshToken", json!(signed_in.token.expose())),
            ("expiresIn", json!(access.lifetime.as_secs())),
            ("tokenType", json!("Bearer")),
            ("token", json!(token)),
        ] {
            add(&mut answer, name, value);
        }
        Ok(Reply::json(&answer))
    }

    fn cookies(_: &Auth<Self>) -> Option<&CookiePolicy> {
        None
    }

    fn forget(reply: Reply, _: &Auth<Self>) -> Result<Reply> {
        Ok(reply)
    }

    fn token_of(_: &Call, session: &Session) -> String {
        session.id.to_string()
    }
}

/// Who is not signed in any more may still sign in anew, or out.
fn lenient(credentials: Result<Option<Credentials>>) -> Result<Option<Credentials>> {
    match credentials {
        Err(error) if error.kind() == ErrorKind::Unauthorized => Ok(None),
        other => other,
    }
}

fn add(answer: &mut Json, name: &str, value: Json) {
    if let Some(members) = answer.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

/// For who is nobody, or acts by nothing of this plane.
pub(crate) fn not_signed_in() -> Error {
    Error::new(ErrorKind::Unauthorized, "sign in to do this")
}
