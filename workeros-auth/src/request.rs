use std::net::IpAddr;

use workeros_core::CaptchaResponse;

use crate::SessionKey;
use crate::changes::Affected;

/// What a request tells about where it comes from, kept with the session it
/// opens.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct RequestInfo {
    /// The address of the peer, as far as it can be trusted.
    pub ip: Option<IpAddr>,
    /// The `User-Agent`, at most 512 characters.
    pub user_agent: Option<String>,
    /// The session the request came with: it ends when another one opens.
    pub replaces: Option<SessionKey>,
    /// What the widget of a captcha gave.
    pub captcha: Option<CaptchaResponse>,
}

const MAX_USER_AGENT_CHARS: usize = 512;

impl RequestInfo {
    /// Nothing known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the address of the peer.
    #[must_use]
    pub fn with_ip(mut self, ip: Option<IpAddr>) -> Self {
        self.ip = ip;
        self
    }

    /// Sets the `User-Agent`; what is too long is cut.
    #[must_use]
    pub fn with_user_agent(mut self, user_agent: Option<&str>) -> Self {
        let kept = |text: &str| {
            text.chars()
                .filter(|char| !char.is_control())
                .take(MAX_USER_AGENT_CHARS)
                .collect()
        };
        self.user_agent = user_agent.map(kept);
        self
    }

    /// Sets what the widget of a captcha gave.
    #[must_use]
    pub fn with_captcha(mut self, response: Option<CaptchaResponse>) -> Self {
        self.captcha = response;
        self
    }

    /// What changes when another session opens.
    pub(crate) fn ends(&self) -> Vec<Affected> {
        let replaced = self.replaces.iter().copied();
        replaced.map(Affected::Session).collect()
    }

    /// Sets the session to end when another one opens.
    #[must_use]
    pub fn with_replaced(mut self, session: Option<SessionKey>) -> Self {
        self.replaces = session;
        self
    }
}
