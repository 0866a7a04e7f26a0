use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::header::FORWARDED;
use http::{HeaderMap, HeaderName};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The header in which proxies name whom they got a request from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum ForwardedHeader {
    #[default]
    XForwardedFor,
    Forwarded,
}

impl ForwardedHeader {
    /// Each hop in the order of the header, which is that of the way of the
    /// request; `None` for one that is not an address.
    pub(super) fn hops(self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        let name = match self {
            Self::XForwardedFor => X_FORWARDED_FOR,
            Self::Forwarded => FORWARDED,
        };
        let lines = headers.get_all(name);
        let mut hops = Vec::new();
        for line in lines {
            match (self, line.to_str()) {
                (_, Err(_)) => hops.push(None),
                (Self::XForwardedFor, Ok(line)) => hops.extend(line.split(',').map(address)),
                (Self::Forwarded, Ok(line)) => hops.extend(elements(line).into_iter().map(named)),
            }
        }
        hops
    }
}

/// The `for` of one element of `Forwarded`.
fn named(element: Vec<(&str, String)>) -> Option<IpAddr> {
    let mut named = element
        .into_iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("for"));
    match (named.next(), named.next()) {
        (Some((_, node)), None) => address(&node),
        _ => None,
    }
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim_matches([' ', '\t']);
    let bare = text.parse::<IpAddr>().ok();
    let bracketed = || {
        let inside = text.strip_prefix('[')?.strip_suffix(']')?;
        inside.parse::<Ipv6Addr>().ok().map(IpAddr::from)
    };
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    bare.or_else(bracketed)
        .or_else(with_port)
        .map(|address| address.to_canonical())
}

/// The elements of `Forwarded`, each a list of parameters. One that cannot be
/// read is an empty list, and ends the line: nobody can say where the next
/// begins.
fn elements(line: &str) -> Vec<Vec<(&str, String)>> {
    let mut elements = Vec::new();
    let mut element = Vec::new();
    let mut rest = line;
    loop {
        let Some((parameter, separator, after)) = parameter(rest) else {
            elements.push(Vec::new());
            return elements;
        };
        element.extend(parameter);
        rest = after;
        match separator {
            Some(';') => {}
            Some(_) => elements.push(std::mem::take(&mut element)),
            None => {
                elements.push(element);
                return elements;
            }
        }
    }
}

type Parameter<'a> = Option<(&'a str, String)>;

/// One parameter, which may be left out, and what separates it from the rest.
fn parameter(text: &str) -> Option<(Parameter<'_>, Option<char>, &str)> {
    let text = text.trim_start_matches([' ', '\t']);
    let end = text.find([';', ',', '=']).unwrap_or(text.len());
    let (name, after) = text.split_at_checked(end)?;
    let Some(value) = after.strip_prefix('=') else {
        let (separator, rest) = separator(after)?;
        return name.trim().is_empty().then_some((None, separator, rest));
    };
    let (value, after) = match value.strip_prefix('"') {
        Some(quoted) => unquote(quoted)?,
        None => {
            let end = value.find([';', ',']).unwrap_or(value.len());
            let (value, after) = value.split_at_checked(end)?;
            (value.trim_end_matches([' ', '\t']).to_owned(), after)
        }
    };
    let (separator, rest) = separator(after)?;
    Some((Some((name, value)), separator, rest))
}

fn separator(text: &str) -> Option<(Option<char>, &str)> {
    let text = text.trim_start_matches([' ', '\t']);
    let mut rest = text.chars();
    match rest.next() {
        separator @ (Some(';' | ',') | None) => Some((separator, rest.as_str())),
        Some(_) => None,
    }
}

/// What stands before the closing quote, and what after it.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text.chars();
    loop {
        match rest.next()? {
            '"' => return Some((value, rest.as_str())),
            '\\' => value.push(rest.next()?),
            char => value.push(char),
        }
    }
}
