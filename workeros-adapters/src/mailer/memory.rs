use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use workeros_core::{Email, Mailer, Result};

/// Sends no mail at all: keeps it, for tests. Clones share what they keep.
///
/// ```
/// use workeros_adapters::MemoryMailer;
/// use workeros_core::{Email, Mailer};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let mailer = MemoryMailer::default();
/// mailer.clone().send(Email::new("ann@example.com", "Welcome", "Hello Ann")?).await?;
/// assert_eq!(mailer.sent()[0].subject(), "Welcome");
/// # Ok::<(), workeros_core::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryMailer(Arc<Mutex<Vec<Email>>>);

impl MemoryMailer {
    /// The mails sent so far, oldest first.
    #[must_use]
    pub fn sent(&self) -> Vec<Email> {
        self.lock().clone()
    }

    /// The mails sent so far, oldest first; forgets them.
    #[must_use]
    pub fn take(&self) -> Vec<Email> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Email>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Mailer for MemoryMailer {
    async fn send(&self, email: Email) -> Result<()> {
        self.lock().push(email);
        Ok(())
    }
}
