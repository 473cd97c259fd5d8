//! A folder of WIT as Markdown: one page a package, and an index.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use wit_parser::{
    Docs, Function, Handle, Interface, Package, Resolve, Type, TypeDef, TypeDefKind, TypeId,
    TypeOwner, World, WorldItem, WorldKey,
};

const HEADER: &str = "<!-- Generated from the WIT. Do not edit; see README.md. -->\n";

/// The WIT cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the WIT cannot be read: {0}")]
pub struct ReferenceError(String);

/// The pages of the WIT in folder `wit` (with its `deps`), by file name. The same WIT gives the same bytes.
///
/// # Errors
///
/// If the folder or a file cannot be read or is not WIT.
pub fn reference(wit: &Path) -> Result<BTreeMap<String, String>, ReferenceError> {
    let mut resolve = Resolve::default();
    if let Err(error) = resolve.push_dir(wit) {
        return Err(ReferenceError(resolve.render_error(&error)));
    }
    let mut pages = BTreeMap::new();
    let mut index = String::from(INDEX);
    let mut packages: Vec<_> = resolve
        .packages
        .iter()
        .map(|(_, package)| package)
        .collect();
    packages.sort_by_key(|package| package.name.to_string());
    for package in packages {
        let file = format!("{}.md", package.name.name);
        let summary = super::json::first_sentence(text(&package.docs)).unwrap_or_default();
        let _ = writeln!(index, "- [`{}`]({file}): {summary}", package.name);
        pages.insert(file, Page::of(&resolve, package));
    }
    pages.insert("README.md".to_owned(), index);
    Ok(pages)
}

const INDEX: &str = "<!-- Generated from the WIT. Do not edit. -->
# WIT reference

Made from the files in `wit/`, which are authoritative. After a change there:

```console
$ cargo run -p vestibule-tests --bin wit-reference
```

";

struct Page<'a> {
    resolve: &'a Resolve,
    out: String,
}

impl Page<'_> {
    fn of(resolve: &Resolve, package: &Package) -> String {
        let mut page = Page {
            resolve,
            out: String::from(HEADER),
        };
        page.line(&format!("# `{}`", package.name));
        page.docs(&package.docs);
        let mut interfaces: Vec<_> = package.interfaces.iter().collect();
        interfaces.sort_unstable();
        for (name, id) in interfaces {
            page.interface(name, &resolve.interfaces[*id]);
        }
        let mut worlds: Vec<_> = package.worlds.iter().collect();
        worlds.sort_unstable();
        for (name, id) in worlds {
            page.world(name, &resolve.worlds[*id]);
        }
        page.out
    }

    fn interface(&mut self, name: &str, interface: &Interface) {
        self.line(&format!("\n## interface `{name}`"));
        self.docs(&interface.docs);
        let types = interface.types.values().map(|id| &self.resolve.types[*id]);
        let (used, own): (Vec<_>, Vec<_>) = types.partition(|ty| self.origin(ty).is_some());
        if !used.is_empty() {
            let names = used.iter().filter_map(|ty| self.origin(ty));
            let names = names.collect::<Vec<_>>().join(", ");
            self.line(&format!("\nUses {names}."));
        }
        for function in interface.functions.values() {
            self.function(function);
        }
        for ty in own {
            self.definition(ty);
        }
    }

    /// Where a type comes from that is used from another interface.
    fn origin(&self, ty: &TypeDef) -> Option<String> {
        let TypeDefKind::Type(Type::Id(id)) = ty.kind else {
            return None;
        };
        let TypeOwner::Interface(other) = self.resolve.types[id].owner else {
            return None;
        };
        if ty.owner == TypeOwner::Interface(other) {
            return None;
        }
        let interface = self.resolve.id_of(other)?;
        let name = ty.name.as_deref()?;
        Some(format!("`{name}` from `{interface}`"))
    }

    fn function(&mut self, function: &Function) {
        let params: Vec<_> = function
            .params
            .iter()
            .map(|param| format!("{}: {}", param.name, self.ty(&param.ty)))
            .collect();
        let result = function
            .result
            .as_ref()
            .map(|ty| format!(" -> {}", self.ty(ty)))
            .unwrap_or_default();
        let name = &function.name;
        self.line(&format!("\n### `{name}`"));
        let signature = format!("{name}: func({}){result}", params.join(", "));
        self.line(&format!("\n```wit\n{signature};\n```"));
        self.docs(&function.docs);
    }

    fn definition(&mut self, ty: &TypeDef) {
        let name = ty.name.as_deref().unwrap_or_default();
        let kind = ty.kind.as_str();
        let (kind, alias) = match &ty.kind {
            TypeDefKind::Record(_)
            | TypeDefKind::Variant(_)
            | TypeDefKind::Enum(_)
            | TypeDefKind::Flags(_)
            | TypeDefKind::Resource => (kind, String::new()),
            other => ("type", format!(" = `{}`", self.kind(other))),
        };
        self.line(&format!("\n### {kind} `{name}`{alias}"));
        self.docs(&ty.docs);
        let rows: Vec<(&str, String, &Docs)> = match &ty.kind {
            TypeDefKind::Record(record) => record
                .fields
                .iter()
                .map(|field| (field.name.as_str(), self.ty(&field.ty), &field.docs))
                .collect(),
            TypeDefKind::Variant(variant) => variant
                .cases
                .iter()
                .map(|case| {
                    let ty = case.ty.as_ref().map(|ty| self.ty(ty));
                    (case.name.as_str(), ty.unwrap_or_default(), &case.docs)
                })
                .collect(),
            TypeDefKind::Enum(cases) => cases
                .cases
                .iter()
                .map(|case| (case.name.as_str(), String::new(), &case.docs))
                .collect(),
            TypeDefKind::Flags(flags) => flags
                .flags
                .iter()
                .map(|flag| (flag.name.as_str(), String::new(), &flag.docs))
                .collect(),
            _ => return,
        };
        self.table(kind, &rows);
    }

    fn table(&mut self, kind: &str, rows: &[(&str, String, &Docs)]) {
        let typed = rows.iter().any(|(_, ty, _)| !ty.is_empty());
        let first = match kind {
            "record" => "field",
            "flags" => "flag",
            _ => "case",
        };
        self.line("");
        if typed {
            self.line(&format!("| {first} | type | |\n|---|---|---|"));
        } else {
            self.line(&format!("| {first} | |\n|---|---|"));
        }
        for (name, ty, docs) in rows {
            let docs = cell(text(docs));
            let ty = match (typed, ty.is_empty()) {
                (false, _) => String::new(),
                (true, true) => " | ".to_owned(),
                (true, false) => format!(" | `{}`", cell(ty)),
            };
            self.line(&format!("| `{name}`{ty} | {docs} |"));
        }
    }

    fn world(&mut self, name: &str, world: &World) {
        self.line(&format!("\n## world `{name}`"));
        self.docs(&world.docs);
        for (what, items) in [("Imports", &world.imports), ("Exports", &world.exports)] {
            if items.is_empty() {
                continue;
            }
            self.line(&format!("\n{what}:\n"));
            for (key, item) in items {
                self.world_item(key, item);
            }
        }
    }

    fn world_item(&mut self, key: &WorldKey, item: &WorldItem) {
        let name = self.resolve.name_world_key(key);
        let note = match item {
            WorldItem::Interface { id, .. } => {
                let interface = &self.resolve.interfaces[*id];
                match super::json::first_sentence(text(&interface.docs)) {
                    _ if interface.functions.is_empty() => ": types only".to_owned(),
                    Some(sentence) => format!(": {sentence}"),
                    None => String::new(),
                }
            }
            WorldItem::Function(_) | WorldItem::Type { .. } => String::new(),
        };
        self.line(&format!("- `{name}`{note}"));
    }

    fn docs(&mut self, docs: &Docs) {
        let docs = text(docs);
        if !docs.is_empty() {
            self.line(&format!("\n{docs}"));
        }
    }

    fn line(&mut self, line: &str) {
        // A line may be several; its end is no better for spaces.
        for line in line.split('\n') {
            self.out.push_str(line.trim_end());
            self.out.push('\n');
        }
    }

    fn ty(&self, ty: &Type) -> String {
        let name = match ty {
            Type::Bool => "bool",
            Type::U8 => "u8",
            Type::U16 => "u16",
            Type::U32 => "u32",
            Type::U64 => "u64",
            Type::S8 => "s8",
            Type::S16 => "s16",
            Type::S32 => "s32",
            Type::S64 => "s64",
            Type::F32 => "f32",
            Type::F64 => "f64",
            Type::Char => "char",
            Type::String => "string",
            Type::ErrorContext => "error-context",
            Type::Id(id) => return self.id(*id),
        };
        name.to_owned()
    }

    fn id(&self, id: TypeId) -> String {
        let ty = &self.resolve.types[id];
        match &ty.name {
            Some(name) => name.clone(),
            None => self.kind(&ty.kind),
        }
    }

    fn kind(&self, kind: &TypeDefKind) -> String {
        let maybe = |ty: &Option<Type>| ty.as_ref().map(|ty| self.ty(ty));
        match kind {
            TypeDefKind::Type(ty) => self.ty(ty),
            TypeDefKind::List(ty) => format!("list<{}>", self.ty(ty)),
            TypeDefKind::Option(ty) => format!("option<{}>", self.ty(ty)),
            TypeDefKind::Tuple(tuple) => {
                let types: Vec<_> = tuple.types.iter().map(|ty| self.ty(ty)).collect();
                format!("tuple<{}>", types.join(", "))
            }
            TypeDefKind::Result(result) => match (maybe(&result.ok), maybe(&result.err)) {
                (None, None) => "result".to_owned(),
                (Some(ok), None) => format!("result<{ok}>"),
                (None, Some(err)) => format!("result<_, {err}>"),
                (Some(ok), Some(err)) => format!("result<{ok}, {err}>"),
            },
            TypeDefKind::Handle(Handle::Own(id)) => self.id(*id),
            TypeDefKind::Handle(Handle::Borrow(id)) => format!("borrow<{}>", self.id(*id)),
            other => other.as_str().to_owned(),
        }
    }
}

fn text(docs: &Docs) -> &str {
    docs.contents.as_deref().unwrap_or_default().trim()
}

/// `text` on one line of a table.
fn cell(text: &str) -> String {
    let text = text.replace("\n\n", "<br>").replace('\n', " ");
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::contract::testing::wit_dir;

    #[test]
    fn the_pages_in_the_repository_are_those_of_its_wit() {
        let folder = wit_dir().join("../docs/wit");
        let pages = reference(wit_dir()).unwrap();
        let stale = "docs/wit is stale: cargo run -p vestibule-tests --bin wit-reference";
        for (name, page) in &pages {
            let written = fs::read_to_string(folder.join(name)).unwrap_or_default();
            assert!(written == *page, "{name}: {stale}");
        }
        for entry in fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(pages.contains_key(&name), "{name}: {stale}");
        }
    }

    #[test]
    fn every_item_and_its_documentation_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let wit = "/// P.\npackage a:b@1.0.0;\n/// I. More.\ninterface i {\n  /// R.\n  record r {\n    /// F|G.\n    f: option<list<u8>>,\n  }\n\
                   \n  /// V.\n  variant v { one, two(r) }\n  type t = tuple<u8, r>;\n  /// Does.\n  do-it: func(x: r) -> result<_, v>;\n}\n\
                   interface j { use i.{r as q}; resource z { m: func(o: borrow<z>) -> q; } }\n/// W.\nworld w { export i; import f: func(); }\n";
        fs::write(folder.path().join("a.wit"), wit).unwrap();
        let pages = reference(folder.path()).unwrap();
        let page = &pages["b.md"];
        for part in [
            "# `a:b@1.0.0`\n\nP.\n",
            "## interface `i`\n\nI. More.\n",
            "### record `r`\n\nR.\n",
            "| `f` | `option<list<u8>>` | F\\|G. |",
            "| `two` | `r` |",
            "| `one` |  |",
            "### type `t` = `tuple<u8, r>`",
            "do-it: func(x: r) -> result<_, v>;",
            "Does.",
            "Uses `q` from `a:b/i@1.0.0`.",
            "## world `w`\n\nW.\n",
            "- `a:b/i@1.0.0`: I.",
            "- `f`\n",
            "resource `z`",
        ] {
            assert!(page.contains(part), "{part}\n{page}");
        }
        assert!(pages["README.md"].contains("- [`a:b@1.0.0`](b.md): P."));
    }

    #[test]
    fn broken_wit_is_told() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.wit"), "package a:b; interface {").unwrap();
        let error = reference(folder.path()).unwrap_err().to_string();
        assert!(error.contains("a.wit"), "{error}");
        assert!(reference(&folder.path().join("none")).is_err());
    }
}
