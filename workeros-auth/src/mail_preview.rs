use workeros_core::Result;

use crate::template::Template;
use crate::{Auth, Languages, MailTemplate, MailText, Plane, WrittenMail};

impl<P: Plane> Auth<P> {
    /// What a mail looks like to who reads these languages, with values made up;
    /// with `text` as if that were what it says in the first of them.
    ///
    /// # Errors
    ///
    /// Those of [`Templates::with_text`](crate::Templates::with_text).
    pub fn preview_mail(
        &self,
        template: MailTemplate,
        languages: &Languages,
        text: MailText,
    ) -> Result<WrittenMail> {
        let mut templates = (*self.settings.templates).clone();
        if text != MailText::new() {
            let locale = templates.locale_for(languages)?;
            templates = templates.with_text(template, locale, text)?;
        }
        templates.write(template, languages, &Template::sample(template))
    }
}
