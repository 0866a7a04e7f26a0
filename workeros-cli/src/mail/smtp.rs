use hyper::Uri;
use percent_encoding::percent_decode_str;
use workeros::{Error, ErrorKind, Result, Sender, SmtpMailer, SmtpOptions, SmtpTls};

/// Reads `smtps://user:password@host:port`, or the same by `smtp` for
/// `STARTTLS`.
pub(super) fn mailer(url: &str, scheme: &str, sender: Sender) -> Result<SmtpMailer> {
    let tls = match scheme {
        "smtps" => SmtpTls::Implicit,
        "smtp" => SmtpTls::StartTls,
        _ => SmtpTls::DangerNone,
    };
    let url: Uri = url.parse().map_err(|_| no_server())?;
    let authority = url.authority().ok_or_else(no_server)?;
    let host = authority.host().trim_matches(['[', ']']);
    let is_bare = matches!(url.path(), "" | "/") && url.query().is_none();
    if host.is_empty() || !is_bare {
        return Err(no_server());
    }
    let mut server = SmtpOptions::new(host).with_tls(tls);
    if let Some(port) = authority.port() {
        server = server.with_port(port.as_str().parse().map_err(|_| no_server())?);
    }
    if let Some((credentials, _)) = authority.as_str().rsplit_once('@') {
        let (user, password) = credentials.split_once(':').ok_or_else(no_server)?;
        server = server.with_credentials(decode(user)?, decode(password)?);
    }
    SmtpMailer::new(server, sender)
}

fn decode(text: &str) -> Result<String> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| no_server())
}

fn no_server() -> Error {
    let why = "the mail URL is no mail server such as `smtps://user:password@mail.example.com`; \
        what is not a letter or digit in user and password is percent-encoded";
    Error::new(ErrorKind::Validation, why)
}
