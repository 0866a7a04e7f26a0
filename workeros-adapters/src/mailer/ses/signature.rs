//! AWS Signature Version 4, for requests without a query.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use workeros_core::Timestamp;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What a signature holds for.
pub(super) struct Scope<'a> {
    /// As of [`stamp`].
    pub(super) stamp: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
}

/// What is signed.
pub(super) struct Signed<'a> {
    pub(super) method: &'a str,
    /// Of characters that need no escape.
    pub(super) path: &'a str,
    /// In lower case, by name, each once, the values without outer spaces.
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) body: &'a [u8],
}

/// An instant as `20150830T123600Z`.
pub(super) fn stamp(now: Timestamp) -> String {
    let text = now.to_string();
    let seconds = text.split('.').next().unwrap_or_default();
    let mut stamp: String = seconds
        .chars()
        .filter(|char| !"-:".contains(*char))
        .collect();
    stamp.push('Z');
    stamp
}

impl Scope<'_> {
    /// The value of the header `authorization`.
    pub(super) fn authorization(&self, id: &str, secret: &str, request: &Signed<'_>) -> String {
        let scope = format!(
            "{}/{}/{}/aws4_request",
            self.day(),
            self.region,
            self.service
        );
        let digest = hex::encode(Sha256::digest(request.canonical()));
        let text = format!("{ALGORITHM}\n{}\n{scope}\n{digest}", self.stamp);
        let signature = hex::encode(hmac(&self.key(secret), &text));
        let names = request.names();
        format!("{ALGORITHM} Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}")
    }

    fn key(&self, secret: &str) -> [u8; 32] {
        let day = hmac(format!("AWS4{secret}").as_bytes(), self.day());
        let region = hmac(&day, self.region);
        let service = hmac(&region, self.service);
        hmac(&service, "aws4_request")
    }

    fn day(&self) -> &str {
        self.stamp.split('T').next().unwrap_or_default()
    }
}

impl Signed<'_> {
    fn canonical(&self) -> String {
        let mut text = format!("{}\n{}\n\n", self.method, self.path);
        for (name, value) in self.headers {
            // INVARIANT: writing to a String does not fail.
            let _ = writeln!(text, "{name}:{value}");
        }
        let digest = hex::encode(Sha256::digest(self.body));
        text + "\n" + &self.names() + "\n" + &digest
    }

    fn names(&self) -> String {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| *name).collect();
        names.join(";")
    }
}

fn hmac(key: &[u8], text: &str) -> [u8; 32] {
    // INVARIANT: HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return [0; 32];
    };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::{Scope, Signed, stamp};

    const ID: &str = "AKIDEXAMPLE";
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    /// The suite AWS publishes: `get-vanilla`, `post-vanilla`,
    /// `post-header-key-sort` and `post-x-www-form-urlencoded`.
    #[test]
    fn signatures_are_those_of_the_suite_of_aws() {
        let host = ("host", "example.amazonaws.com");
        let date = ("x-amz-date", "20150830T123600Z");
        let form = ("content-type", "application/x-www-form-urlencoded");
        let own = ("my-header1", "value1");
        let check = |method, headers: &[(&str, &str)], body: &str, signature: &str| {
            let scope = Scope {
                stamp: "20150830T123600Z",
                region: "us-east-1",
                service: "service",
            };
            let request = Signed {
                method,
                path: "/",
                headers,
                body: body.as_bytes(),
            };
            let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
            let expected = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                 SignedHeaders={}, Signature={signature}",
                names.join(";")
            );
            assert_eq!(scope.authorization(ID, SECRET, &request), expected);
        };
        check(
            "GET",
            &[host, date],
            "",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        );
        check(
            "POST",
            &[host, date],
            "",
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        );
        check(
            "POST",
            &[host, own, date],
            "",
            "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
        );
        check(
            "POST",
            &[form, host, date],
            "Param1=value1",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        );
    }

    #[test]
    fn instants_are_written_without_separators() {
        let now = "2015-08-30T12:36:00.999999Z";
        let now = workeros_core::Timestamp::parse(now).unwrap();
        assert_eq!(stamp(now), "20150830T123600Z");
    }
}
