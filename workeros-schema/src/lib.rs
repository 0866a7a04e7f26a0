//! The data plane of workeros: collections, permissions and the one door to rows.
