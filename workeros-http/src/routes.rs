//! The list of all endpoints.

use workeros_auth::{App, Platform};

use crate::Endpoint;

mod activity;
mod adoption;
mod api_keys;
mod app_invitations;
mod app_users;
mod auth;
mod auth_settings;
mod collections;
mod health;
mod items;
mod paging;
mod permissions;
mod roles;
mod users;
mod workspaces;

/// Every endpoint; those of users, workspaces, sessions and API keys only with
/// the bundled auth.
pub(crate) fn endpoints(with_auth: bool) -> Vec<Endpoint> {
    let mut endpoints = health::endpoints();
    endpoints.extend(collections::endpoints());
    endpoints.extend(items::endpoints());
    endpoints.extend(roles::endpoints());
    endpoints.extend(permissions::endpoints());
    endpoints.extend(adoption::endpoints());
    if with_auth {
        endpoints.extend(auth::endpoints::<Platform>());
        let of_apps = auth::endpoints::<App>().into_iter();
        let of_apps = of_apps.chain(auth::app_endpoints());
        endpoints.extend(of_apps.map(Endpoint::without_cookies));
        endpoints.extend(users::endpoints());
        endpoints.extend(auth::impersonation::of_team());
        endpoints.extend(app_users::endpoints());
        endpoints.extend(app_invitations::endpoints());
        endpoints.extend(workspaces::endpoints());
        endpoints.extend(activity::endpoints());
        endpoints.extend(auth_settings::endpoints());
        endpoints.extend(api_keys::endpoints());
    }
    endpoints
}
