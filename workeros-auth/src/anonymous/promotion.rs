//! How an anonymous user gets an account: he stays who he is, with all that is
//! his.

use workeros_core::{ErrorKind, Expect, Result, Statement, Step, UserId, Value};

use super::NAME;
use crate::activity::{ActivityKind, NewActivity};
use crate::admission::Admitted;
use crate::changes::Affected;
use crate::invitation::Acceptance;
use crate::plane::{PlaneSql, planes};
use crate::{
    Auth, DisplayName, EmailAddress, ImageUrl, Locale, Plane, RequestInfo, SessionKey, User,
};

/// Only as long as he is anonymous, and the session is open that he does it by:
/// of many who do it at once one is first.
const PROMOTE: PlaneSql = planes!(
    "UPDATE " p "_users SET email = $1, name = $2, password_hash = $3, email_verified = $4, \
    updated_at = $5, image = $10, locale = $11 \
    WHERE id = $6 AND realm_id = $7 AND email = $8 AND NOT disabled \
    AND EXISTS (SELECT 1 FROM " p "_sessions s \
    WHERE s.user_id = " p "_users.id AND s.key = $9 AND s.expires_at > $5)"
);
/// The same for who was given something to come back by, and no address.
#[cfg(feature = "passkey")]
const SETTLE: PlaneSql = planes!(
    "UPDATE " p "_users SET email = $1, updated_at = $2 \
    WHERE id = $3 AND realm_id = $4 AND email = $5 AND NOT disabled"
);
const FORGET: PlaneSql = planes!("DELETE FROM " p "_anonymous WHERE user_id = $1");

/// An anonymous user, by the session a request came with.
#[derive(Debug, Clone)]
pub(crate) struct Guest {
    pub(crate) user: User,
    session: SessionKey,
}

/// Somebody who is about to get an account, as another user or as who he was
/// anonymously.
#[derive(Debug)]
pub(crate) struct Newcomer {
    pub(crate) user: User,
    guest: Option<Guest>,
    was_anonymous: bool,
}

impl From<User> for Newcomer {
    fn from(user: User) -> Self {
        Self {
            user,
            guest: None,
            was_anonymous: false,
        }
    }
}

impl Newcomer {
    /// Has shown by an invitation that he reads mail at his address.
    pub(crate) fn follow(&mut self, invited: &Acceptance) {
        self.user.email_verified = true;
        if invited.locale.is_some() {
            self.user.locale.clone_from(&invited.locale);
        }
        if let Some(name) = invited.name.as_ref().filter(|_| self.user.name.is_empty()) {
            self.user.name.clone_from(name);
        }
    }

    /// Sets what he has said of himself.
    pub(crate) fn describe(&mut self, image: Option<ImageUrl>, locale: Option<Locale>) {
        if let Some(image) = image {
            self.user.image = Some(image.into());
        }
        if locale.is_some() {
            self.user.locale = locale;
        }
    }

    /// The same as another user beside the anonymous one, who is named.
    pub(crate) fn apart(self, id: UserId) -> Self {
        let guest = self.guest.map(|guest| guest.user.id);
        Self::from(User {
            id,
            guest,
            ..self.user
        })
    }

    /// Whom it changes.
    pub(crate) fn affected(&self) -> Vec<Affected> {
        let guest = self.guest.iter();
        guest.map(|guest| Affected::User(guest.user.id)).collect()
    }

    /// An anonymous user who has made a passkey.
    #[cfg(feature = "passkey")]
    pub(crate) fn settling(user: User) -> Self {
        Self {
            was_anonymous: true,
            ..Self::from(user)
        }
    }

    /// Whether he is a user already, without an account.
    pub(crate) fn was_anonymous(&self) -> bool {
        self.was_anonymous
    }
}

impl Admitted {
    /// Makes the user, or of the anonymous one a user like others.
    pub(crate) fn steps<P: Plane>(&self, auth: &Auth<P>, password_hash: Option<&str>) -> Vec<Step> {
        let mut signed_up = NewActivity::new(ActivityKind::SignUp).about(self.user.id);
        let mut steps = match &self.guest {
            None => vec![self.insert::<P>(auth.realm, password_hash)],
            Some(guest) => {
                signed_up = signed_up.with("was_anonymous", true);
                self.promote(auth, guest, password_hash)
            }
        };
        steps.push(auth.note_activity(signed_up));
        steps
    }

    fn promote<P: Plane>(
        &self,
        auth: &Auth<P>,
        guest: &Guest,
        password_hash: Option<&str>,
    ) -> Vec<Step> {
        let params = vec![
            self.user.email.clone().into(),
            self.user.name.clone().into(),
            Value::from(password_hash),
            self.user.email_verified.into(),
            self.user.updated_at.into(),
            self.user.id.into(),
            auth.realm.into(),
            guest.user.email.clone().into(),
            guest.session.into(),
            self.user.image.clone().into(),
            self.user.locale.as_ref().map(Locale::as_str).into(),
        ];
        vec![
            promoted(Statement::new(PROMOTE.of::<P>(), params)),
            forget::<P>(self.user.id),
        ]
    }
}

impl<P: Plane> Auth<P> {
    /// The anonymous user whose session a request came with, if it is he who
    /// acts by it.
    pub(crate) async fn guest_of(&self, request: &RequestInfo) -> Result<Option<Guest>> {
        let Some(session) = request.replaces else {
            return Ok(None);
        };
        let active = self.session_by_key(&session).await?;
        let himself = active.filter(|active| active.session.impersonation.is_none());
        let anonymous = himself.filter(|active| active.user.is_anonymous());
        Ok(anonymous.map(|active| Guest {
            user: active.user,
            session,
        }))
    }

    /// Who gets an account by a request: the anonymous user who sends it, if one
    /// does, else somebody new.
    pub(crate) async fn newcomer(
        &self,
        email: &EmailAddress,
        name: &DisplayName,
        request: &RequestInfo,
    ) -> Result<Newcomer> {
        let mut user = self.new_user(email, name);
        let guest = self.guest_of(request).await?;
        if let Some(guest) = &guest {
            user.id = guest.user.id;
            user.created_at = guest.user.created_at;
            user.image.clone_from(&guest.user.image);
            user.locale.clone_from(&guest.user.locale);
            if user.name.is_empty() && guest.user.name != NAME {
                user.name.clone_from(&guest.user.name);
            }
        }
        Ok(Newcomer {
            was_anonymous: guest.is_some(),
            user,
            guest,
        })
    }

    /// Makes a user of an anonymous one who has made a passkey: he can come
    /// back, and has no address still.
    #[cfg(feature = "passkey")]
    pub(crate) fn settle(&self, guest: &Admitted) -> Vec<Step> {
        let (user, now) = (guest.user.id, self.now());
        let params = vec![
            EmailAddress::of_passkey(user).into(),
            now.into(),
            user.into(),
            self.realm.into(),
            guest.user.email.clone().into(),
        ];
        let signed_up = NewActivity::new(ActivityKind::SignUp)
            .about(user)
            .with("was_anonymous", true);
        let mut steps = vec![
            promoted(Statement::new(SETTLE.of::<P>(), params)),
            forget::<P>(user),
            self.note_activity(signed_up),
        ];
        steps.extend(P::welcome(self, user, now));
        steps
    }
}

fn promoted(statement: Statement) -> Step {
    let why = "the anonymous user is gone, or has an account by now";
    Step::new(statement).expect(Expect::One, ErrorKind::Conflict, why)
}

pub(super) fn forget<P: Plane>(user: UserId) -> Step {
    Step::new(Statement::new(FORGET.of::<P>(), vec![user.into()]))
}
