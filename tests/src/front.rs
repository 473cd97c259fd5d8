//! A host behind a listener, and what clients are answered over HTTP.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::header::HeaderMap;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use vestibule::transport::{Limits, serve};

use crate::harness::Harness;

/// Headers of an answer that differ from one to the next whatever was asked: they tell nobody anything.
const EVERY_TIME: [&str; 2] = ["date", "x-request-id"];

/// The public interface of a host on a port of its own. It ends with this.
///
/// Requests come from 127.0.0.1, which the host must trust as a proxy where [`Who`] is to have an address of their own:
/// see [`trusted_proxies`](vestibule::config::Http::trusted_proxies).
#[derive(Debug)]
pub struct Front {
    address: SocketAddr,
    client: reqwest::Client,
    _stop: oneshot::Sender<()>,
}

/// Who sends a request.
#[derive(Clone, Default)]
pub struct Who {
    authorization: Option<String>,
    acting_user: Option<String>,
    address: Option<String>,
}

/// What was answered.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
}

impl Front {
    /// Serves what `harness` serves.
    ///
    /// # Panics
    /// If there is no free port.
    pub async fn of(harness: &Harness) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let limits = Limits::from(&harness.host.config().http);
        let (stop, stopped) = oneshot::channel::<()>();
        // Ready when the sender is dropped, too.
        let stopped = async move { drop(stopped.await) };
        let router = harness.host.router();
        tokio::spawn(serve(
            listener,
            router,
            limits,
            Arc::new(|_: i64| {}),
            stopped,
        ));
        let client = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .build();
        Self {
            address,
            client: client.expect("a client"),
            _stop: stop,
        }
    }

    /// Posts `request` to `command`, `channel/command`, and gives what is answered.
    ///
    /// # Panics
    /// If nothing is answered.
    pub async fn post(&self, who: &Who, command: &str, request: &Value) -> Reply {
        let url = format!("http://{}/v1/{command}", self.address);
        let mut sent = self.client.post(url).json(request);
        for (name, value) in [
            ("authorization", &who.authorization),
            ("vestibule-user", &who.acting_user),
            ("x-forwarded-for", &who.address),
        ] {
            if let Some(value) = value {
                sent = sent.header(name, value);
            }
        }
        let response = sent.send().await.expect("an answer");
        Reply {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.text().await.expect("a body"),
        }
    }
}

impl Who {
    /// Somebody without a credential.
    #[must_use]
    pub fn stranger() -> Self {
        Self::default()
    }

    /// Somebody with a credential: an access token, an API token, a service key.
    #[must_use]
    pub fn with(credential: &str) -> Self {
        Self {
            authorization: Some(format!("Bearer {credential}")),
            ..Self::default()
        }
    }

    /// The same for a user that they name.
    #[must_use]
    pub fn acting_for(mut self, user: &Value) -> Self {
        self.acting_user = Some(user.to_string());
        self
    }

    /// The same from an address of their own, one for each number.
    #[must_use]
    pub fn from_source(mut self, number: usize) -> Self {
        let [.., high, low] = number.to_be_bytes();
        self.address = Some(format!("10.1.{high}.{low}"));
        self
    }
}

impl Reply {
    /// The body as JSON; `Null` if it is empty.
    ///
    /// # Panics
    /// If it is something else.
    #[must_use]
    pub fn json(&self) -> Value {
        match self.body.is_empty() {
            true => Value::Null,
            false => serde_json::from_str(&self.body).expect("JSON"),
        }
    }

    /// The code of an error; empty for what is none.
    #[must_use]
    pub fn code(&self) -> String {
        let body = self.json();
        body["error"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// A header's value; empty if there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }

    /// Everything of it that can tell somebody something: status, headers, body.
    #[must_use]
    pub fn face(&self) -> String {
        let headers = self.headers.iter();
        let told = headers.filter(|(name, _)| !EVERY_TIME.contains(&name.as_str()));
        let mut lines: Vec<String> = told
            .map(|(name, value)| format!("{name}: {value:?}"))
            .collect();
        lines.sort();
        format!("{}\n{}\n\n{}", self.status, lines.join("\n"), self.body)
    }
}
