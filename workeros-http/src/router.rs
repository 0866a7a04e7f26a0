use std::collections::HashMap;

use http::{HeaderValue, Method};
use percent_encoding::percent_decode_str;
use workeros_core::{Error, ErrorKind, Result};

use crate::endpoint::Endpoint;

/// Finds the endpoint of a request.
///
/// A path may fit several patterns (`/{slug}/query` and `/{slug}/{id}`): the
/// more literal one is asked first, and one without the method leaves the
/// request to the next.
#[derive(Debug)]
pub(crate) struct Router {
    endpoints: Vec<Endpoint>,
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    literal: HashMap<&'static str, Self>,
    any: Option<Box<Self>>,
    /// Positions in the list of endpoints.
    endpoints: Vec<usize>,
}

/// Where a request goes.
#[derive(Debug)]
pub(crate) enum Route<'a> {
    /// To this endpoint, with the names and values of the path.
    Found(&'a Endpoint, Vec<(&'static str, String)>),
    /// There are only endpoints of other methods.
    OtherMethods(HeaderValue),
    /// Nowhere.
    NotFound,
}

impl Router {
    pub(crate) fn new(endpoints: Vec<Endpoint>) -> Self {
        let mut root = Node::default();
        for (index, endpoint) in endpoints.iter().enumerate() {
            let mut node = &mut root;
            for segment in segments(endpoint.path()) {
                node = match parameter(segment) {
                    Some(_) => node.any.get_or_insert_default(),
                    None => node.literal.entry(segment).or_default(),
                };
            }
            node.endpoints.push(index);
        }
        Self { endpoints, root }
    }

    pub(crate) fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// Looks an absolute path up.
    pub(crate) fn find<'a>(&'a self, method: &Method, path: &str) -> Result<Route<'a>> {
        let method = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let mut search = Search {
            router: self,
            method,
            values: Vec::new(),
            others: Vec::new(),
        };
        let Some(path) = path.strip_prefix('/') else {
            return Ok(Route::NotFound);
        };
        match search.walk(&self.root, Some(path)) {
            Some(endpoint) => Ok(Route::Found(endpoint, named(endpoint, &search.values)?)),
            None if search.others.is_empty() => Ok(Route::NotFound),
            None => Ok(Route::OtherMethods(allow(search.others))),
        }
    }
}

struct Search<'a, 'p> {
    router: &'a Router,
    method: &'p Method,
    values: Vec<&'p str>,
    /// Methods of the endpoints passed by.
    others: Vec<&'a Method>,
}

impl<'a, 'p> Search<'a, 'p> {
    fn walk(&mut self, node: &'a Node, rest: Option<&'p str>) -> Option<&'a Endpoint> {
        let Some(rest) = rest else {
            return self.at(node);
        };
        let (head, tail) = match rest.split_once('/') {
            Some((head, tail)) => (head, Some(tail)),
            None => (rest, None),
        };
        let literal = node
            .literal
            .get(head)
            .and_then(|node| self.walk(node, tail));
        if literal.is_some() || head.is_empty() {
            return literal;
        }
        let any = node.any.as_deref()?;
        self.values.push(head);
        let found = self.walk(any, tail);
        if found.is_none() {
            self.values.pop();
        }
        found
    }

    fn at(&mut self, node: &Node) -> Option<&'a Endpoint> {
        for index in &node.endpoints {
            let endpoint = self.router.endpoints.get(*index)?;
            if endpoint.method() == self.method {
                return Some(endpoint);
            }
            self.others.push(endpoint.method());
        }
        None
    }
}

fn segments(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

fn parameter(segment: &'static str) -> Option<&'static str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

fn named(endpoint: &Endpoint, values: &[&str]) -> Result<Vec<(&'static str, String)>> {
    let names = segments(endpoint.path()).filter_map(parameter);
    names
        .zip(values)
        .map(|(name, value)| Ok((name, decode(value)?)))
        .collect()
}

fn decode(value: &str) -> Result<String> {
    let decoded = percent_decode_str(value).decode_utf8();
    decoded.map(std::borrow::Cow::into_owned).map_err(|error| {
        Error::new(ErrorKind::BadRequest, "the path of the URL is not UTF-8").with_source(error)
    })
}

/// The value of the header `Allow`.
fn allow(methods: Vec<&Method>) -> HeaderValue {
    let mut names: Vec<&str> = methods.into_iter().map(Method::as_str).collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    names.push("OPTIONS");
    names.sort_unstable();
    names.dedup();
    // INVARIANT: names of methods are visible ASCII.
    HeaderValue::from_str(&names.join(", ")).unwrap_or(HeaderValue::from_static("OPTIONS"))
}
