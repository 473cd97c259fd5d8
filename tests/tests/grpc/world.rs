//! An installation that listens, and clients of it.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use tonic_types::StatusExt as _;
use vestibule::transport::{Drained, Limits, serve};
use vestibule_tests::grpc::accounts::accounts_service_client::AccountsServiceClient;
use vestibule_tests::grpc::accounts::public_accounts_service_client::PublicAccountsServiceClient;
use vestibule_tests::grpc::accounts::{SignInRequest, SignUpRequest, VerifyEmailRequest};
use vestibule_tests::grpc::test::test_auth_service_client::TestAuthServiceClient;
use vestibule_tests::grpc::test::test_no_auth_service_client::TestNoAuthServiceClient;
use vestibule_tests::grpc::tokens::tokens_service_client::TokensServiceClient;
use vestibule_tests::harness::{self, Harness, HarnessBuilder};
use vestibule_tests::store::Backend;

/// A password that keeps every rule.
pub(crate) const PASSWORD: &str = "nine wet otters sing";

/// Another one.
pub(crate) const NEW_PASSWORD: &str = "eleven dry badgers hum";

/// A server with every bundled component.
pub(crate) struct Server {
    pub(crate) harness: Harness,
    pub(crate) url: String,
    channel: Channel,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Drained>,
}

impl Server {
    pub(crate) async fn start() -> Arc<Self> {
        Self::listening().await.into()
    }

    /// The same, for a test that stops it. Tokens are made as often as one likes.
    pub(crate) async fn listening() -> Self {
        let builder = harness::on(Backend::Sqlite).with_bundle();
        Self::of(builder.bucket("api-token-create", 1_000_000, 60_000, false)).await
    }

    /// One that serves what `builder` makes.
    pub(crate) async fn of(builder: HarnessBuilder) -> Self {
        let harness = builder.start().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let limits = Limits::from(&harness.host.config().http);
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            let _ = stopped.await;
        };
        let (router, gauge) = (harness.host.router(), Arc::new(|_| {}));
        let task = tokio::spawn(serve(listener, router, limits, gauge, shutdown));
        let channel = connect(&url).await;
        Self {
            harness,
            url,
            channel,
            stop: Some(stop),
            task,
        }
    }

    /// Tells it to stop. What it says at its end.
    pub(crate) async fn stop(mut self) -> Drained {
        drop(self.stop.take());
        self.task.await.unwrap()
    }

    pub(crate) fn public(&self) -> PublicAccountsServiceClient<Channel> {
        PublicAccountsServiceClient::new(self.channel.clone())
    }

    pub(crate) fn accounts(&self) -> AccountsServiceClient<Channel> {
        AccountsServiceClient::new(self.channel.clone())
    }

    pub(crate) fn tokens(&self) -> TokensServiceClient<Channel> {
        TokensServiceClient::new(self.channel.clone())
    }

    pub(crate) fn ping(&self) -> TestNoAuthServiceClient<Channel> {
        TestNoAuthServiceClient::new(self.channel.clone())
    }

    pub(crate) fn pong(&self) -> TestAuthServiceClient<Channel> {
        TestAuthServiceClient::new(self.channel.clone())
    }

    pub(crate) fn channel(&self) -> Channel {
        self.channel.clone()
    }

    pub(crate) async fn sign_up(&self, email: &str) {
        let request = SignUpRequest {
            email: email.to_owned(),
            password: PASSWORD.to_owned(),
        };
        self.public().sign_up(request).await.unwrap();
    }

    pub(crate) async fn verify(&self, email: &str) {
        let token = self.mailed_token(email, "verify-email").await.unwrap();
        let request = VerifyEmailRequest { token };
        self.public().verify_email(request).await.unwrap();
    }

    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Result<Session, Status> {
        let request = SignInRequest {
            email: email.to_owned(),
            password: password.to_owned(),
        };
        let answer = self.public().sign_in(request).await?;
        Ok(Session::of(answer.metadata()))
    }

    /// Somebody with a verified address who has signed in.
    pub(crate) async fn signed_in(&self, email: &str) -> Session {
        self.sign_up(email).await;
        self.verify(email).await;
        self.sign_in(email, PASSWORD).await.unwrap()
    }

    /// The token in the newest mail to `email` whose link leads to `page`.
    pub(crate) async fn mailed_token(&self, email: &str, page: &str) -> Option<String> {
        let link = format!("/{page}#");
        let mails = self.harness.mails().await;
        let texts = mails.iter().rev().filter(|mail| mail.to == email);
        texts.into_iter().find_map(|mail| {
            let (_, rest) = mail.text.split_once(&link)?;
            rest.split_whitespace().next().map(str::to_owned)
        })
    }
}

/// A connection of one's own.
pub(crate) async fn connect(url: &str) -> Channel {
    let endpoint = Endpoint::from_shared(url.to_owned()).unwrap();
    endpoint.connect().await.unwrap()
}

/// What the initial metadata of an answer says of a session.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) access: String,
    pub(crate) access_expires_at: u64,
    pub(crate) refresh: Option<String>,
    pub(crate) refresh_expires_at: Option<u64>,
    pub(crate) id: String,
}

impl Session {
    pub(crate) fn of(metadata: &MetadataMap) -> Self {
        let text = |key: &str| {
            let value = metadata.get(key)?;
            Some(value.to_str().unwrap().to_owned())
        };
        let number = |key: &str| text(key).map(|text| text.parse().unwrap());
        Self {
            access: text("x-access-token").unwrap(),
            access_expires_at: number("x-access-expires-at").unwrap(),
            refresh: text("x-refresh-token"),
            refresh_expires_at: number("x-refresh-expires-at"),
            id: text("x-session-id").unwrap(),
        }
    }
}

/// `message` with a credential.
pub(crate) fn with<T>(credential: &str, message: T) -> Request<T> {
    with_metadata("authorization", &format!("Bearer {credential}"), message)
}

/// `message` with `x-refresh-token`.
pub(crate) fn refreshing(session: &Session) -> Request<()> {
    with_metadata("x-refresh-token", session.refresh.as_deref().unwrap(), ())
}

pub(crate) fn with_metadata<T>(key: &'static str, value: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert(key, value.parse().unwrap());
    request
}

/// The reason that a refusal gives.
pub(crate) fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    let info = details.error_info().unwrap();
    assert_eq!(info.domain, "vestibule");
    info.reason.clone()
}

/// The fields that a refusal names.
pub(crate) fn violated(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let violations = &details.bad_request().unwrap().field_violations;
    violations.iter().map(|it| it.field.clone()).collect()
}
