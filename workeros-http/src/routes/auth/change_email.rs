//! Another address, to which who has the one there is agrees first.
//!
//! Programs that look into mails follow the links in them, so a link changes
//! nothing: it leads to a page with a button, or, where there are no cookies, to
//! a page of the app's, which sends what it brings.

use http::Method;
use serde_json::{Value as Json, json};
use workeros_auth::{EmailAddress, LinkToken};
use workeros_core::input::Object;
use workeros_core::{Error, ErrorKind, Result};

use super::body::{incomplete, read_callback};
use super::link::{callback, link};
use super::own::Own;
use crate::call::Call;
use crate::callback::{CallbackUrl, Places};
use crate::endpoint::{Access, Endpoint};
use crate::plane::{Paths, Wired, paths};
use crate::reply::Reply;

mod page;

const ASK: Paths = paths!("/change-email");
const FOLLOW: Paths = paths!("/change-email/confirm");

/// What a link proves, and leads on to.
const PARAMETERS: &[&str] = &["token", "callbackURL"];
/// Where somebody is sent to who named no place.
const HOME: &str = "/";

pub(super) fn endpoints<P: Wired>() -> Vec<Endpoint> {
    let (signed_in, open) = (Access::SignedIn, Access::Open);
    let follow = P::path(FOLLOW);
    vec![
        Endpoint::new(Method::POST, P::path(ASK), signed_in, ask::<P>).with_json(),
        Endpoint::new(Method::GET, follow, open, look::<P>).with_parameters(PARAMETERS),
        Endpoint::new(Method::POST, follow, open, confirm::<P>).with_parameters(PARAMETERS),
    ]
}

/// The same whether somebody has the address or not.
async fn ask<P: Wired>(call: Call) -> Result<Reply> {
    let Own { auth, session, .. } = Own::<P>::of(&call).await?;
    let form = read_form(call.json(), call.places())?;
    let who = auth.require_fresh(session).await?;
    let url = |token: &LinkToken| url::<P>(&call, token, form.callback.as_ref());
    auth.request_email_change(who, &form.email, &call.request_info(), url)
        .await?;
    Ok(Reply::json(&json!({"status": true})))
}

/// Somebody follows a link, or something does.
async fn look<P: Wired>(call: Call) -> Result<Reply> {
    let page = read_page(&call)?;
    let auth = P::auth(&call).await?;
    let looked = async {
        let token = read_token(&call)?;
        let change = auth.check_email_change(&token).await?;
        if P::cookies(&auth).is_some() {
            return Ok(Reply::page(page::write(&change, call.site())));
        }
        let home = || CallbackUrl::parse(HOME, call.places(), "callbackURL");
        let page = page.clone().map_or_else(home, Ok)?;
        Reply::redirect(&page.with("token", token.expose()))
    };
    match looked.await {
        Ok(reply) => Ok(reply),
        Err(error) => fail(page.as_ref(), error),
    }
}

/// Somebody means it: he has pressed the button, or his app has sent what his
/// link brought.
async fn confirm<P: Wired>(call: Call) -> Result<Reply> {
    let page = read_page(&call)?;
    let auth = P::auth(&call).await?;
    let has_page = P::cookies(&auth).is_some();
    if has_page {
        call.check_origin()?;
    }
    let page = page.filter(|_| has_page);
    let followed = async {
        let token = read_token(&call)?;
        let url = |token: &LinkToken| url::<P>(&call, token, page.as_ref());
        auth.follow_email_change(&token, &call.request_info(), url)
            .await
    };
    match (followed.await, &page) {
        (Ok(_), Some(page)) => Reply::redirect(page.as_str()),
        (Ok(_), None) => Ok(Reply::json(&json!({"status": true}))),
        (Err(error), page) => fail(page.as_ref(), error),
    }
}

fn url<P: Wired>(call: &Call, token: &LinkToken, page: Option<&CallbackUrl>) -> String {
    let mut query = vec![("token", token.expose())];
    query.extend(callback(page));
    link(&call.backend, &P::link_path(call, FOLLOW), &query)
}

/// A link that does not hold is told to the page; a fault of ours is not.
fn fail(page: Option<&CallbackUrl>, error: Error) -> Result<Reply> {
    match page {
        Some(page) if error.kind() == ErrorKind::BadRequest => {
            Reply::redirect(&page.with("error", "INVALID_TOKEN"))
        }
        _ => Err(error),
    }
}

fn read_token(call: &Call) -> Result<LinkToken> {
    LinkToken::parse(call.parameter("token").unwrap_or_default())
}

fn read_page(call: &Call) -> Result<Option<CallbackUrl>> {
    let text = call.parameter("callbackURL");
    text.map(|text| CallbackUrl::parse(text, call.places(), "callbackURL"))
        .transpose()
}

struct Form {
    email: EmailAddress,
    callback: Option<CallbackUrl>,
}

/// Reads `{newEmail, callbackURL?}`. Where the link is to lead to is checked
/// before anybody is looked up.
fn read_form(body: &Json, places: Places<'_>) -> Result<Form> {
    let mut object = Object::read(body, "")?;
    object.require("newEmail");
    let email = object.string("newEmail").map(|text| {
        let invalid = |_| Error::validation("/newEmail", "invalid_value", "is no e-mail address");
        EmailAddress::parse(&text).map_err(invalid)
    });
    let email = email.and_then(|email| object.keep(email));
    let callback = read_callback(&mut object, "callbackURL", places);
    object.finish()?;
    Ok(Form {
        email: email.ok_or_else(incomplete)?,
        callback,
    })
}
