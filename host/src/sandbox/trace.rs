//! Where a component was when it faulted, for the operator's log: names of code, no values.

use std::fmt::Write as _;

use wasmtime::{Trap, WasmBacktrace};

use super::digest::Digest;

/// The most guest functions that are named, innermost first, which is as many as wasmtime remembers (a panic in Rust has twelve of
/// its own); and the longest name, in bytes. A build names its functions itself.
const MAX_FRAMES: usize = 20;
const MAX_NAME_BYTES: usize = 160;

/// Where a component was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trace {
    /// Which build.
    pub(crate) digest: Digest,
    /// Which of its commands ran.
    pub(crate) command: String,
    /// What wasmtime calls the trap (`UnreachableCodeReached`), or `error`, and the guest functions that were on the stack.
    pub(crate) functions: String,
}

impl Trace {
    /// Where `error` ended `command` of this build.
    pub(super) fn of(error: &wasmtime::Error, digest: Digest, command: &str) -> Self {
        let mut functions = error
            .downcast_ref::<Trap>()
            .map_or("error".to_owned(), |trap| format!("{trap:?}"));
        let frames = error
            .downcast_ref::<WasmBacktrace>()
            .map_or(&[][..], WasmBacktrace::frames);
        let mut separator = ": ";
        for frame in frames.iter().take(MAX_FRAMES) {
            functions.push_str(separator);
            functions.push_str(&readable(frame.func_name().unwrap_or("?")));
            separator = " < ";
        }
        Self {
            digest,
            command: command.to_owned(),
            functions,
        }
    }
}

/// A function's name as its source has it, cut to its bound, on one line.
fn readable(name: &str) -> String {
    // A mangled name is cut first too: what it stands for may be much longer.
    let name = &name[..name.floor_char_boundary(4 * MAX_NAME_BYTES)];
    let mut bounded = Bounded(String::new());
    // It stops where the bound is.
    let _ = write!(bounded, "{:#}", rustc_demangle::demangle(name));
    bounded.0
}

/// Takes so much text and no more.
struct Bounded(String);

impl std::fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for character in text.chars() {
            if self.0.len() + character.len_utf8() > MAX_NAME_BYTES {
                return Err(std::fmt::Error);
            }
            match character.is_control() {
                true => self.0.push('?'),
                false => self.0.push(character),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::{Engine, Instance, Module, Store};

    use super::*;

    /// What is said of calling `run` of this module.
    fn trace(text: &str) -> Trace {
        let engine = Engine::default();
        let module = Module::new(&engine, wat::parse_str(text).unwrap()).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let run = instance
            .get_typed_func::<(), ()>(&mut store, "run")
            .unwrap();
        let error = run.call(&mut store, ()).unwrap_err();
        Trace::of(&error, Digest::of(b"a build"), "keep-note")
    }

    #[test]
    fn functions_are_named_as_their_source_has_them_innermost_first() {
        let found = trace(
            r#"(module
                (func $_ZN5notes7service4keep17h0123456789abcdefE unreachable)
                (func (export "run") call $_ZN5notes7service4keep17h0123456789abcdefE))"#,
        );
        let functions = "UnreachableCodeReached: notes::service::keep < ?";
        let expected = Trace {
            digest: Digest::of(b"a build"),
            command: "keep-note".to_owned(),
            functions: functions.to_owned(),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn a_recursion_is_named_a_few_times() {
        let found = trace(r#"(module (func $again (export "run") call $again))"#);
        assert!(found.functions.starts_with("StackOverflow: again < again"));
        assert_eq!(found.functions.matches("again").count(), MAX_FRAMES);
    }

    #[test]
    fn a_name_is_cut_and_stays_on_its_line() {
        assert_eq!(readable("a\n\u{1b}[31mb"), "a??[31mb");
        assert_eq!(readable(&"é".repeat(1_000)).len(), MAX_NAME_BYTES);
    }
}
