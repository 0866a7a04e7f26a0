//! How mail leaves.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use workeros_adapters::MemoryMailer;
use workeros_auth::{Auth, LinkToken, RequestInfo};
use workeros_core::testkit::fault::{FaultyMailer, Moment};
use workeros_core::{Email, Error, ErrorKind, Mailer, Result};

use crate::support::{World, email, mail_worlds, worlds};

/// Where the links lead to, before their token.
pub(crate) const AT: &str = "https://example.com/link/";

pub(crate) fn link(token: &LinkToken) -> String {
    format!("{AT}{}", token.expose())
}

/// The token of the link in a mail.
pub(crate) fn token(email: &Email) -> LinkToken {
    let (_, behind) = email.text().split_once(AT).unwrap();
    LinkToken::parse(behind.split_whitespace().next().unwrap()).unwrap()
}

/// The token of the only link that was mailed, besides news.
pub(crate) fn only_link(mailer: &MemoryMailer) -> LinkToken {
    let mails = mailer.take();
    let with_link = mails.iter().filter(|mail| mail.text().contains(AT));
    let [mail] = with_link.collect::<Vec<_>>()[..] else {
        panic!("not one link: {mails:?}")
    };
    token(mail)
}

pub(crate) async fn ask(auth: &Auth, name: &str) {
    auth.request_password_reset(&email(name), &RequestInfo::new(), link)
        .await
        .unwrap();
}

/// Says no to every mail.
#[derive(Debug)]
struct Refusing {
    kind: ErrorKind,
    calls: AtomicUsize,
}

impl Refusing {
    fn new(kind: ErrorKind) -> Arc<Self> {
        let calls = AtomicUsize::new(0);
        Arc::new(Self { kind, calls })
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Mailer for Refusing {
    async fn send(&self, _: Email) -> Result<()> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        Err(Error::new(self.kind, "no"))
    }
}

/// Never comes back.
#[derive(Debug)]
struct Hanging;

#[async_trait]
impl Mailer for Hanging {
    async fn send(&self, _: Email) -> Result<()> {
        pending().await
    }
}

/// Breaks on the mails to somebody.
#[derive(Debug)]
struct Panicking(MemoryMailer);

#[async_trait]
impl Mailer for Panicking {
    async fn send(&self, mail: Email) -> Result<()> {
        assert!(!mail.to().starts_with("ann@"), "a bug in a mailer");
        self.0.send(mail).await
    }
}

async fn queued(world: &World) -> usize {
    let rows = world.rows("SELECT id FROM workeros_mail_queue", vec![]);
    rows.await.rows.len()
}

/// The mail that was given up has nothing in it any more.
async fn assert_given_up(world: &World) {
    let sql = "SELECT next_at, data, last_error FROM workeros_mail_queue";
    let rows = world.rows(sql, vec![]).await;
    let [row] = rows.rows.as_slice() else {
        panic!("not one mail")
    };
    assert!(row.is_null(0));
    assert_eq!((row.text(1).unwrap(), row.text(2).unwrap()), ("", "no"));
}

/// PW-5: nobody can tell by waiting whether a mail is sent: that happens later.
#[tokio::test]
async fn a_mail_is_sent_after_the_request_and_only_once() {
    for (world, mailer) in mail_worlds().await {
        world.sign_up("ann").await;
        ask(&world.auth, "ann").await;
        assert_eq!((mailer.sent().len(), queued(&world).await), (0, 1));
        world.auth.mail_queued().await;
        assert_eq!(world.auth.deliver_mail().await.unwrap(), 1);
        assert_eq!(world.auth.deliver_mail().await.unwrap(), 0);
        assert_eq!(queued(&world).await, 0);
        let mails = mailer.take();
        let [mail] = mails.as_slice() else {
            panic!("not one mail: {mails:?}")
        };
        assert_eq!(mail.to(), "ann@example.com");
        assert!(mail.text().contains("example.com"));
    }
}

/// CFG-1: what a mail says is sealed until it leaves.
#[tokio::test]
async fn what_a_mail_says_is_sealed_until_it_leaves() {
    for (world, mailer) in mail_worlds().await {
        world.sign_up("ann").await;
        ask(&world.auth, "ann").await;
        let rows = world
            .rows("SELECT data FROM workeros_mail_queue", vec![])
            .await;
        let data = rows.rows[0].text(0).unwrap().to_owned();
        world.auth.deliver_mail().await.unwrap();
        let token = token(&mailer.take()[0]);
        assert!(data.starts_with("v1.") && !data.contains(token.expose()));
    }
}

#[tokio::test]
async fn a_mail_that_could_not_be_sent_is_tried_again() {
    for world in worlds().await {
        let mailer = Arc::new(FaultyMailer::new(MemoryMailer::default()));
        let auth = world.mailing(Arc::clone(&mailer) as _);
        world.sign_up("ann").await;
        ask(&auth, "ann").await;
        mailer.fail(1, Moment::Before);
        mailer.fail(2, Moment::Before);
        for (wait, sent, calls) in [(0, 0, 1), (29, 0, 1), (1, 0, 2), (59, 0, 2), (1, 1, 3)] {
            world.wait(Duration::from_secs(wait));
            assert_eq!(auth.deliver_mail().await.unwrap(), sent);
            assert_eq!(mailer.calls(), calls, "{}", world.name);
        }
        assert_eq!(queued(&world).await, 0);
    }
}

#[tokio::test]
async fn a_mail_that_can_never_be_sent_is_given_up_at_once() {
    for world in worlds().await {
        let mailer = Refusing::new(ErrorKind::Validation);
        let auth = world.mailing(Arc::clone(&mailer) as _);
        world.sign_up("ann").await;
        ask(&auth, "ann").await;
        for _ in 0..3 {
            assert_eq!(auth.deliver_mail().await.unwrap(), 0);
            world.wait(Duration::from_mins(10));
        }
        assert_eq!(mailer.calls(), 1);
        assert_given_up(&world).await;
        world.wait(Duration::from_hours(30 * 24));
        auth.drop_expired().await.unwrap();
        assert_eq!(queued(&world).await, 0);
    }
}

#[tokio::test]
async fn a_mail_is_tried_eight_times() {
    for world in worlds().await {
        let mailer = Refusing::new(ErrorKind::Unavailable);
        let auth = world.mailing(Arc::clone(&mailer) as _);
        world.sign_up("ann").await;
        let request = RequestInfo::new();
        auth.send_verification_email(&email("ann"), &request, link)
            .await
            .unwrap();
        for _ in 0..12 {
            auth.deliver_mail().await.unwrap();
            world.wait(Duration::from_hours(1));
        }
        assert_eq!(mailer.calls(), 8);
        assert_given_up(&world).await;
    }
}

/// One that breaks whoever sends it is tried again like others, and keeps nobody
/// else from his.
#[tokio::test]
async fn a_mailer_that_panics_stops_no_other_mail() {
    for world in worlds().await {
        let mailer = MemoryMailer::default();
        let auth = world.mailing(Arc::new(Panicking(mailer.clone())));
        for name in ["ann", "bob"] {
            world.sign_up(name).await;
            ask(&auth, name).await;
            world.wait(Duration::from_secs(1));
        }
        assert_eq!(auth.deliver_mail().await.unwrap(), 1);
        assert_eq!(mailer.take()[0].to(), "bob@example.com");
        assert_eq!(queued(&world).await, 1);
        let other = world.mailing(Arc::new(mailer.clone()));
        world.wait(Duration::from_secs(30));
        assert_eq!(other.deliver_mail().await.unwrap(), 1);
        assert_eq!(mailer.take()[0].to(), "ann@example.com");
    }
}

/// An instance that dies each time it sends one leaves it behind.
#[tokio::test]
async fn a_mail_that_nobody_comes_back_from_is_given_up() {
    const CLAIMED: &str = "UPDATE workeros_mail_queue SET attempts = $1";
    for (world, mailer) in mail_worlds().await {
        world.sign_up("ann").await;
        for (attempts, sent) in [(7, 1), (8, 0)] {
            world.wait(Duration::from_mins(1));
            ask(&world.auth, "ann").await;
            world.run(CLAIMED, vec![attempts.into()]).await;
            assert_eq!(world.auth.deliver_mail().await.unwrap(), sent);
            assert_eq!(mailer.take().len(), sent);
        }
        world.wait(Duration::from_mins(5));
        assert_eq!(world.auth.deliver_mail().await.unwrap(), 0);
        assert_eq!(queued(&world).await, 1, "to be looked at");
    }
}

/// Nobody comes for what is queued once there is no mailer any more.
#[tokio::test]
async fn a_mail_that_nobody_sends_is_not_kept_for_ever() {
    for (world, _) in mail_worlds().await {
        world.sign_up("ann").await;
        ask(&world.auth, "ann").await;
        for (days, left) in [(29, 1), (1, 0)] {
            world.wait(Duration::from_hours(days * 24));
            world.auth.drop_expired().await.unwrap();
            assert_eq!(queued(&world).await, left);
        }
    }
}

#[tokio::test]
async fn a_mail_whose_link_is_over_is_not_sent() {
    for (world, mailer) in mail_worlds().await {
        world.sign_up("ann").await;
        ask(&world.auth, "ann").await;
        world.wait(Duration::from_hours(1));
        assert_eq!(world.auth.deliver_mail().await.unwrap(), 0);
        assert!(mailer.sent().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_instances_one_sends_a_mail() {
    for (world, mailer) in mail_worlds().await {
        let names: Vec<String> = (0..12).map(|n| format!("user{n}")).collect();
        for name in &names {
            world.sign_up(name).await;
            ask(&world.auth, name).await;
        }
        let instances = (0..4).map(|_| {
            let instance = world.mailing(Arc::new(mailer.clone()));
            tokio::spawn(async move { instance.deliver_mail().await.unwrap() })
        });
        let sent = futures::future::join_all(instances).await;
        let sent: usize = sent.into_iter().map(|sent| sent.unwrap()).sum();
        assert_eq!(sent, names.len(), "{}", world.name);
        let mut to: Vec<String> = mailer
            .take()
            .iter()
            .map(|mail| mail.to().to_owned())
            .collect();
        to.sort_unstable();
        to.dedup();
        assert_eq!(to.len(), names.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mail_of_an_instance_that_died_is_sent_by_another() {
    for (world, mailer) in mail_worlds().await {
        world.sign_up("ann").await;
        ask(&world.auth, "ann").await;
        let dying = world.mailing(Arc::new(Hanging));
        let task = tokio::spawn(async move { dying.deliver_mail().await });
        let claimed = "SELECT id FROM workeros_mail_queue WHERE attempts = 1";
        while world.rows(claimed, vec![]).await.rows.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        task.abort();
        assert_eq!(world.auth.deliver_mail().await.unwrap(), 0);
        world.wait(Duration::from_mins(2));
        assert_eq!(world.auth.deliver_mail().await.unwrap(), 1);
        assert_eq!(mailer.sent().len(), 1);
    }
}

/// LIM-5: no more is sent than may be.
#[tokio::test]
async fn lim_5_no_more_is_sent_than_may_be() {
    for (world, mailer) in mail_worlds().await {
        world.sign_up("ann").await;
        let mut sent = Vec::new();
        for wait in [0, 29, 1, 30, 30, 30, 30, 3600] {
            world.wait(Duration::from_secs(wait));
            ask(&world.auth, "ann").await;
            world.auth.deliver_mail().await.unwrap();
            sent.push(mailer.take().len());
        }
        assert_eq!(sent, [1, 0, 1, 1, 1, 1, 0, 1], "{}", world.name);
    }
}

/// LIM-5: one client does not have mail sent to everybody.
#[tokio::test]
async fn lim_5_one_client_does_not_have_mail_sent_to_everybody() {
    for (world, mailer) in mail_worlds().await {
        world.sign_up("ann").await;
        let here = RequestInfo::new().with_ip(Some([192, 0, 2, 1].into()));
        let there = RequestInfo::new().with_ip(Some([192, 0, 2, 2].into()));
        let ask = async |name: &str, request: &RequestInfo| {
            let auth = &world.auth;
            auth.request_password_reset(&email(name), request, link)
                .await
                .unwrap();
            auth.deliver_mail().await.unwrap();
            mailer.take().len()
        };
        for n in 0..20 {
            assert_eq!(ask(&format!("nobody{n}"), &here).await, 0);
        }
        assert_eq!(ask("ann", &here).await, 0);
        assert_eq!(ask("ann", &there).await, 1);
    }
}

#[tokio::test]
async fn without_mail_no_link_is_promised() {
    for world in worlds().await {
        world.sign_up("ann").await;
        let request = RequestInfo::new();
        let refused = world
            .auth
            .request_password_reset(&email("ann"), &request, link)
            .await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!(world.auth.deliver_mail().await.unwrap(), 0);
    }
}
