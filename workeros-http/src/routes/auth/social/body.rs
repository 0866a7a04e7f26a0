use serde_json::Value as Json;
use workeros_auth::oauth::ReturnPages;
use workeros_core::Result;
use workeros_core::input::Object;

use crate::callback::{CallbackUrl, Places};
use crate::routes::auth::body::read_callback;

/// Somebody wants to go to a provider, or was there already.
pub(super) struct SocialForm {
    pub(super) provider: String,
    pub(super) scopes: Vec<String>,
    pub(super) login_hint: Option<String>,
    /// Whether the client is to go there by itself.
    pub(super) redirects: bool,
    pub(super) id_token: Option<IdTokenForm>,
    done: Option<CallbackUrl>,
    new_user: Option<CallbackUrl>,
    error: Option<CallbackUrl>,
}

pub(super) struct IdTokenForm {
    pub(super) token: String,
    pub(super) nonce: Option<String>,
    /// As JSON.
    pub(super) user: Option<String>,
}

impl SocialForm {
    pub(super) fn pages(&self) -> ReturnPages {
        let text = |page: &Option<CallbackUrl>| page.as_ref().map(|page| page.as_str().to_owned());
        ReturnPages {
            done: text(&self.done),
            new_user: text(&self.new_user),
            error: text(&self.error),
        }
    }
}

/// Reads `{provider, callbackURL?, newUserCallbackURL?, errorCallbackURL?,
/// idToken?, scopes?, disableRedirect?, loginHint?, requestSignUp?,
/// additionalData?}`. The last two are taken and left: whether one signs up is
/// not for a client to say, and nothing is kept for him.
pub(super) fn read_social(body: &Json, places: Places<'_>) -> Result<SocialForm> {
    let mut object = Object::read(body, "")?;
    let provider = object.required_string("provider");
    let done = read_callback(&mut object, "callbackURL", places);
    let new_user = read_callback(&mut object, "newUserCallbackURL", places);
    let error = read_callback(&mut object, "errorCallbackURL", places);
    let scopes = object.strings("scopes").unwrap_or_default();
    let login_hint = object.string("loginHint");
    let redirects = !object.boolean("disableRedirect").unwrap_or(false);
    let id_token = object.json("idToken").map(|json| read_id_token(&json));
    let id_token = id_token.and_then(|form| object.keep(form));
    object.boolean("requestSignUp");
    object.object("additionalData");
    object.finish()?;
    Ok(SocialForm {
        provider,
        scopes,
        login_hint,
        redirects,
        id_token,
        done,
        new_user,
        error,
    })
}

/// Reads `{token, nonce?, user?, accessToken?, refreshToken?, expiresAt?}`. The
/// last three are taken and left: no token of a provider is kept.
fn read_id_token(json: &Json) -> Result<IdTokenForm> {
    let mut object = Object::read(json, "/idToken")?;
    let token = object.required_string("token");
    let nonce = object.string("nonce");
    let user = object.json("user").map(|user| user.to_string());
    for name in ["accessToken", "refreshToken", "expiresAt"] {
        object.json(name);
    }
    object.finish()?;
    Ok(IdTokenForm { token, nonce, user })
}
