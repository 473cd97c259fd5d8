//! The example of docs/grpc.md does what it says.

#[expect(dead_code, reason = "as a program it has a `main`")]
#[path = "../../examples/client.rs"]
mod client;

use crate::tokens::create;
use crate::world::{NEW_PASSWORD, PASSWORD, Server};

const ANN: &str = "ann@example.org";

async fn names(server: &Server, password: &str) -> Option<Vec<String>> {
    let url = server.url.clone();
    let names = client::token_names(url, ANN.to_owned(), password.to_owned());
    names.await.ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_signs_in_and_lists_tokens() {
    let server = Server::start().await;
    let session = server.signed_in(ANN).await;
    assert_eq!(names(&server, PASSWORD).await, Some(Vec::new()));
    create(&server, &session.access, &[]).await;
    assert_eq!(names(&server, PASSWORD).await, Some(vec!["ci".to_owned()]));
    assert_eq!(names(&server, NEW_PASSWORD).await, None);
}
