use std::fmt::Debug;

use uuid::Uuid;

use crate::{Error, Result};

/// Where unpredictable bytes come from.
///
/// # Contract
///
/// Bytes must be fit for secrets: from a cryptographically secure generator.
/// An [`Unavailable`](crate::ErrorKind::Unavailable) error when there are none;
/// never weaker bytes.
pub trait Random: Debug + Send + Sync + 'static {
    /// Fills the buffer.
    ///
    /// # Errors
    ///
    /// When the source gives no bytes.
    fn fill(&self, buffer: &mut [u8]) -> Result<()>;
}

/// The generator of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        getrandom::fill(buffer).map_err(Error::internal)
    }
}

/// Where ids of new rows come from.
///
/// # Contract
///
/// UUIDv7: unique across instances, and increasing within one generator, so
/// that the order of ids is the order of creation.
pub trait IdGenerator: Debug + Send + Sync + 'static {
    /// A fresh id.
    fn next_id(&self) -> Uuid;
}

/// UUIDv7 from the system's clock and generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemIds;

impl IdGenerator for SystemIds {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the generator the rule points to"
    )]
    fn next_id(&self) -> Uuid {
        Uuid::now_v7()
    }
}
