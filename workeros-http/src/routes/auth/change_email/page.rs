//! What somebody sees who follows a link to change his address.

use workeros_auth::{EmailChange, EmailChangeStage};
use workeros_core::html::escape;

/// A page with a button, which sends the URL of the page itself.
pub(super) fn write(change: &EmailChange, site: &str) -> String {
    let button = match change.stage {
        EmailChangeStage::Approval => "Change the address",
        EmailChangeStage::Confirmation => "Confirm the address",
    };
    let (from, to) = (escape(change.from.as_str()), escape(change.to.as_str()));
    let site = escape(site);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>{button}</title>\n</head>\n<body>\n\
         <h1>Your account at {site}</h1>\n<p>Its e-mail address will be <strong>{to}</strong> \
         in place of <strong>{from}</strong>. If you did not ask for that, close this page.</p>\n\
         <form method=\"post\"><button type=\"submit\">{button}</button></form>\n\
         </body>\n</html>\n"
    )
}
