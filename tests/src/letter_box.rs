//! A mailer whose mails can be counted after its process has ended.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use vestibule::outbox::mail::{Delivered, Letter, MailError, Mailer, Reason};

/// Takes every letter and notes it in a file, a line each.
pub struct LetterBox(PathBuf);

impl LetterBox {
    /// The one that notes in `file`.
    #[must_use]
    pub fn at(file: &Path) -> Self {
        Self(file.to_owned())
    }

    /// What was taken so far: the letters' ids by address, each as often as it came.
    ///
    /// # Panics
    /// If the file is none of a letter box.
    #[must_use]
    pub fn taken(&self) -> BTreeMap<String, Vec<String>> {
        // Nothing has come yet.
        let lines = std::fs::read_to_string(&self.0).unwrap_or_default();
        let mut taken: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in lines.lines() {
            let (address, id) = line.split_once(' ').expect("an address and an id");
            taken
                .entry(address.to_owned())
                .or_default()
                .push(id.to_owned());
        }
        taken
    }

    fn note(&self, letter: &Letter) -> std::io::Result<()> {
        let mut file = OpenOptions::new().append(true).create(true).open(&self.0)?;
        // In one piece: several may come at once, and the process may end.
        file.write_all(format!("{} {}\n", letter.mail.to, letter.id).as_bytes())
    }
}

#[async_trait]
impl Mailer for LetterBox {
    async fn deliver(&self, letter: &Letter) -> Result<Delivered, MailError> {
        match self.note(letter) {
            Ok(()) => Ok(Delivered::Sent),
            Err(_) => Err(MailError::Deferred(Reason::new("it cannot be noted"))),
        }
    }
}
