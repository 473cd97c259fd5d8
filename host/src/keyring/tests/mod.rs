//! The ring over a store: what one host makes another uses, and what time and rotation do to keys.

mod algorithms;
mod fixture;
mod noticing;
mod opening;
mod purposes;
mod rotating;

use self::fixture::Site;
use super::*;

#[tokio::test]
async fn every_future_may_move_between_threads() {
    fn check<T: Send>(future: T) {
        drop(future);
    }
    let site = Site::new();
    let ring = site.host().await;
    let rotation = Rotation::default();
    let root = RootKey::from_bytes([1; 32]);
    check(KeyRing::open(
        site.store.clone(),
        &root,
        site.clock.clone(),
        Options::default(),
    ));
    check(ring.reload());
    check(ring.refresh_if_stale(0));
    check(ring.rotate_signing(&rotation));
    check(ring.rotate(Purpose::Mac, &rotation));
    check(ring.signing().find(""));
    check(ring.signing().verify("", b"", b""));
    check(ring.seals().open(b"", "", b""));
    check(ring.peppers().find(""));
}
