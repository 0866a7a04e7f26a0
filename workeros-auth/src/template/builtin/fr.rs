use super::{Language, Wording};
use crate::template::MailTemplate;
use crate::template::contents::SignInMethod;

pub(super) const FRENCH: Language = Language {
    tag: "fr",
    hello: "Bonjour,",
    wording,
    method,
};

fn wording(template: MailTemplate) -> Wording {
    match template {
        MailTemplate::VerifyEmail => Wording {
            subject: "Confirmez votre adresse e-mail",
            before: "Veuillez confirmer que cette adresse e-mail est bien la vôtre sur {{site}}\u{a0}:",
            link: "Confirmer l’adresse",
            after: "Ce lien est valable un jour et ne peut servir qu’une fois. Si vous n’avez pas \
                de compte sur ce site, vous pouvez ignorer ce message.",
        },
        MailTemplate::ExistingAccount => Wording {
            subject: "Vous avez déjà un compte",
            before: "Quelqu’un a essayé de s’inscrire sur {{site}} avec votre adresse e-mail. Vous \
                y avez déjà un compte\u{a0}: rien n’a donc été modifié. Si c’était vous, \
                connectez-vous\u{a0}:",
            link: "Se connecter",
            after: "Si vous avez oublié votre mot de passe, vous pourrez en choisir un nouveau à \
                cette adresse. Si ce n’était pas vous, vous pouvez ignorer ce message.",
        },
        MailTemplate::ResetPassword => Wording {
            subject: "Choisissez un nouveau mot de passe",
            before: "Quelqu’un a demandé un nouveau mot de passe pour votre compte sur {{site}}. \
                Pour en choisir un, suivez ce lien\u{a0}:",
            link: "Choisir un nouveau mot de passe",
            after: "Ce lien est valable une heure et ne peut servir qu’une fois. Si ce n’était pas \
                vous, vous pouvez ignorer ce message\u{a0}: votre mot de passe reste inchangé.",
        },
        MailTemplate::MagicLink => Wording {
            subject: "Connexion",
            before: "Pour vous connecter à {{site}}, suivez ce lien\u{a0}:",
            link: "Se connecter",
            after: "Ce lien est valable dix minutes et ne peut servir qu’une fois. Si vous ne \
                l’avez pas demandé, vous pouvez ignorer ce message\u{a0}: personne ne peut se connecter \
                sans lui.",
        },
        MailTemplate::SignInCode => Wording {
            subject: "Votre code de connexion",
            before: "Voici votre code pour vous connecter à {{site}}\u{a0}:",
            link: "",
            after: "Il est valable cinq minutes et ne peut servir qu’une fois. Nous ne vous le \
                demanderons jamais. Si vous ne l’avez pas demandé, vous pouvez ignorer ce message.",
        },
        MailTemplate::VerifyEmailCode => Wording {
            subject: "Votre code pour confirmer votre adresse e-mail",
            before: "Voici le code pour confirmer que cette adresse e-mail est bien la vôtre sur \
                {{site}}\u{a0}:",
            link: "",
            after: "Il est valable cinq minutes et ne peut servir qu’une fois. Si vous n’avez pas \
                de compte sur ce site, vous pouvez ignorer ce message.",
        },
        MailTemplate::ResetPasswordCode => Wording {
            subject: "Votre code pour choisir un nouveau mot de passe",
            before: "Voici votre code pour choisir un nouveau mot de passe sur {{site}}\u{a0}:",
            link: "",
            after: "Il est valable cinq minutes et ne peut servir qu’une fois. Nous ne vous le \
                demanderons jamais. Si ce n’était pas vous, vous pouvez ignorer ce message\u{a0}: votre \
                mot de passe reste inchangé.",
        },
        MailTemplate::Invitation => Wording {
            subject: "Invitation à rejoindre {{workspace}}",
            before: "Vous êtes invité à rejoindre l’espace de travail {{workspace}} sur {{site}}. \
                Pour accepter, suivez ce lien\u{a0}:",
            link: "Accepter l’invitation",
            after: "Ce lien est valable sept jours et ne peut servir qu’une fois. Si vous \
                n’attendez pas d’invitation, vous pouvez ignorer ce message.",
        },
        MailTemplate::UserInvitation => Wording {
            subject: "Invitation à rejoindre {{workspace}}",
            before: "Vous êtes invité à rejoindre {{workspace}} sur {{site}}. Pour accepter, \
                suivez ce lien\u{a0}:",
            link: "Accepter l’invitation",
            after: "Ce lien est valable sept jours et ne peut servir qu’une fois. Si vous \
                n’attendez pas d’invitation, vous pouvez ignorer ce message\u{a0}: aucun compte \
                n’est créé sans lui.",
        },
        MailTemplate::OrganizationInvitation => Wording {
            subject: "Invitation à rejoindre {{organization}}",
            before: "Vous êtes invité à rejoindre {{organization}} sur {{site}}. Pour répondre, \
                suivez ce lien\u{a0}:",
            link: "Répondre à l’invitation",
            after: "Ce lien est valable sept jours et ne peut servir qu’une fois. Si vous \
                n’attendez pas d’invitation, vous pouvez ignorer ce message.",
        },
        MailTemplate::ApproveNewEmail => Wording {
            subject: "Une autre adresse e-mail pour votre compte",
            before: "Une personne connectée à votre compte sur {{site}} souhaite en remplacer \
                l’adresse e-mail par {{address}}. Si c’était vous, donnez votre accord ici\u{a0}:",
            link: "Changer l’adresse",
            after: "Ce lien est valable une heure et ne peut servir qu’une fois. Si ce n’était pas \
                vous, ne le suivez pas\u{a0}: l’adresse restera inchangée. Choisissez un nouveau mot de \
                passe et mettez fin à vos autres sessions.",
        },
        MailTemplate::ConfirmNewEmail => Wording {
            subject: "Confirmez votre nouvelle adresse e-mail",
            before: "Veuillez confirmer que {{address}} doit devenir votre adresse e-mail sur \
                {{site}}\u{a0}:",
            link: "Confirmer l’adresse",
            after: "Ce lien est valable une heure et ne peut servir qu’une fois. Si vous n’avez \
                pas de compte sur ce site, vous pouvez ignorer ce message.",
        },
        MailTemplate::SignInMethodAdded => Wording {
            subject: "Un moyen de connexion a été ajouté",
            before: "Un moyen de connexion a été ajouté à votre compte sur {{site}}\u{a0}: {{method}} \
                ({{time}}).",
            link: "",
            after: "Si c’était vous, vous n’avez rien à faire. Sinon, supprimez-le, choisissez un \
                nouveau mot de passe et mettez fin à vos autres sessions.",
        },
        MailTemplate::SignInMethodRemoved => Wording {
            subject: "Un moyen de connexion a été supprimé",
            before: "Un moyen de connexion a été supprimé de votre compte sur {{site}}\u{a0}: \
                {{method}} ({{time}}).",
            link: "",
            after: "Si c’était vous, vous n’avez rien à faire. Sinon, choisissez un nouveau mot de \
                passe et mettez fin à vos autres sessions.",
        },
        MailTemplate::PasswordChanged => Wording {
            subject: "Votre mot de passe a été modifié",
            before: "Le mot de passe de votre compte sur {{site}} a été modifié ({{time}}).",
            link: "",
            after: "Si c’était vous, vous n’avez rien à faire. Sinon, quelqu’un d’autre a accès à \
                votre compte\u{a0}: choisissez immédiatement un nouveau mot de passe par «\u{a0}mot de passe \
                oublié\u{a0}».",
        },
    }
}

fn method(method: SignInMethod<'_>) -> &'static str {
    match method {
        SignInMethod::Passkey => "une clé d’accès (passkey)",
        SignInMethod::AuthenticatorApp => "une application d’authentification",
        SignInMethod::BackupCodes => "des codes de secours",
        SignInMethod::Account(_) => "un compte {}",
        SignInMethod::ApiKey => "une clé d’API",
    }
}
