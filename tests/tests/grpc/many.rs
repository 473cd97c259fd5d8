//! Many at once, and long streams.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::join_all;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};
use vestibule_tests::grpc::accounts::accounts_service_client::AccountsServiceClient;
use vestibule_tests::grpc::test::PongRequest;
use vestibule_tests::grpc::tokens::RegenerateTokenRequest;
use vestibule_tests::grpc::tokens::tokens_service_client::TokensServiceClient;

use crate::tokens::{Token, all, create, uuid};
use crate::world::{Server, Session, connect, refreshing, with};

const ANN: &str = "ann@example.org";

/// Clients at once.
const CLIENTS: usize = 64;

/// As many tokens as somebody may have.
const TOKENS: usize = 1_000;

// E03
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_many_refresh_at_once_goes_on_for_all_of_them() {
    let server = Server::start().await;
    let session = server.signed_in(ANN).await;
    let clients = (0..CLIENTS).map(|_| {
        let (url, session) = (server.url.clone(), session.clone());
        tokio::spawn(async move {
            let mut client = AccountsServiceClient::new(connect(&url).await);
            let answer = client.refresh_session(refreshing(&session)).await;
            Session::of(answer.unwrap().metadata())
        })
    });
    let sessions: Vec<Session> = join_all(clients)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let refreshed: BTreeSet<_> = sessions.iter().map(|session| &session.refresh).collect();
    assert_eq!(refreshed.len(), 1);
    for session in &sessions {
        let pong = with(&session.access, PongRequest {});
        server.pong().pong(pong).await.unwrap();
    }
    let answer = server
        .accounts()
        .refresh_session(refreshing(&sessions[0]))
        .await;
    answer.unwrap();
}

async fn is_good(server: &Server, value: &str) -> bool {
    let answer = server.pong().pong(with(value, PongRequest {})).await;
    match answer {
        Ok(_) => true,
        Err(status) => {
            assert_eq!(status.code(), Code::Unauthenticated);
            false
        }
    }
}

async fn regenerate(server: &Server, session: &Session, token: &Token) -> String {
    let request = RegenerateTokenRequest {
        token_uuid: uuid(&token.uuid),
    };
    let request = with(&session.access, request);
    let answer = server.tokens().regenerate_token(request).await.unwrap();
    answer.into_inner().token_value.unwrap().token
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_many_regenerate_has_one_value() {
    let server = Server::start().await;
    let session = server.signed_in(ANN).await;
    let token = Arc::new(create(&server, &session.access, &[]).await);
    let clients = (0..8).map(|_| {
        let (server, session, token) = (server.clone(), session.clone(), token.clone());
        tokio::spawn(async move { regenerate(&server, &session, &token).await })
    });
    let values: Vec<String> = join_all(clients)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let mut good = 0;
    for value in &values {
        good += usize::from(is_good(&server, value).await);
    }
    assert_eq!(good, 1);
    assert!(!is_good(&server, &token.value).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_value_dies_when_the_new_one_lives() {
    let server = Server::start().await;
    let session = server.signed_in(ANN).await;
    let mut token = create(&server, &session.access, &[]).await;
    for _ in 0..20 {
        // Those who use the old value meanwhile are in or out, and nothing else.
        let users = (0..4).map(|_| is_good(&server, &token.value));
        let (value, _) = tokio::join!(regenerate(&server, &session, &token), join_all(users));
        assert!(is_good(&server, &value).await);
        assert!(!is_good(&server, &token.value).await);
        token.value = value;
    }
}

/// Somebody with so many tokens.
async fn with_tokens(server: &Server, count: usize) -> Session {
    let session = server.signed_in(ANN).await;
    for _ in 0..count {
        create(server, &session.access, &[]).await;
    }
    session
}

/// A client that takes little at once.
async fn narrow(server: &Server) -> TokensServiceClient<Channel> {
    let endpoint = Endpoint::from_shared(server.url.clone()).unwrap();
    let endpoint = endpoint.initial_stream_window_size(1_024);
    TokensServiceClient::new(endpoint.connect().await.unwrap())
}

/// How many pages the host was asked for.
fn pages(server: &Server) -> usize {
    let metrics = server.harness.host.metrics_text();
    let counter = "vestibule_messages_total{channel=\"api-tokens\",command=\"list\"";
    let lines = metrics.lines().filter(|line| line.starts_with(counter));
    let counts = lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<usize>().ok());
    counts.sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_list_is_sent_as_it_is_taken() {
    let server = Server::listening().await;
    let session = with_tokens(&server, TOKENS).await;

    // Whoever leaves in the middle is sent no more.
    let mut client = narrow(&server).await;
    let listed = client.list_tokens(with(&session.access, ())).await;
    let mut listed = listed.unwrap().into_inner();
    listed.message().await.unwrap().unwrap();
    drop((listed, client));
    let before = pages(&server);
    assert!((1..TOKENS / 100).contains(&before), "{before}");

    let listed = server.tokens().list_tokens(with(&session.access, ())).await;
    let listed = all(listed.unwrap().into_inner()).await;
    let uuids: Vec<_> = listed
        .into_iter()
        .map(|it| it.token_uuid.unwrap().uuid)
        .collect();
    assert_eq!(uuids.len(), TOKENS);
    assert!(uuids.is_sorted());
    // This one asked for every page and for the end; the other one at most for the page that was on its way.
    let (least, most) = (before + TOKENS / 100, before + TOKENS / 100 + 2);
    let asked = pages(&server);
    assert!(
        (least..=most).contains(&asked),
        "{asked} of {least} to {most}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_lets_streams_end() {
    let server = Server::listening().await;
    let session = with_tokens(&server, 250).await;
    let mut client = narrow(&server).await;
    let listed = client.list_tokens(with(&session.access, ())).await;
    let mut listed = listed.unwrap().into_inner();
    listed.message().await.unwrap().unwrap();
    let (rest, drained) = tokio::join!(all(listed), server.stop());
    assert_eq!(rest.len(), 249);
    assert_eq!(drained.cut, 0);
}
