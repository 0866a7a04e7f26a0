/// Where the device is that is asked for a passkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attachment {
    /// In the machine.
    Platform,
    /// Outside: a security key, a phone.
    CrossPlatform,
}

impl Attachment {
    /// Reads `platform` or `cross-platform`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Platform, Self::CrossPlatform]
            .into_iter()
            .find(|one| one.name() == text)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::CrossPlatform => "cross-platform",
        }
    }
}
