use http::Method;
use serde_json::{Value as Json, json};
use workeros_auth::{
    Account, DisplayName, EmailAddress, Locale, NewUser, Password, UserPage, UserPatch,
};
use workeros_core::input::Object;
use workeros_core::{Error, Result, UserId};

use super::auth::body::{read_image, read_locale};
use super::paging::{self, Paging};
use crate::call::Call;
use crate::endpoint::{Access, Endpoint};
use crate::reply::Reply;

pub(super) fn endpoints() -> Vec<Endpoint> {
    const ALL: &str = "/api/users";
    const ONE: &str = "/api/users/{id}";
    const ROLES: &str = "/api/users/{id}/roles";
    let operator = Access::Operator;
    vec![
        Endpoint::new(Method::GET, ALL, operator, list_users).with_parameters(paging::PARAMETERS),
        Endpoint::new(Method::POST, ALL, operator, create_user).with_json(),
        Endpoint::new(Method::GET, ONE, operator, read_user),
        Endpoint::new(Method::PATCH, ONE, operator, update_user).with_json(),
        Endpoint::new(Method::DELETE, ONE, operator, delete_user),
        Endpoint::new(Method::POST, ROLES, operator, set_roles).with_json(),
    ]
}

async fn list_users(call: Call) -> Result<Reply> {
    let paging = Paging::read(&call)?;
    let page = call
        .auth()?
        .users(call.tenant(), paging.limit, paging.before)
        .await?;
    Ok(write_page(&paging, &page))
}

async fn create_user(call: Call) -> Result<Reply> {
    let account = call
        .auth()?
        .create_user(call.tenant(), read_new(call.json())?)
        .await?;
    Ok(Reply::data(write(&account)).created())
}

async fn read_user(call: Call) -> Result<Reply> {
    let account = call.auth()?.user(call.tenant(), call.id()?).await?;
    Ok(Reply::data(write(&account)))
}

async fn update_user(call: Call) -> Result<Reply> {
    let patch = read_patch(call.json())?;
    let account = call
        .auth()?
        .update_user(call.tenant(), call.id()?, patch)
        .await?;
    Ok(Reply::data(write(&account)))
}

async fn delete_user(call: Call) -> Result<Reply> {
    call.auth()?.delete_user(call.id()?).await?;
    Ok(Reply::ok())
}

async fn set_roles(call: Call) -> Result<Reply> {
    let (auth, tenant, user) = (call.auth()?, call.tenant(), call.id()?);
    auth.set_roles(tenant, user, &read_roles(call.json())?)
        .await?;
    Ok(Reply::data(write(&auth.user(tenant, user).await?)))
}

/// Reads `{email, name?, image?, locale?, email_verified?, password?, roles?}`.
pub(super) fn read_new(body: &Json) -> Result<NewUser> {
    let mut object = Object::read(body, "")?;
    object.require("email");
    let email = object
        .string("email")
        .map(|text| EmailAddress::parse(&text));
    let email = email.and_then(|email| object.keep(email));
    let name = DisplayName::parse(&object.string("name").unwrap_or_default());
    let name = object.keep(name);
    let password = object.string("password").map(|text| Password::parse(&text));
    let password = password.and_then(|password| object.keep(password));
    let roles = object.strings("roles").unwrap_or_default();
    let image = read_image(&mut object).flatten();
    let locale = read_locale(&mut object).flatten();
    let email_verified = object.boolean("email_verified").unwrap_or(false);
    object.finish()?;
    let (Some(email), Some(name)) = (email, name) else {
        return Err(Error::validation(
            "",
            "required",
            "an e-mail address is required",
        ));
    };
    Ok(NewUser::new(email, name)
        .with_password(password)
        .with_image(image)
        .with_locale(locale)
        .with_email_verified(email_verified)
        .with_roles(roles))
}

/// Reads `{email?, name?, image?, locale?, email_verified?, disabled?}`.
pub(super) fn read_patch(body: &Json) -> Result<UserPatch> {
    let mut object = Object::read(body, "")?;
    let email = object
        .string("email")
        .map(|text| EmailAddress::parse(&text));
    let email = email.and_then(|email| object.keep(email));
    let name = object.string("name").map(|text| DisplayName::parse(&text));
    let name = name.and_then(|name| object.keep(name));
    let image = read_image(&mut object);
    let locale = read_locale(&mut object);
    let email_verified = object.boolean("email_verified");
    let disabled = object.boolean("disabled");
    object.finish()?;
    Ok(UserPatch::new()
        .with_email(email)
        .with_name(name)
        .with_image(image)
        .with_locale(locale)
        .with_email_verified(email_verified)
        .with_disabled(disabled))
}

/// Reads `{roles}`.
pub(super) fn read_roles(body: &Json) -> Result<Vec<String>> {
    let mut object = Object::read(body, "")?;
    object.require("roles");
    let roles = object.strings("roles").unwrap_or_default();
    object.finish()?;
    Ok(roles)
}

pub(super) fn write_page(paging: &Paging<UserId>, page: &UserPage) -> Reply {
    let last = page.accounts.last().map(|account| account.user.id);
    let accounts = page.accounts.iter().map(write).collect();
    paging.reply(accounts, last, page.has_more)
}

pub(super) fn write(account: &Account) -> Json {
    let user = &account.user;
    json!({
        "id": user.id.to_string(),
        "email": user.email,
        "name": user.name,
        "image": user.image,
        "locale": user.locale.as_ref().map(Locale::as_str),
        "email_verified": user.email_verified,
        "disabled": user.disabled,
        "roles": account.roles,
        "created_at": user.created_at.to_string(),
        "updated_at": user.updated_at.to_string(),
    })
}
