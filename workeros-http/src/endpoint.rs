use std::fmt;

use futures::future::BoxFuture;
use http::Method;
use workeros_core::Result;

use crate::call::Call;
use crate::failure::Reader;
use crate::reply::Reply;

/// One operation of the API. The router and every description of the API come
/// from the same list of these.
pub struct Endpoint {
    method: Method,
    path: &'static str,
    access: Access,
    parameters: &'static [&'static str],
    /// Those of the parameters that may stand more than once.
    pub(crate) lists: &'static [&'static str],
    /// Whether parameters that have no name here are passed over.
    pub(crate) is_lenient: bool,
    pub(crate) input: Input,
    pub(crate) reader: Reader,
    /// Whether a cookie may be what somebody acts by.
    pub(crate) takes_cookies: bool,
    /// Whether somebody without an account counts as signed in.
    pub(crate) admits_guests: bool,
    handler: Handler,
}

/// Who may call an endpoint at all. The router holds it before the handler
/// runs; what of the data a caller may touch is decided by his grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody, and nobody is asked who he is.
    Open,
    /// Everybody; who is not signed in is anonymous.
    Public,
    /// Whoever is signed in, with an account unless it says otherwise. Nobody
    /// changes anything by it for a user he impersonates.
    SignedIn,
    /// Whoever may do everything in the workspace.
    Admin,
    /// Whoever runs the instance: an admin of the default workspace who acts in
    /// it.
    Operator,
}

/// What of the body the handler is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    /// Nothing: a body is not read.
    None,
    /// A JSON value, which must be there.
    Json,
    /// A form, in place of the query.
    Form,
}

type Handler = Box<dyn Fn(Call) -> BoxFuture<'static, Result<Reply>> + Send + Sync>;

impl Endpoint {
    /// An endpoint without parameters and body. In the path, `{name}` stands
    /// for one segment.
    pub(crate) fn new<F, Fut>(
        method: Method,
        path: &'static str,
        access: Access,
        handler: F,
    ) -> Self
    where
        F: Fn(Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Reply>> + Send + 'static,
    {
        Self {
            method,
            path,
            access,
            parameters: &[],
            lists: &[],
            is_lenient: false,
            input: Input::None,
            reader: Reader::Api,
            takes_cookies: true,
            admits_guests: false,
            handler: Box::new(move |call| Box::pin(handler(call))),
        }
    }

    /// Names the parameters of the query; any other is refused.
    pub(crate) fn with_parameters(mut self, parameters: &'static [&'static str]) -> Self {
        self.parameters = parameters;
        self
    }

    /// Lets these parameters stand more than once, for as many values.
    pub(crate) fn with_lists(mut self, lists: &'static [&'static str]) -> Self {
        self.lists = lists;
        self
    }

    /// Names the parameters of a query that somebody else has written: any
    /// other is passed over.
    pub(crate) fn with_foreign_parameters(mut self, parameters: &'static [&'static str]) -> Self {
        self.is_lenient = true;
        self.with_parameters(parameters)
    }

    /// Takes a form that somebody else has written, whose fields are read as
    /// parameters in place of the query's.
    pub(crate) fn with_form(mut self, fields: &'static [&'static str]) -> Self {
        self.input = Input::Form;
        self.with_foreign_parameters(fields)
    }

    /// Takes a JSON body.
    pub(crate) fn with_json(mut self) -> Self {
        self.input = Input::Json;
        self
    }

    /// Writes errors so that clients of better-auth read them too.
    pub(crate) fn for_better_auth(mut self) -> Self {
        self.reader = Reader::BetterAuth;
        self
    }

    /// Looks at no cookie: another site that makes a browser send one gains
    /// nothing by it.
    pub(crate) fn without_cookies(mut self) -> Self {
        self.takes_cookies = false;
        self
    }

    /// Is there for somebody without an account as well.
    pub(crate) fn for_guests(mut self) -> Self {
        self.admits_guests = true;
        self
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path below the mount point; `{name}` stands for one segment.
    #[must_use]
    pub fn path(&self) -> &'static str {
        self.path
    }

    /// Who may call it.
    #[must_use]
    pub fn access(&self) -> Access {
        self.access
    }

    /// The names of its parameters in the query.
    #[must_use]
    pub fn parameters(&self) -> &'static [&'static str] {
        self.parameters
    }

    /// Whether it takes a JSON body.
    #[must_use]
    pub fn takes_json(&self) -> bool {
        self.input == Input::Json
    }

    pub(crate) fn handle(&self, call: Call) -> BoxFuture<'static, Result<Reply>> {
        (self.handler)(call)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({:?})", self.method, self.path, self.access)
    }
}
