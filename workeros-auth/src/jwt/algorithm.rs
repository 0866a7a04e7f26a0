/// How a token is signed (RFC 7518, RFC 8037).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Algorithm {
    /// Ed25519.
    EdDsa,
    /// ECDSA on P-256 over SHA-256.
    Es256,
    /// RSASSA-PKCS1-v1_5 over SHA-256.
    Rs256,
}

/// How we sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SigningAlgorithm {
    /// Ed25519.
    #[default]
    EdDsa,
    /// ECDSA on P-256, for clients that do not know Ed25519.
    Es256,
}

impl Algorithm {
    /// Every one there is.
    pub const ALL: [Self; 3] = [Self::EdDsa, Self::Es256, Self::Rs256];

    /// Its name, as tokens and keys spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }

    /// The algorithm of that name, spelled exactly so.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let mut known = Self::ALL.into_iter();
        known.find(|algorithm| algorithm.name() == name)
    }
}

impl SigningAlgorithm {
    pub(super) const fn name(self) -> &'static str {
        self.algorithm().name()
    }

    pub(super) const fn algorithm(self) -> Algorithm {
        match self {
            Self::EdDsa => Algorithm::EdDsa,
            Self::Es256 => Algorithm::Es256,
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        [Self::EdDsa, Self::Es256]
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }
}
