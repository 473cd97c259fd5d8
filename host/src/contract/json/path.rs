//! Where in a request something is: `users[3].email`.

use super::MAX_NAME_BYTES;

/// A place. It is built only when there is something to tell: on the way down it is a chain on the stack.
#[derive(Clone, Copy)]
pub(super) enum Path<'a> {
    /// The request itself.
    Root,
    /// A field whose name is the contract's.
    Field(&'a Path<'a>, &'a str),
    /// A field whose name came from the client.
    Unknown(&'a Path<'a>, &'a str),
    /// An element of an array.
    Index(&'a Path<'a>, usize),
}

impl Path<'_> {
    /// As it stands in a violation; empty for the request itself.
    pub(super) fn render(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Root => {}
            Self::Field(parent, name) => {
                parent.write(out);
                dot(out);
                out.push_str(name);
            }
            Self::Unknown(parent, name) => {
                parent.write(out);
                dot(out);
                out.push_str(&escaped(name));
            }
            Self::Index(parent, index) => {
                parent.write(out);
                out.push_str(&format!("[{index}]"));
            }
        }
    }
}

fn dot(out: &mut String) {
    if !out.is_empty() {
        out.push('.');
    }
}

/// `name` in visible ASCII, cut to [`MAX_NAME_BYTES`] between characters.
pub(super) fn escaped(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        let before = out.len();
        match c {
            ' ' | '!' | '#'..='[' | ']'..='~' => out.push(c),
            _ => out.extend(c.escape_default()),
        }
        if out.len() > MAX_NAME_BYTES {
            out.truncate(before);
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_like_code() {
        let users = Path::Field(&Path::Root, "users");
        let third = Path::Index(&users, 3);
        assert_eq!(Path::Field(&third, "email").render(), "users[3].email");
        assert_eq!(Path::Root.render(), "");
        assert_eq!(Path::Index(&Path::Root, 0).render(), "[0]");
    }

    #[test]
    fn a_clients_name_is_escaped_and_cut() {
        assert_eq!(escaped("a\"b\n\u{202e}"), "a\\\"b\\n\\u{202e}");
        assert_eq!(escaped(&"x".repeat(1000)).len(), MAX_NAME_BYTES);
        let cut = escaped(&"é".repeat(1000));
        assert!(cut.len() <= MAX_NAME_BYTES && cut.ends_with('}'));
    }
}
