mod hcaptcha;
mod recaptcha;
mod services;
mod site_verify;
mod turnstile;

pub use hcaptcha::Hcaptcha;
pub use recaptcha::Recaptcha;
pub use services::KnownCaptchas;
pub use turnstile::Turnstile;
