//! Whether a build can take the place of another: whoever speaks JSON with the one must be able to go on with the other.
//!
//! All commands stay. Their types may grow where that breaks nobody: records by optional fields, what is asked by further
//! cases, refusals by further codes. Names count, order does not: a component that imports a command is bound to more, and its
//! calls are compared apart ([`super::shape`]).

use std::fmt::{self, Write as _};

use super::types::{Case, Field, Label, Type};
use super::{Channel, Command};

/// The most that is said about one build.
const MAX_BREAKS: usize = 64;

/// Something that the serving build has and another lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// The command.
    pub command: String,
    /// What of it, as a path of JSON names: `request.email`, `reply[].name`. Empty for the command itself.
    pub path: String,
    /// What is different.
    pub what: String,
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.is_empty() {
            true => write!(f, "{} {}", self.command, self.what),
            false => write!(f, "{}: {} {}", self.command, self.path, self.what),
        }
    }
}

/// Why `next` cannot take the place of `serving`: nothing if it can.
#[must_use]
pub fn breaks(serving: &Channel, next: &Channel) -> Vec<Break> {
    let mut breaks = Vec::new();
    for command in &serving.commands {
        let mut found = Finder {
            command: &command.name,
            path: String::new(),
            breaks: &mut breaks,
        };
        match next.command(&command.name) {
            None => found.push("is missing"),
            Some(other) => found.command(command, other),
        }
    }
    breaks
}

/// Which way a value goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// From clients: what they send now must still be taken.
    In,
    /// To clients: what they know now must still come, and nothing else in its place.
    Out,
}

struct Finder<'a> {
    command: &'a str,
    path: String,
    breaks: &'a mut Vec<Break>,
}

impl Finder<'_> {
    fn push(&mut self, what: impl Into<String>) {
        if self.breaks.len() < MAX_BREAKS {
            self.breaks.push(Break {
                command: self.command.to_owned(),
                path: self.path.clone(),
                what: what.into(),
            });
        }
    }

    /// Looks further at `step` of the path.
    fn at(&mut self, step: fmt::Arguments<'_>, look: impl FnOnce(&mut Self)) {
        let before = self.path.len();
        // Writing to a string cannot fail.
        let _ = self.path.write_fmt(step);
        look(self);
        self.path.truncate(before);
    }

    fn command(&mut self, old: &Command, new: &Command) {
        self.at(format_args!("request"), |found| {
            found.fields(old.fields(), new.fields(), Way::In);
        });
        self.at(format_args!("reply"), |found| {
            found.optional(old.reply.as_ref(), new.reply.as_ref(), Way::Out);
        });
        if old.fallible != new.fallible {
            return self.push(match new.fallible {
                true => "can be refused now and could not before",
                false => "cannot be refused any more",
            });
        }
        self.at(format_args!("error"), |found| {
            // Clients meet codes that they do not know anyway: the host has its own. So more of them break nobody.
            found.optional(old.error.as_ref(), new.error.as_ref(), Way::In);
        });
    }

    fn optional(&mut self, old: Option<&Type>, new: Option<&Type>, way: Way) {
        match (old, new) {
            (Some(old), Some(new)) => self.same(old, new, way),
            (Some(_), None) => self.push("is gone"),
            (None, Some(_)) => self.push("was not there before"),
            (None, None) => {}
        }
    }

    fn same(&mut self, old: &Type, new: &Type, way: Way) {
        match (old, new) {
            (Type::List(old), Type::List(new)) => {
                self.at(format_args!("[]"), |found| found.same(old, new, way));
            }
            (Type::Option(old), Type::Option(new)) => self.same(old, new, way),
            (Type::Result(old), Type::Result(new)) => {
                self.at(format_args!(".ok"), |found| {
                    found.optional(old.ok.as_ref(), new.ok.as_ref(), way);
                });
                self.at(format_args!(".err"), |found| {
                    found.optional(old.err.as_ref(), new.err.as_ref(), way);
                });
            }
            (Type::Tuple(old), Type::Tuple(new)) if old.len() == new.len() => {
                for (index, (old, new)) in old.iter().zip(new.iter()).enumerate() {
                    self.at(format_args!("[{index}]"), |found| found.same(old, new, way));
                }
            }
            (Type::Record(old), Type::Record(new)) => self.fields(&old.fields, &new.fields, way),
            (Type::Variant(old), Type::Variant(new)) => self.cases(&old.cases, &new.cases, way),
            (Type::Enum(old), Type::Enum(new)) => self.labels(&old.cases, &new.cases, way),
            (Type::Flags(old), Type::Flags(new)) => self.labels(&old.flags, &new.flags, way),
            // What is left has no parts.
            (old, new) if old == new => {}
            (old, new) => self.push(format!("is {new} and was {old}")),
        }
    }

    fn fields(&mut self, old: &[Field], new: &[Field], way: Way) {
        for field in old {
            let name = &field.json;
            self.at(format_args!(".{name}"), |found| {
                match new.iter().find(|other| other.json == *name) {
                    Some(other) => found.same(&field.ty, &other.ty, way),
                    None => found.push("is gone"),
                }
            });
        }
        for field in new {
            let is_new = old.iter().all(|other| other.json != field.json);
            if is_new && !field.is_optional() {
                self.at(format_args!(".{}", field.json), |found| {
                    found.push("is new and not optional");
                });
            }
        }
    }

    fn cases(&mut self, old: &[Case], new: &[Case], way: Way) {
        for case in old {
            self.at(format_args!(".{}", case.name), |found| {
                match new.iter().find(|other| other.name == case.name) {
                    Some(other) => found.optional(case.ty.as_ref(), other.ty.as_ref(), way),
                    None => found.push("is gone"),
                }
            });
        }
        let (old, new) = (old.iter().map(|c| &c.name), new.iter().map(|c| &c.name));
        self.further(old, new, way);
    }

    fn labels(&mut self, old: &[Label], new: &[Label], way: Way) {
        for label in old {
            if new.iter().all(|other| other.name != label.name) {
                self.at(format_args!(".{}", label.name), |found| {
                    found.push("is gone")
                });
            }
        }
        let (old, new) = (old.iter().map(|l| &l.name), new.iter().map(|l| &l.name));
        self.further(old, new, way);
    }

    /// A client that reads one of several cases does not know what to do with another.
    fn further<'n, T: PartialEq + fmt::Display + 'n>(
        &mut self,
        old: impl Iterator<Item = &'n T> + Clone,
        new: impl Iterator<Item = &'n T>,
        way: Way,
    ) {
        if way == Way::In {
            return;
        }
        for name in new {
            if old.clone().all(|known| known != name) {
                self.at(format_args!(".{name}"), |found| {
                    found.push("is new, and clients do not know it");
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::testing::probe;

    const SERVING: &str = "record person { name: string, age: option<u8> }
        enum colour { red, blue }
        variant choice { all, one(string) }
        variant error { not-found, full(u32) }
        ask: func(request: person) -> result<list<person>, error>;
        pick: func(choice: choice, colour: colour) -> colour;
        plain: func();";

    fn said(next: &str) -> Vec<String> {
        let (serving, next) = (probe(SERVING).unwrap(), probe(next).unwrap());
        let breaks = breaks(&serving.channels[0], &next.channels[0]);
        breaks.iter().map(ToString::to_string).collect()
    }

    /// What is said when `from` reads `to` in the serving build.
    fn with(from: &str, to: &str) -> Vec<String> {
        assert!(SERVING.contains(from), "{from}");
        said(&SERVING.replace(from, to))
    }

    #[test]
    fn the_same_and_what_only_adds_breaks_nothing() {
        for (from, to) in [
            ("plain: func();", "plain: func();"),
            ("plain: func();", "plain: func(); more: func(a: u8);"),
            ("plain: func();", "plain: func(hint: option<string>);"),
            ("age: option<u8>", "age: option<u8>, nick: option<string>"),
            (
                "name: string, age: option<u8>",
                "age: option<u8>, name: string",
            ),
            ("one(string)", "one(string), none"),
            ("full(u32)", "full(u32), closed"),
            ("colour: colour", "colour: colour, shade: option<u8>"),
        ] {
            assert_eq!(with(from, to), [""; 0], "{to}");
        }
    }

    #[test]
    fn what_is_lost_or_changed_is_named_with_its_place() {
        for (from, to, expected) in [
            ("plain: func();", "", "plain is missing"),
            (
                "plain: func();",
                "plain: func(a: u8);",
                "plain: request.a is new and not optional",
            ),
            (
                "plain: func();",
                "plain: func() -> u8;",
                "plain: reply was not there before",
            ),
            (
                "-> colour",
                "-> string",
                "pick: reply is string and was colour",
            ),
            (
                "enum colour { red, blue }",
                "enum colour { red, blue, green }",
                "pick: reply.green is new, and clients do not know it",
            ),
            (
                "enum colour { red, blue }",
                "enum colour { red }",
                "pick: request.colour.blue is gone",
            ),
            (
                "one(string)",
                "one(u8)",
                "pick: request.choice.one is u8 and was string",
            ),
            (
                "full(u32)",
                "full(u64)",
                "ask: error.full is u64 and was u32",
            ),
            ("not-found, ", "", "ask: error.not-found is gone"),
            (
                "age: option<u8>",
                "age: u8",
                "ask: request.age is u8 and was option<u8>",
            ),
            (
                "age: option<u8>",
                "nick: option<u8>",
                "ask: request.age is gone",
            ),
            (
                "age: option<u8>",
                "age: option<u8>, nick: string",
                "ask: reply[].nick is new and not optional",
            ),
            (
                "result<list<person>, error>",
                "list<person>",
                "ask cannot be refused any more",
            ),
        ] {
            let said = with(from, to);
            assert!(
                said.iter().any(|said| said == expected),
                "{expected}: {said:?}"
            );
        }
    }

    #[test]
    fn everything_is_told_at_once_up_to_a_bound() {
        assert_eq!(said("other: func();").len(), 3);
        let many = |ty: &str| {
            let fields = (0..100).map(|n| format!("x{n}: {ty}"));
            let fields = fields.collect::<Vec<_>>().join(", ");
            probe(&format!("record r {{ {fields} }} run: func(r: r);")).unwrap()
        };
        let (old, new) = (many("u8"), many("u16"));
        assert_eq!(breaks(&old.channels[0], &new.channels[0]).len(), MAX_BREAKS);
    }
}
