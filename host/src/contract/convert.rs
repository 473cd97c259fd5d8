//! The decoder's types become [ours](super::types), with their documentation and within bounds.

use std::collections::HashMap;
use std::sync::Arc;

use wit_parser::{Resolve, Type as WitType, TypeDef, TypeDefKind, TypeId, TypeOwner};

use super::docs::Docs;
use super::types::{Case, Enum, Field, Flags, Label, Named, Record, ResultType, Type, Variant};
use super::{MAX_TYPE_DEPTH, MAX_TYPE_PARTS};

/// A type that was read, with what it costs to write it out.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) ty: Type,
    pub(super) parts: usize,
    depth: usize,
}

/// Why a type cannot be used, before it is known which command uses it.
pub(super) struct Refused(pub(super) String);

/// Reads one component; a type used twice is converted once.
pub(super) struct Reader<'a> {
    pub(super) resolve: &'a Resolve,
    pub(super) docs: &'a Docs,
    known: HashMap<TypeId, Known>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(resolve: &'a Resolve, docs: &'a Docs) -> Self {
        Self {
            resolve,
            docs,
            known: HashMap::new(),
        }
    }

    pub(super) fn ty(&mut self, ty: &WitType) -> Result<Known, Refused> {
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

/// The same, with the place it was found in.
pub(super) fn within(place: &str, Refused(reason): Refused) -> Refused {
    Refused(format!("{place}: {reason}"))
}

pub(super) fn too_many_parts() -> Refused {
    Refused(format!(
        "its types have more than {MAX_TYPE_PARTS} parts when written out"
    ))
}
