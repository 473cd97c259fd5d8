//! The same with TLS.

use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::*;
use crate::transport::tls::testing::{Folder, certificate, connector};

const GET: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

/// A listener with TLS, and what a client trusts.
struct Secured {
    running: Running,
    tls: Tls,
    folder: Folder,
    trusted: CertificateDer<'static>,
}

async fn secured(limits: Limits) -> Secured {
    let made = certificate();
    let folder = Folder::of(&made);
    let tls = folder.load().unwrap();
    Secured {
        running: start_with(limits, Some(tls.clone())).await,
        tls,
        folder,
        trusted: made.cert.der().clone(),
    }
}

impl Secured {
    async fn try_connect(
        &self,
        trusted: &CertificateDer<'static>,
        protocols: &[&[u8]],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(self.running.address).await.unwrap();
        let name = "localhost".try_into().unwrap();
        connector(trusted, protocols).connect(name, stream).await
    }

    async fn connect(&self, protocols: &[&[u8]]) -> TlsStream<TcpStream> {
        self.try_connect(&self.trusted, protocols).await.unwrap()
    }
}

fn chosen(stream: &TlsStream<TcpStream>) -> Option<&[u8]> {
    stream.get_ref().1.alpn_protocol()
}

#[tokio::test]
async fn http_is_spoken_over_tls() {
    let secured = secured(patient()).await;
    for protocols in [&[][..], &[&b"http/1.1"[..]]] {
        let mut stream = secured.connect(protocols).await;
        assert_eq!(chosen(&stream), protocols.first().copied());
        stream.write_all(GET.as_bytes()).await.unwrap();
        let answer = read_until(&mut stream, "quick").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn http2_is_what_is_chosen_first() {
    let secured = secured(patient()).await;
    let mut stream = secured.connect(&[b"http/1.1", b"h2"]).await;
    assert_eq!(chosen(&stream), Some(&b"h2"[..]));
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    stream.write_all(preface).await.unwrap();
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.unwrap();
    // SETTINGS (RFC 9113 §3.4).
    assert_eq!(head[3], 4);
}

#[tokio::test]
async fn who_speaks_another_protocol_is_refused() {
    let secured = secured(patient()).await;
    let refused = secured.try_connect(&secured.trusted, &[b"spdy/1"]).await;
    assert!(refused.is_err());
    let trusted = certificate().cert.der().clone();
    assert!(secured.try_connect(&trusted, &[]).await.is_err());
    drop(secured.connect(&[]).await);
}

#[tokio::test]
async fn plain_text_is_refused() {
    let secured = secured(patient()).await;
    for plain in [GET, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let mut stream = secured.running.connect(plain).await;
        let answer = read_all(&mut stream).await;
        assert!(
            !answer.contains("HTTP") && !answer.contains("quick"),
            "{answer}"
        );
    }
    assert_eq!(secured.running.begun.available_permits(), 0);
}

/// The first bytes of a ClientHello, which says that it is 256 bytes long (RFC 8446 §5.1).
const BEGUN: &str = "\x16\x03\x01\x01\x00\x01";

#[tokio::test]
async fn who_is_slow_with_the_handshake_is_left() {
    let secured = secured(Limits {
        head: SHORT,
        ..patient()
    })
    .await;
    for begin in ["", BEGUN] {
        let mut stream = secured.running.connect(begin).await;
        assert_eq!(read_all(&mut stream).await, "");
    }
    // The head has what the handshake left of the time.
    if let Ok(mut stream) = secured.try_connect(&secured.trusted, &[]).await {
        assert_eq!(read_all(&mut stream).await, "");
    }
}

#[tokio::test]
async fn a_handshake_is_a_connection() {
    let secured = secured(Limits {
        connections: 1,
        ..patient()
    })
    .await;
    let slow = secured.running.connect(BEGUN).await;
    let mut next = std::pin::pin!(secured.connect(&[]));
    // Its handshake is not answered while the other one has the place.
    assert!(futures::poll!(&mut next).is_pending());
    drop(slow);
    let mut stream = next.await;
    stream.write_all(GET.as_bytes()).await.unwrap();
    read_until(&mut stream, "quick").await;
    assert_eq!(secured.running.open.1.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_handshakes() {
    let mut secured = secured(patient()).await;
    let mut slow = secured.running.connect(BEGUN).await;
    let mut busy = secured.connect(&[]).await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    secured.running.begun.acquire().await.unwrap().forget();
    secured.running.stop();
    assert_eq!(read_all(&mut slow).await, "");
    secured.running.leave.add_permits(1);
    let answer = read_all(&mut busy).await;
    assert!(answer.ends_with("slow"), "{answer}");
    assert_eq!(secured.running.task.await.unwrap(), Drained { cut: 0 });
}

#[tokio::test]
async fn new_connections_get_the_new_certificate() {
    let secured = secured(patient()).await;
    let mut old = secured.connect(&[]).await;
    let made = certificate();
    let (pem, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    secured.folder.write(&pem, &key);
    assert!(secured.tls.reload().unwrap());
    assert!(secured.try_connect(&secured.trusted, &[]).await.is_err());
    let mut new = secured.try_connect(made.cert.der(), &[]).await.unwrap();
    // Who was connected stays connected.
    for stream in [&mut old, &mut new] {
        stream.write_all(GET.as_bytes()).await.unwrap();
        read_until(stream, "quick").await;
    }
}
