//! A password, from a terminal without echo or from stdin; never from an argument, which others on the machine can see.

use std::io::{self, IsTerminal as _, Read};

use zeroize::Zeroizing;

use crate::cli::failed::Failed;

/// The longest password, in bytes; the server has more rules.
const MAX_BYTES: usize = 4 * 1024;

/// Asks for a new password, twice if on a terminal.
pub(super) fn read() -> Result<Zeroizing<String>, Failed> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return read_line(stdin.lock());
    }
    let ask = |prompt: &str| rpassword::prompt_password(prompt).map(Zeroizing::new);
    let password = check(ask("Password: ")?)?;
    if ask("The same again: ")? != password {
        return Err(usage("the two passwords are not the same"));
    }
    Ok(password)
}

/// All that `input` holds: one line, whose end is not part of the password.
fn read_line(input: impl Read) -> Result<Zeroizing<String>, Failed> {
    // As large as it can become, so that no copy stays behind where it was smaller.
    let most = MAX_BYTES + 3;
    let mut bytes = Zeroizing::new(Vec::with_capacity(most + 32));
    input.take(most as u64).read_to_end(&mut bytes)?;
    let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text =
        std::str::from_utf8(line).map_err(|_| usage("the password on stdin is not UTF-8"))?;
    check(Zeroizing::new(text.to_owned()))
}

fn check(password: Zeroizing<String>) -> Result<Zeroizing<String>, Failed> {
    if password.is_empty() {
        return Err(usage("there is no password: type one, or give it on stdin"));
    }
    if password.len() > MAX_BYTES {
        return Err(usage("the password is longer than 4 KiB"));
    }
    if password.contains(['\n', '\r']) {
        return Err(usage("the password on stdin is more than one line"));
    }
    Ok(password)
}

fn usage(text: &str) -> Failed {
    Failed::Usage(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_password_without_its_end() {
        let longest = "x".repeat(MAX_BYTES);
        for (given, expected) in [
            ("secret", "secret"),
            ("secret\n", "secret"),
            ("secret\r\n", "secret"),
            (" two words \n", " two words "),
            ("e\u{301}\n", "e\u{301}"),
            (&format!("{longest}\r\n"), &longest),
        ] {
            let read = read_line(given.as_bytes()).unwrap();
            assert_eq!(read.as_str(), expected);
        }
    }

    #[test]
    fn what_cannot_be_one_is_refused_without_being_repeated() {
        let long = "s3cret".repeat(1_000);
        for given in [
            &b""[..],
            b"\n",
            b"\r\n",
            b"s3cret\ns3cret\n",
            b"s3cret\xff",
            long.as_bytes(),
        ] {
            match read_line(given) {
                Err(Failed::Usage(text)) => assert!(!text.contains("s3cret"), "{text}"),
                other => panic!("{:?}", other.map(|_| ())),
            }
        }
    }
}
