#[cfg(feature = "mail-api")]
mod api;
mod console;
#[cfg(feature = "mail-api")]
mod mailgun;
mod memory;
#[cfg(feature = "mail-api")]
mod resend;
#[cfg(feature = "mail-api")]
mod sendgrid;
#[cfg(feature = "mail-api")]
mod ses;
#[cfg(feature = "smtp")]
mod smtp;

pub use console::ConsoleMailer;
#[cfg(feature = "mail-api")]
pub use mailgun::MailgunMailer;
pub use memory::MemoryMailer;
#[cfg(feature = "mail-api")]
pub use resend::ResendMailer;
#[cfg(feature = "mail-api")]
pub use sendgrid::SendgridMailer;
#[cfg(feature = "mail-api")]
pub use ses::{SesCredentials, SesMailer};
#[cfg(feature = "smtp")]
pub use smtp::{SmtpMailer, SmtpOptions, SmtpTls};
