use async_trait::async_trait;
use workeros_core::{Email, Mailer, Result};

/// Sends no mail at all: writes it to the log, for development.
///
/// The whole mail is logged, with the links and codes in it. Do not use it
/// where others read the log.
#[derive(Debug, Clone, Copy, Default)]
pub struct ConsoleMailer;

#[async_trait]
impl Mailer for ConsoleMailer {
    async fn send(&self, email: Email) -> Result<()> {
        let (to, subject) = (email.to(), email.subject());
        tracing::info!(to, subject, "mail\n{}", email.text());
        Ok(())
    }
}
