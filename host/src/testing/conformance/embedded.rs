//! The scenario files that are part of the library.

use super::scenario::File;

macro_rules! file {
    ($channel:literal, $name:literal) => {
        (
            $channel,
            concat!($channel, "/", $name),
            include_str!(concat!("../../../conformance/", $channel, "/", $name)),
        )
    };
}

/// The text of every file: channel, path, text.
const TEXTS: &[(&str, &str, &str)] = &[
    file!("accounts", "api-tokens.toml"),
    file!("accounts", "bad-input.toml"),
    file!("accounts", "mails.toml"),
    file!("accounts", "own-account.toml"),
    file!("accounts", "passwords.toml"),
    file!("accounts", "sessions.toml"),
    file!("accounts", "sign-in.toml"),
    file!("accounts", "sign-up.toml"),
    file!("api-tokens", "access.toml"),
    file!("api-tokens", "bad-input.toml"),
    file!("api-tokens", "tokens.toml"),
    file!("authorization", "administration.toml"),
    file!("authorization", "bad-input.toml"),
    file!("authorization", "passwords.toml"),
    file!("authorization", "registration.toml"),
    file!("authorization", "saved-tokens.toml"),
    file!("authorization", "sign-in.toml"),
    file!("authorization", "verification.toml"),
    file!("email", "bad-input.toml"),
    file!("email", "mails.toml"),
    file!("token", "bad-input.toml"),
    file!("token", "revocation.toml"),
    file!("token", "rotation.toml"),
    file!("token", "sessions.toml"),
    file!("token", "tokens.toml"),
    file!("users", "bad-input.toml"),
    file!("users", "changes.toml"),
    file!("users", "profiles.toml"),
];

/// The channels that have scenarios, in order.
#[must_use]
pub fn channels() -> Vec<&'static str> {
    let mut channels: Vec<_> = TEXTS.iter().map(|(channel, _, _)| *channel).collect();
    channels.dedup();
    channels
}

/// The files of `channel`; none for a channel without scenarios.
///
/// # Panics
/// Never: the files are part of the library, and its tests read them all.
#[must_use]
pub fn files(channel: &str) -> Vec<File> {
    let texts = TEXTS.iter().filter(|(of, _, _)| *of == channel);
    let parse = |(_, path, text): &(&str, &str, &str)| {
        File::parse(path, text).unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    texts.map(parse).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_embedded_and_can_be_read() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
        let mut found = BTreeSet::new();
        for channel in std::fs::read_dir(&root).unwrap() {
            for file in std::fs::read_dir(channel.unwrap().path()).unwrap() {
                let path = file.unwrap().path();
                let path = path.strip_prefix(&root).unwrap();
                found.insert(path.to_str().unwrap().to_owned());
            }
        }
        let channels = channels();
        let files = channels.iter().flat_map(|channel| files(channel));
        let embedded: BTreeSet<_> = files.map(|file| file.path).collect();
        assert_eq!(embedded, found);
        assert_eq!(
            channels.iter().collect::<BTreeSet<_>>().len(),
            channels.len()
        );
    }

    #[test]
    fn a_channel_without_scenarios_has_no_files() {
        assert!(files("notes").is_empty());
    }
}
