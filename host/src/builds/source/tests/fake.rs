//! A registry on loopback that does what the specification says, but for what a test tells it to do otherwise.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, Response, StatusCode, header};

use super::super::registry::digest_of;

type Otherwise = Box<dyn Fn(&Method, &str) -> Option<Response<Body>> + Send + Sync>;

/// How it lets people in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    Open,
    Basic,
    /// By tokens, for `robot` with the right password.
    Token,
    /// By tokens, for anybody.
    TokenForAnybody,
}

/// The account that is let in, and what is seen of it.
pub(super) const BASIC: &str = "Basic cm9ib3Q6czNjcmV0";
const BEARER: &str = "Bearer t0ken";

pub(super) struct Fake {
    pub(super) host: String,
    inner: Arc<Inner>,
}

struct Inner {
    door: Door,
    otherwise: Otherwise,
    blobs: Mutex<HashMap<String, Bytes>>,
    manifests: Mutex<HashMap<String, Bytes>>,
    seen: Mutex<Vec<Seen>>,
}

/// A request, as a test looks at it.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) line: String,
    pub(super) authorization: Option<String>,
}

impl Fake {
    pub(super) async fn open() -> Self {
        Self::start(Door::Open, |_, _| None).await
    }

    /// One that answers with what `otherwise` gives, where that gives something.
    pub(super) async fn start(
        door: Door,
        otherwise: impl Fn(&Method, &str) -> Option<Response<Body>> + Send + Sync + 'static,
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let inner = Arc::new(Inner {
            door,
            otherwise: Box::new(otherwise),
            blobs: Mutex::default(),
            manifests: Mutex::default(),
            seen: Mutex::default(),
        });
        let router = axum::Router::new()
            .fallback(answer)
            .with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { host, inner }
    }

    pub(super) fn put_blob(&self, bytes: &[u8]) -> String {
        let digest = digest_of(bytes);
        self.put_blob_as(&digest, bytes);
        digest
    }

    /// Puts bytes under a name that need not be theirs.
    pub(super) fn put_blob_as(&self, digest: &str, bytes: &[u8]) {
        let bytes = Bytes::copy_from_slice(bytes);
        self.inner
            .blobs
            .lock()
            .unwrap()
            .insert(digest.to_owned(), bytes);
    }

    pub(super) fn put_manifest(&self, name: &str, manifest: &str) {
        let bytes = Bytes::copy_from_slice(manifest.as_bytes());
        self.inner
            .manifests
            .lock()
            .unwrap()
            .insert(name.to_owned(), bytes);
    }

    pub(super) fn manifest(&self, name: &str) -> String {
        let manifests = self.inner.manifests.lock().unwrap();
        String::from_utf8(manifests[name].to_vec()).unwrap()
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.inner.seen.lock().unwrap().clone()
    }

    /// How many requests began so.
    pub(super) fn count(&self, line: &str) -> usize {
        self.seen()
            .iter()
            .filter(|seen| seen.line.starts_with(line))
            .count()
    }
}

pub(super) fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

pub(super) fn with(
    mut response: Response<Body>,
    name: header::HeaderName,
    value: &str,
) -> Response<Body> {
    response.headers_mut().insert(name, value.parse().unwrap());
    response
}

/// A body that never ends.
pub(super) fn endless() -> Response<Body> {
    let chunk = Bytes::from_static(&[b' '; 16 * 1024]);
    Response::new(Body::from_stream(futures::stream::repeat_with(move || {
        Ok::<_, std::io::Error>(chunk.clone())
    })))
}

async fn answer(State(inner): State<Arc<Inner>>, request: Request) -> Response<Body> {
    let method = request.method().clone();
    let target = request.uri().to_string();
    let headers = request.headers().clone();
    let authorization = headers
        .get(header::AUTHORIZATION)
        .map(|value| value.to_str().unwrap().to_owned());
    inner.seen.lock().unwrap().push(Seen {
        line: format!("{method} {target}"),
        authorization: authorization.clone(),
    });
    if let Some(response) = (inner.otherwise)(&method, &target) {
        return response;
    }
    if target.starts_with("/token?") {
        let welcome = match inner.door {
            Door::TokenForAnybody => authorization.is_none(),
            _ => authorization.as_deref() == Some(BASIC),
        };
        return match welcome {
            true => Response::new(Body::from(r#"{"token": "t0ken", "expires_in": 300}"#)),
            false => status(StatusCode::UNAUTHORIZED),
        };
    }
    let host = headers[header::HOST].to_str().unwrap();
    let (wanted, challenge) = match inner.door {
        Door::Open => (None, String::new()),
        Door::Basic => (Some(BASIC), "Basic realm=\"r\"".to_owned()),
        Door::Token | Door::TokenForAnybody => (
            Some(BEARER),
            format!("Bearer realm=\"http://{host}/token\",service=\"fake\""),
        ),
    };
    if wanted.is_some() && authorization.as_deref() != wanted {
        return with(
            status(StatusCode::UNAUTHORIZED),
            header::WWW_AUTHENTICATE,
            &challenge,
        );
    }
    let body = to_bytes(request.into_body(), 1 << 20).await.unwrap();
    inner.store(&method, &target, body)
}

impl Inner {
    fn store(&self, method: &Method, target: &str, body: Bytes) -> Response<Body> {
        let path = target
            .strip_prefix("/v2/example/probe/")
            .unwrap_or_default();
        let (mut blobs, mut manifests) =
            (self.blobs.lock().unwrap(), self.manifests.lock().unwrap());
        let found = |bytes: Option<&Bytes>| match bytes {
            Some(bytes) => Response::new(Body::from(bytes.clone())),
            None => status(StatusCode::NOT_FOUND),
        };
        if let Some(name) = path.strip_prefix("manifests/") {
            return match *method {
                Method::PUT => {
                    manifests.insert(digest_of(&body), body.clone());
                    manifests.insert(name.to_owned(), body);
                    status(StatusCode::CREATED)
                }
                _ => found(manifests.get(name)),
            };
        }
        if path == "blobs/uploads/" {
            let accepted = status(StatusCode::ACCEPTED);
            return with(
                accepted,
                header::LOCATION,
                "/v2/example/probe/blobs/uploads/1?state=x",
            );
        }
        if let Some(digest) = path.strip_prefix("blobs/uploads/1?state=x&digest=") {
            let digest = digest.replace("%3A", ":");
            if digest != digest_of(&body) {
                return status(StatusCode::BAD_REQUEST);
            }
            blobs.insert(digest, body);
            return status(StatusCode::CREATED);
        }
        found(
            path.strip_prefix("blobs/")
                .and_then(|digest| blobs.get(digest)),
        )
    }
}
