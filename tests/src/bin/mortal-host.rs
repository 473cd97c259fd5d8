//! Signs people up, all at once, on the data in FOLDER, delivers their mails, and ends at POINT. Prints the number of each whose
//! sign-up is answered. Usage: `mortal-host FOLDER POINT`.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, setrlimit};
use vestibule::store::sqlite::{SqliteOptions, SqliteStore};
use vestibule_tests::harness::{self, Harness};
use vestibule_tests::letter_box::LetterBox;
use vestibule_tests::mortal::{Point, mortal};
use vestibule_tests::people::{PEOPLE, sign_up};

/// How often it is looked whether the mails are delivered.
const LOOK: Duration = Duration::from_millis(20);

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(point)) = (arguments.next(), arguments.next()) else {
        return ExitCode::from(2);
    };
    let (folder, Ok(point)) = (Path::new(&folder), point.parse::<Point>()) else {
        return ExitCode::from(2);
    };
    // It ends by a signal that would leave one.
    let no_dump = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let Ok(()) = setrlimit(Resource::Core, no_dump) else {
        return ExitCode::from(3);
    };
    let store = SqliteStore::open(folder.join("vestibule.db"), SqliteOptions::default());
    let Ok(store) = store else {
        return ExitCode::from(4);
    };
    let host = harness::over(mortal(store, point))
        .with_bundle()
        .mailer(Arc::new(LetterBox::at(&folder.join("letters"))))
        .start()
        .await;
    let host = Arc::new(host);
    let people = (0..PEOPLE).map(|number| tokio::spawn(answered(host.clone(), number)));
    for person in people.collect::<Vec<_>>() {
        // A panic is a missing number.
        let _ = person.await;
    }
    let mut looks = tokio::time::interval(LOOK);
    while host.mails_wait().await {
        looks.tick().await;
    }
    // It should not have come so far.
    ExitCode::FAILURE
}

async fn answered(host: Arc<Harness>, number: usize) {
    if sign_up(&host, number).await.is_ok() {
        let line = format!("{number}\n");
        let _ = std::io::stdout().write_all(line.as_bytes());
    }
}
