//! Tokens of somebody else, by which end users act.

mod building;
mod keys;
mod places;
mod realms;
mod says;
pub(crate) mod site;
mod vectors;
