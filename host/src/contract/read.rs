//! From a component's bytes to its [`Contract`].

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use wit_component::DecodedWasm;
use wit_parser::{
    Function, FunctionKind, InterfaceId, Resolve, Type as WitType, TypeDef, TypeDefKind, TypeId,
    TypeOwner, WorldItem, WorldKey,
};

use super::docs::Docs;
use super::sections::{self, MAX_COMPONENT_BYTES};
use super::types::{Case, Enum, Field, Flags, Label, Named, Record, ResultType, Type, Variant};
use super::{
    Channel, Command, Contract, ContractError, Import, MAX_CHANNELS, MAX_COMMANDS, MAX_TYPE_DEPTH,
    MAX_TYPE_PARTS, Manifest, Request,
};

const NAMESPACE: &str = "vestibule";
const INTERFACE: &str = "commands";

pub(super) fn read(component: &[u8]) -> Result<Contract, ContractError> {
    check_header(component)?;
    let (resolve, world) = decode(component)?;
    let sections = sections::find(component)?;
    let manifest = Manifest::from_sections(&sections.manifests)?;
    let (docs, warnings) = Docs::read(&sections);
    let world = &resolve.worlds[world];
    let mut reader = Reader {
        resolve: &resolve,
        docs: &docs,
        known: HashMap::new(),
    };
    Ok(Contract {
        channels: reader.channels(&world.exports)?,
        imports: imports(&resolve, &world.imports),
        manifest,
        warnings,
    })
}

/// The binary form begins with a magic number, a version and a layer: 0 for a module, 1 for a component.
fn check_header(bytes: &[u8]) -> Result<(), ContractError> {
    if bytes.len() > MAX_COMPONENT_BYTES {
        return Err(ContractError::TooLarge { size: bytes.len() });
    }
    match bytes {
        [b'\0', b'a', b's', b'm', _, _, 0, 0, ..] => Err(ContractError::CoreModule),
        [b'\0', b'a', b's', b'm', _, _, 1, 0, ..] => Ok(()),
        _ => Err(ContractError::NotWasm),
    }
}

/// The decoder validates all but function bodies. It asserts here and there what a validator might have overlooked, and
/// these bytes come from outside: a panic in it says that the component is broken, as an error does.
fn decode(component: &[u8]) -> Result<(Resolve, wit_parser::WorldId), ContractError> {
    match catch_unwind(AssertUnwindSafe(|| wit_component::decode(component))) {
        Ok(Ok(DecodedWasm::Component(resolve, world))) => Ok((resolve, world)),
        Ok(Ok(DecodedWasm::WitPackage(..))) => Err(ContractError::WitPackage),
        Ok(Err(error)) => Err(ContractError::Invalid(format!("{error:#}"))),
        Err(_) => Err(ContractError::Invalid("it cannot be decoded".to_owned())),
    }
}

type WorldItems = wit_parser::IndexMap<WorldKey, WorldItem>;

fn imports(resolve: &Resolve, items: &WorldItems) -> Vec<Import> {
    let mut imports = Vec::new();
    let mut bare = Vec::new();
    for (key, item) in items {
        match item {
            WorldItem::Interface { id, .. } => imports.push(Import {
                interface: resolve.name_world_key(key).into(),
                functions: resolve.interfaces[*id]
                    .functions
                    .keys()
                    .map(|name| name.as_str().into())
                    .collect(),
            }),
            WorldItem::Function(function) => bare.push(function.name.as_str().into()),
            WorldItem::Type { .. } => {}
        }
    }
    if !bare.is_empty() {
        imports.push(Import {
            interface: "$root".into(),
            functions: bare,
        });
    }
    imports
}

/// A type that was read, with what it costs to write it out.
#[derive(Clone)]
struct Known {
    ty: Type,
    depth: usize,
    parts: usize,
}

/// Why a type cannot be used, before it is known which command uses it.
struct Refused(String);

struct Reader<'a> {
    resolve: &'a Resolve,
    docs: &'a Docs,
    known: HashMap<TypeId, Known>,
}

impl Reader<'_> {
    fn channels(&mut self, exports: &WorldItems) -> Result<Vec<Channel>, ContractError> {
        let mut channels: Vec<Channel> = Vec::new();
        for (key, item) in exports {
            let (WorldKey::Interface(_), WorldItem::Interface { id, .. }) = (key, item) else {
                continue;
            };
            let Some(channel) = self.channel(*id)? else {
                continue;
            };
            let major = channel.version.major;
            if channels
                .iter()
                .any(|other| other.name == channel.name && other.version.major == major)
            {
                let channel = channel.name.to_string();
                return Err(ContractError::Twice { channel, major });
            }
            channels.push(channel);
            at_most(MAX_CHANNELS, channels.len(), "channels in one component")?;
        }
        if channels.is_empty() {
            let exports = exports
                .keys()
                .take(MAX_CHANNELS)
                .map(|key| format!("`{}`", self.resolve.name_world_key(key)))
                .collect();
            return Err(ContractError::NoChannel { exports });
        }
        Ok(channels)
    }

    /// The channel that interface `id` is, or none if it is something else.
    fn channel(&mut self, id: InterfaceId) -> Result<Option<Channel>, ContractError> {
        let interface = &self.resolve.interfaces[id];
        let Some(package) = interface.package.map(|id| &self.resolve.packages[id].name) else {
            return Ok(None);
        };
        if interface.name.as_deref() != Some(INTERFACE) || package.namespace != NAMESPACE {
            return Ok(None);
        }
        let full = package.interface_id(INTERFACE);
        let Some(version) = package.version.clone() else {
            return Err(ContractError::NoVersion { interface: full });
        };
        let what = format!("commands in `{full}`");
        at_most(MAX_COMMANDS, interface.functions.len(), &what)?;
        let commands = interface
            .functions
            .values()
            .map(|function| {
                let command = self.command(&full, function);
                command.map_err(|Refused(reason)| ContractError::Unsupported {
                    command: format!("{full}.{}", function.name),
                    reason,
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Some(Channel {
            name: package.name.as_str().into(),
            package: format!("{NAMESPACE}:{}", package.name).into(),
            version,
            docs: self.docs.interface(&full),
            interface: full.into(),
            commands,
        }))
    }

    fn command(&mut self, interface: &str, function: &Function) -> Result<Command, Refused> {
        match function.kind {
            FunctionKind::Freestanding => {}
            FunctionKind::AsyncFreestanding => {
                return Err(Refused("an async function is not supported".to_owned()));
            }
            _ => return Err(Refused("a resource cannot travel in a message".to_owned())),
        }
        let mut params = Vec::new();
        let mut parts = 0;
        for param in &function.params {
            let known = self
                .ty(&param.ty)
                .map_err(|refused| within(&format!("parameter `{}`", param.name), refused))?;
            parts += known.parts;
            params.push(Field::new(&param.name, known.ty, ""));
        }
        let mut returned = None;
        if let Some(ty) = &function.result {
            let known = self.ty(ty).map_err(|refused| within("result", refused))?;
            parts += known.parts;
            returned = Some(known.ty);
        }
        if parts > MAX_TYPE_PARTS {
            return Err(too_many_parts());
        }
        let request = match params.as_slice() {
            [field] => match &field.ty {
                Type::Record(record) => Request::Record(record.clone()),
                _ => Request::Params,
            },
            _ => Request::Params,
        };
        let (reply, error, fallible) = match returned {
            Some(Type::Result(result)) => (result.ok.clone(), result.err.clone(), true),
            plain => (plain, None, false),
        };
        if !matches!(error, None | Some(Type::Variant(_) | Type::Enum(_))) {
            return Err(Refused(
                "its error must be a variant or an enum, whose case names are the error codes"
                    .to_owned(),
            ));
        }
        Ok(Command {
            name: function.name.as_str().into(),
            docs: self.docs.function(interface, &function.name),
            params,
            request,
            reply,
            error,
            fallible,
        })
    }

    fn ty(&mut self, ty: &WitType) -> Result<Known, Refused> {
        let primitive = match ty {
            WitType::Bool => Type::Bool,
            WitType::U8 => Type::U8,
            WitType::U16 => Type::U16,
            WitType::U32 => Type::U32,
            WitType::U64 => Type::U64,
            WitType::S8 => Type::S8,
            WitType::S16 => Type::S16,
            WitType::S32 => Type::S32,
            WitType::S64 => Type::S64,
            WitType::F32 => Type::F32,
            WitType::F64 => Type::F64,
            WitType::Char => Type::Char,
            WitType::String => Type::String,
            WitType::ErrorContext => {
                return Err(Refused(
                    "an error-context cannot travel in a message".to_owned(),
                ));
            }
            WitType::Id(id) => return self.defined(*id),
        };
        Ok(Known {
            ty: primitive,
            depth: 1,
            parts: 1,
        })
    }

    /// The recursion ends: the validator refuses types nested more than a hundred deep, and a type never holds itself.
    fn defined(&mut self, id: TypeId) -> Result<Known, Refused> {
        if let Some(known) = self.known.get(&id) {
            return Ok(known.clone());
        }
        let mut size = Size { depth: 0, parts: 1 };
        let definition = &self.resolve.types[id];
        let named = self.named(definition);
        let ty =
            self.kind(definition, named, &mut size)
                .map_err(|refused| match &definition.name {
                    Some(name) => within(&format!("`{name}`"), refused),
                    None => refused,
                })?;
        let known = Known {
            ty,
            depth: size.depth + 1,
            parts: size.parts,
        };
        if known.depth > MAX_TYPE_DEPTH {
            return Err(Refused(format!(
                "its types are nested more than {MAX_TYPE_DEPTH} deep"
            )));
        }
        if known.parts > MAX_TYPE_PARTS {
            return Err(too_many_parts());
        }
        self.known.insert(id, known.clone());
        Ok(known)
    }

    fn kind(
        &mut self,
        definition: &TypeDef,
        named: Named,
        size: &mut Size,
    ) -> Result<Type, Refused> {
        Ok(match &definition.kind {
            TypeDefKind::Type(alias) => {
                let known = self.ty(alias)?;
                // An alias is no level of its own.
                size.depth = known.depth.saturating_sub(1);
                size.parts = known.parts;
                known.ty
            }
            TypeDefKind::List(WitType::U8) => size.add(Type::Bytes, 1),
            TypeDefKind::List(element) => Type::List(Arc::new(self.part(element, size)?)),
            TypeDefKind::Option(some) => match self.part(some, size)? {
                Type::Option(_) => {
                    return Err(Refused(
                        "an option of an option has no form in JSON".to_owned(),
                    ));
                }
                some => Type::Option(Arc::new(some)),
            },
            TypeDefKind::Result(result) => Type::Result(Arc::new(ResultType {
                ok: self.maybe(result.ok.as_ref(), size)?,
                err: self.maybe(result.err.as_ref(), size)?,
            })),
            TypeDefKind::Tuple(tuple) => Type::Tuple(
                tuple
                    .types
                    .iter()
                    .map(|ty| self.part(ty, size))
                    .collect::<Result<_, _>>()?,
            ),
            TypeDefKind::Record(record) => Type::Record(Arc::new(Record {
                fields: record
                    .fields
                    .iter()
                    .map(|field| {
                        let ty = self.part(&field.ty, size).map_err(|refused| {
                            within(&format!("field `{}`", field.name), refused)
                        })?;
                        Ok(Field::new(
                            &field.name,
                            ty,
                            self.docs.member(&named, &field.name),
                        ))
                    })
                    .collect::<Result<_, _>>()?,
                named,
            })),
            TypeDefKind::Variant(variant) => Type::Variant(Arc::new(Variant {
                cases: variant
                    .cases
                    .iter()
                    .map(|case| {
                        let ty = self
                            .maybe(case.ty.as_ref(), size)
                            .map_err(|refused| within(&format!("case `{}`", case.name), refused))?;
                        Ok(Case {
                            name: case.name.as_str().into(),
                            ty,
                            docs: self.docs.member(&named, &case.name),
                        })
                    })
                    .collect::<Result<_, _>>()?,
                named,
            })),
            TypeDefKind::Enum(cases) => {
                let names = cases.cases.iter().map(|case| case.name.as_str());
                let cases = self.labels(&named, names, size);
                Type::Enum(Arc::new(Enum { named, cases }))
            }
            TypeDefKind::Flags(flags) => {
                let names = flags.flags.iter().map(|flag| flag.name.as_str());
                let flags = self.labels(&named, names, size);
                Type::Flags(Arc::new(Flags { named, flags }))
            }
            TypeDefKind::Resource | TypeDefKind::Handle(_) => {
                return Err(Refused("a resource cannot travel in a message".to_owned()));
            }
            TypeDefKind::Future(_) | TypeDefKind::Stream(_) => {
                return Err(Refused(format!(
                    "a {} cannot travel in a message",
                    definition.kind.as_str()
                )));
            }
            TypeDefKind::Map(..) | TypeDefKind::FixedLengthList(..) | TypeDefKind::Unknown => {
                return Err(Refused(format!(
                    "the type {} is not supported",
                    definition.kind.as_str()
                )));
            }
        })
    }

    fn part(&mut self, ty: &WitType, size: &mut Size) -> Result<Type, Refused> {
        let known = self.ty(ty)?;
        size.depth = size.depth.max(known.depth);
        size.parts = size.parts.saturating_add(known.parts);
        Ok(known.ty)
    }

    fn maybe(&mut self, ty: Option<&WitType>, size: &mut Size) -> Result<Option<Type>, Refused> {
        ty.map(|ty| self.part(ty, size)).transpose()
    }

    fn labels<'n>(
        &self,
        named: &Named,
        names: impl ExactSizeIterator<Item = &'n str>,
        size: &mut Size,
    ) -> Vec<Label> {
        size.parts = size.parts.saturating_add(names.len());
        names
            .map(|name| Label {
                name: name.into(),
                docs: self.docs.member(named, name),
            })
            .collect()
    }

    fn named(&self, definition: &TypeDef) -> Named {
        let interface = match definition.owner {
            TypeOwner::Interface(id) => self.resolve.id_of(id).unwrap_or_default(),
            TypeOwner::World(_) | TypeOwner::None => String::new(),
        };
        let name = definition.name.as_deref().unwrap_or_default();
        Named {
            docs: self.docs.ty(&interface, name),
            interface: interface.into(),
            name: name.into(),
        }
    }
}

/// How deep and how large a type is that is being read.
struct Size {
    depth: usize,
    parts: usize,
}

impl Size {
    fn add(&mut self, ty: Type, depth: usize) -> Type {
        self.depth = self.depth.max(depth);
        self.parts = self.parts.saturating_add(1);
        ty
    }
}

fn at_most(limit: usize, found: usize, what: &str) -> Result<(), ContractError> {
    if found <= limit {
        return Ok(());
    }
    let what = what.to_owned();
    Err(ContractError::TooMany { what, limit })
}

fn within(place: &str, Refused(reason): Refused) -> Refused {
    Refused(format!("{place}: {reason}"))
}

fn too_many_parts() -> Refused {
    Refused(format!(
        "its types have more than {MAX_TYPE_PARTS} parts when written out"
    ))
}
