//! Tokens of somebody else, by which end users act.

mod building;
mod keys;
mod places;
mod says;
mod site;
mod vectors;
