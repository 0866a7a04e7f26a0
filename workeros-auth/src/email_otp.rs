//! Codes in mails: to sign in, to verify an address, to choose a new password.

use workeros_core::{Batch, ErrorKind, Result};

use crate::activity::{ActivityKind, NewActivity};
use crate::attempts::Attempt;
use crate::door::Door;
use crate::entry::Method;
use crate::flow::{NewEntryFlow, NewFlow, Purpose};
use crate::refusal::used_up_code;
use crate::template::{Contents, Template};
use crate::{
    Arrival, Auth, DisplayName, EmailAddress, OneTimeCode, Password, Plane, RequestInfo, User,
};

/// What a mailed code is for. It is of no use for anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodePurpose {
    /// To sign in.
    SignIn,
    /// To verify an address.
    VerifyEmail,
    /// To choose a new password.
    ResetPassword,
}

impl CodePurpose {
    const fn flow(self) -> Purpose {
        match self {
            Self::SignIn => Purpose::SignInCode,
            Self::VerifyEmail => Purpose::VerifyEmailCode,
            Self::ResetPassword => Purpose::ResetPasswordCode,
        }
    }

    const fn door(self) -> Door {
        match self {
            Self::SignIn | Self::VerifyEmail => Door::EmailOtp,
            Self::ResetPassword => Door::PasswordReset,
        }
    }
}

/// A code that was mailed, with the address it was mailed to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MailedCode {
    /// The address.
    pub email: EmailAddress,
    /// The code.
    pub code: OneTimeCode,
}

impl MailedCode {
    /// An address with a code.
    #[must_use]
    pub fn new(email: EmailAddress, code: OneTimeCode) -> Self {
        Self { email, code }
    }
}

impl<P: Plane> Auth<P> {
    /// Mails a code of six digits, good for five minutes, once, for three
    /// guesses, and for this purpose alone. `site` is what the mail calls us.
    /// It ends the code mailed before. Codes to sign in by also go to who is no
    /// user yet, where everybody may sign up. Nothing tells whether there is
    /// such a user, or whether a mail was held back; see
    /// [`request_password_reset`](Self::request_password_reset).
    ///
    /// # Errors
    ///
    /// [`Unsupported`](workeros_core::ErrorKind::Unsupported) without
    /// [mail](crate::AuthBuilder::with_mailer).
    pub async fn send_code(
        &self,
        purpose: CodePurpose,
        email: &EmailAddress,
        site: &str,
        request: &RequestInfo,
    ) -> Result<()> {
        self.require_mail()?;
        let passed = self.pass(purpose.door(), request).await?;
        let (is_entry, purpose) = (purpose == CodePurpose::SignIn, purpose.flow());
        if !self.admits_mail(purpose, email, request, passed).await? {
            return Ok(());
        }
        let code = OneTimeCode::generate(self.inner.random.as_ref())?;
        let secret_hash = self.tag_code(purpose, email, &code)?;
        let flow = self.inner.ids.next_id();
        let open = if is_entry {
            let new = NewEntryFlow {
                id: flow,
                purpose,
                address: email,
                name: None,
                secret_hash,
            };
            self.open_entry(&new).await?
        } else {
            let new = NewFlow {
                id: flow,
                realm: self.realm,
                purpose,
                now: self.now(),
            };
            new.open::<P>(email, secret_hash)
        };
        let code = code.expose();
        let mail = self.compose_mail(Template::of(purpose)?, Contents::Code { site, code })?;
        let batch = Batch::new().step(open).step(self.queue_mail(mail, flow));
        self.apply_and_mail(batch).await
    }

    /// Signs somebody in by a code, once; see
    /// [`sign_in_magic_link`](Self::sign_in_magic_link). `name` is what he is
    /// called if he is new.
    ///
    /// # Errors
    ///
    /// * [`BadRequest`](workeros_core::ErrorKind::BadRequest) with code
    ///   `INVALID_OTP` when the code does not hold, or no longer.
    /// * [`Forbidden`](workeros_core::ErrorKind::Forbidden) with code
    ///   `SIGN_UP_CLOSED` when he is new, and nobody may sign up any more.
    /// * [`RateLimited`](workeros_core::ErrorKind::RateLimited) after too many
    ///   attempts.
    pub async fn sign_in_code(
        &self,
        mailed: &MailedCode,
        name: Option<DisplayName>,
        request: &RequestInfo,
    ) -> Result<Arrival<P>> {
        let attempt = Attempt::SignInCode;
        let passed = self.admit(attempt, &mailed.email, request).await?;
        let found = self.try_entry_code(&mailed.email, &mailed.code).await;
        let mut flow = found.inspect_err(|error| {
            // A database that does not answer has refused nobody.
            if error.kind() == ErrorKind::BadRequest {
                let refused = NewActivity::new(ActivityKind::SignInFailed)
                    .with("email", mailed.email.as_str())
                    .with("method", Method::EmailOtp.name());
                self.note_refusal(refused);
            }
        })?;
        flow.name = name.unwrap_or(flow.name);
        let entered = self.enter(flow, Method::EmailOtp, passed, request).await;
        entered.map_err(used_up_code)
    }

    /// Notes an address as verified by a code, once.
    ///
    /// # Errors
    ///
    /// * [`BadRequest`](workeros_core::ErrorKind::BadRequest) with code
    ///   `INVALID_OTP` when the code does not hold, or no longer.
    /// * [`RateLimited`](workeros_core::ErrorKind::RateLimited) after too many
    ///   attempts.
    pub async fn verify_email_by_code(
        &self,
        mailed: &MailedCode,
        request: &RequestInfo,
    ) -> Result<User> {
        self.admit(Attempt::Code, &mailed.email, request).await?;
        let purpose = Purpose::VerifyEmailCode;
        let flow = self.try_code(purpose, &mailed.email, &mailed.code).await?;
        self.set_verified(&flow).await.map_err(used_up_code)?;
        self.forgive(mailed.email.as_str()).await;
        self.find_user(flow.user).await
    }

    /// Sets a new password by a code, once; see
    /// [`reset_password`](Self::reset_password).
    ///
    /// # Errors
    ///
    /// * [`Validation`](workeros_core::ErrorKind::Validation) with code
    ///   `PASSWORD_TOO_SHORT` or `PASSWORD_COMMON` at `/password`. The code is
    ///   not looked at then.
    /// * [`BadRequest`](workeros_core::ErrorKind::BadRequest) with code
    ///   `INVALID_OTP` when the code does not hold, or no longer.
    /// * [`RateLimited`](workeros_core::ErrorKind::RateLimited) after too many
    ///   attempts.
    /// * [`Unavailable`](workeros_core::ErrorKind::Unavailable) when too many
    ///   passwords are being checked.
    pub async fn reset_password_by_code(
        &self,
        mailed: &MailedCode,
        new: &Password,
        request: &RequestInfo,
    ) -> Result<()> {
        self.check_new_password(new, &mailed.email)?;
        self.admit(Attempt::Code, &mailed.email, request).await?;
        let purpose = Purpose::ResetPasswordCode;
        let flow = self.try_code(purpose, &mailed.email, &mailed.code).await?;
        self.set_password(&flow, new).await.map_err(used_up_code)
    }

    /// Checks a code without using it up.
    ///
    /// # Errors
    ///
    /// * [`BadRequest`](workeros_core::ErrorKind::BadRequest) with code
    ///   `INVALID_OTP` when it does not hold, or no longer.
    /// * [`RateLimited`](workeros_core::ErrorKind::RateLimited) after too many
    ///   attempts.
    pub async fn check_code(
        &self,
        purpose: CodePurpose,
        mailed: &MailedCode,
        request: &RequestInfo,
    ) -> Result<()> {
        self.admit(Attempt::Code, &mailed.email, request).await?;
        let code = self.peek_code(purpose.flow(), &mailed.email, &mailed.code);
        code.await?;
        self.forgive(mailed.email.as_str()).await;
        Ok(())
    }
}
