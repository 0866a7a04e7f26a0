use serde_json::{Map, Value as Json, json};
use workeros_core::input::{Object, escape};
use workeros_core::{Error, Result};

use super::setting::{Said, Setting};
use super::shape::Shape;
use crate::{Locale, MailTemplate, MailText, RealmSettings, Templates};

/// `{"default_locale", "sender_name", "reply_to", "templates": {"magic-link": {"de":
/// {"subject", "text", "html"}}}}`: what mails to the end users say, by which name
/// they come, and where answers go. What a workspace does not say is as the builder
/// has it. The address they come from is the operator's: it is his domain that they
/// are signed for, and his name that suffers for them.
#[derive(Debug)]
pub(super) struct Mail;

const TEXTS: Shape = Shape::Named(
    |_| true,
    &Shape::Members(&[
        ("subject", Shape::Value),
        ("text", Shape::Value),
        ("html", Shape::Value),
    ]),
);

impl Setting for Mail {
    fn name(&self) -> &'static str {
        "mail"
    }

    fn shape(&self) -> &'static Shape {
        &Shape::Members(&[
            ("default_locale", Shape::Value),
            ("sender_name", Shape::Value),
            ("reply_to", Shape::Value),
            (
                "templates",
                Shape::Named(|name| MailTemplate::parse(name).is_some(), &TEXTS),
            ),
        ])
    }

    fn apply(&self, said: &Said<'_>, rules: &mut RealmSettings) -> Result<()> {
        let mut object = said.object()?;
        let mut own = Templates::new();
        if let Some(text) = object.string("default_locale") {
            let locale = at(object.pointer("default_locale"), Locale::parse(&text));
            own.default_locale = object.keep(locale);
        }
        if let Some(address) = object.string("reply_to") {
            let with = own.clone().with_reply_to(address);
            let with = object.keep(at(object.pointer("reply_to"), with));
            own = with.unwrap_or(own);
        }
        if let Some(name) = object.string("sender_name") {
            let with = own.clone().with_sender_name(name);
            let with = object.keep(at(object.pointer("sender_name"), with));
            own = with.unwrap_or(own);
        }
        for (pointer, template, locale, text) in read_texts(&mut object) {
            match own.clone().with_text_at(&pointer, template, locale, text) {
                Ok(with) => own = with,
                Err(error) if said.is_new => drop(object.keep::<()>(Err(error))),
                // It was good when it was said; nobody is kept out by a mail.
                Err(_) => {}
            }
        }
        object.finish()?;
        rules.templates = own.over(&rules.templates).into();
        Ok(())
    }

    fn show(&self, rules: &RealmSettings) -> Json {
        let templates = &rules.templates;
        let mut texts = Map::new();
        for (template, locale, text) in templates.texts() {
            let of_template = texts.entry(template.name()).or_insert_with(|| json!({}));
            if let Some(locales) = of_template.as_object_mut() {
                locales.insert(locale.to_string(), text.show());
            }
        }
        json!({
            "default_locale": templates.default_locale.as_ref().map(Locale::as_str),
            "sender_name": templates.sender_name,
            "reply_to": templates.reply_to,
            "templates": texts,
        })
    }
}

type Text = (String, MailTemplate, Locale, MailText);

/// Reads `{"<template>": {"<locale>": {"subject"?, "text"?, "html"?}}}`.
fn read_texts(object: &mut Object) -> Vec<Text> {
    let pointer = object.pointer("templates");
    let mut texts = Vec::new();
    for (name, locales) in object.object("templates").unwrap_or_default() {
        let pointer = format!("{pointer}/{}", escape(&name));
        let read = read_locales(&pointer, &name, &locales);
        texts.extend(object.keep(read).unwrap_or_default());
    }
    texts
}

fn read_locales(pointer: &str, name: &str, locales: &Json) -> Result<Vec<Text>> {
    let Some(template) = MailTemplate::parse(name) else {
        let known = MailTemplate::ALL.map(MailTemplate::name).join("`, `");
        let message = format!("is no mail; there are `{known}`");
        return Err(Error::validation(pointer, "unknown_field", message));
    };
    let Json::Object(locales) = locales else {
        let message = "must be an object";
        return Err(Error::validation(pointer, "type_mismatch", message));
    };
    let read = locales.iter().map(|(tag, text)| {
        let pointer = format!("{pointer}/{}", escape(tag));
        let locale = at(pointer.clone(), Locale::parse(tag))?;
        let mut object = Object::read(text, &pointer)?;
        let text = MailText::read(&mut object);
        object.finish()?;
        Ok((pointer, template, locale, text))
    });
    read.collect()
}

/// The complaint, where it stands.
fn at<T>(pointer: String, result: Result<T>) -> Result<T> {
    let place = |error: Error| {
        let message = error.details().first().map(|detail| detail.message.clone());
        Error::validation(pointer, "invalid_value", message.unwrap_or_default())
    };
    result.map_err(place)
}
