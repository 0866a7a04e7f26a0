use std::str::FromStr;

use http::header::ACCEPT_LANGUAGE;
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use serde_json::Value as Json;
use workeros_auth::{App, Auth, Caller, Languages, RequestInfo};
use workeros_core::{CaptchaResponse, Error, Identity, Result, Subject, TenantId};
use workeros_schema::{DataPlane, Items};

use crate::Backend;
use crate::callback::Places;
use crate::client_address::client_address;
use crate::plane::not_signed_in;
use crate::request_id::RequestId;

/// The header of what the widget of a captcha gave.
const CAPTCHA: HeaderName = HeaderName::from_static("x-captcha-response");

/// A request that was let in, as a handler takes it apart.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) backend: Backend,
    pub(crate) parts: Parts,
    pub(crate) path: Vec<(&'static str, String)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Option<Json>,
    /// Who asks; `None` where nobody was asked who he is.
    pub(crate) subject: Option<Subject>,
    /// The end users of the workspace in the path, if there is one.
    pub(crate) app: Option<Auth<App>>,
    pub(crate) request_id: RequestId,
}

impl Call {
    /// A segment of the path.
    pub(crate) fn segment(&self, name: &str) -> &str {
        let segment = self.path.iter().find(|(known, _)| *known == name);
        segment.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// A segment of the path that is an id. What cannot be one is not found.
    pub(crate) fn id<T: FromStr>(&self) -> Result<T> {
        self.segment("id").parse().map_err(|_| Error::not_found())
    }

    /// A parameter of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let parameter = self.query.iter().find(|(known, _)| known == name);
        parameter.map(|(_, value)| value.as_str())
    }

    /// All values of a parameter that is a list.
    pub(crate) fn parameters(&self, name: &str) -> Vec<&str> {
        let values = self.query.iter().filter(|(known, _)| known == name);
        values.map(|(_, value)| value.as_str()).collect()
    }

    /// The body; null where the endpoint takes none.
    pub(crate) fn json(&self) -> &Json {
        self.body.as_ref().unwrap_or(&Json::Null)
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// Who asks.
    pub(crate) fn subject(&self) -> Subject {
        let anonymous = || Subject::anonymous(self.plane().default_tenant());
        self.subject.clone().unwrap_or_else(anonymous)
    }

    /// The workspace acted in.
    pub(crate) fn tenant(&self) -> TenantId {
        let default = || self.plane().default_tenant();
        self.subject.as_ref().map_or_else(default, Subject::tenant)
    }

    /// Who is signed in.
    pub(crate) fn identity(&self) -> Result<&Identity> {
        let identity = self.subject.as_ref().and_then(Subject::identity);
        identity.ok_or_else(not_signed_in)
    }

    pub(crate) fn plane(&self) -> &DataPlane {
        self.backend.plane()
    }

    /// The bundled auth, asked by who sent this request. Its endpoints are
    /// there only if it is.
    pub(crate) fn auth(&self) -> Result<Auth> {
        let auth = self.backend.auth().ok_or_else(Error::not_found)?;
        Ok(auth.for_caller(self.caller()))
    }

    /// The end users of the workspace in the path, asked by who sent this request.
    pub(crate) fn app(&self) -> Result<Auth<App>> {
        let app = self.app.as_ref().ok_or_else(Error::not_found)?;
        Ok(app.for_caller(self.caller()))
    }

    /// What we are called: the host of the public URL.
    pub(crate) fn site(&self) -> &str {
        self.backend.public_url().host().unwrap_or_default()
    }

    /// Where whoever asks may be sent to.
    pub(crate) fn places(&self) -> Places<'_> {
        Places {
            backend: &self.backend,
            app: self.app.as_ref().map(Auth::settings),
        }
    }

    /// Refuses a page that may not act for whoever asks, also for who has no cookie
    /// yet.
    pub(crate) fn check_origin(&self) -> Result<()> {
        let app = self.app.as_ref().map(Auth::settings);
        self.backend.0.csrf.check_origin(self.headers(), app)
    }

    /// Whether the page that asks is of our site; see
    /// [`CsrfRule::is_of_our_site`](crate::csrf::CsrfRule::is_of_our_site).
    pub(crate) fn is_of_our_site(&self) -> bool {
        self.backend.0.csrf.is_of_our_site(self.headers())
    }

    /// Who sent this request, for the activity.
    fn caller(&self) -> Caller {
        let proxies = &self.backend.0.config.trusted_proxies;
        let address = client_address(&self.parts, proxies);
        Caller::new(self.subject().actor())
            .with_origin(address, self.user_agent())
            .with_request_id(self.request_id.as_str())
            .with_languages(self.languages())
    }

    /// The languages whoever asks reads.
    fn languages(&self) -> Languages {
        let values = self.headers().get_all(ACCEPT_LANGUAGE).iter();
        let values: Vec<_> = values.filter_map(|value| value.to_str().ok()).collect();
        Languages::accepted(&values.join(","))
    }

    fn user_agent(&self) -> Option<&str> {
        let value = self.headers().get(http::header::USER_AGENT)?;
        value.to_str().ok()
    }

    /// The rows of the collection the path names.
    pub(crate) fn items(&self) -> Items {
        let items = self.plane().items(self.subject(), self.segment("slug"));
        items.with_request_id(Some(self.request_id.as_str().to_owned()))
    }

    /// What the request tells about where it comes from.
    pub(crate) fn request_info(&self) -> RequestInfo {
        let proxies = &self.backend.0.config.trusted_proxies;
        let address = client_address(&self.parts, proxies);
        RequestInfo::new()
            .with_ip(address)
            .with_user_agent(self.user_agent())
            .with_captcha(self.captcha())
    }

    /// What the widget of a captcha gave; what cannot be that is nothing.
    fn captcha(&self) -> Option<CaptchaResponse> {
        let value = self.headers().get(CAPTCHA)?.to_str().ok()?;
        CaptchaResponse::parse(value).ok()
    }
}
