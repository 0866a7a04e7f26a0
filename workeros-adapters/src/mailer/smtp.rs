use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use workeros_core::{
    Clock, Email, Error, ErrorKind, IdGenerator, Mailer, Result, Sender, SystemClock, SystemIds,
};

mod message;

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SmtpTls {
    /// TLS from the first byte, by default on port 465.
    #[default]
    Implicit,
    /// TLS after `STARTTLS`, by default on port 587. A server that does not
    /// offer it gets no mail.
    StartTls,
    /// No TLS at all, by default on port 25: mails and passwords can be read by
    /// everybody on the way. For a server on this machine.
    DangerNone,
}

impl SmtpTls {
    fn port(self) -> u16 {
        match self {
            Self::Implicit => 465,
            Self::StartTls => 587,
            Self::DangerNone => 25,
        }
    }
}

/// Which mail server an [`SmtpMailer`] hands its mails to. Debug prints no
/// password.
#[derive(Clone)]
pub struct SmtpOptions {
    host: String,
    port: Option<u16>,
    tls: SmtpTls,
    credentials: Option<Credentials>,
    timeout: Duration,
    root_certificates: Vec<Vec<u8>>,
}

impl SmtpOptions {
    /// The server of that name or address, by [`SmtpTls::Implicit`], without
    /// credentials.
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: None,
            tls: SmtpTls::default(),
            credentials: None,
            timeout: Duration::from_secs(10),
            root_certificates: Vec::new(),
        }
    }

    /// Sets the port, if it is not the usual one.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Sets how the connection is protected.
    #[must_use]
    pub fn with_tls(mut self, tls: SmtpTls) -> Self {
        self.tls = tls;
        self
    }

    /// Signs in as this user.
    #[must_use]
    pub fn with_credentials(
        mut self,
        user: impl Into<String>,
        password: impl Into<String>,
    ) -> Self {
        self.credentials = Some(Credentials::new(user.into(), password.into()));
        self
    }

    /// Sets how long a mail may take, from connecting on: 10 seconds.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Trusts one more authority besides those of the operating system: its
    /// certificate in PEM.
    #[must_use]
    pub fn with_root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates.push(pem.into());
        self
    }

    fn tls(&self) -> Result<Tls> {
        let mut parameters = TlsParameters::builder(self.host.clone());
        for pem in &self.root_certificates {
            let certificate = Some(Certificate::from_pem(pem))
                // What holds no certificate at all is none too many to lettre.
                .filter(|_| String::from_utf8_lossy(pem).contains("-----BEGIN CERTIFICATE"))
                .and_then(Result::ok)
                .ok_or_else(|| {
                    let message = "must be a certificate in PEM";
                    Error::validation("root_certificates", "invalid_value", message)
                })?;
            parameters = parameters.add_root_certificate(certificate);
        }
        let build = || parameters.build().map_err(Error::internal);
        Ok(match self.tls {
            SmtpTls::Implicit => Tls::Wrapper(build()?),
            SmtpTls::StartTls => Tls::Required(build()?),
            SmtpTls::DangerNone => Tls::None,
        })
    }
}

impl fmt::Debug for SmtpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpOptions")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

/// Hands mails to a mail server, each over a connection of its own.
///
/// ```no_run
/// use workeros_adapters::{SmtpMailer, SmtpOptions};
/// use workeros_core::Sender;
///
/// let server = SmtpOptions::new("smtp.example.com").with_credentials("user", "password");
/// let sender = Sender::new("no-reply@example.com")?.with_name("Example")?;
/// let mailer = SmtpMailer::new(server, sender)?;
/// # Ok::<(), workeros_core::Error>(())
/// ```
#[derive(Clone)]
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    server: SmtpOptions,
    sender: Sender,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
}

impl SmtpMailer {
    /// A mailer. It connects when the first mail is sent.
    ///
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation) when a certificate cannot be read, or
    /// no mail can come from the sender's address; [`Internal`](ErrorKind::Internal) when the operating system has none.
    pub fn new(server: SmtpOptions, sender: Sender) -> Result<Self> {
        // Else each mail would be one that cannot be sent.
        message::sender_address(&sender)?;
        let domain = message::domain(&sender).to_owned();
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
            .port(server.port.unwrap_or_else(|| server.tls.port()))
            .tls(server.tls()?)
            .hello_name(ClientId::Domain(domain))
            .timeout(Some(server.timeout));
        if let Some(credentials) = &server.credentials {
            builder = builder.credentials(credentials.clone());
        }
        Ok(Self {
            transport: builder.build(),
            server,
            sender,
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
        })
    }

    /// Sets the clock that mails are dated by.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the generator of the ids of mails.
    #[must_use]
    pub fn with_ids(mut self, ids: Arc<dyn IdGenerator>) -> Self {
        self.ids = ids;
        self
    }
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpMailer")
            .field("server", &self.server)
            .field("sender", &self.sender)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, email: Email) -> Result<()> {
        let message = message::build(&email, &self.sender, self.clock.now(), self.ids.next_id())?;
        // The transport's own limit does not cover every step.
        let sending = self.transport.send(message);
        match tokio::time::timeout(self.server.timeout, sending).await {
            Ok(sent) => sent.map(drop).map_err(failed),
            Err(elapsed) => Err(unavailable().with_source(elapsed)),
        }
    }
}

fn failed(error: SmtpError) -> Error {
    // The recipient's address, and not our credentials or the day's quota.
    let is_about_the_address = error
        .status()
        .is_some_and(|code| matches!(u16::from(code), 550 | 551 | 553 | 555 | 556));
    let refusal = if is_about_the_address {
        Error::new(ErrorKind::Validation, "the mail server refuses the mail")
    } else {
        unavailable()
    };
    refusal.with_source(error)
}

fn unavailable() -> Error {
    Error::new(ErrorKind::Unavailable, "the mail server is not available")
}
