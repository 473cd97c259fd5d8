//! Refusals: the error side of a command's result.

use wasmtime::component::Val;

use super::MAX_VIOLATIONS;
use super::encode::{EncodeError, encode_reply};
use crate::contract::Command;
use crate::contract::types::Type;
use crate::error::{Code, Failure, Violation};
use crate::message::Answer;

/// A sentence from a component is cut to so many bytes.
const MAX_SENTENCE_BYTES: usize = 256;

/// What a client is answered when `command`'s function returned `results`: none or one value.
///
/// A `result` is taken apart; the reply of a function that returns none is its value. Values that are not what the
/// contract says are a fault of the component: [`Code::Unknown`] with the cause for the log.
pub fn answer(command: &Command, results: &[Val]) -> Answer {
    let reply = match (command.fallible, results) {
        (true, [Val::Result(Ok(reply))]) => reply.as_deref(),
        (true, [Val::Result(Err(error))]) => {
            return Err(error
                .as_deref()
                .map_or_else(Failure::unknown, |error| encode_error(command, error)));
        }
        (false, [reply]) => Some(reply),
        (false, []) => None,
        _ => return Err(fault(result_mismatch())),
    };
    match (&command.reply, reply) {
        (None, None) => Ok(None),
        (Some(_), Some(reply)) => encode_reply(command, reply).map(Some).map_err(fault),
        _ => Err(fault(result_mismatch())),
    }
}

/// The refusal that `error` stands for, which is the inside of an `err`.
///
/// The code is the case's name. Two kinds of value are shown: a list of violations, and the milliseconds of a refusal for
/// now (`too-many-requests`, `unavailable`). Any other value stays with the host. The sentence is the first of the
/// case's documentation, else one that fits the code.
pub fn encode_error(command: &Command, error: &Val) -> Failure {
    let (name, payload) = match error {
        Val::Variant(name, payload) => (name, payload.as_deref()),
        Val::Enum(name) => (name, None),
        _ => return fault(result_mismatch()),
    };
    let Some((docs, ty)) = case(command, name) else {
        return fault(result_mismatch());
    };
    let code = Code::named(name);
    let sentence = first_sentence(docs).unwrap_or_else(|| generic(&code).to_owned());
    let mut failure = Failure::new(code, sentence);
    match (ty, payload) {
        (Some(Type::List(element)), Some(Val::List(values))) if is_violation(element) => {
            let values = values.iter().take(MAX_VIOLATIONS);
            failure.violations = values.filter_map(violation).collect();
        }
        (Some(Type::U64), Some(Val::U64(milliseconds)))
            if matches!(failure.code, Code::TooManyRequests | Code::Unavailable) =>
        {
            failure.retry_after_ms = Some(*milliseconds);
        }
        _ => {}
    }
    failure
}

fn case<'c>(command: &'c Command, name: &str) -> Option<(&'c str, Option<&'c Type>)> {
    match command.error.as_ref()? {
        Type::Variant(variant) => variant
            .cases
            .iter()
            .find(|case| *case.name == *name)
            .map(|case| (&*case.docs, case.ty.as_ref())),
        Type::Enum(cases) => cases
            .cases
            .iter()
            .find(|case| *case.name == *name)
            .map(|case| (&*case.docs, None)),
        _ => None,
    }
}

/// A record of two strings, `path` and `message`, whatever interface it comes from.
fn is_violation(ty: &Type) -> bool {
    let Type::Record(record) = ty else {
        return false;
    };
    matches!(record.fields.as_slice(), [path, message]
        if *path.name == *"path" && path.ty == Type::String
        && *message.name == *"message" && message.ty == Type::String)
}

fn violation(value: &Val) -> Option<Violation> {
    let Val::Record(fields) = value else {
        return None;
    };
    match fields.as_slice() {
        [(_, Val::String(path)), (_, Val::String(message))] => {
            Some(Violation::new(cut(path), cut(message)))
        }
        _ => None,
    }
}

/// The first sentence of `docs`, on one line; none if there is none.
pub(crate) fn first_sentence(docs: &str) -> Option<String> {
    let paragraph = docs.split("\n\n").next().unwrap_or_default();
    let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = line.find(". ").map_or(line.len(), |end| end + 1);
    let sentence = cut(&line[..end]);
    (!sentence.is_empty()).then(|| sentence.to_owned())
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_SENTENCE_BYTES)]
}

fn generic(code: &Code) -> &'static str {
    match code {
        Code::BadRequest => "the request does not fit the command",
        Code::ValidationFailed => "the request breaks a rule",
        Code::Unauthenticated => "a valid credential is needed",
        Code::AccessDenied => "the caller is not allowed to do this",
        Code::NotFound => "there is no such thing",
        Code::Conflict => "the request contradicts what is stored",
        Code::TooManyRequests => "too often; try again later",
        Code::Unavailable => "the service cannot answer now; try again later",
        Code::DeadlineExceeded => "the command took too long",
        Code::Unknown => "the command failed; the log knows more under the message's id",
        Code::Channel(_) => "the command was refused",
    }
}

fn result_mismatch() -> EncodeError {
    EncodeError::Mismatch {
        expected: "that the command's function returns".to_owned(),
    }
}

fn fault(error: EncodeError) -> Failure {
    Failure::unknown().because(error)
}
