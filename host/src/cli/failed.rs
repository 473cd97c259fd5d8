//! Why a command ends with another exit code than 0.

use std::process::ExitCode;

use serde_json::{Value, json};
use vestibule::error::{Code, ErrorBody, Failure};

use super::output::Output;

/// How a command failed.
#[derive(Debug)]
pub(super) enum Failed {
    /// The server answered with an error.
    Answered(ErrorBody),
    /// The same, and it has been said.
    Said,
    /// The command was given what it cannot use.
    Usage(String),
    /// No server answered, or none of ours.
    Unreachable(String),
    /// Anything else.
    Other(anyhow::Error),
}

impl Failed {
    /// Says what happened on stderr, and gives the exit code.
    pub(super) fn report(self, output: &Output) -> ExitCode {
        let (exit, code, text) = match self {
            Self::Said => return ExitCode::from(1),
            Self::Answered(body) if output.is_json() => {
                output.error_json(&serde_json::to_value(&body).unwrap_or_default());
                return ExitCode::from(1);
            }
            Self::Answered(body) => {
                let mut text = body.error.message;
                for violation in body.error.violations {
                    let at = match violation.path.is_empty() {
                        true => String::new(),
                        false => format!("{}: ", violation.path),
                    };
                    text.push_str(&format!("\n  {at}{}", violation.message));
                }
                (1, body.error.code, text)
            }
            Self::Usage(text) => (2, "usage".to_owned(), text),
            Self::Unreachable(text) => (3, "unreachable".to_owned(), text),
            // The whole chain: whoever runs the program is who must mend it.
            Self::Other(error) => (1, "failed".to_owned(), format!("{error:#}")),
        };
        match output.is_json() {
            true => output.error_json(&body(&code, &text)),
            false => output.error(&format!("error: {text}")),
        }
        ExitCode::from(exit)
    }
}

impl std::fmt::Display for Failed {
    /// One sentence, for a report.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Answered(body) => f.write_str(&body.error.message),
            Self::Said => f.write_str("refused"),
            Self::Usage(text) | Self::Unreachable(text) => f.write_str(text),
            Self::Other(error) => write!(f, "{error:#}"),
        }
    }
}

/// The same shape as a server's answer.
fn body(code: &str, text: &str) -> Value {
    let failure = Failure::new(Code::named(code), text.to_owned());
    serde_json::to_value(ErrorBody::from(&failure)).unwrap_or_else(|_| json!({}))
}

impl<E: Into<anyhow::Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}
