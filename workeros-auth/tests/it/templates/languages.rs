//! In which language a mail is.

use workeros_adapters::MemoryMailer;
use workeros_auth::{
    AnonymousUsers, App, Auth, Caller, Languages, Locale, MailTemplate, MailText, RealmSettings,
    RequestInfo, Templates, UserPatch,
};

use crate::both_planes::{Planes, Presented};
use crate::mail::link;
use crate::support::{World, email, sign_up, worlds};

/// The subject of the mail that somebody gets who asks for a new password.
async fn subject(auth: &Auth, mailer: &MemoryMailer, accepts: &str) -> String {
    let caller = Caller::new("anonymous").with_languages(Languages::accepted(accepts));
    let asked = auth.for_caller(caller);
    let request = RequestInfo::new();
    asked
        .request_password_reset(&email("ann"), &request, link)
        .await
        .unwrap();
    auth.deliver_mail().await.unwrap();
    let mails = mailer.take();
    let [mail] = mails.as_slice() else {
        panic!("not one mail: {mails:?}")
    };
    mail.subject().to_owned()
}

async fn choose(world: &World, auth: &Auth, tag: &str) {
    let ann = world.sign_in("ann").await.unwrap();
    let patch = UserPatch::new().with_locale(Some(Locale::parse(tag).ok()));
    auth.update_user(world.tenant, ann.user.id, patch)
        .await
        .unwrap();
}

const EN: &str = "Choose a new password";
const DE: &str = "Neues Passwort wählen";
const FR: &str = "Choisissez un nouveau mot de passe";
const NL: &str = "Kies een nieuw wachtwoord";

fn dutch() -> Templates {
    let text = MailText::new().with_subject(NL).with_text("{{url}}");
    let nl = Locale::parse("nl").unwrap();
    Templates::new()
        .with_text(MailTemplate::ResetPassword, nl, text)
        .unwrap()
}

/// His own choice before what the request accepts, before that of the realm,
/// before English; each looked up as RFC 4647 has it.
#[tokio::test]
async fn a_mail_is_in_the_language_of_who_reads_it() {
    let cases = [
        (None, "", None, EN),
        (None, "", Some("de"), DE),
        (None, "de-CH, fr;q=0.5", None, DE),
        (None, "it, pt-BR;q=0.9, fr;q=0.1", None, FR),
        (None, "it", None, EN),
        (None, "it", Some("fr"), FR),
        (None, "nl-BE, de;q=0.5", Some("fr"), NL),
        (None, "*", Some("de"), DE),
        (Some("fr"), "de", Some("en"), FR),
        (Some("fr-CA"), "de", None, FR),
        (Some("nl"), "de", None, NL),
        // His own language has no words.
        (Some("it"), "de", Some("fr"), FR),
        (Some("it"), "de", None, EN),
    ];
    for world in worlds().await {
        world.sign_up("ann").await;
        for (chosen, accepts, default, expect) in cases {
            let mailer = MemoryMailer::default();
            let templates = default.map_or_else(dutch, |tag| {
                dutch().with_default_locale(Locale::parse(tag).unwrap())
            });
            let settings = RealmSettings::new().with_templates(templates);
            let auth =
                world.mailing_with(&mailer, |builder| builder.with_settings(settings.clone()));
            match chosen {
                Some(tag) => choose(&world, &auth, tag).await,
                None => {
                    world
                        .run("UPDATE workeros_users SET locale = NULL", vec![])
                        .await
                }
            }
            let subject = subject(&auth, &mailer, accepts).await;
            assert_eq!(subject, expect, "{chosen:?} {accepts:?} {default:?}");
        }
    }
}

#[tokio::test]
async fn each_plane_has_words_of_its_own() {
    for world in worlds().await {
        let of = |subject: &str| {
            let text = MailText::new().with_subject(subject);
            let en = Locale::parse("en").unwrap();
            let templates = Templates::new().with_text(MailTemplate::ResetPassword, en, text);
            let templates = templates.unwrap().with_reply_to("help@example.com");
            RealmSettings::new().with_templates(templates.unwrap())
        };
        let mailer = MemoryMailer::default();
        let auth = world.mailing_with(&mailer, |builder| {
            builder
                .with_settings(of("for the team"))
                .with_app_settings(of("for end users"))
        });
        let app = auth
            .app(workeros_core::Workspace::new(world.tenant, "default"))
            .await
            .unwrap();
        let request = RequestInfo::new();
        world.sign_up("ann").await;
        app.sign_up_email(sign_up("uma"), &request).await.unwrap();
        auth.request_password_reset(&email("ann"), &request, link)
            .await
            .unwrap();
        app.request_password_reset(&email("uma"), &request, link)
            .await
            .unwrap();
        auth.deliver_mail().await.unwrap();
        let mut mails = mailer.take();
        mails.sort_by_key(|mail| mail.to().to_owned());
        let told = mails.iter().map(|mail| (mail.to(), mail.subject()));
        assert_eq!(
            told.collect::<Vec<_>>(),
            [
                ("ann@example.com", "for the team"),
                ("uma@example.com", "for end users")
            ]
        );
        assert!(
            mails
                .iter()
                .all(|mail| mail.reply_to() == Some("help@example.com"))
        );
    }
}

/// Said when he signs up, changed and taken away again.
#[tokio::test]
async fn a_user_chooses_the_language_of_his_mails() {
    async fn case<P: Presented>(planes: &Planes, auth: &Auth<P>) {
        let (request, tenant) = (RequestInfo::new(), planes.world.tenant);
        let new = sign_up("uma").with_locale(Locale::parse("de-CH").ok());
        let uma = auth.sign_up_email(new, &request).await.unwrap();
        let key = P::key(auth, &uma).await;
        let chosen = async || {
            let active = auth.session_by_key(&key).await.unwrap().unwrap();
            let account = auth.user(tenant, uma.user.id).await.unwrap();
            assert_eq!(active.user.locale, account.user.locale);
            account.user.locale.map(|locale| locale.to_string())
        };
        let subject = async || {
            auth.request_password_reset(&email("uma"), &request, link)
                .await
                .unwrap();
            planes.team.deliver_mail().await.unwrap();
            planes.mailer.take().remove(0).subject().to_owned()
        };
        assert_eq!(chosen().await.as_deref(), Some("de-ch"));
        assert_eq!(subject().await, DE);
        for (locale, shown, expect) in [(Some("fr"), Some("fr"), FR), (None, None, EN)] {
            let locale = locale.and_then(|tag| Locale::parse(tag).ok());
            let patch = UserPatch::new().with_locale(Some(locale));
            auth.update_user(tenant, uma.user.id, patch).await.unwrap();
            assert_eq!(chosen().await.as_deref(), shown);
            assert_eq!(subject().await, expect);
        }
    }
    for planes in Planes::all(|builder| builder).await {
        case(&planes, &planes.team).await;
        case(&planes, &planes.app).await;
    }
}

/// Whether he had an account before or not, and whoever has the address.
#[tokio::test]
async fn a_language_that_was_chosen_is_kept_by_who_gets_an_account() {
    let settings = RealmSettings::new().with_anonymous(AnonymousUsers::new());
    for planes in Planes::all(|builder| builder.with_app_settings(settings.clone())).await {
        let (app, tenant) = (&planes.app, planes.world.tenant);
        let request = RequestInfo::new();
        for (name, said, kept) in [("ann", None, "de"), ("bob", Some("fr"), "fr")] {
            let guest = app.sign_in_anonymous(&request).await.unwrap();
            let patch = UserPatch::new().with_locale(Some(Locale::parse("de").ok()));
            app.update_user(tenant, guest.user.id, patch).await.unwrap();
            let said = said.and_then(|tag| Locale::parse(tag).ok());
            let session = Some(App::key(app, &guest).await);
            let request = RequestInfo::new().with_replaced(session);
            let new = sign_up(name).with_locale(said);
            let user = app.sign_up_email(new, &request).await.unwrap().user;
            assert_eq!(user.id, guest.user.id);
            assert_eq!(
                user.locale.map(|locale| locale.to_string()).as_deref(),
                Some(kept)
            );
            let stored = app.user(tenant, user.id).await.unwrap().user.locale;
            assert_eq!(
                stored.map(|locale| locale.to_string()).as_deref(),
                Some(kept)
            );
        }
        // It does not tell that the address is taken.
        let taken = sign_up("ann").with_locale(Locale::parse("es").ok());
        let home = "https://example.com";
        let shown = app.sign_up_to_verify(taken, &request, home, link);
        let shown = shown.await.unwrap().locale;
        assert_eq!(
            shown.map(|locale| locale.to_string()).as_deref(),
            Some("es")
        );
    }
}
