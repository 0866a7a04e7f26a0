//! A mail as it goes over the wire.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use uuid::Uuid;
use workeros_core::{Email, Error, Result, Sender, Timestamp};

pub(super) fn build(email: &Email, sender: &Sender, now: Timestamp, id: Uuid) -> Result<Message> {
    let from = Mailbox::new(
        sender.name_for(email).map(str::to_owned),
        sender_address(sender)?,
    );
    let micros = u64::try_from(now.micros()).unwrap_or(0);
    let mut message = Message::builder()
        .from(from)
        .to(Mailbox::new(None, address("to", email.to())?))
        .subject(email.subject())
        .date(UNIX_EPOCH + Duration::from_micros(micros))
        .message_id(Some(format!("<{id}@{}>", domain(sender))));
    if let Some(reply_to) = email.reply_to() {
        message = message.reply_to(Mailbox::new(None, address("reply_to", reply_to)?));
    }
    for (name, value) in email.headers() {
        let name = HeaderName::new_from_ascii(name.clone()).map_err(Error::internal)?;
        message = message.raw_header(HeaderValue::new(name, value.clone()));
    }
    let text = email.text().to_owned();
    let message = match email.html() {
        Some(html) => message.multipart(MultiPart::alternative_plain_html(text, html.to_owned())),
        None => message.singlepart(SinglePart::plain(text)),
    };
    message.map_err(Error::internal)
}

/// Where mails come from.
pub(super) fn sender_address(sender: &Sender) -> Result<Address> {
    address("from", sender.address())
}

/// The domain of the sender's address, which names us to the server.
pub(super) fn domain(sender: &Sender) -> &str {
    let address = sender.address();
    address
        .split_once('@')
        .map_or(address, |(_, domain)| domain)
}

fn address(path: &str, address: &str) -> Result<Address> {
    address.parse().map_err(|error| {
        Error::validation(path, "invalid_value", "not an e-mail address").with_source(error)
    })
}
