use super::{Language, Wording};
use crate::template::MailTemplate;
use crate::template::contents::SignInMethod;

pub(super) const GERMAN: Language = Language {
    tag: "de",
    hello: "Guten Tag,",
    wording,
    method,
};

fn wording(template: MailTemplate) -> Wording {
    match template {
        MailTemplate::VerifyEmail => Wording {
            subject: "Bitte bestätigen Sie Ihre E-Mail-Adresse",
            before: "bitte bestätigen Sie, dass dies Ihre E-Mail-Adresse bei {{site}} ist:",
            link: "Adresse bestätigen",
            after: "Der Link gilt einen Tag lang und nur einmal. Wenn Sie dort kein Konto haben, \
                können Sie diese E-Mail ignorieren.",
        },
        MailTemplate::ExistingAccount => Wording {
            subject: "Sie haben bereits ein Konto",
            before: "jemand hat versucht, sich bei {{site}} mit Ihrer E-Mail-Adresse zu \
                registrieren. Sie haben dort bereits ein Konto, daher wurde nichts geändert. Wenn \
                Sie es selbst waren, melden Sie sich hier an:",
            link: "Anmelden",
            after: "Wenn Sie Ihr Passwort nicht mehr wissen, können Sie dort ein neues wählen. \
                Wenn Sie es nicht waren, können Sie diese E-Mail ignorieren.",
        },
        MailTemplate::ResetPassword => Wording {
            subject: "Neues Passwort wählen",
            before: "jemand hat für Ihr Konto bei {{site}} ein neues Passwort angefordert. Über \
                diesen Link können Sie eines wählen:",
            link: "Neues Passwort wählen",
            after: "Der Link gilt eine Stunde lang und nur einmal. Wenn Sie es nicht waren, können \
                Sie diese E-Mail ignorieren: Ihr Passwort bleibt, wie es ist.",
        },
        MailTemplate::MagicLink => Wording {
            subject: "Anmelden",
            before: "über diesen Link melden Sie sich bei {{site}} an:",
            link: "Anmelden",
            after: "Der Link gilt zehn Minuten lang und nur einmal. Wenn Sie ihn nicht angefordert \
                haben, können Sie diese E-Mail ignorieren: Ohne sie wird niemand angemeldet.",
        },
        MailTemplate::SignInCode => Wording {
            subject: "Ihr Code zum Anmelden",
            before: "Ihr Code zum Anmelden bei {{site}} lautet",
            link: "",
            after: "Er gilt fünf Minuten lang und nur einmal. Niemand von uns wird Sie je danach \
                fragen. Wenn Sie ihn nicht angefordert haben, können Sie diese E-Mail ignorieren.",
        },
        MailTemplate::VerifyEmailCode => Wording {
            subject: "Ihr Code zum Bestätigen der E-Mail-Adresse",
            before: "mit diesem Code bestätigen Sie, dass dies Ihre E-Mail-Adresse bei {{site}} \
                ist:",
            link: "",
            after: "Er gilt fünf Minuten lang und nur einmal. Wenn Sie dort kein Konto haben, \
                können Sie diese E-Mail ignorieren.",
        },
        MailTemplate::ResetPasswordCode => Wording {
            subject: "Ihr Code für ein neues Passwort",
            before: "mit diesem Code können Sie bei {{site}} ein neues Passwort wählen:",
            link: "",
            after: "Er gilt fünf Minuten lang und nur einmal. Niemand von uns wird Sie je danach \
                fragen. Wenn Sie es nicht waren, können Sie diese E-Mail ignorieren: Ihr Passwort \
                bleibt, wie es ist.",
        },
        MailTemplate::Invitation => Wording {
            subject: "Einladung zu {{workspace}}",
            before: "Sie sind in den Arbeitsbereich {{workspace}} bei {{site}} eingeladen. Über \
                diesen Link nehmen Sie die Einladung an:",
            link: "Einladung annehmen",
            after: "Der Link gilt sieben Tage lang und nur einmal. Wenn Sie keine Einladung \
                erwarten, können Sie diese E-Mail ignorieren.",
        },
        MailTemplate::UserInvitation => Wording {
            subject: "Einladung zu {{workspace}}",
            before: "Sie sind zu {{workspace}} bei {{site}} eingeladen. Über diesen Link nehmen \
                Sie die Einladung an:",
            link: "Einladung annehmen",
            after: "Der Link gilt sieben Tage lang und nur einmal. Wenn Sie keine Einladung \
                erwarten, können Sie diese E-Mail ignorieren: Ohne ihn entsteht kein Konto.",
        },
        MailTemplate::OrganizationInvitation => Wording {
            subject: "Einladung zu {{organization}}",
            before: "Sie sind eingeladen, bei {{site}} der Organisation {{organization}} \
                beizutreten. Über diesen Link antworten Sie auf die Einladung:",
            link: "Auf die Einladung antworten",
            after: "Der Link gilt sieben Tage lang und nur einmal. Wenn Sie keine Einladung \
                erwarten, können Sie diese E-Mail ignorieren.",
        },
        MailTemplate::ApproveNewEmail => Wording {
            subject: "Andere E-Mail-Adresse für Ihr Konto",
            before: "jemand, der in Ihrem Konto bei {{site}} angemeldet ist, möchte dessen \
                E-Mail-Adresse in {{address}} ändern. Wenn Sie es selbst waren, stimmen Sie hier \
                zu:",
            link: "Adresse ändern",
            after: "Der Link gilt eine Stunde lang und nur einmal. Wenn Sie es nicht waren, folgen \
                Sie ihm nicht: Die Adresse bleibt dann, wie sie ist. Wählen Sie ein neues \
                Passwort, und beenden Sie Ihre anderen Sitzungen.",
        },
        MailTemplate::ConfirmNewEmail => Wording {
            subject: "Bitte bestätigen Sie Ihre neue E-Mail-Adresse",
            before: "bitte bestätigen Sie, dass {{address}} Ihre E-Mail-Adresse bei {{site}} \
                werden soll:",
            link: "Adresse bestätigen",
            after: "Der Link gilt eine Stunde lang und nur einmal. Wenn Sie dort kein Konto haben, \
                können Sie diese E-Mail ignorieren.",
        },
        MailTemplate::SignInMethodAdded => Wording {
            subject: "Eine Anmeldemöglichkeit wurde hinzugefügt",
            before: "zu Ihrem Konto bei {{site}} wurde eine Möglichkeit hinzugefügt, sich \
                anzumelden: {{method}} ({{time}}).",
            link: "",
            after: "Wenn Sie es selbst waren, ist nichts zu tun. Wenn nicht, entfernen Sie sie \
                wieder, wählen Sie ein neues Passwort, und beenden Sie Ihre anderen Sitzungen.",
        },
        MailTemplate::SignInMethodRemoved => Wording {
            subject: "Eine Anmeldemöglichkeit wurde entfernt",
            before: "aus Ihrem Konto bei {{site}} wurde eine Möglichkeit entfernt, sich \
                anzumelden: {{method}} ({{time}}).",
            link: "",
            after: "Wenn Sie es selbst waren, ist nichts zu tun. Wenn nicht, wählen Sie ein neues \
                Passwort, und beenden Sie Ihre anderen Sitzungen.",
        },
        MailTemplate::PasswordChanged => Wording {
            subject: "Ihr Passwort wurde geändert",
            before: "das Passwort Ihres Kontos bei {{site}} wurde geändert ({{time}}).",
            link: "",
            after: "Wenn Sie es selbst waren, ist nichts zu tun. Wenn nicht, hat jemand anderes \
                Zugang zu Ihrem Konto: Wählen Sie sofort über „Passwort vergessen“ ein neues.",
        },
    }
}

fn method(method: SignInMethod<'_>) -> &'static str {
    match method {
        SignInMethod::Passkey => "Passkey",
        SignInMethod::AuthenticatorApp => "Authenticator-App",
        SignInMethod::BackupCodes => "Backup-Codes",
        SignInMethod::Account(_) => "Konto bei {}",
        SignInMethod::ApiKey => "API-Schlüssel",
    }
}
