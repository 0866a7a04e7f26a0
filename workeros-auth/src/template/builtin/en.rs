use super::{ENGLISH as TAG, Language, Wording};
use crate::template::MailTemplate;
use crate::template::contents::SignInMethod;

pub(super) const ENGLISH: Language = Language {
    tag: TAG,
    hello: "Hello,",
    wording,
    method,
};

fn wording(template: MailTemplate) -> Wording {
    match template {
        MailTemplate::VerifyEmail => Wording {
            subject: "Confirm your e-mail address",
            before: "please confirm that this is your e-mail address at {{site}}:",
            link: "Confirm the address",
            after: "The link is good for one day, and once. If you have no account there, you \
                can ignore this mail.",
        },
        MailTemplate::ExistingAccount => Wording {
            subject: "You already have an account",
            before: "somebody has tried to sign up at {{site}} with your e-mail address. You \
                have an account there already, so nothing was changed. If it was you, sign in:",
            link: "Sign in",
            after: "If you do not know your password, you can choose a new one there. If it was \
                not you, you can ignore this mail.",
        },
        MailTemplate::ResetPassword => Wording {
            subject: "Choose a new password",
            before: "somebody asked for a new password for your account at {{site}}. To choose \
                one, follow this link:",
            link: "Choose a new password",
            after: "It is good for one hour, and once. If it was not you, you can ignore this \
                mail: your password stays as it is.",
        },
        MailTemplate::MagicLink => Wording {
            subject: "Sign in",
            before: "to sign in to {{site}}, follow this link:",
            link: "Sign in",
            after: "It is good for ten minutes, and once. If it was not you who asked for it, \
                you can ignore this mail: nobody is signed in without it.",
        },
        MailTemplate::SignInCode => Wording {
            subject: "Your code to sign in",
            before: "your code to sign in to {{site}} is",
            link: "",
            after: "It is good for five minutes, and once. Nobody of us will ever ask you for \
                it. If it was not you who asked for it, you can ignore this mail.",
        },
        MailTemplate::VerifyEmailCode => Wording {
            subject: "Your code to confirm your e-mail address",
            before: "your code to confirm that this is your e-mail address at {{site}} is",
            link: "",
            after: "It is good for five minutes, and once. If you have no account there, you \
                can ignore this mail.",
        },
        MailTemplate::ResetPasswordCode => Wording {
            subject: "Your code to choose a new password",
            before: "your code to choose a new password at {{site}} is",
            link: "",
            after: "It is good for five minutes, and once. Nobody of us will ever ask you for \
                it. If it was not you, you can ignore this mail: your password stays as it is.",
        },
        MailTemplate::Invitation => Wording {
            subject: "Invitation to {{workspace}}",
            before: "you are invited to the workspace {{workspace}} at {{site}}. To accept, \
                follow this link:",
            link: "Accept the invitation",
            after: "It is good for seven days, and once. If you do not expect it, you can \
                ignore this mail.",
        },
        MailTemplate::UserInvitation => Wording {
            subject: "Invitation to {{workspace}}",
            before: "you are invited to {{workspace}} at {{site}}. To accept, follow this link:",
            link: "Accept the invitation",
            after: "It is good for seven days, and once. If you do not expect it, you can \
                ignore this mail: you get no account without it.",
        },
        MailTemplate::OrganizationInvitation => Wording {
            subject: "Invitation to {{organization}}",
            before: "you are invited to join {{organization}} at {{site}}. To answer, follow \
                this link:",
            link: "Answer the invitation",
            after: "It is good for seven days, and once. If you do not expect it, you can \
                ignore this mail.",
        },
        MailTemplate::ApproveNewEmail => Wording {
            subject: "Another e-mail address for your account",
            before: "somebody who is signed in to your account at {{site}} wants its e-mail \
                address to be {{address}} from now on. If it was you, agree here:",
            link: "Change the address",
            after: "The link is good for one hour, and once. If it was not you, do not follow \
                it: the address stays as it is. Choose a new password, and end your other \
                sessions.",
        },
        MailTemplate::ConfirmNewEmail => Wording {
            subject: "Confirm your new e-mail address",
            before: "please confirm that {{address}} is to be your e-mail address at {{site}}:",
            link: "Confirm the address",
            after: "The link is good for one hour, and once. If you have no account there, you \
                can ignore this mail.",
        },
        MailTemplate::SignInMethodAdded => Wording {
            subject: "A way to sign in was added",
            before: "something was added to your account at {{site}} that one can sign in by: \
                {{method}} ({{time}}).",
            link: "",
            after: "If it was you, there is nothing to do. If it was not, take it away again, \
                choose a new password, and end your other sessions.",
        },
        MailTemplate::SignInMethodRemoved => Wording {
            subject: "A way to sign in was removed",
            before: "something was taken away from your account at {{site}} that one could sign \
                in by: {{method}} ({{time}}).",
            link: "",
            after: "If it was you, there is nothing to do. If it was not, choose a new \
                password, and end your other sessions.",
        },
        MailTemplate::PasswordChanged => Wording {
            subject: "Your password was changed",
            before: "the password of your account at {{site}} was changed ({{time}}).",
            link: "",
            after: "If it was you, there is nothing to do. If it was not, somebody else has \
                access to your account: choose a new password at once by “forgotten password”.",
        },
    }
}

fn method(method: SignInMethod<'_>) -> &'static str {
    match method {
        SignInMethod::Passkey => "a passkey",
        SignInMethod::AuthenticatorApp => "an authenticator app",
        SignInMethod::BackupCodes => "backup codes",
        SignInMethod::Account(_) => "an account at {}",
        SignInMethod::ApiKey => "an API key",
    }
}
