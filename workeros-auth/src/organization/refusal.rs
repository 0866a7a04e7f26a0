//! What is answered where something about an organization cannot be done, by
//! the codes the clients of better-auth know.

use workeros_core::{Error, ErrorKind, Expect, Statement, Step};

/// One reason to refuse. A step of a batch carries its kind and its message;
/// [`coded`] adds the code.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal {
    kind: ErrorKind,
    code: &'static str,
    message: &'static str,
}

impl Refusal {
    const fn new(kind: ErrorKind, code: &'static str, message: &'static str) -> Self {
        Self {
            kind,
            code,
            message,
        }
    }

    pub(super) fn error(self) -> Error {
        Error::new(self.kind, self.message).with_code(self.code)
    }

    /// A step that is refused so where it does not give what is expected.
    pub(super) fn unless(self, expect: Expect, statement: Statement) -> Step {
        Step::new(statement).expect(expect, self.kind, self.message)
    }

    /// The step, refused so where it does not write its row.
    pub(super) fn expect_one(self, step: Step) -> Step {
        step.expect(Expect::One, self.kind, self.message)
    }
}

/// One answer for an organization that is not there, one of another workspace,
/// and one that somebody is not in.
pub(super) const NOT_THERE: Refusal = Refusal::new(
    ErrorKind::NotFound,
    "ORGANIZATION_NOT_FOUND",
    "there is no such organization",
);
pub(super) const NO_MEMBER: Refusal = Refusal::new(
    ErrorKind::NotFound,
    "MEMBER_NOT_FOUND",
    "there is no such member",
);
/// One answer for an invitation that is not there, was answered, replaced or
/// taken back, is too old, or is somebody else's.
pub(super) const NO_INVITATION: Refusal = Refusal::new(
    ErrorKind::NotFound,
    "INVITATION_NOT_FOUND",
    "there is no such invitation, or it does not hold any more",
);
pub(super) const NO_USER: Refusal = Refusal::new(
    ErrorKind::NotFound,
    "USER_NOT_FOUND",
    "there is no such user",
);
pub(super) const CREATION_CLOSED: Refusal = Refusal::new(
    ErrorKind::Forbidden,
    "YOU_ARE_NOT_ALLOWED_TO_CREATE_A_NEW_ORGANIZATION",
    "nobody makes organizations here",
);
pub(super) const TOO_MANY_ORGANIZATIONS: Refusal = Refusal::new(
    ErrorKind::Forbidden,
    "YOU_HAVE_REACHED_THE_MAXIMUM_NUMBER_OF_ORGANIZATIONS",
    "this user is in as many organizations as one may be in",
);
pub(super) const TOO_MANY_MEMBERS: Refusal = Refusal::new(
    ErrorKind::Forbidden,
    "ORGANIZATION_MEMBERSHIP_LIMIT_REACHED",
    "the organization has as many members as it may have",
);
pub(super) const NOT_TO_UPDATE: Refusal = Refusal::new(
    ErrorKind::Forbidden,
    "YOU_ARE_NOT_ALLOWED_TO_UPDATE_THIS_ORGANIZATION",
    "it takes an admin of the organization to change it",
);
pub(super) const NOT_TO_DELETE: Refusal = Refusal::new(
    ErrorKind::Forbidden,
    "YOU_ARE_NOT_ALLOWED_TO_DELETE_THIS_ORGANIZATION",
    "it takes an owner of the organization to delete it",
);
pub(super) const NOT_TO_INVITE: Refusal = Refusal::new(
    ErrorKind::Forbidden,
    "YOU_ARE_NOT_ALLOWED_TO_INVITE_USERS_TO_THIS_ORGANIZATION",
    "it takes an admin of the organization to invite somebody",
);
pub(super) const NOT_TO_INVITE_AS: Refusal = Refusal::new(
    ErrorKind::Forbidden,
    "YOU_ARE_NOT_ALLOWED_TO_INVITE_USER_WITH_THIS_ROLE",
    "it takes an owner of the organization to invite another one",
);
pub(super) const NOT_TO_CANCEL: Refusal = Refusal::new(
    ErrorKind::Forbidden,
    "YOU_ARE_NOT_ALLOWED_TO_CANCEL_THIS_INVITATION",
    "it takes an admin of the organization to take an invitation back",
);
pub(super) const NOT_TO_LIST: Refusal = Refusal::new(
    ErrorKind::Forbidden,
    "YOU_ARE_NOT_ALLOWED_TO_LIST_INVITATIONS",
    "it takes an admin of the organization to see its invitations",
);
pub(super) const NOT_TO_CHANGE_MEMBER: Refusal = Refusal::new(
    ErrorKind::Forbidden,
    "YOU_ARE_NOT_ALLOWED_TO_UPDATE_THIS_MEMBER",
    "it takes an admin of the organization to say what its members are, and an owner for owners",
);
pub(super) const NOT_TO_REMOVE: Refusal = Refusal::new(
    ErrorKind::Forbidden,
    "YOU_ARE_NOT_ALLOWED_TO_DELETE_THIS_MEMBER",
    "it takes an admin of the organization to remove a member, and an owner for owners",
);
pub(super) const LAST_OWNER: Refusal = Refusal::new(
    ErrorKind::Conflict,
    "YOU_CANNOT_LEAVE_THE_ORGANIZATION_WITHOUT_AN_OWNER",
    "the last owner of an organization must stay",
);
pub(super) const ALREADY_MEMBER: Refusal = Refusal::new(
    ErrorKind::Conflict,
    "USER_IS_ALREADY_A_MEMBER_OF_THIS_ORGANIZATION",
    "whoever has this address is in the organization already",
);
pub(super) const NOT_THE_RECIPIENT: Refusal = Refusal::new(
    ErrorKind::Forbidden,
    "YOU_ARE_NOT_THE_RECIPIENT_OF_THE_INVITATION",
    "the invitation was sent to another address",
);
pub(super) const UNVERIFIED: Refusal = Refusal::new(
    ErrorKind::Forbidden,
    "EMAIL_VERIFICATION_REQUIRED_BEFORE_ACCEPTING_OR_REJECTING_INVITATION",
    "verify the e-mail address first, or follow the link of the invitation",
);
/// What was read before is no longer so.
pub(super) const OVERTAKEN: Refusal = Refusal::new(
    ErrorKind::Conflict,
    "ORGANIZATION_CHANGED",
    "the organization was changed meanwhile; look again",
);

const ALL: [Refusal; 20] = [
    NOT_THERE,
    NO_MEMBER,
    NO_INVITATION,
    NO_USER,
    CREATION_CLOSED,
    TOO_MANY_ORGANIZATIONS,
    TOO_MANY_MEMBERS,
    NOT_TO_UPDATE,
    NOT_TO_DELETE,
    NOT_TO_INVITE,
    NOT_TO_INVITE_AS,
    NOT_TO_CANCEL,
    NOT_TO_LIST,
    NOT_TO_CHANGE_MEMBER,
    NOT_TO_REMOVE,
    LAST_OWNER,
    ALREADY_MEMBER,
    NOT_THE_RECIPIENT,
    UNVERIFIED,
    OVERTAKEN,
];

/// Gives the error of a step the code of its reason.
pub(crate) fn coded(error: Error) -> Error {
    let reason = ALL.iter().find(|one| one.message == error.message());
    match reason {
        Some(reason) if error.code().is_none() => error.with_code(reason.code),
        _ => error,
    }
}
