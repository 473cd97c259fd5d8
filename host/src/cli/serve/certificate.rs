//! The certificate of the public listener: it is renewed from time to time, by programs that know nothing of this one.

use std::convert::Infallible;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use vestibule::transport::Tls;

/// How often its files are looked at.
const EVERY: Duration = Duration::from_secs(60);

/// SIGHUPs from now on. Without TLS nothing is read anew, and the signal ends the process as ever.
pub(super) fn hang_ups(tls: Option<&Tls>) -> std::io::Result<Option<(Tls, Signal)>> {
    let Some(tls) = tls else { return Ok(None) };
    Ok(Some((tls.clone(), signal(SignalKind::hangup())?)))
}

/// Serves a new certificate once it is there: within a minute, and at once after a SIGHUP.
pub(super) async fn follow(watched: Option<(Tls, Signal)>) -> Infallible {
    let Some((tls, mut hang_ups)) = watched else {
        return std::future::pending().await;
    };
    let mut minutes = tokio::time::interval(EVERY);
    loop {
        let asked = tokio::select! {
            _ = minutes.tick() => false,
            Some(()) = hang_ups.recv() => true,
        };
        let reader = tls.clone();
        // Files may be slow.
        match tokio::task::spawn_blocking(move || reader.reload()).await {
            Ok(Ok(true)) => tracing::info!("a new certificate is served"),
            Ok(Ok(false)) if asked => tracing::info!("the certificate is the same"),
            Ok(Ok(false)) => {}
            Ok(Err(cause)) => {
                tracing::error!(%cause, "the new certificate is not served; the old one is");
            }
            Err(cause) => tracing::error!(%cause, "the certificate could not be looked at"),
        }
    }
}
