//! One build of the token component for another, while it serves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::pair::{host, is_valid, issue, refresh};

/// The bundled build with a custom section added: the same code, another digest.
fn another_build(wasm: &[u8]) -> Vec<u8> {
    let name = b"build";
    let mut other = wasm.to_vec();
    other.extend_from_slice(&[0, name.len() as u8 + 2, name.len() as u8]);
    other.extend_from_slice(name);
    other.push(b'2');
    other
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_swaps_under_load_fail_no_message() {
    let host = host().await;
    let bundled = bundle::COMPONENTS
        .iter()
        .find(|component| component.channel == "token");
    let one = bundled.unwrap().wasm.to_vec();
    let two = another_build(&one);
    let done = Arc::new(AtomicBool::new(false));
    let workers: Vec<_> = (0..6)
        .map(|worker| {
            let (host, done) = (host.clone(), done.clone());
            tokio::spawn(async move {
                let mut rounds = 0;
                while !done.load(Ordering::SeqCst) {
                    let pair = issue(&host, &format!("user-{worker}-{rounds}")).await;
                    let next = refresh(&host, &pair.refresh).await.unwrap();
                    assert!(is_valid(&host, &next.access).await);
                    rounds += 1;
                }
                rounds
            })
        })
        .collect();
    let mut digests = Vec::new();
    for swap in 0..100 {
        let build = if swap % 2 == 0 { &two } else { &one };
        digests.push(host.deploy("token", build.clone()).await.unwrap().digest);
        let serving = host.host.deployments();
        let token = serving.iter().find(|build| build.channel == "token");
        assert_eq!(token.unwrap().digest, digests[swap].to_string());
    }
    let back = host.rollback("token").await.unwrap();
    assert_eq!(
        back.digest, digests[98],
        "the build before the last serves again"
    );
    done.store(true, Ordering::SeqCst);
    let mut rounds = 0;
    for worker in workers {
        rounds += worker.await.unwrap();
    }
    assert!(rounds > 0);
    digests.dedup();
    assert_eq!(digests.len(), 100, "every swap changed the build");
}
