use workeros_core::{Batch, Result, Step};

use crate::admission::Admitted;
use crate::changes::NOBODY;
use crate::door::Door;
use crate::entry::{Entry, Method};
use crate::flow::Purpose;
use crate::hooks::UserOrigin;
use crate::invitation::{Acceptance, outdated};
use crate::refusal::taken_email;
use crate::{
    Auth, DisplayName, EmailAddress, ImageUrl, LinkToken, Locale, Password, Plane, Platform,
    RequestInfo, SetupToken, SignedIn, User,
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
    /// Its picture.
    pub image: Option<ImageUrl>,
    /// The language of mails to it.
    pub locale: Option<Locale>,
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
            image: None,
            locale: None,
            setup_token: None,
            invitation: None,
        }
    }

    /// Sets the picture.
    #[must_use]
    pub fn with_image(mut self, image: Option<ImageUrl>) -> Self {
        self.image = image;
        self
    }

    /// Sets the language of mails.
    #[must_use]
    pub fn with_locale(mut self, locale: Option<Locale>) -> Self {
        self.locale = locale;
        self
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

/// What comes of a sign-up.
#[derive(Debug)]
#[must_use]
#[expect(
    clippy::large_enum_variant,
    reason = "most realms sign in who signs up"
)]
pub enum SignedUp<P: Plane = Platform> {
    /// The user is signed in.
    SignedIn(SignedIn<P>),
    /// The address is to be verified first, by a link that was mailed. It is the
    /// same for an address that somebody has: then nobody was made, and he is told
    /// by mail.
    ToVerify(User),
}

impl<P: Plane> Auth<P> {
    /// Makes a user with a password, as the realm wants it: signed in
    /// ([`sign_up_email`](Self::sign_up_email)), or, where addresses have to be
    /// verified and his is not by an invitation, with a link to follow before
    /// ([`sign_up_to_verify`](Self::sign_up_to_verify), which says what `home` and
    /// `link` are).
    ///
    /// # Errors
    ///
    /// Theirs.
    pub async fn sign_up(
        &self,
        sign_up: SignUp,
        request: &RequestInfo,
        home: &str,
        link: impl FnOnce(&LinkToken) -> String,
    ) -> Result<SignedUp<P>> {
        if self.settings.require_verified_email && sign_up.invitation.is_none() {
            let user = self.sign_up_to_verify(sign_up, request, home, link);
            return user.await.map(SignedUp::ToVerify);
        }
        let signed_in = self.sign_up_email(sign_up, request);
        signed_in.await.map(SignedUp::SignedIn)
    }

    /// Makes a user with a password and signs it in. The first user of the
    /// instance becomes admin of the default workspace: exactly one, however
    /// many race. The first end user of a workspace is one like all others. Who
    /// was invited is in the workspace, and his address is verified. An anonymous
    /// user gets an account so, and stays who he is.
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
    /// * [`Conflict`](workeros_core::ErrorKind::Conflict) when the anonymous user
    ///   is gone, or got an account meanwhile.
    /// * [`RateLimited`](workeros_core::ErrorKind::RateLimited) after 60 an hour
    ///   from one place.
    /// * [`Unavailable`](workeros_core::ErrorKind::Unavailable) when too many
    ///   passwords are being checked.
    pub async fn sign_up_email(
        &self,
        sign_up: SignUp,
        request: &RequestInfo,
    ) -> Result<SignedIn<P>> {
        let newcomer = self.newcomer(&sign_up.email, &sign_up.name, request);
        let mut newcomer = newcomer.await?;
        let invited = P::accept_invitation(self, &sign_up, newcomer.user.id).await?;
        if invited.is_none() {
            P::admit_sign_up(self, sign_up.setup_token.as_ref()).await?;
        }
        if let Some(invited) = &invited {
            newcomer.follow(invited);
        }
        newcomer.describe(sign_up.image, sign_up.locale);
        self.check_new_password(&sign_up.password, &sign_up.email)?;
        let passed = self.pass(Door::SignUp, request).await?;
        let origin = match invited {
            Some(_) => UserOrigin::Invitation,
            None => UserOrigin::Password,
        };
        let admitted = self.admit_newcomer(newcomer, origin, request).await?;
        let password_hash = self.inner.hasher.hash(&sign_up.password).await?;
        let proof = self.sign_up_steps(&admitted, Some(&password_hash), invited);
        let mut entry = Entry::new_user(admitted, Method::Password, passed, proof);
        entry.password_hash = Some(password_hash);
        let entered = self.complete(entry, request).await;
        let entered = entered.map_err(outdated).map_err(taken_email)?;
        // INVARIANT: whoever is new has no second factor yet.
        entered.signed_in()
    }

    /// Makes a user with a password and mails it the link it has to follow
    /// before it can sign in. Where somebody has the address already, he is
    /// told by mail, with a link to `home`, and nothing else happens: the answer
    /// is the same. An anonymous user stays one, since his session would
    /// tell them apart: he gets the account when he signs in by the password, once
    /// the address is verified. `link` makes the URL of the other link.
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
        self.check_new_password(&sign_up.password, email)?;
        let passed = self.pass(Door::SignUp, request).await?;
        let mut newcomer = self.newcomer(email, &sign_up.name, request).await?;
        newcomer.describe(sign_up.image, sign_up.locale);
        let origin = UserOrigin::Password;
        let admitted = self.admit_newcomer(newcomer, origin, request).await?;
        let user = admitted.user.clone();
        let admitted = admitted.waiting(self);
        let password_hash = self.inner.hasher.hash(&sign_up.password).await?;
        let mut batch = Batch::new();
        batch.extend(self.sign_up_steps(&admitted, Some(&password_hash), None));
        match self.apply(&NOBODY, batch).await.map_err(taken_email) {
            Ok(()) => {
                self.mail_link(Purpose::VerifyEmail, email, request, passed, link)
                    .await?;
            }
            Err(error) if error.code() == Some("USER_ALREADY_EXISTS") => {
                self.mail_existing(email, request, passed, home).await?;
            }
            Err(error) => return Err(error),
        }
        Ok(user)
    }

    /// Makes a user who was invited, or signed up by himself: then he may be the
    /// first one.
    pub(crate) fn sign_up_steps(
        &self,
        admitted: &Admitted,
        password_hash: Option<&str>,
        invited: Option<Acceptance>,
    ) -> Vec<Step> {
        let mut steps = admitted.steps(self, password_hash);
        let user = &admitted.user;
        match invited {
            Some(acceptance) => steps.extend(acceptance.steps),
            None => steps.extend(P::welcome(self, user.id, user.updated_at)),
        }
        steps
    }
}
