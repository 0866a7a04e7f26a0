//! Argon2id at its default cost, on as many threads as there are cores.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use tokio::sync::Semaphore;

use crate::failure::Failure;

/// Verifies passwords without starving what else runs.
#[derive(Debug, Clone)]
pub(crate) struct Passwords(Arc<Semaphore>);

impl Passwords {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(cores)))
    }

    pub(crate) async fn verify(&self, password: String, stored: String) -> Result<bool, Failure> {
        let permit = Arc::clone(&self.0)
            .acquire_owned()
            .await
            .map_err(Failure::internal)?;
        let run = move || {
            let _permit = permit;
            PasswordHash::new(&stored).is_ok_and(|hash| {
                Argon2::default()
                    .verify_password(password.as_bytes(), &hash)
                    .is_ok()
            })
        };
        tokio::task::spawn_blocking(run)
            .await
            .map_err(Failure::internal)
    }
}

pub(crate) fn hash(password: &str) -> Result<String, Failure> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(Failure::internal)?;
    let hash: PasswordHash = Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(Failure::internal)?;
    Ok(hash.to_string())
}
