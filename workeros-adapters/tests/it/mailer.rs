//! The mailers.

use workeros_adapters::{ConsoleMailer, MemoryMailer};
use workeros_core::testkit::fault::{FaultyMailer, Moment};
use workeros_core::{Email, ErrorKind, Mailer as _};

#[cfg(all(feature = "mail-api", feature = "http-client"))]
mod api;
#[cfg(feature = "smtp")]
mod smtp;

mod console {
    workeros_core::mailer_conformance!(async { super::ConsoleMailer });
}

mod memory {
    workeros_core::mailer_conformance!(async { super::MemoryMailer::default() });
}

mod faulty {
    workeros_core::mailer_conformance!(async {
        super::FaultyMailer::new(super::MemoryMailer::default())
    });
}

fn email(subject: &str) -> Email {
    Email::new("ann@example.com", subject, "text").unwrap()
}

#[tokio::test]
async fn memory_keeps_what_was_sent_in_order() {
    let mailer = MemoryMailer::default();
    let shared = mailer.clone();
    shared.send(email("first")).await.unwrap();
    shared
        .send(email("second").with_html("<p>html</p>"))
        .await
        .unwrap();
    assert_eq!(
        mailer.sent(),
        [email("first"), email("second").with_html("<p>html</p>")]
    );
    assert_eq!(mailer.take().len(), 2);
    assert_eq!(shared.sent(), []);
}

#[tokio::test]
async fn faults_come_when_they_were_asked_for() {
    let mailer = MemoryMailer::default();
    let faulty = FaultyMailer::new(mailer.clone());
    faulty.fail(2, Moment::Before);
    faulty.fail(3, Moment::After);
    let mut results = Vec::new();
    for subject in ["1", "2", "3", "4"] {
        results.push(
            faulty
                .send(email(subject))
                .await
                .err()
                .map(|error| error.kind()),
        );
    }
    let fault = Some(ErrorKind::Unavailable);
    assert_eq!(results, [None, fault, fault, None]);
    assert_eq!(mailer.sent(), [email("1"), email("3"), email("4")]);
    assert_eq!(faulty.calls(), 4);
}
