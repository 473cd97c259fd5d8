//! A client's deadline, and a client that goes away: both end a message, until it has done what cannot be undone.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::{Code, Status};
use tower::util::BoxCloneService;
use vestibule::testing::{Faults, FaultyStore, Gate, Harness, StoreFault};
use vestibule_tests::grpc::accounts::public_accounts_service_client::PublicAccountsServiceClient;
use vestibule_tests::grpc::accounts::{SignInRequest, SignUpRequest};
use vestibule_tests::grpc::test::PongRequest;
use vestibule_tests::grpc::test::test_auth_service_client::TestAuthServiceClient;

use crate::world::{PASSWORD, Server, Session, reason, with};

const ANN: &str = "ann@example.org";

/// How long the clients of these tests wait.
const TIMEOUT: &str = "1S";

/// A connection that leaves deadlines to the server. A channel of tonic's gives up by itself when they are over.
type Patient = BoxCloneService<Request<Body>, Response<Incoming>, hyper::Error>;

async fn patient(server: &Server) -> Patient {
    let address = server.url.trim_start_matches("http://");
    let stream = TcpStream::connect(address).await.unwrap();
    let opened = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (sender, connection) = opened.unwrap();
    tokio::spawn(connection);
    BoxCloneService::new(tower::service_fn(move |request: Request<Body>| {
        let mut sender = sender.clone();
        async move { sender.send_request(request).await }
    }))
}

fn timed<T>(request: tonic::Request<T>) -> tonic::Request<T> {
    within(TIMEOUT, request)
}

fn within<T>(timeout: &str, mut request: tonic::Request<T>) -> tonic::Request<T> {
    let timeout = timeout.parse().unwrap();
    request.metadata_mut().insert("grpc-timeout", timeout);
    request
}

/// A server whose store waits where it is told to, and somebody who has signed in.
async fn start() -> (Arc<FaultyStore>, Arc<Server>, Session) {
    let store = FaultyStore::in_memory(Faults::default());
    let server = Server::of(Harness::over(store.clone()).with_bundle()).await;
    let session = server.signed_in(ANN).await;
    (store, server.into(), session)
}

/// What a Pong is answered that cannot go on.
async fn held_pong(server: &Server, store: &FaultyStore, session: &Session) -> Status {
    let gate = Arc::<Gate>::default();
    store.hook.hold_next_get(gate.clone());
    let origin = server.url.parse().unwrap();
    let mut client = TestAuthServiceClient::with_origin(patient(server).await, origin);
    let pong = timed(with(&session.access, PongRequest {}));
    let refused = client.pong(pong).await.unwrap_err();
    // It stood there, and stands there no more: the sandbox is gone.
    gate.reached().await;
    gone(&gate).await;
    refused
}

/// Waits until nobody stands at `gate`. A test that waits in vain is stopped by its runner.
async fn gone(gate: &Arc<Gate>) {
    while Arc::strong_count(gate) > 1 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_ends_a_message() {
    let (store, server, session) = start().await;
    let refused = held_pong(&server, &store, &session).await;
    assert_eq!(refused.code(), Code::DeadlineExceeded);
    assert_eq!(reason(&refused), "deadline-exceeded");
    // One that is not over ends nothing.
    let pong = timed(with(&session.access, PongRequest {}));
    server.pong().pong(pong).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_that_is_over_begins_nothing() {
    let (_, server, session) = start().await;
    let origin = server.url.parse().unwrap();
    let mut client = TestAuthServiceClient::with_origin(patient(&server).await, origin);
    let pong = within("0n", with(&session.access, PongRequest {}));
    let refused = client.pong(pong).await.unwrap_err();
    assert_eq!(refused.code(), Code::DeadlineExceeded);
    assert_eq!(reason(&refused), "deadline-exceeded");
    let pong = within("1H", with(&session.access, PongRequest {}));
    client.pong(pong).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_does_not_end_what_has_hashed() {
    let (store, server, session) = start().await;
    let gate = Arc::<Gate>::default();
    store.hook.script([StoreFault::Held(gate.clone())]);
    let origin = server.url.parse().unwrap();
    let mut client = PublicAccountsServiceClient::with_origin(patient(&server).await, origin);
    let request = SignInRequest {
        email: ANN.to_owned(),
        password: PASSWORD.to_owned(),
    };
    let request = timed(tonic::Request::new(request));
    let signing_in = tokio::spawn(async move { client.sign_in(request).await });
    gate.reached().await;
    // The deadline of this one is later than the other's. When it is over, so is that.
    let refused = held_pong(&server, &store, &session).await;
    assert_eq!(refused.code(), Code::DeadlineExceeded);
    assert!(!signing_in.is_finished());
    gate.open();
    let answer = signing_in.await.unwrap().unwrap();
    let second = Session::of(answer.metadata());
    assert_ne!(second.id, session.id);
    let pong = with(&second.access, PongRequest {});
    server.pong().pong(pong).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_goes_away_calls_its_message_off() {
    let (store, server, session) = start().await;
    let gate = Arc::<Gate>::default();
    store.hook.hold_next_get(gate.clone());
    let client = {
        let (server, access) = (server.clone(), session.access.clone());
        tokio::spawn(async move { server.pong().pong(with(&access, PongRequest {})).await })
    };
    gate.reached().await;
    client.abort();
    assert!(client.await.unwrap_err().is_cancelled());
    gone(&gate).await;
    // The connection goes on.
    let pong = with(&session.access, PongRequest {});
    server.pong().pong(pong).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_hashed_goes_on_without_its_client() {
    let (store, server, _) = start().await;
    let before = server.harness.mails().await.len();
    let gate = Arc::<Gate>::default();
    store.hook.script([StoreFault::Held(gate.clone())]);
    let client = {
        let request = SignUpRequest {
            email: "bob@example.org".to_owned(),
            password: PASSWORD.to_owned(),
        };
        let server = server.clone();
        tokio::spawn(async move { server.public().sign_up(request).await })
    };
    gate.reached().await;
    client.abort();
    assert!(client.await.unwrap_err().is_cancelled());
    assert_eq!(server.harness.mails().await.len(), before);
    gate.open();
    while server.harness.mails().await.len() == before {
        tokio::task::yield_now().await;
    }
    server.sign_in("bob@example.org", PASSWORD).await.unwrap();
}
