use std::fmt::{self, Debug};
use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use zeroize::Zeroizing;

use crate::{Error, ErrorKind, Result};

/// Says whether somebody has solved a puzzle that programs do not solve.
///
/// # Contract
///
/// * Whoever has solved it, here and just now, is let pass.
/// * A solution that does not hold (wrong, too old, used before, of another
///   site or for something else, or too likely a program's) is
///   [`Forbidden`](ErrorKind::Forbidden) with the code `VERIFICATION_FAILED`;
///   see [`CaptchaResponse::refused`].
/// * Where nobody can tell, because the service is gone, slow or overloaded,
///   the error is [`Unavailable`](ErrorKind::Unavailable). What a client sends
///   must not be able to bring that about: callers may let him pass then.
/// * Where we are set up wrongly (a secret the service does not know, an address
///   that may not be reached) it is [`Internal`](ErrorKind::Internal), and
///   callers let nobody pass.
/// * A response counts once. The service sees to that, or the adapter does.
/// * Neither errors nor debug output hold the response or a secret.
///
/// `testkit::captcha` holds all of this as a suite.
#[async_trait]
pub trait Captcha: Debug + Send + Sync + 'static {
    /// Verifies what a client brings.
    async fn verify(&self, solution: &CaptchaSolution) -> Result<()>;
}

/// What a client brings, and where he brings it from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CaptchaSolution {
    /// What the widget of the service gave him.
    pub response: CaptchaResponse,
    /// His address, where it is known for certain.
    pub remote_ip: Option<IpAddr>,
}

impl CaptchaSolution {
    /// A response from nobody knows where.
    #[must_use]
    pub fn new(response: CaptchaResponse) -> Self {
        Self {
            response,
            remote_ip: None,
        }
    }

    /// Sets where it comes from.
    #[must_use]
    pub fn with_remote_ip(mut self, address: Option<IpAddr>) -> Self {
        self.remote_ip = address;
        self
    }
}

/// What the widget of a service gave a client. It never shows in debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct CaptchaResponse(String);

impl CaptchaResponse {
    /// The longest response that is looked at, in bytes.
    pub const MAX_BYTES: usize = 4096;

    /// Reads a response.
    ///
    /// # Errors
    ///
    /// [`BadRequest`](ErrorKind::BadRequest) with the code `MISSING_RESPONSE`
    /// when it is empty, longer than [`MAX_BYTES`](Self::MAX_BYTES), or not
    /// printable ASCII.
    pub fn parse(text: &str) -> Result<Self> {
        let is_printable = text.bytes().all(|byte| byte.is_ascii_graphic());
        if text.is_empty() || text.len() > Self::MAX_BYTES || !is_printable {
            return Err(Self::missing());
        }
        Ok(Self(text.to_owned()))
    }

    /// The response itself, for the service.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What a client is told who brings none.
    #[must_use]
    pub fn missing() -> Error {
        let why = "solve the captcha, and send what it gives in the header `x-captcha-response`";
        Error::new(ErrorKind::BadRequest, why).with_code("MISSING_RESPONSE")
    }

    /// What a client is told whose response does not hold.
    #[must_use]
    pub fn refused() -> Error {
        let why = "the captcha was not solved, or no longer counts; solve it again";
        Error::new(ErrorKind::Forbidden, why).with_code("VERIFICATION_FAILED")
    }
}

impl Debug for CaptchaResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CaptchaResponse(..)")
    }
}

/// Opens captchas by what somebody says who has no say in the code: the admins of
/// a workspace.
///
/// # Contract
///
/// * A service that is not known here, a secret that cannot be one and an option
///   that the service does not have are [`Validation`](ErrorKind::Validation) at
///   the name of the [option](CaptchaOptions).
/// * An option that is taken is held to by what is opened.
/// * Nobody is asked yet.
/// * Neither errors nor debug output hold the secret.
///
/// `testkit::captcha_services` holds all of this as a suite.
pub trait CaptchaServices: Debug + Send + Sync + 'static {
    /// The captcha that is described.
    ///
    /// # Errors
    ///
    /// See the contract.
    fn open(&self, options: &CaptchaOptions) -> Result<Arc<dyn Captcha>>;
}

/// What describes a captcha. The secret never shows in debug output.
#[derive(Clone)]
#[non_exhaustive]
pub struct CaptchaOptions {
    /// The name of the service.
    pub service: String,
    /// What shows the service that it is us who ask.
    pub secret: Zeroizing<String>,
    /// The site it is solved on, for services that tell them apart.
    pub site_key: Option<String>,
    /// The hosts of the pages it may be solved on, whatever their case; any if
    /// there are none.
    pub hostnames: Vec<String>,
    /// What it must be solved for.
    pub action: Option<String>,
    /// The least score, 0 to 1.
    pub min_score: Option<f64>,
}

impl CaptchaOptions {
    /// A service, without anything else.
    #[must_use]
    pub fn new(service: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            secret: Zeroizing::default(),
            site_key: None,
            hostnames: Vec::new(),
            action: None,
            min_score: None,
        }
    }

    /// Sets the secret.
    #[must_use]
    pub fn with_secret(mut self, secret: impl Into<String>) -> Self {
        self.secret = Zeroizing::new(secret.into());
        self
    }
}

impl Debug for CaptchaOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaptchaOptions")
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}
