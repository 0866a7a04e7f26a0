//! Mails about what was changed of an account: if somebody else did it, whoever
//! it belongs to hears of it.

use workeros_core::{Result, Step, UserId};

use crate::template::{Contents, SignInMethod, Template};
use crate::{Auth, Plane};

/// What is new.
#[derive(Debug, Clone, Copy)]
pub(crate) enum News<'a> {
    /// One can sign in by this, too.
    Added(SignInMethod<'a>),
    /// One cannot sign in by this any more.
    Removed(SignInMethod<'a>),
    /// The password is another.
    PasswordChanged,
}

impl<P: Plane> Auth<P> {
    /// A step that tells a user, if his address is verified, beside those of what
    /// it is about. There is none where no mail is sent.
    pub(crate) fn tell(&self, user: UserId, news: News<'_>) -> Result<Option<Step>> {
        if self.inner.mail.is_none() {
            return Ok(None);
        }
        let (template, method) = match news {
            News::Added(method) => (Template::SignInMethodAdded, Some(method)),
            News::Removed(method) => (Template::SignInMethodRemoved, Some(method)),
            News::PasswordChanged => (Template::PasswordChanged, None),
        };
        let apps = self.inner.apps.as_ref();
        let contents = Contents::News {
            site: &apps.map_or_else(|| "workeros".to_owned(), |apps| apps.host()),
            method,
            at: self.now(),
        };
        let mail = self.compose_mail(template, contents)?;
        Ok(Some(self.queue_news(mail, user)))
    }
}
