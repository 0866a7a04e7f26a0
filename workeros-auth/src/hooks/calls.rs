//! Where hooks are asked.

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Map, Value as Json};
use workeros_core::{Result, UserId};

use super::run::{run, unavailable};
use super::{
    Admission, AuthHooks, ClaimsRequest, ComingUser, MailHandling, PasswordCheck, PasswordUse,
    PasswordVerdict, RenderedMail, claims,
};
use crate::{App, Auth, Password, Plane, Session, User};

/// A password that somebody gives.
#[derive(Debug)]
pub(crate) struct PasswordAttempt<'a> {
    pub(crate) password: &'a Password,
    /// Whose it would be, if anybody has the address.
    pub(crate) user: Option<UserId>,
    pub(crate) email: &'a str,
    /// The hash of the right one, if there is one.
    pub(crate) stored: Option<&'a str>,
    pub(crate) used_for: PasswordUse,
    pub(crate) ip: Option<IpAddr>,
}

impl<P: Plane> Auth<P> {
    /// Asks whether somebody may become a user, and what he is called then.
    pub(crate) async fn ask_before_user(&self, coming: ComingUser) -> Result<String> {
        let mut coming = coming;
        for hooks in &self.settings.hooks {
            let (hooks, asked) = (Arc::clone(hooks), coming.clone());
            let call = async move { hooks.before_user(&asked).await };
            match run("before_user", call).await? {
                Admission::Admit { name: Some(name) } => name.as_str().clone_into(&mut coming.name),
                Admission::Admit { name: None } => {}
                Admission::Refuse(refusal) => return Err(refusal.into_error()),
            }
        }
        Ok(coming.name)
    }

    /// Whether a password is the right one, and nobody objects. This is the one
    /// place where passwords are compared.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](workeros_core::ErrorKind::Forbidden) when somebody objects
    /// to the right one.
    pub(crate) async fn is_password(&self, attempt: &PasswordAttempt<'_>) -> Result<bool> {
        let hasher = &self.inner.hasher;
        let is_right = hasher.verify(attempt.password, attempt.stored).await?;
        let check = PasswordCheck {
            workspace: self.workspace.clone(),
            user: attempt.user,
            email: attempt.email.to_owned(),
            is_right,
            used_for: attempt.used_for,
            ip: attempt.ip.or_else(|| self.caller_ip()),
        };
        let mut objection = None;
        for hooks in &self.settings.hooks {
            let (hooks, asked) = (Arc::clone(hooks), check.clone());
            let call = async move { hooks.password_checked(&asked).await };
            if let PasswordVerdict::Refuse(refusal) = run("password_checked", call).await? {
                objection = objection.or(Some(refusal));
            }
        }
        match objection {
            // Who guesses learns nothing.
            Some(refusal) if is_right => Err(refusal.into_error()),
            _ => Ok(is_right),
        }
    }

    /// Where whoever asks comes from.
    pub(crate) fn caller_ip(&self) -> Option<IpAddr> {
        self.caller.as_deref().and_then(|caller| caller.ip)
    }
}

impl Auth<App> {
    /// What the access tokens of a session say besides.
    pub(crate) async fn ask_for_claims(
        &self,
        user: &User,
        session: &Session,
    ) -> Result<Map<String, Json>> {
        let mut said = Map::new();
        let Some(workspace) = &self.workspace else {
            return Ok(said);
        };
        for hooks in &self.settings.hooks {
            let asked = ClaimsRequest {
                workspace: workspace.clone(),
                user: user.clone(),
                session: session.id,
            };
            let hooks = Arc::clone(hooks);
            let call = async move { hooks.access_claims(&asked).await };
            let more = run("access_claims", call).await?;
            claims::add(&mut said, more).map_err(|error| unavailable("access_claims", error))?;
        }
        Ok(said)
    }
}

/// Whether one of the hooks has sent a mail.
pub(crate) async fn send_mail(hooks: &[Arc<dyn AuthHooks>], mail: &RenderedMail) -> Result<bool> {
    for hooks in hooks {
        let (hooks, mail) = (Arc::clone(hooks), mail.clone());
        let call = async move { hooks.send_mail(&mail).await };
        if run("send_mail", call).await? == MailHandling::Sent {
            return Ok(true);
        }
    }
    Ok(false)
}
