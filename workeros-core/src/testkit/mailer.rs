//! The contract of [`Mailer`] as a suite.

use crate::{Email, Mailer};

/// A plain mail is taken.
pub async fn takes_plain_text(mailer: &dyn Mailer) {
    let email = Email::new("ann@example.com", "Welcome", "Hello Ann,\nwelcome.").unwrap();
    mailer.send(email).await.unwrap();
}

/// A mail with an HTML body and letters beyond ASCII is taken.
pub async fn takes_html_and_unicode(mailer: &dyn Mailer) {
    let email = Email::new("ann@example.com", "Grüße aus 東京", "Schöne Grüße 👋").unwrap();
    mailer
        .send(email.with_html("<p>Schöne Grüße 👋</p>"))
        .await
        .unwrap();
}

/// The same mail twice is no error: callers retry.
pub async fn takes_a_mail_twice(mailer: &dyn Mailer) {
    let email = Email::new("ann@example.com", "Again", "Once more").unwrap();
    mailer.send(email.clone()).await.unwrap();
    mailer.send(email).await.unwrap();
}

/// Makes a test of each case of [`testkit::mailer`](crate::testkit::mailer).
///
/// The first argument is a future that gives the mailer, or an `Option` of
/// one where there may be none to test. The second, an async closure that takes
/// it back after the case, can be left out.
#[macro_export]
macro_rules! mailer_conformance {
    ($open:expr) => {
        $crate::mailer_conformance!($open, async |_| {});
    };
    ($open:expr, $close:expr) => {
        $crate::__conformance!(Mailer, mailer, $open, $close, [
            takes_plain_text
            takes_html_and_unicode
            takes_a_mail_twice
        ]);
    };
}
