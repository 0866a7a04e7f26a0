use workeros_core::{Batch, Result, Statement, Step, Timestamp, UserId, Value};

use crate::activity::{ActivityKind, NewActivity};
use crate::changes::NOBODY;
use crate::entry::{Entry, Method};
use crate::invitation::outdated;
use crate::plane::{PlaneSql, planes};
use crate::refusal::taken_email;
use crate::{
    Auth, DisplayName, EmailAddress, LinkToken, Password, Plane, Realm, RequestInfo, SetupToken,
    SignedIn, User,
};

/// What a new user tells about itself. There is no way to ask for a role.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SignUp {
    /// Its address.
    pub email: EmailAddress,
    /// Its password.
    pub password: Password,
    /// The name it goes by.
    pub name: DisplayName,
    /// Proof that it may be the first one.
    pub setup_token: Option<SetupToken>,
    /// The link of the [invitation](Auth::invite) it follows.
    pub invitation: Option<LinkToken>,
}

impl SignUp {
    /// A sign-up without a setup token and an invitation.
    #[must_use]
    pub fn new(email: EmailAddress, password: Password, name: DisplayName) -> Self {
        Self {
            email,
            password,
            name,
            setup_token: None,
            invitation: None,
        }
    }

    /// Sets the setup token presented.
    #[must_use]
    pub fn with_setup_token(mut self, token: Option<SetupToken>) -> Self {
        self.setup_token = token;
        self
    }

    /// Sets the invitation it follows.
    #[must_use]
    pub fn with_invitation(mut self, token: Option<LinkToken>) -> Self {
        self.invitation = token;
        self
    }
}

const INSERT: PlaneSql = planes!(
    "INSERT INTO " p "_users (id, realm_id, email, name, password_hash, email_verified, \
    disabled, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
);

impl<P: Plane> Auth<P> {
    /// Makes a user with a password and signs it in. The first user of the
    /// instance becomes admin of the default workspace: exactly one, however
    /// many race. The first end user of a workspace is one like all others. Who
    /// was invited is in the workspace, and his address is verified.
    ///
    /// # Errors
    ///
    /// * [`Validation`](workeros_core::ErrorKind::Validation) with code
    ///   `PASSWORD_TOO_SHORT` or `PASSWORD_COMMON` at `/password`, or
    ///   `USER_ALREADY_EXISTS` at `/email`.
    /// * What [`accept_invitation`](Auth::accept_invitation) answers for an
    ///   invitation.
    /// * [`Forbidden`](workeros_core::ErrorKind::Forbidden) with code
    ///   `SETUP_REQUIRED` when the first sign-up lacks the setup token, or
    ///   `SIGN_UP_CLOSED` when nobody may make himself a user.
    /// * [`Unavailable`](workeros_core::ErrorKind::Unavailable) when too many
    ///   passwords are being checked.
    pub async fn sign_up_email(
        &self,
        sign_up: SignUp,
        request: &RequestInfo,
    ) -> Result<SignedIn<P>> {
        let mut user = self.new_user(&sign_up.email, &sign_up.name);
        let invited = P::accept_invitation(self, &sign_up, user.id).await?;
        if invited.is_none() {
            P::admit_sign_up(self, sign_up.setup_token.as_ref()).await?;
        }
        user.email_verified = invited.is_some();
        self.settings
            .password
            .check(&sign_up.password, &sign_up.email)?;
        let password_hash = self.inner.hasher.hash(&sign_up.password).await?;
        let mut entry = Entry::new(user, Method::Password);
        entry.proof = match invited {
            Some(accept) => {
                let mut steps = self.new_user_steps(&entry.user, Some(&password_hash));
                steps.extend(accept);
                steps
            }
            None => self.sign_up_steps(&entry.user, Some(&password_hash)),
        };
        entry.password_hash = Some(password_hash);
        let entered = self.complete(entry, request).await;
        let entered = entered.map_err(outdated).map_err(taken_email)?;
        // INVARIANT: whoever is new has no second factor yet.
        entered.signed_in()
    }

    /// Makes a user with a password and mails it the link it has to follow
    /// before it can sign in. Where somebody has the address already, he is
    /// told by mail, with a link to `home`, and nothing else happens: the answer
    /// is the same. `link` makes the URL of the other link.
    ///
    /// # Errors
    ///
    /// As [`sign_up_email`](Self::sign_up_email), but for an address that is
    /// taken; [`Unsupported`](workeros_core::ErrorKind::Unsupported) without
    /// [mail](crate::AuthBuilder::with_mailer).
    pub async fn sign_up_to_verify(
        &self,
        sign_up: SignUp,
        request: &RequestInfo,
        home: &str,
        link: impl FnOnce(&LinkToken) -> String,
    ) -> Result<User> {
        P::admit_sign_up(self, sign_up.setup_token.as_ref()).await?;
        let email = &sign_up.email;
        self.settings.password.check(&sign_up.password, email)?;
        let password_hash = self.inner.hasher.hash(&sign_up.password).await?;
        let user = self.new_user(email, &sign_up.name);
        let mut batch = Batch::new();
        batch.extend(self.sign_up_steps(&user, Some(&password_hash)));
        match self.apply(&NOBODY, batch).await.map_err(taken_email) {
            Ok(()) => self.send_verification_email(email, request, link).await?,
            Err(error) if error.code() == Some("USER_ALREADY_EXISTS") => {
                self.mail_existing(email, request, home).await?;
            }
            Err(error) => return Err(error),
        }
        Ok(user)
    }

    /// Makes a user who signed up by himself.
    pub(crate) fn sign_up_steps(&self, user: &User, password_hash: Option<&str>) -> Vec<Step> {
        let mut steps = self.new_user_steps(user, password_hash);
        steps.extend(P::welcome(self, user.id, user.created_at));
        steps
    }

    /// The same for who was invited: he is not the first one.
    fn new_user_steps(&self, user: &User, password_hash: Option<&str>) -> Vec<Step> {
        let activity = NewActivity::new(ActivityKind::SignUp).about(user.id);
        vec![
            insert_user::<P>(self.realm, user, password_hash),
            self.note_activity(activity),
        ]
    }

    pub(crate) fn new_user(&self, email: &EmailAddress, name: &DisplayName) -> User {
        let now: Timestamp = self.now();
        User {
            id: UserId::new(self.inner.ids.next_id()),
            email: email.as_str().to_owned(),
            name: name.as_str().to_owned(),
            email_verified: false,
            disabled: false,
            created_at: now,
            updated_at: now,
        }
    }
}

pub(crate) fn insert_user<P: Plane>(
    realm: Realm,
    user: &User,
    password_hash: Option<&str>,
) -> Step {
    let params = vec![
        user.id.into(),
        realm.into(),
        user.email.clone().into(),
        user.name.clone().into(),
        Value::from(password_hash),
        user.email_verified.into(),
        user.disabled.into(),
        user.created_at.into(),
        user.updated_at.into(),
    ];
    Step::new(Statement::new(INSERT.of::<P>(), params))
}
