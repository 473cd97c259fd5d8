//! Talking to a registry (OCI distribution specification 1.1): over TLS, with bounded answers, redirects and times.
//!
//! The crate `oci-client` would be at hand, but it reads manifests and tokens of any size into memory, follows redirects
//! out of TLS, and shows the account to any address that a registry names, also without TLS; none of it can be configured
//! (0.18). What is needed of the protocol are five requests.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, redirect};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::super::tagged::Tagged;
use super::challenge::Challenge;
use super::error::RegistryError;
use super::reference::{Reference, is_loopback};
use crate::config;
use crate::sandbox::Digest;

/// How long a connection may take, and the next part of an answer.
const CONNECT: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(30);

/// How long one request may take with its answer: a large build over a slow line.
const WHOLE: Duration = Duration::from_secs(10 * 60);

/// How often an answer may send elsewhere. Registries send to where their blobs lie, once.
const MAX_REDIRECTS: usize = 3;

/// The largest answer with a token, in bytes.
const MAX_TOKEN_BYTES: usize = 64 * 1024;

/// What one wants to do in a repository.
#[derive(Debug, Clone, Copy)]
pub(super) enum Access {
    Pull,
    Push,
}

/// One repository of a registry.
pub(super) struct Registry<'a> {
    http: Client,
    reference: &'a Reference,
    account: Option<&'a config::Registry>,
    access: Access,
    /// What the registry wants to see with each request, once it has said so.
    authorization: Option<HeaderValue>,
}

impl<'a> Registry<'a> {
    /// The repository of `reference`, with the account that `deploy` has for its registry.
    pub(super) fn new(
        reference: &'a Reference,
        deploy: &'a config::Deploy,
        access: Access,
    ) -> Result<Self, RegistryError> {
        let local = reference.is_local();
        let mut builder = Client::builder()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .timeout(WHOLE)
            .https_only(!local)
            .redirect(redirects(local));
        if local {
            // What is said without TLS is said to this machine itself.
            builder = builder.no_proxy();
        }
        Ok(Self {
            http: builder.build().map_err(RegistryError::Client)?,
            reference,
            account: deploy.registry(reference.registry()),
            access,
            authorization: None,
        })
    }

    /// The repository it is.
    pub(super) fn reference(&self) -> &'a Reference {
        self.reference
    }

    /// The answer to `request`, which may be made twice: the registry may want to know who asks.
    pub(super) async fn send(
        &mut self,
        request: impl Fn(&Client) -> RequestBuilder,
    ) -> Result<Response, RegistryError> {
        let mut response = self.send_once(&request).await?;
        if response.status() == StatusCode::UNAUTHORIZED && self.authorization.is_none() {
            self.authorize(&response).await?;
            response = self.send_once(&request).await?;
        }
        match response.status() {
            status if status.is_success() => Ok(response),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(self.unauthorized()),
            StatusCode::NOT_FOUND => Err(RegistryError::NotFound {
                registry: self.name(),
            }),
            status => Err(RegistryError::Status {
                registry: self.name(),
                status: status.as_u16(),
            }),
        }
    }

    async fn send_once(
        &self,
        request: &impl Fn(&Client) -> RequestBuilder,
    ) -> Result<Response, RegistryError> {
        let mut request = request(&self.http).build().map_err(|e| self.lost(&e))?;
        // An upload may go to another host, which is not shown who asks. (Redirects to another host lose it by themselves.)
        if let Some(authorization) = &self.authorization
            && self.is_own(request.url())
        {
            let headers = request.headers_mut();
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        let sent = self.http.execute(request).await;
        sent.map_err(|error| self.lost(&error))
    }

    /// The body of `response`, which is `what`, if it has at most `limit` bytes.
    pub(super) async fn read(
        &self,
        mut response: Response,
        what: &'static str,
        limit: usize,
    ) -> Result<Vec<u8>, RegistryError> {
        let too_large = RegistryError::TooLarge { what, limit };
        if response
            .content_length()
            .is_some_and(|length| length > limit as u64)
        {
            return Err(too_large);
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| self.lost(&e))? {
            if bytes.len() + chunk.len() > limit {
                return Err(too_large);
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// The address `location`, which an answer named, if it is spoken to as the registry is.
    pub(super) fn elsewhere(&self, location: &HeaderValue) -> Result<Url, RegistryError> {
        let own = Url::parse(&self.reference.url("")).ok();
        let location = location.to_str().ok();
        let joined = own.zip(location).and_then(|(own, to)| own.join(to).ok());
        joined
            .filter(|url| is_allowed(url, self.reference.is_local()))
            .ok_or_else(|| self.refused("sends to an address that is none, or has no TLS"))
    }

    pub(super) fn refused(&self, what: &'static str) -> RegistryError {
        RegistryError::Refused {
            registry: self.name(),
            what,
        }
    }

    /// Finds out what the registry wants to see, from its refusal.
    async fn authorize(&mut self, response: &Response) -> Result<(), RegistryError> {
        // A refusal from where it redirected to is not the registry's.
        if !self.is_own(response.url()) {
            return Err(self.unauthorized());
        }
        let authorization = match (Challenge::of(response.headers()), self.account) {
            (None, _) => {
                return Err(self.refused("asks for credentials in a way that is not known here"));
            }
            (Some(Challenge::Basic), None) => return Err(self.unauthorized()),
            (Some(Challenge::Basic), Some(account)) => basic(account),
            (Some(Challenge::Bearer { realm, service }), _) => {
                self.token(&realm, service.as_deref()).await?
            }
        };
        let mut value = HeaderValue::from_str(&authorization)
            .map_err(|_| self.refused("gives a token that is none"))?;
        value.set_sensitive(true);
        self.authorization = Some(value);
        Ok(())
    }

    /// A token from `realm` for this repository, for the account if there is one, else for anybody.
    async fn token(
        &self,
        realm: &str,
        service: Option<&str>,
    ) -> Result<Zeroizing<String>, RegistryError> {
        let mut url = Url::parse(realm)
            .ok()
            .filter(|url| is_allowed(url, self.reference.is_local()))
            .ok_or_else(|| {
                self.refused("wants its account shown to an address that is none, or has no TLS")
            })?;
        let actions = match self.access {
            Access::Pull => "pull",
            Access::Push => "pull,push",
        };
        let scope = format!("repository:{}:{actions}", self.reference.repository());
        url.query_pairs_mut()
            .extend_pairs(service.map(|service| ("service", service)))
            .append_pair("scope", &scope);
        let mut request = self.http.get(url);
        if let Some(account) = self.account {
            request = request.basic_auth(&account.username, Some(&account.password));
        }
        let response = request.send().await.map_err(|e| self.lost(&e))?;
        if !response.status().is_success() {
            return Err(self.unauthorized());
        }
        let body = self
            .read(response, "an answer with a token", MAX_TOKEN_BYTES)
            .await?;
        let body = Zeroizing::new(body);
        let token = serde_json::from_slice::<TokenAnswer>(&body)
            .ok()
            .and_then(|answer| answer.token.or(answer.access_token))
            .map(Zeroizing::new)
            .filter(|token| !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic()))
            .ok_or_else(|| self.refused("gives a token that is none"))?;
        Ok(Zeroizing::new(format!("Bearer {}", *token)))
    }

    /// Whether `url` is the registry's own.
    fn is_own(&self, url: &Url) -> bool {
        Url::parse(&self.reference.url("")).is_ok_and(|own| own.origin() == url.origin())
    }

    fn name(&self) -> String {
        self.reference.registry().to_owned()
    }

    fn unauthorized(&self) -> RegistryError {
        RegistryError::Unauthorized {
            registry: self.name(),
            with_account: self.account.is_some(),
        }
    }

    /// What to say when a request failed. The address is left out: one that a registry redirected to may be a secret.
    fn lost(&self, error: &reqwest::Error) -> RegistryError {
        let reason = if error.is_timeout() {
            "it did not answer in time"
        } else if error.is_redirect() {
            "it sends elsewhere too often, or to an address without TLS"
        } else if error.is_connect() {
            "nothing answers there, or its certificate is not trusted"
        } else if error.is_builder() {
            "its address cannot be used"
        } else {
            "the connection broke"
        };
        RegistryError::Unreachable {
            registry: self.name(),
            reason: reason.to_owned(),
        }
    }
}

/// The name of `bytes` as a registry spells it.
pub(super) fn digest_of(bytes: &[u8]) -> String {
    Tagged(Digest::of(bytes)).to_string()
}

fn basic(account: &config::Registry) -> Zeroizing<String> {
    let pair = Zeroizing::new(format!("{}:{}", account.username, account.password));
    let encoded = STANDARD.encode(pair.as_bytes());
    Zeroizing::new(format!("Basic {}", *Zeroizing::new(encoded)))
}

/// Whether `url` may be spoken to: over TLS, or, for a registry on this machine, on this machine.
fn is_allowed(url: &Url, local: bool) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => local && url.host_str().is_some_and(is_loopback),
        _ => false,
    }
}

fn redirects(local: bool) -> redirect::Policy {
    redirect::Policy::custom(move |attempt| {
        // The first of the previous ones is where it began.
        match attempt.previous().len() <= MAX_REDIRECTS && is_allowed(attempt.url(), local) {
            true => attempt.follow(),
            false => attempt.error("a redirect that is not followed"),
        }
    })
}

/// What a token comes in: `token`, or `access_token` where OAuth 2.0 is followed.
#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
}
