//! The HTTP service of workeros.
