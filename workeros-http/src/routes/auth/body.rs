use serde_json::Value as Json;
use workeros_auth::{DisplayName, EmailAddress, ImageUrl, LinkToken, Locale, Password, SetupToken};
use workeros_core::input::Object;
use workeros_core::{Detail, Error, Result};

use crate::callback::{CallbackUrl, Places};
use crate::cookie::Keep;

pub(super) struct SignUpForm {
    pub(super) email: EmailAddress,
    pub(super) password: Password,
    pub(super) name: DisplayName,
    pub(super) image: Option<ImageUrl>,
    pub(super) locale: Option<Locale>,
    pub(super) setup_token: Option<SetupToken>,
    pub(super) invitation: Option<LinkToken>,
    pub(super) keep: Keep,
    pub(super) callback: Option<CallbackUrl>,
}

pub(super) struct SignInForm {
    pub(super) email: EmailAddress,
    pub(super) password: Password,
    pub(super) callback: Option<CallbackUrl>,
    pub(super) keep: Keep,
}

/// Reads `{email, password, name, image?, locale?, rememberMe?, callbackURL?,
/// setupToken?, invitationToken?}`.
pub(super) fn read_sign_up(body: &Json, places: Places<'_>) -> Result<SignUpForm> {
    let mut object = Object::read(body, "")?;
    object.alias("setupToken", "setup_token");
    let invitation = read_invitation(&mut object)?;
    let email = read_email(&mut object);
    let password = read_password(&mut object);
    let name = DisplayName::parse(&object.string("name").unwrap_or_default());
    let name = object.keep(name);
    let image = read_image(&mut object).flatten();
    let locale = read_locale(&mut object).flatten();
    let setup_token = object
        .string("setupToken")
        .map(|text| SetupToken::new(&text));
    let keep = read_keep(&mut object);
    let callback = read_callback(&mut object, "callbackURL", places);
    object.finish()?;
    match (email, password, name) {
        (Some(email), Some(password), Some(name)) => Ok(SignUpForm {
            email,
            password,
            name,
            image,
            locale,
            setup_token,
            invitation,
            callback,
            keep,
        }),
        _ => Err(incomplete()),
    }
}

fn read_invitation(object: &mut Object) -> Result<Option<LinkToken>> {
    let text = object.string("invitationToken");
    text.map(|text| LinkToken::parse(&text)).transpose()
}

/// Reads `{email, password, rememberMe?, callbackURL?}`.
pub(super) fn read_sign_in(body: &Json, places: Places<'_>) -> Result<SignInForm> {
    let mut object = Object::read(body, "")?;
    let email = read_email(&mut object);
    let password = read_password(&mut object);
    let keep = read_keep(&mut object);
    let callback = read_callback(&mut object, "callbackURL", places);
    object.finish()?;
    match (email, password) {
        (Some(email), Some(password)) => Ok(SignInForm {
            email,
            password,
            callback,
            keep,
        }),
        _ => Err(incomplete()),
    }
}

/// Reads `email`, which must be there.
pub(in crate::routes) fn read_email(object: &mut Object) -> Option<EmailAddress> {
    object.require("email");
    let text = object.string("email")?;
    object.keep(EmailAddress::parse(&text))
}

pub(super) fn read_password(object: &mut Object) -> Option<Password> {
    object.require("password");
    let text = object.string("password")?;
    object.keep(Password::parse(&text))
}

/// Reads `newPassword`, which must be there.
pub(super) fn read_new_password(object: &mut Object) -> Option<Password> {
    object.require("newPassword");
    let text = object.string("newPassword")?;
    object.keep(Password::parse(&text).map_err(at_new_password))
}

/// Says where a password that is refused stands in the body.
pub(super) fn at_new_password(error: Error) -> Error {
    if error.details().is_empty() {
        return error;
    }
    let moved = error.details().iter().map(|detail| Detail {
        path: "/newPassword".to_owned(),
        ..detail.clone()
    });
    let moved = moved.collect();
    error.with_details(moved)
}

/// Reads `name`, if it is there.
pub(in crate::routes) fn read_name(object: &mut Object) -> Option<DisplayName> {
    let text = object.string("name")?;
    object.keep(DisplayName::parse(&text))
}

/// Reads `image`, if it is there: a picture, or none any more.
pub(in crate::routes) fn read_image(object: &mut Object) -> Option<Option<ImageUrl>> {
    match object.nullable_json("image")? {
        Json::Null => Some(None),
        image => {
            let image = ImageUrl::parse(image.as_str().unwrap_or_default());
            object.keep(image).map(Some)
        }
    }
}

/// Reads `locale`, if it is there: a language, or none any more.
pub(in crate::routes) fn read_locale(object: &mut Object) -> Option<Option<Locale>> {
    match object.nullable_json("locale")? {
        Json::Null => Some(None),
        locale => {
            let locale = Locale::parse(locale.as_str().unwrap_or_default());
            object.keep(locale).map(Some)
        }
    }
}

fn read_keep(object: &mut Object) -> Keep {
    match object.boolean("rememberMe") {
        Some(false) => Keep::UntilClosed,
        Some(true) | None => Keep::Session,
    }
}

/// Reads where a client is to be sent to.
pub(in crate::routes) fn read_callback(
    object: &mut Object,
    key: &str,
    places: Places<'_>,
) -> Option<CallbackUrl> {
    let text = object.string(key)?;
    let callback = CallbackUrl::parse(&text, places, &object.pointer(key));
    object.keep(callback)
}

/// For what [`Object::finish`] has complained about already.
pub(in crate::routes) fn incomplete() -> Error {
    Error::validation("", "required", "something that is required is not there")
}
