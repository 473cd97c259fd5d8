//! From a component's bytes to its [`Contract`].

use std::panic::{AssertUnwindSafe, catch_unwind};

use wit_component::DecodedWasm;
use wit_parser::{Function, FunctionKind, InterfaceId, Resolve, WorldItem, WorldKey};

use super::convert::{Reader, Refused, too_many_parts, within};
use super::docs::Docs;
use super::manifest::ManifestError;
use super::sections::{self, MAX_COMPONENT_BYTES};
use super::types::{Field, Type};
use super::{
    Channel, Command, Contract, ContractError, Import, MAX_CHANNELS, MAX_COMMANDS, MAX_TYPE_PARTS,
    Manifest, Request,
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
    let mut reader = Reader::new(&resolve, &docs);
    let channels = reader.channels(&world.exports)?;
    let called = reader.called(&world.imports)?;
    check_short_replies(&manifest, &channels)?;
    Ok(Contract {
        channels,
        imports: imports(&resolve, &world.imports),
        called,
        manifest,
        author: sections.author.map(Into::into),
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

/// A name that is misspelt would keep credentials for as long as any other reply.
fn check_short_replies(manifest: &Manifest, channels: &[Channel]) -> Result<(), ManifestError> {
    let misspelt = manifest.short_replies.iter().find(|name| {
        !channels
            .iter()
            .any(|channel| channel.command(name).is_some())
    });
    match misspelt {
        None => Ok(()),
        Some(name) => Err(ManifestError::Inconsistent(format!(
            "`short_replies` names {name:?}, which is no command of this build"
        ))),
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

    /// The `commands` interfaces of other channels that the component imports, as it was built against them.
    fn called(&mut self, imports: &WorldItems) -> Result<Vec<Channel>, ContractError> {
        let mut called = Vec::new();
        for item in imports.values() {
            let WorldItem::Interface { id, .. } = item else {
                continue;
            };
            called.extend(self.channel(*id)?);
            at_most(
                MAX_CHANNELS,
                called.len(),
                "channels called by one component",
            )?;
        }
        Ok(called)
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
}

fn at_most(limit: usize, found: usize, what: &str) -> Result<(), ContractError> {
    if found <= limit {
        return Ok(());
    }
    let what = what.to_owned();
    Err(ContractError::TooMany { what, limit })
}
