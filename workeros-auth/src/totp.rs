//! Codes of authenticator apps (RFC 6238).

use std::fmt;
use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha1::Sha1;
use subtle::{ConditionallySelectable as _, ConstantTimeEq as _, ConstantTimeGreater as _};
use workeros_core::{Random, Result, Timestamp};
use zeroize::Zeroizing;

use crate::code::OneTimeCode;

mod base32;

/// What an authenticator app and we both know: 160 random bits. It never shows
/// in debug output.
///
/// The codes are those every app shows: HMAC-SHA-1, six digits, a new one each
/// 30 seconds.
///
/// ```
/// use workeros_auth::TotpSecret;
/// use workeros_core::Timestamp;
///
/// // The secret and a time of RFC 6238, appendix B.
/// let secret = TotpSecret::parse("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").expect("base32");
/// let at = Timestamp::from_micros(1_111_111_109_000_000).expect("a time");
/// assert_eq!(secret.code(at).expose(), "081804");
/// ```
#[derive(Clone)]
pub struct TotpSecret(Zeroizing<[u8; Self::BYTES]>);

/// The count of time steps a code is of.
pub(crate) type TimeStep = i64;

const STEP_MICROS: i64 = 30_000_000;
/// So many steps before and after the present one are taken too.
const DRIFT: TimeStep = 1;

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

impl TotpSecret {
    const BYTES: usize = 20;

    pub(crate) fn generate(random: &dyn Random) -> Result<Self> {
        let mut bytes = Zeroizing::new([0; Self::BYTES]);
        random.fill(&mut *bytes)?;
        Ok(Self(bytes))
    }

    pub(crate) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes = <[u8; Self::BYTES]>::try_from(bytes).ok()?;
        Some(Self(Zeroizing::new(bytes)))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &*self.0
    }

    /// Reads a secret as an app is given it, 32 characters of base32; `None`
    /// when it cannot be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::of_bytes(&Zeroizing::new(base32::decode(text)?))
    }

    /// The secret in base32, for its owner.
    #[must_use]
    pub fn expose(&self) -> String {
        base32::encode(self.bytes())
    }

    /// The URI that apps read from a QR code: whose code it is, and where.
    #[must_use]
    pub fn uri(&self, issuer: &str, account: &str) -> String {
        let issuer = utf8_percent_encode(issuer, UNRESERVED);
        let account = utf8_percent_encode(account, UNRESERVED);
        let mut uri = format!("otpauth://totp/{issuer}:{account}?secret=");
        uri.push_str(&Zeroizing::new(self.expose()));
        // INVARIANT: writing to a String cannot fail.
        let _ = write!(uri, "&issuer={issuer}&algorithm=SHA1&digits=6&period=30");
        uri
    }

    /// The code an app shows at a time.
    #[must_use]
    pub fn code(&self, at: Timestamp) -> OneTimeCode {
        self.code_of(step_at(at))
    }

    /// The time step a code is of, if it is of one that is near and comes after
    /// the last one used: a code is good once. It takes the same time whether
    /// and which one it is.
    pub(crate) fn find_step(
        &self,
        code: &OneTimeCode,
        now: Timestamp,
        used: TimeStep,
    ) -> Option<TimeStep> {
        let mut found = 0_u64;
        for step in step_at(now) - DRIFT..=step_at(now) + DRIFT {
            let is_it = self.code_of(step).digits().ct_eq(code.digits());
            let step = u64::try_from(step).unwrap_or_default();
            let is_new = step.ct_gt(&u64::try_from(used).unwrap_or_default());
            found.conditional_assign(&step, is_it & is_new);
        }
        let found = TimeStep::try_from(found).ok()?;
        (found > 0).then_some(found)
    }

    /// RFC 4226, section 5.3.
    fn code_of(&self, step: TimeStep) -> OneTimeCode {
        // HMAC fills a key up with zeros to the block of the hash.
        let mut block = Zeroizing::new([0; 64]);
        for (to, from) in block.iter_mut().zip(self.bytes()) {
            *to = *from;
        }
        let mac = Hmac::<Sha1>::new((&*block).into()).chain_update(step.to_be_bytes());
        let mac = mac.finalize().into_bytes();
        let offset = mac.last().map_or(0, |last| usize::from(last & 15));
        // INVARIANT: the offset is at most 15, and there are 20 bytes.
        let word = mac.iter().skip(offset).take(4);
        let word = word.fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
        OneTimeCode::of_number(word & 0x7FFF_FFFF)
    }
}

fn step_at(at: Timestamp) -> TimeStep {
    at.micros().div_euclid(STEP_MICROS)
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use workeros_core::SystemRandom;

    use super::*;

    fn secret() -> TotpSecret {
        TotpSecret::of_bytes(b"12345678901234567890").unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000).unwrap()
    }

    fn code(text: &str) -> OneTimeCode {
        OneTimeCode::parse(text).unwrap()
    }

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // Appendix B, SHA-1; the last six of its eight digits.
        for (seconds, expect) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret().code(at(seconds)).expose(), expect);
        }
    }

    #[test]
    fn codes_are_those_of_rfc_4226() {
        // Appendix D.
        for (step, expect) in [(0, "755224"), (1, "287082"), (4, "338314"), (9, "520489")] {
            assert_eq!(secret().code_of(step).expose(), expect);
        }
    }

    #[test]
    fn a_code_is_good_for_a_step_before_and_after_its_own() {
        let shown = secret().code(at(1_234_567_890));
        let own = 1_234_567_890 / 30;
        for (drift, found) in [
            (-60, None),
            (-30, Some(own)),
            (0, Some(own)),
            (29, Some(own)),
            (30, Some(own)),
            (60, None),
        ] {
            let now = at(1_234_567_890 + drift);
            assert_eq!(secret().find_step(&shown, now, 0), found, "{drift}");
        }
        assert_eq!(
            secret().find_step(&code("000000"), at(1_234_567_890), 0),
            None
        );
    }

    #[test]
    fn a_code_is_good_once_and_none_before_it_any_more() {
        let (now, own) = (at(1_234_567_890), 1_234_567_890 / 30);
        let code_of = |step| secret().code_of(step);
        assert_eq!(secret().find_step(&code_of(own), now, own), None);
        assert_eq!(secret().find_step(&code_of(own - 1), now, own), None);
        assert_eq!(
            secret().find_step(&code_of(own + 1), now, own),
            Some(own + 1)
        );
        assert_eq!(secret().find_step(&code_of(own), now, own - 1), Some(own));
    }

    #[test]
    fn a_secret_is_told_to_its_owner_alone() {
        let secret = secret();
        assert_eq!(secret.expose(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            secret.uri("Acme & Co", "ann@example.com"),
            "otpauth://totp/Acme%20%26%20Co:ann%40example.com\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Acme%20%26%20Co\
             &algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(format!("{secret:?}"), "TotpSecret(..)");
        let read = TotpSecret::parse(&secret.expose()).unwrap();
        assert_eq!(read.bytes(), secret.bytes());
        assert!(TotpSecret::parse("GEZDGNBVGY3TQOJQ").is_none());
        let drawn = || TotpSecret::generate(&SystemRandom).unwrap();
        assert_ne!(drawn().bytes(), drawn().bytes());
    }
}
