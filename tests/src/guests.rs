//! The test guests as bytes, and what is not a component at all.

include!(concat!(env!("OUT_DIR"), "/guests.rs"));

/// A core module: WebAssembly, but no component.
///
/// # Panics
/// Never: the text is fixed.
#[must_use]
pub fn core_module() -> Vec<u8> {
    text(r#"(module (func (export "run")))"#)
}

/// A component that exports nothing the host knows.
///
/// # Panics
/// Never: the text is fixed.
#[must_use]
pub fn component_of_something_else() -> Vec<u8> {
    text(
        r#"(component
            (core module $code (func (export "run")))
            (core instance $code (instantiate $code))
            (func $run (canon lift (core func $code "run")))
            (instance $commands (export "run" (func $run)))
            (export "somebody:else/commands@1.0.0" (instance $commands)))"#,
    )
}

/// A component that serves `channel` by handing every message on to the channel `callee`.
///
/// # Panics
/// If a name is not kebab-case.
#[must_use]
pub fn relay(channel: &str, callee: &str) -> Vec<u8> {
    text(&format!(
        r#"(component
            (import "vestibule:{callee}/commands@1.0.0" (instance $callee (export "run" (func))))
            (core func $below (canon lower (func $callee "run")))
            (core module $code (import "" "below" (func $below)) (func (export "run") call $below))
            (core instance $code (instantiate $code (with "" (instance (export "below" (func $below))))))
            (func $run (canon lift (core func $code "run")))
            (instance $commands (export "run" (func $run)))
            (export "vestibule:{channel}/commands@1.0.0" (instance $commands)))"#
    ))
}

/// A component that serves `channel` by one command, `run`, and answers nothing.
///
/// # Panics
/// If the name is not kebab-case.
#[must_use]
pub fn silent(channel: &str) -> Vec<u8> {
    silent_as(channel, "run")
}

/// The same with another name for the command.
///
/// # Panics
/// If a name is not kebab-case.
#[must_use]
pub fn silent_as(channel: &str, command: &str) -> Vec<u8> {
    text(&format!(
        r#"(component
            (core module $code (func (export "run")))
            (core instance $code (instantiate $code))
            (func $run (canon lift (core func $code "run")))
            (instance $commands (export "{command}" (func $run)))
            (export "vestibule:{channel}/commands@1.0.0" (instance $commands)))"#
    ))
}

/// A component that serves `channel` by one command, `run`, which takes a number and a version of its own.
///
/// # Panics
/// If a name is not what WIT allows.
#[must_use]
pub fn silent_with_number(channel: &str, version: &str) -> Vec<u8> {
    text(&format!(
        r#"(component
            (core module $code (func (export "run") (param i32)))
            (core instance $code (instantiate $code))
            (func $run (param "count" u32) (canon lift (core func $code "run")))
            (instance $commands (export "run" (func $run)))
            (export "vestibule:{channel}/commands@{version}" (instance $commands)))"#
    ))
}

/// A component whose start function traps, before any command can be called.
///
/// # Panics
/// If the name is not kebab-case.
#[must_use]
pub fn trapping_at_start(channel: &str) -> Vec<u8> {
    text(&format!(
        r#"(component
            (core module $code (func $start unreachable) (start $start) (func (export "run")))
            (core instance $code (instantiate $code))
            (func $run (canon lift (core func $code "run")))
            (instance $commands (export "run" (func $run)))
            (export "vestibule:{channel}/commands@1.0.0" (instance $commands)))"#
    ))
}

/// A component of channel `importing` that imports the function `name` of `interface`.
///
/// # Panics
/// If a name is not what WIT allows.
#[must_use]
pub fn importing(interface: &str, name: &str) -> Vec<u8> {
    text(&format!(
        r#"(component
            (import "{interface}" (instance (export "{name}" (func))))
            (core module $code (func (export "run")))
            (core instance $code (instantiate $code))
            (func $run (canon lift (core func $code "run")))
            (instance $commands (export "run" (func $run)))
            (export "vestibule:importing/commands@1.0.0" (instance $commands)))"#
    ))
}

fn text(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the text is a module or component")
}
