use super::{Language, Wording};
use crate::template::MailTemplate;
use crate::template::contents::SignInMethod;

pub(super) const SPANISH: Language = Language {
    tag: "es",
    hello: "Hola:",
    wording,
    method,
};

fn wording(template: MailTemplate) -> Wording {
    match template {
        MailTemplate::VerifyEmail => Wording {
            subject: "Confirma tu dirección de correo electrónico",
            before: "Confirma que esta es tu dirección de correo electrónico en {{site}}:",
            link: "Confirmar la dirección",
            after: "El enlace es válido durante un día y solo puede usarse una vez. Si no tienes \
                una cuenta en ese sitio, puedes ignorar este mensaje.",
        },
        MailTemplate::ExistingAccount => Wording {
            subject: "Ya tienes una cuenta",
            before: "Alguien ha intentado registrarse en {{site}} con tu dirección de correo \
                electrónico. Ya tienes una cuenta allí, así que no se ha cambiado nada. Si has \
                sido tú, inicia sesión:",
            link: "Iniciar sesión",
            after: "Si no recuerdas tu contraseña, allí puedes elegir una nueva. Si no has sido \
                tú, puedes ignorar este mensaje.",
        },
        MailTemplate::ResetPassword => Wording {
            subject: "Elige una contraseña nueva",
            before: "Alguien ha pedido una contraseña nueva para tu cuenta en {{site}}. Para \
                elegirla, sigue este enlace:",
            link: "Elegir una contraseña nueva",
            after: "El enlace es válido durante una hora y solo puede usarse una vez. Si no has \
                sido tú, puedes ignorar este mensaje: tu contraseña no cambia.",
        },
        MailTemplate::MagicLink => Wording {
            subject: "Inicia sesión",
            before: "Para iniciar sesión en {{site}}, sigue este enlace:",
            link: "Iniciar sesión",
            after: "El enlace es válido durante diez minutos y solo puede usarse una vez. Si no lo \
                has pedido tú, puedes ignorar este mensaje: nadie puede iniciar sesión sin él.",
        },
        MailTemplate::SignInCode => Wording {
            subject: "Tu código para iniciar sesión",
            before: "Este es tu código para iniciar sesión en {{site}}:",
            link: "",
            after: "Es válido durante cinco minutos y solo puede usarse una vez. Nunca te lo \
                pediremos. Si no lo has pedido tú, puedes ignorar este mensaje.",
        },
        MailTemplate::VerifyEmailCode => Wording {
            subject: "Tu código para confirmar tu dirección de correo electrónico",
            before: "Este es el código para confirmar que esta es tu dirección de correo \
                electrónico en {{site}}:",
            link: "",
            after: "Es válido durante cinco minutos y solo puede usarse una vez. Si no tienes una \
                cuenta en ese sitio, puedes ignorar este mensaje.",
        },
        MailTemplate::ResetPasswordCode => Wording {
            subject: "Tu código para elegir una contraseña nueva",
            before: "Este es tu código para elegir una contraseña nueva en {{site}}:",
            link: "",
            after: "Es válido durante cinco minutos y solo puede usarse una vez. Nunca te lo \
                pediremos. Si no has sido tú, puedes ignorar este mensaje: tu contraseña no \
                cambia.",
        },
        MailTemplate::Invitation => Wording {
            subject: "Invitación a {{workspace}}",
            before: "Has recibido una invitación al espacio de trabajo {{workspace}} en {{site}}. \
                Para aceptarla, sigue este enlace:",
            link: "Aceptar la invitación",
            after: "El enlace es válido durante siete días y solo puede usarse una vez. Si no \
                esperas ninguna invitación, puedes ignorar este mensaje.",
        },
        MailTemplate::UserInvitation => Wording {
            subject: "Invitación a {{workspace}}",
            before: "Has recibido una invitación a {{workspace}} en {{site}}. Para aceptarla, \
                sigue este enlace:",
            link: "Aceptar la invitación",
            after: "El enlace es válido durante siete días y solo puede usarse una vez. Si no \
                esperas ninguna invitación, puedes ignorar este mensaje: sin él no se crea \
                ninguna cuenta.",
        },
        MailTemplate::OrganizationInvitation => Wording {
            subject: "Invitación a {{organization}}",
            before: "Has recibido una invitación para unirte a {{organization}} en {{site}}. Para \
                responder, sigue este enlace:",
            link: "Responder a la invitación",
            after: "El enlace es válido durante siete días y solo puede usarse una vez. Si no \
                esperas ninguna invitación, puedes ignorar este mensaje.",
        },
        MailTemplate::ApproveNewEmail => Wording {
            subject: "Otra dirección de correo electrónico para tu cuenta",
            before: "Alguien que tiene una sesión iniciada en tu cuenta de {{site}} quiere cambiar \
                su dirección de correo electrónico a {{address}}. Si has sido tú, acéptalo aquí:",
            link: "Cambiar la dirección",
            after: "El enlace es válido durante una hora y solo puede usarse una vez. Si no has \
                sido tú, no lo sigas: la dirección no cambiará. Elige una contraseña nueva y \
                cierra tus otras sesiones.",
        },
        MailTemplate::ConfirmNewEmail => Wording {
            subject: "Confirma tu nueva dirección de correo electrónico",
            before: "Confirma que {{address}} va a ser tu dirección de correo electrónico en \
                {{site}}:",
            link: "Confirmar la dirección",
            after: "El enlace es válido durante una hora y solo puede usarse una vez. Si no tienes \
                una cuenta en ese sitio, puedes ignorar este mensaje.",
        },
        MailTemplate::SignInMethodAdded => Wording {
            subject: "Se ha añadido una forma de iniciar sesión",
            before: "Se ha añadido a tu cuenta en {{site}} una forma de iniciar sesión: {{method}} \
                ({{time}}).",
            link: "",
            after: "Si has sido tú, no tienes que hacer nada. Si no, elimínala, elige una \
                contraseña nueva y cierra tus otras sesiones.",
        },
        MailTemplate::SignInMethodRemoved => Wording {
            subject: "Se ha eliminado una forma de iniciar sesión",
            before: "Se ha eliminado de tu cuenta en {{site}} una forma de iniciar sesión: \
                {{method}} ({{time}}).",
            link: "",
            after: "Si has sido tú, no tienes que hacer nada. Si no, elige una contraseña nueva y \
                cierra tus otras sesiones.",
        },
        MailTemplate::PasswordChanged => Wording {
            subject: "Tu contraseña ha cambiado",
            before: "La contraseña de tu cuenta en {{site}} ha cambiado ({{time}}).",
            link: "",
            after: "Si has sido tú, no tienes que hacer nada. Si no, otra persona tiene acceso a \
                tu cuenta: elige enseguida una contraseña nueva mediante «contraseña olvidada».",
        },
    }
}

fn method(method: SignInMethod<'_>) -> &'static str {
    match method {
        SignInMethod::Passkey => "una llave de acceso (passkey)",
        SignInMethod::AuthenticatorApp => "una aplicación de autenticación",
        SignInMethod::BackupCodes => "códigos de respaldo",
        SignInMethod::Account(_) => "una cuenta de {}",
        SignInMethod::ApiKey => "una clave de API",
    }
}
