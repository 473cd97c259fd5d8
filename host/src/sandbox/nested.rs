//! Component to component: an import of another channel's `commands` is a nested call, bridged by the host.
//!
//! The callee runs in a fresh sandbox of its own with the same message, deadline and principal. Its writes are a frame
//! of the caller's transaction: an error it answers discards the frame, a trap ends the whole message.

use std::sync::Arc;

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Val};

use super::fault::Fault;
use super::grants::split;
use super::state::State;
use crate::contract::Import;

/// What a value weighs beside what is in it: a million empty strings are not nothing.
const NODE_BYTES: usize = 8;

/// Links every imported command of another channel to a nested call.
pub(super) fn add_to_linker(
    linker: &mut Linker<State>,
    imports: &[Import],
) -> wasmtime::Result<()> {
    for import in imports {
        let Some((package, "commands")) = split(&import.interface) else {
            continue;
        };
        let Some(channel) = package.strip_prefix("vestibule:") else {
            continue;
        };
        let channel: Arc<str> = channel.into();
        let mut instance = linker.instance(&import.interface)?;
        for name in &import.functions {
            let (channel, command) = (channel.clone(), name.clone());
            instance.func_new_async(name, move |store, _, params, results| {
                Box::new(call(
                    store,
                    channel.clone(),
                    command.clone(),
                    params,
                    results,
                ))
            })?;
        }
    }
    Ok(())
}

async fn call(
    mut store: StoreContextMut<'_, State>,
    channel: Arc<str>,
    command: Arc<str>,
    params: &[Val],
    results: &mut [Val],
) -> wasmtime::Result<()> {
    let state = store.data_mut();
    state.charge(params.iter().map(size).sum())?;
    let depth = state.deployment.limits.depth;
    let work = state.work()?;
    let target = work.facts.deployments.get(&channel).cloned();
    if work.depth + 1 >= depth {
        return Err(state.fault(Fault::Depth));
    }
    let Some(target) = target else {
        return Err(state.fault(Fault::Contract));
    };
    let (services, via) = (state.services.clone(), state.deployment.channel.clone());
    let mut work = state.lend_work()?;
    work.depth += 1;
    let principal = work.principal.clone();
    work.transaction.enter();
    let (work, result) = target
        .invoke(&services, work, &command, params, Some(via))
        .await;
    if let Some(mut work) = work {
        work.depth -= 1;
        let ok = !matches!(&result, Ok(Some(Val::Result(Err(_)))) | Err(_));
        work.transaction.leave(ok);
        if !ok {
            work.principal = principal;
        }
        store.data_mut().return_work(work);
    }
    match (result?, results) {
        (Some(reply), [result]) => {
            store.data_mut().charge(size(&reply))?;
            *result = reply;
            Ok(())
        }
        (None, []) => Ok(()),
        _ => Err(store.data().fault(Fault::Contract)),
    }
}

/// About how many bytes a value takes on its way from sandbox to sandbox.
pub(crate) fn size(value: &Val) -> usize {
    let content = match value {
        Val::String(text) => text.len(),
        Val::List(values) | Val::Tuple(values) => values.iter().map(size).sum(),
        Val::Record(fields) => fields.iter().map(|(_, value)| size(value)).sum(),
        Val::Variant(_, Some(value)) | Val::Option(Some(value)) => size(value),
        Val::Result(Ok(Some(value)) | Err(Some(value))) => size(value),
        Val::Flags(names) => names.len(),
        _ => 0,
    };
    NODE_BYTES + content
}
