//! The services behind a certificate.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tonic::Code;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Error};
use vestibule::config;
use vestibule::transport::{Limits, Listener, Tls, serve};
use vestibule_tests::grpc::accounts::SignInRequest;
use vestibule_tests::grpc::accounts::public_accounts_service_client::PublicAccountsServiceClient;
use vestibule_tests::grpc::test::test_auth_service_client::TestAuthServiceClient;
use vestibule_tests::grpc::test::test_no_auth_service_client::TestNoAuthServiceClient;
use vestibule_tests::grpc::test::{PingRequest, PongRequest};
use vestibule_tests::harness;
use vestibule_tests::store::Backend;

use crate::world::{PASSWORD, reason};

/// The certificate `pem` and its key, as files.
fn load(folder: &Path, pem: &str, key: &str) -> Tls {
    let (certificate, path) = (folder.join("certificate.pem"), folder.join("key.pem"));
    fs::write(&certificate, pem).unwrap();
    fs::write(&path, key).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let config = config::Tls {
        certificate: Some(certificate),
        key: Some(path),
    };
    Tls::load(&config).unwrap().unwrap()
}

async fn connect(address: SocketAddr, trusted: &str) -> Result<Channel, Error> {
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(trusted));
    let endpoint = Endpoint::from_shared(format!("https://localhost:{}", address.port()));
    endpoint.unwrap().tls_config(tls).unwrap().connect().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_trusts_the_certificate_is_served() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let pem = made.cert.pem();
    let tls = load(folder.path(), &pem, &made.signing_key.serialize_pem());
    let harness = harness::on(Backend::Memory).with_bundle().start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(serve(
        Listener::new(listener, Some(tls)),
        harness.host.router(),
        Limits::from(&harness.host.config().http),
        Arc::new(|_| {}),
        async move { drop(stopped.await) },
    ));

    let channel = connect(address, &pem).await.unwrap();
    let mut ping = TestNoAuthServiceClient::new(channel.clone());
    ping.ping(PingRequest {}).await.unwrap();
    let mut pong = TestAuthServiceClient::new(channel.clone());
    let refused = pong.pong(PongRequest {}).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    let request = SignInRequest {
        email: "nobody@example.org".to_owned(),
        password: PASSWORD.to_owned(),
    };
    let mut accounts = PublicAccountsServiceClient::new(channel);
    let refused = accounts.sign_in(request).await.unwrap_err();
    assert_eq!(reason(&refused), "unauthenticated");
    drop((ping, pong, accounts));

    // Whoever trusts another one says nothing, and whoever has no TLS is told nothing.
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    connect(address, &other.cert.pem()).await.unwrap_err();
    let plain = Endpoint::from_shared(format!("http://{address}")).unwrap();
    if let Ok(channel) = plain.connect().await {
        let mut ping = TestNoAuthServiceClient::new(channel);
        ping.ping(PingRequest {}).await.unwrap_err();
    }
    drop(stop);
    assert_eq!(task.await.unwrap().cut, 0);
}
