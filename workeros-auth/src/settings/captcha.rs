use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use workeros_core::input::Object;
use workeros_core::{Captcha, CaptchaOptions, CaptchaSolution, Error, ErrorKind, Result};

use super::secrets::is_set;
use super::setting::{Change, Said, Setting};
use super::shape::Shape;
use crate::{CaptchaPoint, CaptchaPolicy, FailMode, RealmSettings};

/// `{"service", "secret", "site_key", "hostnames", "action", "min_score",
/// "fail_mode", "at"}`: by what end users show that they are no programs, and
/// where. Where the builder asks for a captcha a workspace can bring one of its
/// own, and ask for it in more places, not in fewer.
#[derive(Debug)]
pub(super) struct Captchas;

const SECRET: &str = "secret";
const MAX_HOSTNAMES: usize = 20;

impl Setting for Captchas {
    fn name(&self) -> &'static str {
        "captcha"
    }

    fn shape(&self) -> &'static Shape {
        &Shape::Members(&[
            ("service", Shape::Value),
            ("secret", Shape::Secret),
            ("site_key", Shape::Value),
            ("hostnames", Shape::Value),
            ("action", Shape::Value),
            ("min_score", Shape::Value),
            ("fail_mode", Shape::Value),
            ("at", Shape::Value),
        ])
    }

    fn apply(&self, said: &Said<'_>, rules: &mut RealmSettings) -> Result<()> {
        let mut object = said.object()?;
        let options = read_options(&mut object);
        let mode = read_mode(said, &mut object);
        let points = read_points(said, &mut object);
        let is_named = object.json(SECRET).is_some();
        if !is_named {
            object.complain(SECRET, "required", "is required");
        }
        object.finish()?;
        let captcha = open(said, options)?;
        rules.captcha = Some(CaptchaPolicy::new(captcha).with_fail_mode(mode).at(points));
        Ok(())
    }

    fn show(&self, rules: &RealmSettings) -> Json {
        rules.captcha.as_ref().map_or(Json::Null, |policy| {
            let points = policy.points().iter().map(|point| point.name());
            let points: Vec<_> = points.collect();
            json!({"at": points, "fail_mode": policy.fail_mode.name()})
        })
    }

    /// A secret goes to no other service than it was given for.
    fn settle(&self, change: &mut Change<'_>) -> Result<()> {
        let service = |json: &Json| json.get("service").cloned();
        let is_old = change.after.get(SECRET).is_some_and(is_set)
            && !change
                .new_secrets
                .iter()
                .any(|new| new == "/captcha/secret");
        if is_old && service(change.before) != service(change.after) {
            let message = "must be given again for another service";
            return Err(Error::validation("/captcha/secret", "required", message));
        }
        Ok(())
    }
}

fn read_options(object: &mut Object) -> CaptchaOptions {
    let mut options = CaptchaOptions::new(object.required_string("service"));
    options.site_key = object.string("site_key");
    options.hostnames = object.strings("hostnames").unwrap_or_default();
    if options.hostnames.len() > MAX_HOSTNAMES {
        object.complain("hostnames", "out_of_range", "must be at most 20");
    }
    options.action = object.string("action");
    if let Some(score) = object.json("min_score") {
        options.min_score = score.as_f64();
        if options.min_score.is_none() {
            object.complain("min_score", "type_mismatch", "must be a number");
        }
    }
    options
}

fn read_mode(said: &Said<'_>, object: &mut Object) -> FailMode {
    let required = said
        .defaults
        .captcha
        .as_ref()
        .map(|policy| policy.fail_mode);
    let mode = match object.string("fail_mode").as_deref() {
        None | Some("closed") => FailMode::Closed,
        Some("open") => FailMode::Open,
        Some(_) => {
            object.complain("fail_mode", "invalid_value", "must be `closed` or `open`");
            FailMode::Closed
        }
    };
    if mode == FailMode::Open && required == Some(FailMode::Closed) {
        if said.is_new {
            let message = "must be `closed` on this instance";
            object.complain("fail_mode", "not_allowed", message);
        }
        return FailMode::Closed;
    }
    mode
}

fn read_points(said: &Said<'_>, object: &mut Object) -> Vec<CaptchaPoint> {
    let required = said.defaults.captcha.as_ref();
    let required = required.map_or(&[][..], CaptchaPolicy::points);
    let Some(names) = object.strings("at") else {
        let mut points = CaptchaPoint::DEFAULT.to_vec();
        points.extend(
            required
                .iter()
                .filter(|point| !CaptchaPoint::DEFAULT.contains(point)),
        );
        return points;
    };
    let mut points = Vec::new();
    for name in names {
        match CaptchaPoint::parse(&name) {
            Some(point) if points.contains(&point) => {}
            Some(point) => points.push(point),
            None => {
                let message = format!("`{name}` is nothing that can take a captcha");
                object.complain("at", "not_a_choice", message);
            }
        }
    }
    for point in required {
        if points.contains(point) {
            continue;
        }
        if said.is_new {
            let message = format!("must have `{}` in it on this instance", point.name());
            object.complain("at", "not_allowed", message);
        }
        points.push(*point);
    }
    points
}

/// What cannot be asked any more lets nobody pass, whatever the fail mode: it is
/// not away for a while.
fn open(said: &Said<'_>, mut options: CaptchaOptions) -> Result<Arc<dyn Captcha>> {
    let opened = said.secret(SECRET).and_then(|secret| {
        let services = said.instance.captchas.as_ref();
        let services = services
            .ok_or_else(|| said.refuse("unsupported", "this instance asks no such service"))?;
        options.secret = secret.ok_or_else(|| said.refuse("required", "has no secret"))?;
        services.open(&options).map_err(|error| below(said, error))
    });
    match opened {
        Err(error) if said.is_new => Err(error),
        Err(error) => Ok(Arc::new(Unreadable::because(&error))),
        opened => opened,
    }
}

/// The complaints, where they stand in the document.
fn below(said: &Said<'_>, error: Error) -> Error {
    if error.kind() != ErrorKind::Validation {
        return error;
    }
    let moved = error.details().iter().cloned().map(|mut detail| {
        detail.path = format!("{}/{}", said.pointer, detail.path);
        detail
    });
    Error::invalid(moved.collect())
}

/// The captcha of a workspace that cannot be asked.
#[derive(Debug)]
struct Unreadable;

impl Unreadable {
    fn because(error: &Error) -> Self {
        let error = error as &dyn std::error::Error;
        tracing::error!(error, "the captcha of a workspace lets nobody pass");
        Self
    }
}

#[async_trait]
impl Captcha for Unreadable {
    async fn verify(&self, _: &CaptchaSolution) -> Result<()> {
        Err(Error::internal(
            "the captcha of this workspace cannot be asked",
        ))
    }
}
