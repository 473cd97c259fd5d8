//! Asking a running server.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use reqwest::{Certificate, Method, RequestBuilder, Response, StatusCode, redirect};
use serde_json::Value;
use vestibule::data_folder::DataPaths;
use vestibule::error::ErrorBody;
use zeroize::Zeroizing;

use super::DataArg;
use super::failed::Failed;

/// The largest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// The largest key file.
const MAX_KEY_BYTES: u64 = 4 * 1024;

/// The largest file with certificates to trust.
const MAX_CA_BYTES: u64 = 1024 * 1024;

/// How long a connection may take, and a whole answer.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(60);

/// Where the server is and what to present to it.
#[derive(Args)]
pub(super) struct ServerArgs {
    #[command(flatten)]
    data: DataArg,

    /// The server's address: of its messages for `call` and `user`, of its administration for all else
    /// [default: http://127.0.0.1:8080 and http://127.0.0.1:8081]
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    /// The service key to present; better in VESTIBULE_KEY, for others see arguments
    /// [default: what <data>/operator.key holds]
    #[arg(
        long,
        env = "VESTIBULE_KEY",
        value_name = "KEY",
        hide_env_values = true
    )]
    key: Option<String>,

    /// For an https address: a PEM file with the certificates to trust, in place of the system's
    #[arg(long, env = "VESTIBULE_CA_FILE", value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

impl ServerArgs {
    /// The data folder, if one was named.
    pub(super) fn data(&self) -> Option<std::path::PathBuf> {
        self.data.data.clone()
    }
}

/// Which of a server's addresses.
#[derive(Clone, Copy)]
pub(super) enum Address {
    /// Where messages go.
    Messages,
    /// The administration interface.
    Administration,
}

impl Address {
    fn default_url(self) -> &'static str {
        match self {
            Self::Messages => "http://127.0.0.1:8080",
            Self::Administration => "http://127.0.0.1:8081",
        }
    }

    /// Which environment variable names it.
    fn variable(self) -> &'static str {
        match self {
            Self::Messages => "VESTIBULE_URL",
            Self::Administration => "VESTIBULE_ADMIN_URL",
        }
    }
}

/// A connection to a server, with the key to present.
pub(super) struct Client {
    http: reqwest::Client,
    address: Address,
    base: String,
    key: Zeroizing<String>,
}

impl Client {
    /// A client for the server that `args` name.
    pub(super) fn new(args: &ServerArgs, address: Address) -> Result<Self, Failed> {
        let from_environment = || {
            let mut variables = vestibule::config::environment().ok()?.into_iter();
            variables.find_map(|(name, value)| (name == address.variable()).then_some(value))
        };
        let url = args.url.clone().or_else(from_environment);
        let url = url.unwrap_or_else(|| address.default_url().to_owned());
        let base = base(&url)?;
        Ok(Self {
            http: http_client(&base, args.ca_file.as_deref())?,
            address,
            base,
            key: key(args)?,
        })
    }

    /// A request to `path`, with the key.
    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&*self.key)
            .timeout(ANSWER)
    }

    /// The answer to `request`, if it is a good one.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Response, Failed> {
        let response = request.send().await.map_err(|error| self.lost(error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let body = self.json(response).await?;
        match serde_json::from_value(body) {
            Ok(body) => Err(Failed::Answered(self.explain(body, status))),
            Err(_) => Err(self.stranger()),
        }
    }

    /// The JSON that `request` is answered with; none for an answer without content.
    pub(super) async fn ask(&self, request: RequestBuilder) -> Result<Option<Value>, Failed> {
        let response = self.send(request).await?;
        match response.status() {
            StatusCode::NO_CONTENT => Ok(None),
            _ => self.json(response).await.map(Some),
        }
    }

    /// A `GET` of `path`.
    pub(super) async fn get(&self, path: &str) -> Result<Value, Failed> {
        let answer = self.ask(self.request(Method::GET, path)).await?;
        Ok(answer.unwrap_or(Value::Null))
    }

    /// What to say when the connection breaks.
    pub(super) fn lost(&self, error: reqwest::Error) -> Failed {
        let base = &self.base;
        Failed::Unreachable(if error.is_timeout() {
            format!("the server at {base} did not answer in time")
        } else if error.is_connect() && base.starts_with("https:") {
            format!(
                "nothing answers at {base} with a certificate that is trusted: say where the server is with --url, and whom to trust with --ca-file"
            )
        } else if error.is_connect() {
            format!(
                "nothing answers at {base}: start the server with `vestibule serve`, or say where it is with --url"
            )
        } else {
            format!("the connection to {base} broke: {}", error.without_url())
        })
    }

    fn stranger(&self) -> Failed {
        Failed::Unreachable(format!(
            "what answers at {} is no Vestibule server: check --url",
            self.base
        ))
    }

    /// Adds what to do next, where the server cannot know it. A channel's own answer stays as it is.
    fn explain(&self, mut body: ErrorBody, status: StatusCode) -> ErrorBody {
        if let (Address::Administration, StatusCode::UNAUTHORIZED) = (self.address, status) {
            body.error
                .message
                .push_str(": it is not a key of this server; check --data, --key and --url");
        }
        body
    }

    async fn json(&self, mut response: Response) -> Result<Value, Failed> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.lost(error))? {
            if bytes.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(self.stranger());
            }
            bytes.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&bytes).map_err(|_| self.stranger())
    }
}

/// No proxy and no redirect: the key goes to the named server or nowhere.
fn http_client(base: &str, ca_file: Option<&Path>) -> Result<reqwest::Client, Failed> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT);
    let client = match ca_file {
        Some(path) => client.tls_certs_only(trusted(path)?),
        None if base.starts_with("https:") => client,
        // Without TLS nobody is to be trusted, and a system without certificates does not matter.
        None => client.tls_certs_only([]),
    };
    client
        .build()
        .map_err(|error| anyhow::anyhow!(error).context("no HTTP client").into())
}

/// The certificates in the file at `path`.
fn trusted(path: &Path) -> Result<Vec<Certificate>, Failed> {
    let unusable = |cause: String| {
        let path = path.display();
        Failed::Usage(format!("--ca-file: {path} cannot be used: {cause}"))
    };
    let pem = read(path, MAX_CA_BYTES).map_err(|cause| unusable(cause.to_string()))?;
    match Certificate::from_pem_bundle(pem.as_bytes()) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(unusable("it holds no certificates in PEM".to_owned())),
    }
}

/// `url` without what would end up in the middle of a path.
fn base(url: &str) -> Result<String, Failed> {
    let usage = |text: &str| Failed::Usage(text.to_owned());
    let parsed: http::Uri = url
        .parse()
        .map_err(|_| usage("--url must be an address such as http://127.0.0.1:8080"))?;
    match parsed.scheme_str() {
        Some("http" | "https") if parsed.query().is_none() => {
            Ok(url.trim_end_matches('/').to_owned())
        }
        _ => Err(usage(
            "--url must be an address such as http://127.0.0.1:8080",
        )),
    }
}

fn key(args: &ServerArgs) -> Result<Zeroizing<String>, Failed> {
    if let Some(key) = &args.key {
        return printable(key, || "--key (or VESTIBULE_KEY) is no key".to_owned());
    }
    let path = DataPaths::new(args.data.folder()).operator_key();
    let text = read(&path, MAX_KEY_BYTES).map_err(|error| {
        Failed::Usage(format!(
            "no key to present: {} cannot be read ({error}); name the server's data folder with --data, or give a key in VESTIBULE_KEY",
            path.display()
        ))
    })?;
    printable(&text, || format!("{} does not hold a key", path.display()))
}

fn printable(text: &str, refuse: impl Fn() -> String) -> Result<Zeroizing<String>, Failed> {
    let key = text.trim();
    let fits = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| Zeroizing::new(key.to_owned()))
        .ok_or_else(|| Failed::Usage(refuse()))
}

/// The text at `path`, at most `limit` bytes of it.
fn read(path: &Path, limit: u64) -> std::io::Result<Zeroizing<String>> {
    use std::io::Read as _;
    let mut text = Zeroizing::new(String::new());
    let file = std::fs::File::open(path)?;
    file.take(limit).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_of_http() {
        assert_eq!(base("http://127.0.0.1:1/").unwrap(), "http://127.0.0.1:1");
        assert_eq!(base("https://a/").unwrap(), "https://a");
        for url in ["127.0.0.1:8080", "", "ftp://a", "http://a/?q=1"] {
            assert!(matches!(base(url), Err(Failed::Usage(_))), "{url}");
        }
    }
}
