//! Tables of scenarios, one for each area of the API.

use workeros_http::testkit::Scenario;

use crate::support::{World, worlds};

mod activity;
mod adoption;
mod anonymous;
mod api_keys;
mod app_users;
mod auth;
mod auth_settings;
mod collections;
mod end_users;
mod health;
mod items;
mod oauth;
mod organizations;
mod own_account;
mod passkeys;
mod passwordless;
mod permissions;
mod roles;
mod users;
mod workspaces;

/// Every table.
pub(crate) fn all(world: &World) -> Vec<Scenario> {
    let tables = [
        activity::table,
        adoption::table,
        anonymous::table,
        api_keys::table,
        app_users::table,
        auth::table,
        auth_settings::table,
        collections::table,
        end_users::table,
        health::table,
        items::table,
        oauth::table,
        organizations::table,
        own_account::table,
        passkeys::table,
        passwordless::table,
        permissions::table,
        roles::table,
        users::table,
        workspaces::table,
    ];
    tables.iter().flat_map(|table| table(world)).collect()
}

async fn check(table: impl Fn(&World) -> Vec<Scenario>) {
    for world in worlds().await {
        world.app.check(table(&world)).await;
    }
}
