//! Where a page of another site sends its browser, to be given the cookie that it
//! would not keep from an answer to that page.

use http::Method;
use http::header::SET_COOKIE;
use workeros_auth::oauth::OAuthDeparture;
use workeros_auth::{App, Auth, BrowserToken};
use workeros_core::Result;

use super::known_by;
use crate::call::Call;
use crate::endpoint::{Access, Endpoint};
use crate::plane::{Paths, Wired as _, paths};
use crate::reply::Reply;
use crate::routes::auth::link::link;

const DEPART: Paths = paths!("/depart");
const TO: &str = "to";

pub(super) fn endpoint() -> Endpoint {
    let depart = Endpoint::new(Method::GET, App::path(DEPART), Access::Open, depart);
    depart
        .with_parameters(&[TO])
        .without_cookies()
        .for_better_auth()
}

/// The link that leads a browser past us.
pub(super) fn link_to(
    call: &Call,
    auth: &Auth<App>,
    url: String,
    browser: BrowserToken,
) -> Result<String> {
    let sealed = auth.seal_departure(&OAuthDeparture::new(url, browser))?;
    let path = App::link_path(call, DEPART);
    Ok(link(&call.backend, &path, &[(TO, &sealed)]))
}

async fn depart(call: Call) -> Result<Reply> {
    let auth = App::auth(&call).await?;
    let departure = auth.open_departure(call.parameter(TO).unwrap_or_default())?;
    let cookie = known_by(&call, &departure.browser)?;
    Ok(Reply::redirect(&departure.url)?.with_header(SET_COOKIE, cookie))
}
