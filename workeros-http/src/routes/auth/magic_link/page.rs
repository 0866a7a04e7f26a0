//! What somebody sees who follows a link in another browser than the one he
//! asked in.

use workeros_auth::EmailAddress;
use workeros_core::html::escape;

/// A page with a button, which sends the URL of the page itself. It names who
/// will be signed in: somebody may have been given the link of another.
pub(super) fn write(address: &EmailAddress, site: &str) -> String {
    let (address, site) = (escape(address.as_str()), escape(site));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>Sign in</title>\n</head>\n<body>\n\
         <h1>Sign in to {site}</h1>\n<p>You will be signed in as <strong>{address}</strong>. \
         If that is not you, close this page.</p>\n\
         <form method=\"post\"><button type=\"submit\">Sign in</button></form>\n\
         </body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_text() {
        let address = EmailAddress::parse("o'neill&co@example.com").unwrap();
        let page = write(&address, "<x>");
        assert!(page.contains("<strong>o&#39;neill&amp;co@example.com</strong>"));
        assert!(page.contains("&lt;x&gt;") && !page.contains("<x>"));
        assert!(!page.contains("<script") && !page.contains("style"));
    }
}
