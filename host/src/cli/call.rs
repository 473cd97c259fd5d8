//! `vestibule call`: one message.

use std::io::Read as _;

use clap::Args;
use reqwest::{Method, header};
use serde_json::json;
use vestibule::config::is_name;
use vestibule::planes::ACTING_USER;

use super::client::{Address, Client, ServerArgs};
use super::failed::Failed;
use super::output::Output;

/// The largest request that is read from stdin, in bytes; the server has its own limit.
const MAX_REQUEST_BYTES: u64 = 16 * 1024 * 1024;

/// Sends one command and prints the reply as JSON: indented on a terminal, on one line otherwise.
#[derive(Args)]
#[command(after_help = "\
Examples:
  vestibule call token generate-tokens '{\"id\": \"user-1\"}'
  vestibule call token verify-token - < request.json
  vestibule call token refresh-tokens --id 5f0c2a '{\"refresh_token\": \"…\"}'
  vestibule call accounts profile --as 01981d2e-7b1c-7c3e-9f2a-3f6f6f1c2a11

An error is printed on stderr as the server answered it; the exit code is 1 then.")]
pub(super) struct CallArgs {
    /// The channel, such as token
    channel: String,

    /// The command, such as verify-token
    command: String,

    /// The request as JSON; `-` reads it from stdin; nothing for a command without fields
    #[arg(value_name = "JSON")]
    request: Option<String>,

    /// The message's id: the same id with the same request is done once and answered alike
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    id: Option<String>,

    /// The user to act for; takes a key that may (`key create --act-as`), or the operator's
    #[arg(long = "as", value_name = "USER", allow_hyphen_values = true)]
    acting: Option<String>,

    /// A role of that user; repeat for more
    #[arg(long = "role", value_name = "ROLE", requires = "acting")]
    roles: Vec<String>,

    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn run(args: CallArgs, output: &Output) -> Result<(), Failed> {
    for (what, name) in [("channel", &args.channel), ("command", &args.command)] {
        if !is_name(name) {
            return Err(Failed::Usage(format!(
                "the {what} is a name in kebab-case, such as verify-token"
            )));
        }
    }
    let body = match args.request.as_deref() {
        Some("-") => read_stdin()?,
        Some(text) => text.to_owned(),
        None => "{}".to_owned(),
    };
    let client = Client::new(&args.server, Address::Messages)?;
    let path = format!("/v1/{}/{}", args.channel, args.command);
    let mut request = client
        .request(Method::POST, &path)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body);
    if let Some(id) = &args.id {
        let is_id = (1..=255).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
        if !is_id {
            return Err(Failed::Usage(
                "--id must be 1 to 255 visible ASCII characters".to_owned(),
            ));
        }
        request = request.header("idempotency-key", id);
    }
    if let Some(user) = &args.acting {
        let user = json!({"id": user, "roles": args.roles});
        request = request.header(ACTING_USER, ascii(&user.to_string()));
    }
    match client.ask(request).await {
        Ok(Some(reply)) => output.json(&reply),
        Ok(None) if output.is_json() => output.line("null"),
        Ok(None) => {}
        // The body itself, also for people: it is what they will see in their own program.
        Err(Failed::Answered(body)) => {
            output.error_json(&serde_json::to_value(&body)?);
            return Err(Failed::Said);
        }
        Err(failed) => return Err(failed),
    }
    Ok(())
}

/// JSON as a header can carry it: what is not ASCII stands there as JSON escapes (RFC 8259 §7).
fn ascii(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for c in json.chars() {
        match c.is_ascii() && !c.is_ascii_control() {
            true => ascii.push(c),
            false => {
                let units = c.encode_utf16(&mut [0; 2]).to_vec();
                ascii.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
            }
        }
    }
    ascii
}

fn read_stdin() -> Result<String, Failed> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(MAX_REQUEST_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_REQUEST_BYTES {
        return Err(Failed::Usage(
            "the request on stdin is larger than 16 MiB".to_owned(),
        ));
    }
    String::from_utf8(bytes)
        .map_err(|_| Failed::Usage("the request on stdin is not UTF-8".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_of_any_name_fits_into_a_header() {
        let user = json!({"id": "Ж\n\u{7f}🦀\"", "roles": []}).to_string();
        let header = ascii(&user);
        assert!(header.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        let read: serde_json::Value = serde_json::from_str(&header).unwrap();
        assert_eq!(read["id"], "Ж\n\u{7f}🦀\"");
    }
}
