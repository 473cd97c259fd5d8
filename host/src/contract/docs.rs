//! The documentation of a build: the WIT text it carries, read for its comments only.
//!
//! The text may be incomplete: a package that uses types of one that is not there still documents itself. What cannot
//! be read is passed over with a warning, since nothing but descriptions depends on it.

use std::collections::HashMap;
use std::panic::catch_unwind;
use std::sync::Arc;

use wit_parser::{AstItem, SourceMap, TypeDef, TypeDefKind, UnresolvedPackage};

use super::sections::{Sections, WIT_SECTION};
use super::types::Named;

/// A text may have so many files.
const MAX_FILES: usize = 256;

/// Documentation by what it documents.
#[derive(Default)]
pub(super) struct Docs {
    texts: HashMap<String, Arc<str>>,
}

impl Docs {
    /// Reads the WIT that was found in `sections`, and says what is wrong with it.
    pub(super) fn read(sections: &Sections) -> (Self, Vec<String>) {
        if sections.wit_too_large {
            return (Self::default(), vec![ignored("it is too large")]);
        }
        // Section data may be padded by the tools that write it.
        let bytes = sections.wit.trim_ascii_end();
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::parse(text),
            Err(_) => (Self::default(), vec![ignored("it is not UTF-8")]),
        }
    }

    /// Reads WIT files that stand one after the other in `text`.
    pub(super) fn parse(text: &str) -> (Self, Vec<String>) {
        let mut docs = Self::default();
        let mut warnings = Vec::new();
        if text.is_empty() {
            return (docs, warnings);
        }
        let files = split(text);
        if files.is_empty() {
            return (docs, vec![ignored("it names no package")]);
        }
        if files.len() > MAX_FILES {
            return (docs, vec![ignored("it has too many files")]);
        }
        for (package, map) in group(files) {
            // The parser asserts here and there, and the text comes from outside.
            match catch_unwind(move || map.parse()) {
                Ok(Ok(group)) => docs.add_package(&group.main),
                Ok(Err((map, error))) => warnings.push(ignored(error.render(&map).trim_end())),
                Err(_) => warnings.push(ignored(&format!("`{package}` cannot be parsed"))),
            }
        }
        (docs, warnings)
    }

    /// What is written about the interface `interface`, else about its package.
    pub(super) fn interface(&self, interface: &str) -> Arc<str> {
        self.text(&[interface])
    }

    /// What is written about the function `name`.
    pub(super) fn function(&self, interface: &str, name: &str) -> Arc<str> {
        self.text(&[interface, name])
    }

    /// What is written about the type `name`.
    pub(super) fn ty(&self, interface: &str, name: &str) -> Arc<str> {
        self.text(&[interface, name])
    }

    /// What is written about the field, case or flag `name` of a type.
    pub(super) fn member(&self, of: &Named, name: &str) -> Arc<str> {
        self.text(&[&of.interface, &of.name, name])
    }

    fn text(&self, path: &[&str]) -> Arc<str> {
        self.texts.get(&key(path)).cloned().unwrap_or_default()
    }

    fn add_package(&mut self, package: &UnresolvedPackage) {
        // An interface of another package is here by name only.
        let foreign: Vec<_> = package
            .foreign_deps
            .values()
            .flat_map(|items| items.values())
            .filter_map(|(item, _)| match item {
                AstItem::Interface(id) => Some(*id),
                AstItem::World(_) => None,
            })
            .collect();
        for (id, interface) in package.interfaces.iter() {
            let Some(name) = &interface.name else {
                continue;
            };
            if foreign.contains(&id) {
                continue;
            }
            let full = package.name.interface_id(name);
            let own = interface.docs.contents.as_ref();
            self.add(&[&full], own.or(package.docs.contents.as_ref()));
            for function in interface.functions.values() {
                let docs = function.docs.contents.as_ref();
                self.add(&[&full, &function.name], docs);
            }
            for (name, ty) in &interface.types {
                self.add_type(&full, name, &package.types[*ty]);
            }
        }
    }

    fn add_type(&mut self, interface: &str, name: &str, ty: &TypeDef) {
        self.add(&[interface, name], ty.docs.contents.as_ref());
        let members: Vec<_> = match &ty.kind {
            TypeDefKind::Record(record) => record
                .fields
                .iter()
                .map(|field| (&field.name, &field.docs))
                .collect(),
            TypeDefKind::Variant(variant) => variant
                .cases
                .iter()
                .map(|case| (&case.name, &case.docs))
                .collect(),
            TypeDefKind::Enum(cases) => cases
                .cases
                .iter()
                .map(|case| (&case.name, &case.docs))
                .collect(),
            TypeDefKind::Flags(flags) => flags
                .flags
                .iter()
                .map(|flag| (&flag.name, &flag.docs))
                .collect(),
            _ => Vec::new(),
        };
        for (member, docs) in members {
            self.add(&[interface, name, member], docs.contents.as_ref());
        }
    }

    fn add(&mut self, path: &[&str], docs: Option<&String>) {
        if let Some(docs) = docs {
            self.texts.insert(key(path), docs.trim().into());
        }
    }
}

fn key(path: &[&str]) -> String {
    path.join("\0")
}

fn ignored(reason: &str) -> String {
    format!(
        "the documentation in custom section `{WIT_SECTION}` is ignored, in part or wholly: {reason}"
    )
}

/// The files of one package have to be parsed together, since each may use what another defines.
fn group(files: Vec<File<'_>>) -> Vec<(String, SourceMap)> {
    let mut packages: Vec<(String, SourceMap)> = Vec::new();
    for (index, file) in files.into_iter().enumerate() {
        let path = format!("{}.{index}.wit", file.package);
        let known = packages
            .iter()
            .position(|(package, _)| *package == file.package);
        let index = known.unwrap_or_else(|| {
            packages.push((file.package, SourceMap::new()));
            packages.len() - 1
        });
        packages[index].1.push_str(&path, file.text);
    }
    packages
}

struct File<'a> {
    /// What stands between `package` and `;`, without spaces.
    package: String,
    text: &'a str,
}

/// Cuts `text` before each `package` that stands outside of all braces, and before the comments above it.
fn split(text: &str) -> Vec<File<'_>> {
    let mut starts: Vec<(usize, String)> = Vec::new();
    let mut depth = 0_usize;
    // Where the comments and spaces before the next word begin.
    let mut trivia = None;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (token, length) = token(rest);
        if matches!(token, Token::Trivia) {
            trivia.get_or_insert(at);
            at += length;
            continue;
        }
        match token {
            Token::Open => depth += 1,
            Token::Close => depth = depth.saturating_sub(1),
            Token::Package if depth == 0 => {
                let header = rest[length..].split(';').next().unwrap_or_default();
                let package = header.split_whitespace().collect();
                starts.push((trivia.unwrap_or(at), package));
            }
            _ => {}
        }
        trivia = None;
        at += length;
    }
    if let Some(first) = starts.first_mut() {
        first.0 = 0;
    }
    let ends: Vec<_> = starts.iter().skip(1).map(|(start, _)| *start).collect();
    starts
        .into_iter()
        .zip(ends.into_iter().chain([text.len()]))
        .map(|((start, package), end)| File {
            package,
            text: &text[start..end],
        })
        .collect()
}

enum Token {
    Trivia,
    Open,
    Close,
    Package,
    Other,
}

/// The first token of `rest`, which is not empty, and its length in bytes.
fn token(rest: &str) -> (Token, usize) {
    if rest.starts_with("//") {
        let line = rest.find('\n').map_or(rest.len(), |end| end + 1);
        return (Token::Trivia, line);
    }
    if rest.starts_with("/*") {
        return (Token::Trivia, block_comment(rest));
    }
    let word = rest
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '%' | '_')))
        .unwrap_or(rest.len());
    if word > 0 {
        let is_package = &rest[..word] == "package";
        return (
            if is_package {
                Token::Package
            } else {
                Token::Other
            },
            word,
        );
    }
    let first = rest.chars().next().unwrap_or(' ');
    let token = match first {
        '{' => Token::Open,
        '}' => Token::Close,
        c if c.is_whitespace() => Token::Trivia,
        _ => Token::Other,
    };
    (token, first.len_utf8())
}

/// The length of the block comment that `rest` begins with; WIT's may be nested.
fn block_comment(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let (mut at, mut depth) = (2, 1);
    while depth > 0 && at < bytes.len() {
        match bytes.get(at..at + 2) {
            Some(b"/*") => (at, depth) = (at + 2, depth + 1),
            Some(b"*/") => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
    }
    at.min(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_cut_at_their_packages() {
        let text = "/// A.\npackage a:a@1.0.0;\ninterface i { package: func(); }\n// }\n/// B.\npackage a:b;\n/* package c:c; /* */ */ interface j {}\n";
        let files = split(text);
        let packages: Vec<_> = files.iter().map(|file| file.package.as_str()).collect();
        assert_eq!(packages, ["a:a@1.0.0", "a:b"]);
        assert!(files[1].text.starts_with("\n// }\n/// B."));
        assert_eq!(files[0].text.len() + files[1].text.len(), text.len());
    }

    #[test]
    fn comments_are_found_by_name_across_files_of_a_package() {
        let text = "package a:a@1.0.0;\n/// I.\ninterface i {\n  /// R.\n  record r {\n    /// F.\n    f: u8 }\n  /// G.\n  g: func(); }\n\
                    package a:a@1.0.0;\ninterface j { use i.{r}; use z:z/z.{q};\n  /// V.\n  variant v {\n    /// C.\n    c(q) } }\n";
        let (docs, warnings) = Docs::parse(text);
        assert_eq!(warnings, Vec::<String>::new());
        assert_eq!(&*docs.interface("a:a/i@1.0.0"), "I.");
        assert_eq!(&*docs.ty("a:a/i@1.0.0", "r"), "R.");
        assert_eq!(&*docs.function("a:a/i@1.0.0", "g"), "G.");
        let named = |interface: &str, name: &str| Named {
            interface: interface.into(),
            name: name.into(),
            docs: "".into(),
        };
        assert_eq!(&*docs.member(&named("a:a/i@1.0.0", "r"), "f"), "F.");
        assert_eq!(&*docs.member(&named("a:a/j@1.0.0", "v"), "c"), "C.");
        assert_eq!(&*docs.interface("z:z/z"), "");
    }

    #[test]
    fn a_broken_file_costs_its_own_comments_only() {
        let text = "package a:a;\n/// I.\ninterface i {}\npackage a:b;\ninterface {\n}\n";
        let (docs, warnings) = Docs::parse(text);
        assert_eq!(&*docs.interface("a:a/i"), "I.");
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        let deep = format!(
            "package a:c;\ninterface i {{ f: func(x: {}u8); }}\n",
            "list<".repeat(100_000)
        );
        assert_eq!(Docs::parse(&deep).1.len(), 1);
        assert_eq!(Docs::parse("nonsense").1.len(), 1);
        assert_eq!(Docs::parse("").1.len(), 0);
    }
}
