//! Files that are not what they should be.

use std::path::PathBuf;

use tempfile::TempDir;
use vestibule::store::StoreError;
use vestibule::store::sqlite::{OpenError, SqliteOptions, SqliteStore};
use vestibule_tests::batch::Draft;

/// A folder, and the path of a sound database of some hundred entries in it.
async fn sound() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vestibule.db");
    let store = open(&path).unwrap();
    let put = |draft: Draft, n: u32| draft.put(&n.to_string(), [7; 500]);
    let draft = (0..200).fold(Draft::default(), put);
    draft.committed(&store).await;
    (folder, path)
}

fn open(path: &PathBuf) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(path, SqliteOptions::default())
}

/// Opens, and expects a refusal that names the file.
fn refused(path: &PathBuf) -> OpenError {
    let error = open(path).expect_err("it must not open");
    assert!(error.to_string().contains(&path.display().to_string()));
    error
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vestibule.db");
    let text = "not a database at all, but long enough to have a header".repeat(50);
    std::fs::write(&path, &text).unwrap();
    let error = refused(&path);
    assert!(matches!(&error, OpenError::Corrupt { .. }), "{error:?}");
    assert!(error.to_string().contains("restore a backup"));
    assert!(matches!(StoreError::from(error), StoreError::Corrupt(_)));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn a_damaged_database_is_refused() {
    let (_folder, path) = sound().await;
    let mut bytes = std::fs::read(&path).unwrap();
    assert!(bytes.len() > 20 * 4096);
    bytes[8 * 4096..12 * 4096].fill(0xa5);
    std::fs::write(&path, &bytes).unwrap();
    let error = refused(&path);
    assert!(matches!(error, OpenError::Corrupt { .. }), "{error:?}");
}

#[tokio::test]
async fn a_database_cut_short_is_refused() {
    let (_folder, path) = sound().await;
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(5 * 4096).unwrap();
    let error = refused(&path);
    assert!(matches!(error, OpenError::Corrupt { .. }), "{error:?}");
}

#[tokio::test]
async fn a_newer_format_is_refused_with_both_numbers() {
    let (_folder, path) = sound().await;
    let database = rusqlite::Connection::open(&path).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    drop(database);
    let error = refused(&path);
    assert!(matches!(
        error,
        OpenError::Newer {
            found: 99,
            known: 1,
            ..
        }
    ));
    assert!(error.to_string().contains("newer Vestibule"));
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vestibule.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    let theirs = "CREATE TABLE theirs (id); INSERT INTO theirs VALUES (1)";
    database.execute_batch(theirs).unwrap();
    assert!(matches!(refused(&path), OpenError::Foreign { .. }));
    let rows = database.query_row("SELECT count(*) FROM theirs", [], |row| row.get(0));
    assert_eq!(rows, Ok(1));
}

#[test]
fn a_place_that_cannot_be_written_to_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    for path in [file.join("vestibule.db"), folder.path().to_owned()] {
        let error = refused(&path);
        assert!(matches!(error, OpenError::Unopenable { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn the_thorough_check_finds_an_index_that_contradicts_its_table() {
    let (_folder, path) = sound().await;
    let store = open(&path).unwrap();
    Draft::default().put("needle", "").committed(&store).await;
    store.check().await.unwrap();
    drop(store);
    // It stands in the table and in the index; a flipped bit in one of them is seen only by comparing.
    let mut bytes = std::fs::read(&path).unwrap();
    let mut places = (0..bytes.len() - 6).filter(|at| &bytes[*at..at + 6] == b"needle");
    let (one, other) = (places.next().unwrap(), places.next().unwrap());
    assert_ne!(one / 4096, other / 4096);
    bytes[one + 5] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let store = open(&path).unwrap();
    let found = store.check().await.unwrap_err();
    assert!(matches!(found, StoreError::Corrupt(_)), "{found:?}");
}
