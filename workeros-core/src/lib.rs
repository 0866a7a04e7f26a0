//! Contracts of workeros: adapter traits, errors, ids, subjects, grants and the change log.
