//! `kill -9` in the middle of commits: nothing acknowledged is lost, and nothing is torn.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use vestibule::data_folder::{DataFolder, DataFolderError};
use vestibule::store::Store;
use vestibule::store::sqlite::{SqliteOptions, SqliteStore};
use vestibule_tests::batch::{Draft, numbered_attempt, prefix};

/// How many acknowledgements are read before each kill.
const KILLED_AFTER: [usize; 7] = [1, 2, 17, 60, 130, 300, 3];

/// As the writer writes them.
const PARTS: usize = 4;

fn spawn(folder: &Path, first: u64) -> Child {
    Command::new(env!("CARGO_BIN_EXE_store-writer"))
        .arg(folder)
        .arg(first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Reads `count` acknowledgements, kills, and gives all there are: number and version.
fn killed_after(mut writer: Child, count: usize) -> BTreeMap<u64, u64> {
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    let mut acknowledged = BTreeMap::new();
    let mut note = |line: String| {
        // The last line may have been cut off with the process.
        if let Some((number, version)) = line.split_once(' ') {
            acknowledged.insert(number.parse().unwrap(), version.parse().unwrap());
        }
    };
    for _ in 0..count {
        note(lines.next().unwrap().unwrap());
    }
    // SIGKILL; the others are in the middle of something.
    writer.kill().unwrap();
    for line in lines {
        note(line.unwrap());
    }
    writer.wait().unwrap();
    assert!(acknowledged.len() >= count);
    acknowledged
}

#[tokio::test]
async fn a_killed_writer_loses_nothing_it_acknowledged_and_tears_nothing() {
    let temporary = tempfile::tempdir().unwrap();
    let data = temporary.path().join("data");
    let mut acknowledged: BTreeMap<u64, u64> = BTreeMap::new();
    let mut last_version = 0;
    for (round, count) in KILLED_AFTER.into_iter().enumerate() {
        let first = round as u64 * 1_000_000;
        acknowledged.extend(killed_after(spawn(&data, first), count));

        // A restart works at once.
        let folder = DataFolder::open(&data).unwrap();
        let store = SqliteStore::open(folder.paths().database(), SqliteOptions::default());
        let store = store.unwrap();
        store.check().await.unwrap();
        let batches = batches(&store).await;
        for (number, version) in &acknowledged {
            assert_eq!(
                batches.get(number),
                Some(version),
                "batch {number} was lost"
            );
        }
        for (number, version) in batches.range(first..) {
            let found = store.find_attempt(numbered_attempt(*number)).await;
            assert_eq!(found.unwrap(), Some(*version));
        }
        let newest = batches.values().copied().max().unwrap();
        let next = Draft::default().put("between", "").committed(&store).await;
        assert!(next > newest && next > last_version, "versions only grow");
        last_version = next;
    }
}

/// The batches in `store`, each by number with its version. Panics if one is torn.
async fn batches(store: &SqliteStore) -> BTreeMap<u64, u64> {
    let mut snapshot = store.begin().await.unwrap();
    let range = prefix("batch/");
    let all = snapshot.scan(&range, usize::MAX, usize::MAX, 0).await;
    let mut parts: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for entry in all.unwrap() {
        let number = entry.key.split('/').nth(1).unwrap().parse::<u64>().unwrap();
        assert_eq!(entry.record.value, number.to_be_bytes().repeat(256));
        parts.entry(number).or_default().push(entry.version);
    }
    let whole = |(number, versions): (u64, Vec<u64>)| {
        assert_eq!(versions.len(), PARTS, "batch {number} is torn");
        assert!(versions.iter().all(|version| *version == versions[0]));
        (number, versions[0])
    };
    parts.into_iter().map(whole).collect()
}

#[tokio::test]
async fn a_folder_is_one_processs_until_it_ends_in_whatever_way() {
    let temporary = tempfile::tempdir().unwrap();
    let mut writer = spawn(temporary.path(), 0);
    let mut first_line = String::new();
    let mut output = BufReader::new(writer.stdout.take().unwrap());
    output.read_line(&mut first_line).unwrap();
    let refused = DataFolder::open(temporary.path()).unwrap_err();
    assert!(matches!(refused, DataFolderError::InUse { .. }));
    writer.kill().unwrap();
    writer.wait().unwrap();
    DataFolder::open(temporary.path()).unwrap();
}
