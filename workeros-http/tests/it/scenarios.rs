//! Tables of scenarios, one for each area of the API.

use workeros_http::testkit::Scenario;

use crate::support::{World, worlds};

mod adoption;
mod api_keys;
mod auth;
mod collections;
mod health;
mod items;
mod permissions;
mod roles;
mod users;

/// Every table.
pub(crate) fn all(world: &World) -> Vec<Scenario> {
    let tables = [
        adoption::table,
        api_keys::table,
        auth::table,
        collections::table,
        health::table,
        items::table,
        permissions::table,
        roles::table,
        users::table,
    ];
    tables.iter().flat_map(|table| table(world)).collect()
}

async fn check(table: impl Fn(&World) -> Vec<Scenario>) {
    for world in worlds().await {
        world.app.check(table(&world)).await;
    }
}
