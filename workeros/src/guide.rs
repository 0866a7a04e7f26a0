//! The examples of pages of the documentation, run as tests.

#[doc = include_str!("../../docs/auth/captcha.md")]
struct Captcha;

#[doc = include_str!("../../docs/auth/hooks.md")]
struct Hooks;
