//! A client of the gRPC services in Rust, as docs/grpc.md has it: it signs in and lists tokens.
//!
//! `cargo run -p vestibule-tests --example client -- http://127.0.0.1:8080 EMAIL PASSWORD`. The stubs are made by `tests/build.rs`.

use std::error::Error;

use tonic::Request;
use tonic::transport::Endpoint;
use vestibule_tests::grpc::accounts::SignInRequest;
use vestibule_tests::grpc::accounts::public_accounts_service_client::PublicAccountsServiceClient;
use vestibule_tests::grpc::tokens::tokens_service_client::TokensServiceClient;

/// The names of the tokens of whoever has this address and this password.
pub(crate) async fn token_names(
    url: String,
    email: String,
    password: String,
) -> Result<Vec<String>, Box<dyn Error>> {
    let channel = Endpoint::from_shared(url)?.connect().await?;
    let mut accounts = PublicAccountsServiceClient::new(channel.clone());
    let answer = accounts.sign_in(SignInRequest { email, password }).await?;
    let session = answer.metadata().get("x-access-token");
    let access = session.ok_or("no session")?.to_str()?;
    let mut list = Request::new(());
    list.metadata_mut()
        .insert("authorization", format!("Bearer {access}").parse()?);
    let answers = TokensServiceClient::new(channel).list_tokens(list).await?;
    let (mut tokens, mut names) = (answers.into_inner(), Vec::new());
    while let Some(token) = tokens.message().await? {
        names.extend(token.token_metadata.map(|metadata| metadata.name));
    }
    Ok(names)
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "it is a program")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("usage: client URL EMAIL PASSWORD");
    for name in token_names(next()?, next()?, next()?).await? {
        println!("{name}");
    }
    Ok(())
}
