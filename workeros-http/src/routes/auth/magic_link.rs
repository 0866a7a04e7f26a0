//! Signing in by a link in a mail.
//!
//! Programs that look into mails follow the links in them. So a link signs
//! nobody in but the browser that asked for it, which it knows by a cookie; any
//! other is asked whether he means it. Where there are no cookies the link leads
//! to a page of the app's, which sends what it brings.

use http::Method;
use http::header::SET_COOKIE;
use serde_json::{Value as Json, json};
use workeros_auth::{Auth, BrowserProof, DisplayName, EmailAddress, Entered, LinkToken};
use workeros_core::input::Object;
use workeros_core::{Error, ErrorKind, Result};

use super::body::{incomplete, read_callback, read_email, read_name};
use super::link::link;
use super::{arrival, enter};
use crate::call::Call;
use crate::callback::{CallbackUrl, Places};
use crate::cookie::{self, Keep};
use crate::endpoint::{Access, Endpoint};
use crate::plane::{Paths, Wired, paths};
use crate::reply::Reply;

mod page;

const ASK: Paths = paths!("/sign-in/magic-link");
const VERIFY: Paths = paths!("/magic-link/verify");

/// What a link leads on to, and what it proves.
const PARAMETERS: &[&str] = &[
    "token",
    "callbackURL",
    "newUserCallbackURL",
    "errorCallbackURL",
];
/// The cookie beside the session's by which a browser is known that asked.
const COOKIE: &str = "magic-link";
/// Where somebody is sent to who named no place.
const HOME: &str = "/";

pub(super) fn endpoints<P: Wired>() -> Vec<Endpoint> {
    let open = Access::Open;
    vec![
        Endpoint::new(Method::POST, P::path(ASK), open, ask::<P>).with_json(),
        Endpoint::new(Method::GET, P::path(VERIFY), open, follow::<P>).with_parameters(PARAMETERS),
        Endpoint::new(Method::POST, P::path(VERIFY), open, confirm::<P>)
            .with_parameters(PARAMETERS),
    ]
}

/// The same whether there is such a user or not.
async fn ask<P: Wired>(call: Call) -> Result<Reply> {
    let form = read_form(call.json(), call.places())?;
    let auth = P::auth(&call).await?;
    let path = P::link_path(&call, VERIFY);
    let url = |token: &LinkToken| {
        let mut query = vec![("token", token.expose())];
        query.extend(form.pages.parameters());
        link(&call.backend, &path, &query)
    };
    let proof = auth
        .send_magic_link(&form.email, &form.name, &call.request_info(), url)
        .await?;
    let reply = Reply::json(&json!({"status": true}));
    match P::cookies(&auth) {
        Some(policy) => {
            let lifetime = BrowserProof::LIFETIME;
            let cookie = cookie::set_beside(policy, COOKIE, proof.expose(), lifetime)?;
            Ok(reply.with_header(SET_COOKIE, cookie))
        }
        None => Ok(reply),
    }
}

/// Somebody follows a link, or something does.
async fn follow<P: Wired>(call: Call) -> Result<Reply> {
    let pages = Pages::of(&call)?;
    let auth = P::auth(&call).await?;
    match look::<P>(&call, &auth, &pages).await {
        Ok(reply) => Ok(reply),
        Err(error) => pages.fail(error),
    }
}

async fn look<P: Wired>(call: &Call, auth: &Auth<P>, pages: &Pages) -> Result<Reply> {
    let token = read_token(call)?;
    let is_known = match presented(call, auth) {
        Some(proof) => auth.asked_for(&token, &proof)?,
        None => false,
    };
    // Who only asks for the head looks where a link leads, and does not follow.
    if is_known && call.parts.method != Method::HEAD {
        return sign_in::<P>(call, auth, pages, &token).await;
    }
    let address = auth.check_magic_link(&token).await?;
    match P::cookies(auth) {
        Some(_) => Ok(Reply::page(page::write(&address, call.site()))),
        None => {
            let home = || CallbackUrl::parse(HOME, call.places(), "callbackURL");
            let page = pages.done.clone().map_or_else(home, Ok)?;
            Reply::redirect(&page.with("token", token.expose()))
        }
    }
}

/// Somebody means it: he has pressed the button, or his app has sent what his
/// link brought.
async fn confirm<P: Wired>(call: Call) -> Result<Reply> {
    let pages = Pages::of(&call)?;
    let auth = P::auth(&call).await?;
    if P::cookies(&auth).is_none() {
        let token = read_token(&call)?;
        return sign_in::<P>(&call, &auth, &Pages::default(), &token).await;
    }
    // Nobody signs others in by a form of his own.
    call.check_origin()?;
    let signed_in = async {
        let token = read_token(&call)?;
        sign_in::<P>(&call, &auth, &pages, &token).await
    };
    match signed_in.await {
        Ok(reply) => Ok(reply),
        Err(error) => pages.fail(error),
    }
}

async fn sign_in<P: Wired>(
    call: &Call,
    auth: &Auth<P>,
    pages: &Pages,
    token: &LinkToken,
) -> Result<Reply> {
    let request = arrival(call, auth).await?;
    let arrived = auth.sign_in_magic_link(token, &request).await?;
    let page = pages.named(arrived.is_new);
    let target = page.map(|page| match &arrived.entered {
        Entered::SignedIn(_) => page.as_str().to_owned(),
        // His page asks for the second factor.
        _ => page.with("twoFactorRedirect", "true"),
    });
    let reply = enter(auth, arrived.entered, json!({}), Keep::Session).await?;
    match target {
        Some(target) => reply.redirected(&target),
        None => Ok(reply),
    }
}

fn presented<P: Wired>(call: &Call, auth: &Auth<P>) -> Option<BrowserProof> {
    let policy = P::cookies(auth)?;
    cookie::read_beside(call.headers(), policy, COOKIE).map(BrowserProof::new)
}

fn read_token(call: &Call) -> Result<LinkToken> {
    LinkToken::parse(call.parameter("token").unwrap_or_default())
}

/// Where somebody is sent to.
#[derive(Debug, Default)]
struct Pages {
    done: Option<CallbackUrl>,
    new_user: Option<CallbackUrl>,
    error: Option<CallbackUrl>,
}

impl Pages {
    /// What the link says. It is not believed: anybody can write a link.
    fn of(call: &Call) -> Result<Self> {
        let page = |name: &'static str| {
            let text = call.parameter(name);
            text.map(|text| CallbackUrl::parse(text, call.places(), name))
                .transpose()
        };
        Ok(Self {
            done: page("callbackURL")?,
            new_user: page("newUserCallbackURL")?,
            error: page("errorCallbackURL")?,
        })
    }

    fn parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let pages = [
            ("callbackURL", &self.done),
            ("newUserCallbackURL", &self.new_user),
            ("errorCallbackURL", &self.error),
        ];
        let pages = pages.into_iter();
        pages.filter_map(|(name, page)| Some((name, page.as_ref()?.as_str())))
    }

    /// Where who is signed in goes; `None` when he is told here.
    fn named(&self, is_new: bool) -> Option<&CallbackUrl> {
        let done = self.done.as_ref()?;
        Some(self.new_user.as_ref().filter(|_| is_new).unwrap_or(done))
    }

    /// A link that does not hold is told to a page, if one was named; a fault
    /// of ours is not.
    fn fail(&self, error: Error) -> Result<Reply> {
        let page = self.error.as_ref().or(self.done.as_ref());
        let is_told = matches!(error.kind(), ErrorKind::BadRequest | ErrorKind::Forbidden);
        match (page, error.code()) {
            (Some(page), Some(code)) if is_told => Reply::redirect(&page.with("error", code)),
            _ => Err(error),
        }
    }
}

struct Form {
    email: EmailAddress,
    name: DisplayName,
    pages: Pages,
}

/// Reads `{email, name?, callbackURL?, newUserCallbackURL?, errorCallbackURL?}`.
/// Where the link is to lead to is checked before anybody is looked up.
fn read_form(body: &Json, places: Places<'_>) -> Result<Form> {
    let mut object = Object::read(body, "")?;
    let email = read_email(&mut object);
    let name = read_name(&mut object);
    let pages = Pages {
        done: read_callback(&mut object, "callbackURL", places),
        new_user: read_callback(&mut object, "newUserCallbackURL", places),
        error: read_callback(&mut object, "errorCallbackURL", places),
    };
    object.finish()?;
    Ok(Form {
        email: email.ok_or_else(incomplete)?,
        name: name.map_or_else(|| DisplayName::parse(""), Ok)?,
        pages,
    })
}
