mod hcaptcha;
mod recaptcha;
mod site_verify;
mod turnstile;

pub use hcaptcha::Hcaptcha;
pub use recaptcha::Recaptcha;
pub use turnstile::Turnstile;
