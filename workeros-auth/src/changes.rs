//! What is remembered of users, sessions, keys and settings, and when it ceases
//! to hold.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use workeros_core::{ApiKeyId, Statement, Step, UserId, Value};

use crate::key::SessionKey;
use crate::plane::{PlaneSql, planes};
use crate::{Plane, Realm};

/// The SHA-256 of a secret.
pub(crate) type SecretHash = [u8; 32];

/// What a write may change the meaning of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Affected {
    /// A user: whether it may sign in, how it is called, its roles.
    User(UserId),
    /// A session.
    Session(SessionKey),
    /// An API key.
    Key(ApiKeyId),
    /// The settings of a realm, and the sessions of all its users.
    Realm(Realm),
    /// Everybody.
    All,
}

/// For a write that changes nothing of what may be remembered.
pub(crate) const NOBODY: [Affected; 0] = [];

const RECORD: &str = "INSERT INTO workeros_auth_changes (subject) VALUES ($1)";
/// Whoever signs out with a made-up token leaves nothing behind.
const RECORD_SESSION: PlaneSql = planes!(
    "INSERT INTO workeros_auth_changes (subject) SELECT key FROM " p "_sessions WHERE key = $1"
);

impl Affected {
    /// Tells the other instances. It stands before the steps it tells of.
    pub(crate) fn record<P: Plane>(&self) -> Step {
        let (sql, subject) = match self {
            Self::User(id) => (RECORD, Value::Bytes(id.uuid().as_bytes().to_vec())),
            Self::Key(id) => (RECORD, Value::Bytes(id.uuid().as_bytes().to_vec())),
            Self::Realm(realm) => (RECORD, Value::Bytes(realm.id().as_bytes().to_vec())),
            Self::Session(key) => (RECORD_SESSION.of::<P>(), Value::from(*key)),
            Self::All => (RECORD, Value::Null),
        };
        Step::new(Statement::new(sql, vec![subject]))
    }
}

/// When something last changed, by user, session, key and realm.
///
/// A reader takes the [`Moment`] before it reads; what it read holds as long as
/// nothing it is about has changed after that moment, or is being changed.
///
/// Users, sessions and keys share a fixed number of marks. Two that meet in one
/// only cost each other a read.
#[derive(Debug)]
pub(crate) struct Changes {
    count: AtomicU64,
    everybody: Mark,
    marks: Box<[Mark]>,
}

/// How many changes had ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

/// Where changes of a user, a session or a key are marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place(usize);

#[derive(Debug, Default)]
struct Mark {
    under_way: AtomicU32,
    last: AtomicU64,
}

const MARKS: usize = 1024;

impl Changes {
    pub(crate) fn new() -> Self {
        Self {
            count: AtomicU64::new(0),
            everybody: Mark::default(),
            marks: (0..MARKS).map(|_| Mark::default()).collect(),
        }
    }

    /// To be taken before a read.
    pub(crate) fn moment(&self) -> Moment {
        Moment(self.count.load(Ordering::SeqCst))
    }

    /// Whether what was read at that moment or later still holds.
    pub(crate) fn hold_since(&self, moment: Moment, about: &[Place]) -> bool {
        let places = about.iter().filter_map(|place| self.marks.get(place.0));
        std::iter::once(&self.everybody)
            .chain(places)
            .all(|mark| mark.holds_since(moment))
    }

    /// Begins a write. Until the guard is dropped, nothing that is remembered
    /// of the affected holds, and nothing that was read until then holds ever
    /// after: whatever came of the write. If it is made after all when nobody
    /// waits for it any more, the record in the database tells.
    pub(crate) fn begin(&self, affected: &[Affected]) -> Change<'_> {
        let marks: Vec<&Mark> = affected.iter().filter_map(|one| self.mark(*one)).collect();
        for mark in &marks {
            mark.under_way.fetch_add(1, Ordering::SeqCst);
        }
        Change {
            changes: self,
            marks,
        }
    }

    /// Marks what another instance [recorded](Affected::record).
    pub(crate) fn note(&self, subject: Option<&[u8]>) {
        let mark = match subject {
            Some(subject) => self.marks.get(Place::of(subject).0),
            None => Some(&self.everybody),
        };
        if let Some(mark) = mark {
            self.end(mark);
        }
    }

    fn mark(&self, affected: Affected) -> Option<&Mark> {
        match affected {
            Affected::User(id) => self.marks.get(Place::of(id.uuid().as_bytes()).0),
            Affected::Session(key) => self.marks.get(Place::of(&key.0).0),
            Affected::Key(id) => self.marks.get(Place::of(id.uuid().as_bytes()).0),
            Affected::Realm(realm) => self.marks.get(Place::of(realm.id().as_bytes()).0),
            Affected::All => Some(&self.everybody),
        }
    }

    fn end(&self, mark: &Mark) {
        let moment = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        mark.last.fetch_max(moment, Ordering::SeqCst);
    }
}

impl Mark {
    /// INVARIANT: asks for changes under way first. One that ends in between
    /// has set `last` before.
    fn holds_since(&self, moment: Moment) -> bool {
        self.under_way.load(Ordering::SeqCst) == 0 && self.last.load(Ordering::SeqCst) <= moment.0
    }
}

impl Place {
    /// The place of an id or a hash (FNV-1a).
    pub(crate) fn of(subject: &[u8]) -> Self {
        let hash = subject
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
            });
        Self((hash >> 32) as usize % MARKS)
    }
}

/// A write under way.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    changes: &'a Changes,
    marks: Vec<&'a Mark>,
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        for mark in &self.marks {
            self.changes.end(mark);
            mark.under_way.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use workeros_core::testkit::SequentialIds;
    use workeros_core::{IdGenerator as _, UserId};

    use super::*;

    fn ann() -> UserId {
        UserId::new(SequentialIds::default().next_id())
    }

    fn place(user: UserId) -> [Place; 1] {
        [Place::of(user.uuid().as_bytes())]
    }

    #[test]
    fn nothing_read_before_a_change_ended_holds_after_it() {
        let (changes, ann) = (Changes::new(), ann());
        for affected in [Affected::User(ann), Affected::All] {
            let before = changes.moment();
            assert!(changes.hold_since(before, &place(ann)));
            let change = changes.begin(&[affected]);
            let during = changes.moment();
            assert!(!changes.hold_since(during, &place(ann)), "under way");
            drop(change);
            assert!(!changes.hold_since(before, &place(ann)));
            assert!(!changes.hold_since(during, &place(ann)));
            assert!(changes.hold_since(changes.moment(), &place(ann)));
        }
    }

    #[test]
    fn of_two_changes_the_later_end_counts() {
        let (changes, ann) = (Changes::new(), ann());
        let one = changes.begin(&[Affected::User(ann)]);
        let other = changes.begin(&[Affected::User(ann)]);
        drop(one);
        let between = changes.moment();
        assert!(!changes.hold_since(between, &place(ann)));
        drop(other);
        assert!(!changes.hold_since(between, &place(ann)));
    }

    #[test]
    fn a_change_of_one_leaves_the_others() {
        let changes = Changes::new();
        let (ann, other) = (ann(), Place::of(b"somebody else"));
        assert_ne!(place(ann), [other]);
        let before = changes.moment();
        drop(changes.begin(&[Affected::User(ann)]));
        assert!(changes.hold_since(before, &[other]));
        changes.note(Some(ann.uuid().as_bytes()));
        assert!(changes.hold_since(before, &[other]));
        changes.note(None);
        assert!(!changes.hold_since(before, &[other]));
    }
}
