use workeros_auth::EmailAddress;

use crate::support::finding;

#[track_caller]
fn check(text: &str, expect: Option<&str>) {
    let parsed = EmailAddress::parse(text);
    assert_eq!(
        parsed.as_ref().ok().map(EmailAddress::as_str),
        expect,
        "{text:?}"
    );
    if let Ok(address) = parsed {
        assert_eq!(
            EmailAddress::parse(address.as_str()).unwrap(),
            address,
            "parsed twice"
        );
    }
}

/// PW-9: an address has one form.
#[test]
fn pw_9_an_address_has_one_form() {
    check("ann@example.com", Some("ann@example.com"));
    check(
        "Ann.Lee+Tag@EXAMPLE.co.uk",
        Some("ann.lee+tag@example.co.uk"),
    );
    check(
        "o'neil_1=x@xn--bcher-kva.example",
        Some("o'neil_1=x@xn--bcher-kva.example"),
    );
    check("ÄNN@example.com", Some("änn@example.com"));
    check("a\u{308}nn@example.com", None);
    check("e\u{301}@example.com", None);
}

/// PW-9: what only looks like an address is refused.
#[test]
fn pw_9_what_only_looks_like_an_address_is_refused() {
    for text in [
        "victim＠x.com",
        "ｖictim@x.com",
        "vi\u{212A}tim@x.com",
        "of\u{FB01}ce@x.com",
        "v\u{130}ctim@x.com",
        "victim@ｘ.com",
        "victim@x。com",
        "victim@bücher.example",
        "vic\u{200B}tim@x.com",
        "vic\u{202E}tim@x.com",
    ] {
        check(text, None);
    }
}

/// PW-9: what is no address is refused.
#[test]
fn pw_9_what_is_no_address_is_refused() {
    for text in [
        "",
        "ann",
        "@",
        "ann@",
        "@x.com",
        "ann@x",
        "a@b@x.com",
        " ann@x.com",
        "ann@x.com ",
        "ann@x..com",
        "ann@.com",
        "ann@-x.com",
        "ann@x-.com",
        "ann@x.com.",
        "a..b@x.com",
        ".a@x.com",
        "a.@x.com",
        "\"a b\"@x.com",
        "a b@x.com",
        "ann@x.com\r\nbcc: eve@x.com",
        "ann@x.com\0",
        "ann@10.0.0.1",
        "ann@[10.0.0.1]",
        "ann@x_y.com",
    ] {
        check(text, None);
    }
    check(
        &format!("{}@x.com", "a".repeat(64)),
        Some(&format!("{}@x.com", "a".repeat(64))),
    );
    check(&format!("{}@x.com", "a".repeat(65)), None);
    check(&format!("a@{}.com", "x".repeat(64)), None);
    check(
        &format!("a@{}com", "x.".repeat(124)),
        Some(&format!("a@{}com", "x.".repeat(124))),
    );
    check(&format!("a@{}com", "x.".repeat(126)), None);
}

#[test]
fn the_refusal_says_where() {
    let error = EmailAddress::parse("ann").unwrap_err();
    assert_eq!(finding(&error), ("/email", "INVALID_EMAIL"));
    assert_eq!(error.code(), Some("INVALID_EMAIL"));
}
