//! Where a page of another site sends its browser, to be given the cookie that it
//! would not keep from an answer to that page.

use http::Method;
use http::header::SET_COOKIE;
use workeros_auth::{App, LinkToken};
use workeros_core::Result;

use super::{known_by, known_or_new};
use crate::call::Call;
use crate::endpoint::{Access, Endpoint};
use crate::plane::{Paths, Wired as _, paths};
use crate::reply::Reply;
use crate::routes::auth::link::link;

const DEPART: Paths = paths!("/depart");
const TICKET: &str = "ticket";

pub(super) fn endpoint() -> Endpoint {
    let depart = Endpoint::new(Method::GET, App::path(DEPART), Access::Open, depart);
    depart
        .with_parameters(&[TICKET])
        .without_cookies()
        .for_better_auth()
}

/// The link that leads a browser past us.
pub(super) fn link_to(call: &Call, ticket: &LinkToken) -> String {
    let path = App::link_path(call, DEPART);
    link(&call.backend, &path, &[(TICKET, ticket.expose())])
}

async fn depart(call: Call) -> Result<Reply> {
    let auth = App::auth(&call).await?;
    let ticket = LinkToken::parse(call.parameter(TICKET).unwrap_or_default())?;
    let browser = known_or_new(&call, &auth)?;
    let url = auth.depart_oauth(&ticket, &browser).await?;
    let cookie = known_by(&call, &browser)?;
    Ok(Reply::redirect(&url)?.with_header(SET_COOKIE, cookie))
}
