//! When to stop: SIGTERM or Ctrl-C. The first asks to finish what is in flight, the second to stop at once.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Counts the signals from now on.
pub(super) fn signals() -> std::io::Result<watch::Receiver<u32>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (count, counted) = watch::channel(0);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                received = terminate.recv() => if received.is_none() { return },
                received = interrupt.recv() => if received.is_none() { return },
            }
            count.send_modify(|count| *count += 1);
        }
    });
    Ok(counted)
}

/// Ready once there was a signal.
pub(super) async fn first(mut counted: watch::Receiver<u32>) {
    wait(&mut counted, 1).await;
}

/// Ready once there were two.
pub(super) async fn second(mut counted: watch::Receiver<u32>) {
    wait(&mut counted, 2).await;
}

async fn wait(counted: &mut watch::Receiver<u32>, signals: u32) {
    if counted.wait_for(|count| *count >= signals).await.is_err() {
        // Nobody can signal any more.
        std::future::pending::<()>().await;
    }
}
