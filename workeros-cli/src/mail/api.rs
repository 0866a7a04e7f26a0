use std::sync::Arc;

use workeros::{
    Builder, Error, ErrorKind, MailgunMailer, ReqwestClient, ReqwestOptions, ResendMailer, Result,
    Sender, SendgridMailer, SesCredentials, SesMailer,
};

/// Where mail of domains in the European Union is handed over.
const MAILGUN_EU: &str = "https://api.eu.mailgun.net";

/// Sets the mailer of a provider, with what stands behind its name: `resend:KEY`,
/// `sendgrid:KEY`, `mailgun:KEY@DOMAIN`, `ses:KEY_ID:SECRET@REGION`.
pub(super) fn put(builder: Builder, name: &str, rest: &str, sender: Sender) -> Result<Builder> {
    let client = Arc::new(ReqwestClient::new(ReqwestOptions::default())?);
    Ok(match name {
        "resend" => builder.mailer(ResendMailer::new(client, rest, sender)?),
        "sendgrid" => builder.mailer(SendgridMailer::new(client, rest, sender)?),
        "ses" => {
            let (keys, region) = rest.rsplit_once('@').ok_or_else(incomplete)?;
            let (id, secret) = keys.split_once(':').ok_or_else(incomplete)?;
            let credentials = SesCredentials::new(id, secret)?;
            builder.mailer(SesMailer::new(client, credentials, region, sender)?)
        }
        _ => {
            let (key, domain) = rest.rsplit_once('@').ok_or_else(incomplete)?;
            let mailer = MailgunMailer::new(client, key, domain, sender)?;
            builder.mailer(match name {
                "mailgun-eu" => mailer.with_endpoint(MAILGUN_EU),
                _ => mailer,
            })
        }
    })
}

fn incomplete() -> Error {
    let why = "the mail URL is not complete: `mailgun:KEY@DOMAIN`, `ses:KEY_ID:SECRET@REGION`";
    Error::new(ErrorKind::Validation, why)
}
