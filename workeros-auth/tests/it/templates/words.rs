//! The words there are, and those a host may give.

use workeros_adapters::MemoryMailer;
use workeros_auth::{
    DisplayName, Languages, Locale, MailTemplate, MailText, NewInvitation, RealmSettings, Templates,
};
use workeros_core::html;

use crate::mail::link;
use crate::support::{email, finding, worlds};

const LANGUAGES: [&str; 4] = ["en", "de", "fr", "es"];

fn locale(tag: &str) -> Locale {
    Locale::parse(tag).unwrap()
}

#[tokio::test]
async fn every_mail_there_is_says_this() {
    let auth = worlds().await.swap_remove(0).auth;
    for tag in LANGUAGES {
        let mut all = String::new();
        for template in MailTemplate::ALL {
            let languages = Languages::from(locale(tag));
            let mail = auth.preview_mail(template, &languages, MailText::new());
            let mail = mail.unwrap();
            assert_eq!(mail.locale, tag);
            let html = mail.html.unwrap();
            let parts = [template.name(), &mail.subject, &mail.text, &html];
            all += &parts.join("\n\n");
            all += "\n\n--------\n\n";
        }
        insta::assert_snapshot!(format!("mails_{tag}"), all);
    }
}

#[tokio::test]
async fn every_mail_brings_what_it_is_for() {
    let auth = worlds().await.swap_remove(0).auth;
    for (tag, template) in LANGUAGES
        .into_iter()
        .flat_map(|tag| MailTemplate::ALL.map(|template| (tag, template)))
    {
        let languages = Languages::from(locale(tag));
        let mail = auth
            .preview_mail(template, &languages, MailText::new())
            .unwrap();
        let html = mail.html.unwrap();
        for text in [&mail.subject, &mail.text, &html] {
            assert!(
                !text.contains("{{") && !text.contains("}}"),
                "{tag}: {text}"
            );
        }
        let brings = match template.brings() {
            Some("url") => "https://example.com/link?token=sample",
            Some(_) => "123456",
            None => "example.com",
        };
        assert!(html.contains(&*html::escape(brings)), "{tag}: {html}");
        let mut lines = mail.text.lines();
        let is_alone = lines.any(|line| line == brings);
        assert!(
            is_alone || template.brings().is_none(),
            "{tag}: {}",
            mail.text
        );
        assert!(mail.text.contains("example.com"), "{tag}: {}", mail.text);
    }
}

/// What a text of one's own may hold, and where it is refused.
#[test]
fn only_texts_that_can_be_sent_are_taken() {
    let of = MailText::new;
    let long = "a".repeat(201);
    let cases = [
        (of().with_subject("Your link to {{site}}"), None),
        (of().with_text("{{url}}"), None),
        (of().with_text("{{ url }} of {{site}}, { { } } }}"), None),
        (of().with_html("<a href='{{url}}'>{{site}}</a>"), None),
        (
            of().with_subject("x\r\nBcc: eve@example.com"),
            Some(("/subject", "invalid_value")),
        ),
        (
            of().with_subject("x\nBcc: eve@example.com"),
            Some(("/subject", "invalid_value")),
        ),
        (
            of().with_subject("x\u{85}"),
            Some(("/subject", "invalid_value")),
        ),
        (of().with_subject(" "), Some(("/subject", "invalid_value"))),
        (
            of().with_subject(&long),
            Some(("/subject", "invalid_value")),
        ),
        (
            of().with_subject("{{code}}"),
            Some(("/subject", "unknown_value")),
        ),
        (
            of().with_text("{{url}} {{code}}"),
            Some(("/text", "unknown_value")),
        ),
        (
            of().with_text("{{url}} {{}}"),
            Some(("/text", "unknown_value")),
        ),
        (
            of().with_text("{{url}} {{user.password_hash}}"),
            Some(("/text", "unknown_value")),
        ),
        (
            of().with_text("{{url}} {{> partial}}"),
            Some(("/text", "unknown_value")),
        ),
        (
            of().with_text("{{{url}}}"),
            Some(("/text", "unknown_value")),
        ),
        (of().with_text("hello"), Some(("/text", "missing_value"))),
        (of().with_text("{{url"), Some(("/text", "invalid_value"))),
        (
            of().with_text("{{url}}\0"),
            Some(("/text", "invalid_value")),
        ),
        (
            of().with_text("{{url}}".to_owned() + &"a".repeat(20_000)),
            Some(("/text", "too_long")),
        ),
        (
            of().with_html("<p>{{site}}</p>"),
            Some(("/html", "missing_value")),
        ),
        (
            of().with_html("{{url}}".to_owned() + &"a".repeat(100_000)),
            Some(("/html", "too_long")),
        ),
    ];
    for (text, expect) in cases {
        let what = format!("{text:?}");
        let what = what.chars().take(120).collect::<String>();
        let set = Templates::new().with_text(MailTemplate::MagicLink, locale("de"), text);
        match (set, expect) {
            (Ok(_), None) => {}
            (Err(error), Some(expect)) => {
                let details = error.details();
                let first = (&*details[0].path, &*details[0].code);
                // A triple brace also lacks what it should bring.
                assert_eq!(first, expect, "{what}");
            }
            (other, _) => panic!("{what}: {other:?}"),
        }
    }
}

#[test]
fn a_complaint_names_the_values_there_are() {
    let text = MailText::new().with_text("{{url}} {{name}}");
    let set = Templates::new().with_text(MailTemplate::Invitation, locale("en"), text);
    let error = set.unwrap_err();
    assert_eq!(finding(&error), ("/text", "unknown_value"));
    let message = &error.details()[0].message;
    assert!(
        message.contains("`{{site}}`, `{{url}}`, `{{workspace}}`"),
        "{message}"
    );
}

/// In a language without words there is nothing to fall back to.
#[test]
fn another_language_needs_all_of_a_mail() {
    let set = |text| Templates::new().with_text(MailTemplate::MagicLink, locale("nl"), text);
    let subject = MailText::new().with_subject("Inloggen");
    let error = set(subject.clone()).unwrap_err();
    assert_eq!(finding(&error), ("/text", "required"));
    let text = MailText::new().with_text("{{url}}");
    assert_eq!(finding(&set(text).unwrap_err()), ("/subject", "required"));
    assert!(set(subject.with_text("{{url}}")).is_ok());
}

#[tokio::test]
async fn what_is_not_given_stays_as_it_is() {
    let world = worlds().await.swap_remove(0);
    let of = |text: MailText| {
        let templates = Templates::new().with_text(MailTemplate::MagicLink, locale("de"), text);
        let settings = RealmSettings::new().with_templates(templates.unwrap());
        world.auth_with(|builder| builder.with_settings(settings.clone()))
    };
    let write = |text: MailText, tag: &str| {
        let languages = Languages::from(locale(tag));
        let auth = of(text);
        auth.preview_mail(MailTemplate::MagicLink, &languages, MailText::new())
            .unwrap()
    };
    let subject = write(MailText::new().with_subject("Servus bei {{site}}"), "de-AT");
    assert_eq!(subject.subject, "Servus bei example.com");
    assert!(subject.text.contains("zehn Minuten") && subject.html.is_some());
    // HTML that says something else would not go with it.
    let text = write(MailText::new().with_text("Hier: {{url}}"), "de");
    assert_eq!(text.subject, "Anmelden");
    assert_eq!(text.text, "Hier: https://example.com/link?token=sample");
    assert_eq!(text.html, None);
    let other = write(MailText::new().with_subject("x"), "en");
    assert_eq!(other.subject, "Sign in");
}

/// What somebody else chose is a value, wherever it stands.
#[tokio::test]
async fn a_value_is_no_markup_and_starts_no_header() {
    let names = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "A & B's",
        "{{url}} {{token}}",
        "x\r\nBcc: eve@example.com",
        "x\n\nhello",
        "\u{202e}x\u{0}y",
    ];
    for world in worlds().await {
        let mailer = MemoryMailer::default();
        let auth = world.mailing_with(&mailer, |builder| builder);
        world.sign_up("ann").await;
        for (n, name) in names.iter().enumerate() {
            let new = NewInvitation::new(email(&format!("guest{n}")));
            let invited = auth.invite(world.tenant, new, name, link);
            invited.await.unwrap();
            auth.deliver_mail().await.unwrap();
            let mails = mailer.take();
            let [mail] = mails.as_slice() else {
                panic!("not one mail for {name:?}: {mails:?}")
            };
            assert!(!mail.subject().contains(char::is_control), "{name:?}");
            let html = mail.html().unwrap();
            assert!(html.contains(&*html::escape(name)), "{html}");
            for mark in ["<script", "<img"] {
                assert!(!html.contains(mark), "{html}");
            }
            assert!(!mail.text().contains("\nhello"), "{}", mail.text());
            assert!(!mail.text().contains("\nBcc"), "{}", mail.text());
            assert_eq!(mail.to(), format!("guest{n}@example.com"));
        }
    }
    assert!(DisplayName::parse("x\r\ny").is_err());
}

/// What is too long for a header is cut, and not a mail that is never sent.
#[tokio::test]
async fn a_subject_with_long_values_has_room_in_a_header() {
    for world in worlds().await {
        let subject = "ß".repeat(150) + "{{workspace}} {{workspace}} {{workspace}}";
        let text = MailText::new().with_subject(subject);
        let templates = Templates::new().with_text(MailTemplate::Invitation, locale("en"), text);
        let settings = RealmSettings::new().with_templates(templates.unwrap());
        let mailer = MemoryMailer::default();
        let auth = world.mailing_with(&mailer, |builder| builder.with_settings(settings.clone()));
        let (new, name) = (NewInvitation::new(email("guest")), "株".repeat(300));
        let invited = auth.invite(world.tenant, new, &name, link);
        invited.await.unwrap();
        assert_eq!(auth.deliver_mail().await.unwrap(), 1);
        let subject = mailer.take()[0].subject().to_owned();
        assert!((897..=900).contains(&subject.len()), "{}", subject.len());
    }
}
