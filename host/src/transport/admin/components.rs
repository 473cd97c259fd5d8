//! `/admin/components`: the builds that serve, and others in their place.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, RawQuery, Request, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use http_body_util::BodyExt as _;

use super::Admin;
use super::named::Named;
use crate::builds::signature::Signature;
use crate::builds::{DeployOptions, RollbackOptions};
use crate::contract::MAX_COMPONENT_BYTES;
use crate::error::{Code, Failure, Violation};
use crate::sandbox::Digest;
use crate::subjects::Administrator;
use crate::transport::reply::{Refusal, json};
use crate::transport::request::single;

/// How long a build may take to arrive.
const UPLOAD: Duration = Duration::from_secs(120);

/// The most grants that are given with one deploy.
const MAX_GRANTS: usize = 64;

/// The header with the signature of a build.
const SIGNATURE: &str = "vestibule-signature";

/// The longest value of a parameter, in bytes.
const MAX_VALUE_BYTES: usize = 512;

/// `GET /admin/components`
pub(super) async fn list(State(admin): State<Arc<Admin>>) -> Response<Body> {
    json(StatusCode::OK, &admin.administration.components())
}

/// `GET /admin/components/{channel}`
pub(super) async fn show(
    State(admin): State<Arc<Admin>>,
    Named(channel): Named,
) -> Result<Response<Body>, Refusal> {
    let components = admin.administration.components();
    let found = components.iter().find(|found| found.channel == channel);
    let found = found.ok_or_else(|| {
        let message = "no component serves that channel; `component list` shows them";
        Failure::new(Code::NotFound, message)
    })?;
    Ok(json(StatusCode::OK, found))
}

/// `GET /admin/components/{channel}/builds`
pub(super) async fn builds(
    State(admin): State<Arc<Admin>>,
    Named(channel): Named,
) -> Result<Response<Body>, Refusal> {
    let builds = admin.administration.builds(&channel).await?;
    Ok(json(StatusCode::OK, &builds))
}

/// `PUT /admin/components/{channel}?grant=&allow_downgrade=&allow_quarantined=`: the body is the build.
pub(super) async fn deploy(
    State(admin): State<Arc<Admin>>,
    Extension(by): Extension<Administrator>,
    Named(channel): Named,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response<Body>, Refusal> {
    let mut parameters = Parameters::parse(
        query.as_deref(),
        &["grant", "allow_downgrade", "allow_quarantined"],
    );
    let options = DeployOptions {
        grants: parameters.list("grant", MAX_GRANTS),
        allow_downgrade: parameters.flag("allow_downgrade"),
        allow_quarantined: parameters.flag("allow_quarantined"),
        signature: signature(request.headers())?,
        by,
    };
    parameters.finish()?;
    // It is never closed; whoever waits here has sent no more than the head.
    let upload = admin.upload.acquire().await;
    let _upload = upload.map_err(|cause| Failure::unavailable(1_000).because(cause))?;
    let build = receive(request, admin.administration.max_build_bytes()).await?;
    let deployed = admin
        .administration
        .deploy(&channel, build, options)
        .await?;
    Ok(json(StatusCode::OK, &deployed))
}

/// `POST /admin/components/{channel}/rollback?from=&quarantine=&allow_unread_schema=`
pub(super) async fn roll_back(
    State(admin): State<Arc<Admin>>,
    Extension(by): Extension<Administrator>,
    Named(channel): Named,
    RawQuery(query): RawQuery,
) -> Result<Response<Body>, Refusal> {
    let mut parameters = Parameters::parse(
        query.as_deref(),
        &["from", "quarantine", "allow_unread_schema"],
    );
    let from = parameters.one("from").map(|text| text.parse::<Digest>());
    let options = RollbackOptions {
        from: match from {
            Some(Err(cause)) => {
                parameters.refuse("from", &cause.to_string());
                None
            }
            Some(Ok(digest)) => Some(digest),
            None => None,
        },
        quarantine: parameters.flag("quarantine"),
        allow_unread_schema: parameters.flag("allow_unread_schema"),
        by,
    };
    parameters.finish()?;
    let deployed = admin.administration.roll_back(&channel, options).await?;
    Ok(json(StatusCode::OK, &deployed))
}

/// The build that `request` carries. No more than `limit` of it is ever held; a larger one is taken to its end and dropped, up to
/// what no build can be, so that its sender is there to read why.
async fn receive(request: Request, limit: usize) -> Result<Vec<u8>, Refusal> {
    let (parts, body) = request.into_parts();
    if !is_wasm(&parts.headers) {
        return Err(Refusal::with_status(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send the build as `Content-Type: application/wasm`, not encoded otherwise",
        ));
    }
    let received = tokio::time::timeout(UPLOAD, collect(body, limit)).await;
    received.unwrap_or_else(|_| {
        Err(Refusal::with_status(
            StatusCode::REQUEST_TIMEOUT,
            "the build did not arrive in time",
        ))
    })
}

async fn collect(mut body: Body, limit: usize) -> Result<Vec<u8>, Refusal> {
    let too_large = || {
        Refusal::with_status(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!(
                "the build is too large: at most {limit} bytes are accepted (`deploy.max_bytes`)"
            ),
        )
    };
    let (mut build, mut size) = (Vec::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            let message = "the request ended before the build did";
            Refusal::with_status(StatusCode::BAD_REQUEST, message)
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        size = size.saturating_add(data.len());
        if size > MAX_COMPONENT_BYTES {
            return Err(too_large());
        }
        match size <= limit {
            true => build.extend_from_slice(&data),
            false => build = Vec::new(),
        }
    }
    match size <= limit {
        true => Ok(build),
        false => Err(too_large()),
    }
}

/// The signature that came with the build, as one word.
fn signature(headers: &HeaderMap) -> Result<Option<Vec<u8>>, Refusal> {
    let found = headers.get_all(SIGNATURE).iter().collect::<Vec<_>>();
    let word = match found.as_slice() {
        [] => return Ok(None),
        [word] => word.to_str().ok(),
        _ => None,
    };
    let signature = word.and_then(|word| Signature::from_word(word).ok());
    let Some(signature) = signature else {
        let rule = "must be what `component deploy` makes of a signature file, once";
        return Err(Failure::bad_request(vec![Violation::new(SIGNATURE, rule)]).into());
    };
    Ok(Some(signature.to_file().into_bytes()))
}

fn is_wasm(headers: &HeaderMap) -> bool {
    let is = |name, expected: &str| match single(headers, name) {
        Ok(found) => found.map(|found| found.eq_ignore_ascii_case(expected)),
        Err(_) => Some(false),
    };
    is(&header::CONTENT_TYPE, "application/wasm") == Some(true)
        && is(&header::CONTENT_ENCODING, "identity") != Some(false)
}

/// What a query asks for, of a closed set of names.
struct Parameters {
    given: Vec<(&'static str, String)>,
    violations: Vec<Violation>,
}

impl Parameters {
    fn parse(query: Option<&str>, names: &[&'static str]) -> Self {
        let mut parameters = Self {
            given: Vec::new(),
            violations: Vec::new(),
        };
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            // A name that we do not know is not repeated: it may be a value that lost its name.
            let Some(name) = names.iter().find(|known| **known == name) else {
                parameters.refuse("", "a parameter is unknown");
                break;
            };
            match value.len() > MAX_VALUE_BYTES {
                true => parameters.refuse(name, "is too long"),
                false => parameters.given.push((name, value.into_owned())),
            }
        }
        parameters
    }

    fn refuse(&mut self, name: &str, rule: &str) {
        self.violations.push(Violation::new(name, rule));
    }

    /// Every value of `name`.
    fn list(&mut self, name: &'static str, most: usize) -> Vec<String> {
        let given = self.given.iter().filter(|(known, _)| *known == name);
        let values: Vec<_> = given.map(|(_, value)| value.clone()).collect();
        if values.len() > most {
            self.refuse(name, "is given too often");
        }
        values
    }

    /// The value of `name`, which may be given once.
    fn one(&mut self, name: &'static str) -> Option<String> {
        let mut values = self.list(name, usize::MAX);
        if values.len() > 1 {
            self.refuse(name, "may be given once");
        }
        values.pop()
    }

    fn flag(&mut self, name: &'static str) -> bool {
        match self.one(name).as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                self.refuse(name, "must be true or false");
                false
            }
        }
    }

    fn finish(self) -> Result<(), Failure> {
        match self.violations.is_empty() {
            true => Ok(()),
            false => Err(Failure::bad_request(self.violations)),
        }
    }
}
