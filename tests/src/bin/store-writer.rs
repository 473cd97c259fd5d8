//! Commits numbered batches to the data folder given, several at once, and prints the number of each once it is acknowledged, until
//! it is killed. Usage: `store-writer FOLDER FIRST-NUMBER`.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use vestibule::data_folder::DataFolder;
use vestibule::store::Commit;
use vestibule::store::Store;
use vestibule::store::sqlite::{SqliteOptions, SqliteStore};
use vestibule_tests::batch::{Draft, numbered_attempt};

/// Commits under way at once.
const IN_FLIGHT: usize = 8;

/// Entries in a batch.
const PARTS: usize = 4;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(first)) = (arguments.next(), arguments.next()) else {
        return ExitCode::from(2);
    };
    let Ok(first) = first.parse::<u64>() else {
        return ExitCode::from(2);
    };
    let Ok(folder) = DataFolder::open(folder) else {
        return ExitCode::from(3);
    };
    let Ok(store) = SqliteStore::open(folder.paths().database(), SqliteOptions::default()) else {
        return ExitCode::from(4);
    };
    let store: Arc<dyn Store> = Arc::new(store);
    let next = Arc::new(AtomicU64::new(first));
    let writers = (0..IN_FLIGHT).map(|_| tokio::spawn(write(store.clone(), next.clone())));
    for writer in writers.collect::<Vec<_>>() {
        // Nobody reads any more, or the store failed: the test sees what is missing.
        let _ = writer.await;
    }
    ExitCode::FAILURE
}

async fn write(store: Arc<dyn Store>, next: Arc<AtomicU64>) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        // Large enough that the log is checkpointed every now and then.
        let value = number.to_be_bytes().repeat(256);
        let draft = (0..PARTS).fold(Draft::default(), |draft, part| {
            draft.put(&format!("batch/{number:020}/{part}"), &value)
        });
        let mut batch = draft.batch();
        batch.attempt = numbered_attempt(number);
        match store.commit(batch).await {
            Ok(Commit::Committed(version)) => {
                let line = format!("{number} {version}\n");
                if std::io::stdout().write_all(line.as_bytes()).is_err() {
                    return;
                }
            }
            _ => return,
        }
    }
}
