//! Backups, and the way back. The data folder's lock between processes.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use vestibule::backup::{BackupError, RestoreError, Restored, restore, write_backup};
use vestibule::data_folder::{DataFolder, DataPaths};
use vestibule::store::Store;
use vestibule::store::sqlite::{SqliteOptions, SqliteStore};
use vestibule_tests::batch::{Draft, prefix};

use crate::fixture::{keys, value};
use crate::sqlite::holds;

const ROOT_KEY: [u8; 32] = *b"a root key of exactly 32 bytes!!";

struct Moving {
    folder: TempDir,
    store: SqliteStore,
}

impl Moving {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vestibule.db");
        let store = SqliteStore::open(path, SqliteOptions::default()).unwrap();
        Draft::default()
            .put("a", "1")
            .put("b", "2")
            .committed(&store)
            .await;
        Self { folder, store }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// What is in the folder, but for the database.
    fn others(&self) -> Vec<String> {
        names(self.folder.path())
            .into_iter()
            .filter(|name| !name.starts_with("vestibule.db"))
            .collect()
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.unwrap().file_name().into_string().unwrap()
    };
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    names
}

async fn reopened(data: &Path) -> SqliteStore {
    let path = DataPaths::new(data).database();
    let store = SqliteStore::open(path, SqliteOptions::default()).unwrap();
    store.check().await.unwrap();
    store
}

#[tokio::test]
async fn a_backup_comes_back_as_it_was() {
    let moving = Moving::new().await;
    let last = Draft::default().delete("b").committed(&moving.store).await;
    let file = moving.path("backup");
    write_backup(&moving.store, &file, None).await.unwrap();
    Draft::default()
        .put("c", "later")
        .committed(&moving.store)
        .await;

    let data = moving.path("restored");
    let restored = restore(&file, &data).unwrap();
    assert_eq!(restored, Restored { root_key: false });
    assert!(!DataPaths::new(&data).root_key().exists());
    let store = reopened(&data).await;
    let mut snapshot = store.begin().await.unwrap();
    assert_eq!(keys(&mut *snapshot, &prefix("")).await, ["a"]);
    drop(snapshot);
    // Versions go on from the backup's last, which was a deletion's.
    let next = Draft::default().put("d", "").committed(&store).await;
    assert_eq!(next, last + 1);
}

#[tokio::test]
async fn the_root_key_travels_only_when_it_is_asked_for() {
    let moving = Moving::new().await;
    let (without, with) = (moving.path("without"), moving.path("with"));
    write_backup(&moving.store, &without, None).await.unwrap();
    write_backup(&moving.store, &with, Some(&ROOT_KEY))
        .await
        .unwrap();
    assert!(!holds(&without, &ROOT_KEY));
    assert!(holds(&with, &ROOT_KEY));

    let data = moving.path("restored");
    let restored = restore(&with, &data).unwrap();
    assert_eq!(restored, Restored { root_key: true });
    let paths = DataPaths::new(&data);
    assert_eq!(std::fs::read(paths.root_key()).unwrap(), ROOT_KEY);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(&paths.root_key()), 0o600);
    assert_eq!(mode(&paths.keys()), 0o700);
    assert_eq!(mode(&paths.database()), 0o600);
    assert!(!holds(&paths.database(), &ROOT_KEY));
    assert_eq!(names(&data), ["cache", "keys", "lock", "vestibule.db"]);
    // It is left as it was, and nobody else can read it.
    assert!(holds(&with, &ROOT_KEY));
    assert_eq!((mode(&with), mode(&without)), (0o600, 0o600));
    let store = reopened(&data).await;
    let mut snapshot = store.begin().await.unwrap();
    assert_eq!(value(&mut *snapshot, "b").await.as_deref(), Some("2"));
}

#[tokio::test]
async fn what_was_deleted_is_not_in_a_backup() {
    let moving = Moving::new().await;
    let secret = "forget-this-person".repeat(1000);
    Draft::default()
        .put("s", &secret)
        .committed(&moving.store)
        .await;
    Draft::default().delete("s").committed(&moving.store).await;
    let file = moving.path("backup");
    moving.store.backup_to(&file).await.unwrap();
    assert!(!holds(&file, b"forget-this-person"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_one_moment_while_commits_go_on() {
    let moving = Moving::new().await;
    let store = Arc::new(moving.store);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let writer = tokio::spawn({
        let store = store.clone();
        async move {
            let mut round = 0_u64;
            while !*stopped.borrow() {
                let text = round.to_string();
                let draft = Draft::default().put("left", &text).put("right", &text);
                draft.put(&text, vec![0; 10_000]).committed(&*store).await;
                round += 1;
            }
            round
        }
    });
    for number in 0..5 {
        let before = store.status().commits;
        let file = moving.folder.path().join(format!("backup-{number}"));
        store.backup_to(&file).await.unwrap();
        let data = moving.folder.path().join(format!("data-{number}"));
        restore(&file, &data).unwrap();
        let copy = reopened(&data).await;
        let mut snapshot = copy.begin().await.unwrap();
        let left = value(&mut *snapshot, "left").await;
        assert_eq!(left, value(&mut *snapshot, "right").await);
        // Everything from before it began.
        let rounds = left.map_or(0, |text| text.parse::<u64>().unwrap() + 1);
        assert!(rounds + 1 >= before, "{rounds} rounds of {before} commits");
    }
    stop.send(true).unwrap();
    assert!(writer.await.unwrap() > 0);
}

#[tokio::test]
async fn a_backup_never_replaces_a_file() {
    let moving = Moving::new().await;
    let file = moving.path("backup");
    std::fs::write(&file, "theirs").unwrap();
    let refused = write_backup(&moving.store, &file, None).await.unwrap_err();
    assert!(matches!(refused, BackupError::Exists { .. }));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "theirs");
    assert_eq!(moving.others(), ["backup"]);
}

#[tokio::test]
async fn a_backup_that_fails_leaves_nothing() {
    let moving = Moving::new().await;
    let file = moving.path("file");
    std::fs::write(&file, "").unwrap();
    for unwritable in [file.join("backup"), moving.path("missing/backup")] {
        let refused = write_backup(&moving.store, &unwritable, Some(&ROOT_KEY)).await;
        let refused = refused.unwrap_err();
        assert!(matches!(refused, BackupError::Unwritable { .. }));
    }
    // The database cannot be read any more: the copy fails after its file was made.
    std::fs::write(moving.store.path(), "not a database".repeat(100)).unwrap();
    let refused = write_backup(&moving.store, moving.path("backup"), None).await;
    assert!(matches!(refused, Err(BackupError::Copy { .. })));
    assert_eq!(moving.others(), ["file"]);
}

#[tokio::test]
async fn a_folder_with_something_in_it_is_not_restored_into() {
    let moving = Moving::new().await;
    let file = moving.path("backup");
    write_backup(&moving.store, &file, Some(&ROOT_KEY))
        .await
        .unwrap();
    for something in ["vestibule.db", "keys/root", "operator.key", "notes"] {
        let data = moving.path(&format!("data of {}", something.replace('/', "-")));
        let path = data.join(something);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "theirs").unwrap();
        let refused = restore(&file, &data).unwrap_err();
        let RestoreError::NotEmpty { found, .. } = &refused else {
            panic!("{refused:?}");
        };
        assert_eq!(found, something);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "theirs");
    }
    // What an opened folder has by itself is nothing.
    let data = moving.path("opened");
    drop(DataFolder::open(&data).unwrap());
    restore(&file, &data).unwrap();
}

#[tokio::test]
async fn a_folder_in_use_is_not_restored_into() {
    let moving = Moving::new().await;
    let file = moving.path("backup");
    write_backup(&moving.store, &file, None).await.unwrap();
    let data = moving.path("data");
    let _in_use = DataFolder::open(&data).unwrap();
    let refused = restore(&file, &data).unwrap_err();
    assert!(matches!(refused, RestoreError::Folder(_)));
    assert!(refused.to_string().contains("in use"));
}

#[tokio::test]
async fn what_is_no_backup_is_refused() {
    let moving = Moving::new().await;
    let good = moving.path("good");
    write_backup(&moving.store, &good, None).await.unwrap();
    let data = moving.path("data");
    let refused = |name: &str, bytes: Option<&[u8]>| {
        let file = moving.path(name);
        if let Some(bytes) = bytes {
            std::fs::write(&file, bytes).unwrap();
        }
        let error = restore(&file, &data).unwrap_err();
        assert!(error.to_string().contains(&file.display().to_string()));
        assert!(!data.exists(), "nothing is made for a file that is refused");
        error
    };
    let missing = refused("missing", None);
    assert!(matches!(missing, RestoreError::Unreadable { .. }));
    for (name, bytes) in [("empty", &b""[..]), ("text", &[b'x'; 5000])] {
        let error = refused(name, Some(bytes));
        assert!(
            matches!(error, RestoreError::NotABackup { .. }),
            "{error:?}"
        );
    }
    let mut bytes = std::fs::read(&good).unwrap();
    let middle = bytes.len() / 2;
    bytes[4096..middle].fill(0xa5);
    let error = refused("damaged", Some(&bytes));
    assert!(matches!(error, RestoreError::Damaged { .. }), "{error:?}");

    let newer = moving.path("newer");
    std::fs::copy(&good, &newer).unwrap();
    let database = rusqlite::Connection::open(&newer).unwrap();
    database.pragma_update(None, "user_version", 2).unwrap();
    drop(database);
    let error = refused("newer", None);
    assert!(matches!(error, RestoreError::Newer { found: 2, .. }));
}

#[tokio::test]
async fn a_restore_that_was_killed_can_be_made_again() {
    let moving = Moving::new().await;
    let file = moving.path("backup");
    write_backup(&moving.store, &file, None).await.unwrap();
    let data = moving.path("data");
    drop(DataFolder::open(&data).unwrap());
    std::fs::write(data.join(".vestibule.db.partial"), "half a copy").unwrap();
    restore(&file, &data).unwrap();
    assert_eq!(names(&data), ["cache", "keys", "lock", "vestibule.db"]);
}
