//! The examples of the documentation, run as tests.

/// Makes of each page something whose examples are.
macro_rules! pages {
    ($($page:literal: $name:ident),* $(,)?) => {
        $(
            #[doc = include_str!(concat!("../../", $page))]
            struct $name;
        )*
    };
}

pages! {
    "README.md": Readme,
    "docs/auth/README.md": Users,
    "docs/auth/anonymous.md": Anonymous,
    "docs/auth/captcha.md": Captcha,
    "docs/auth/hooks.md": Hooks,
    "docs/auth/host-integration.md": HostIntegration,
    "docs/auth/mail.md": Mail,
    "docs/auth/oauth.md": OAuth,
    "docs/auth/organizations.md": Organizations,
    "docs/auth/passkeys.md": Passkeys,
    "docs/auth/settings.md": Settings,
    "docs/auth/users.md": EndUsers,
    "docs/operating.md": Operating,
}
