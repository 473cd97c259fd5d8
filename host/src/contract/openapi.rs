//! The OpenAPI 3.1 document: every command as a `POST`, described by its own WIT.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::json::first_sentence;
use super::schema::{Dialect, Schemas};
use super::types::Type;
use super::{Channel, Command, Info};
use crate::error::Code;

/// What the document needs to know beside the channels.
pub struct Options<'a> {
    /// What the document says of the installation.
    pub info: Info<'a>,
    /// The origin under which clients reach it: `https://auth.example.org`.
    pub server: &'a str,
    /// The HTTP status of a code.
    pub status: &'a dyn Fn(&Code) -> u16,
    /// Who may ask for a command, beside services.
    pub access: &'a dyn Fn(&Channel, &Command) -> Access,
}

/// By which doors a command is reached, beside that for services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Access {
    /// Users with a credential of their own.
    pub user: bool,
    /// Anybody.
    pub public: bool,
}

/// What every command can answer beside its own errors: the codes by which the host refuses. The two that have no
/// code of their own stand below.
const HOST_CODES: [(Code, &str); 9] = [
    (
        Code::BadRequest,
        "The request does not fit the command: `violations` say where.",
    ),
    (
        Code::Unauthenticated,
        "No credential, or one that is not valid.",
    ),
    (
        Code::AccessDenied,
        "A credential that does not reach this command.",
    ),
    (Code::NotFound, "No such channel, command or thing."),
    (
        Code::Conflict,
        "It contradicts what is stored, or the idempotency key was used for another request.",
    ),
    (
        Code::TooManyRequests,
        "Too often: try again after `retry_after_ms`.",
    ),
    (
        Code::Unavailable,
        "Not now: try again after `retry_after_ms`.",
    ),
    (
        Code::DeadlineExceeded,
        "Not in time. It may have been done: ask again with the same idempotency key.",
    ),
    (Code::Unknown, "A fault of the service."),
];

/// Statuses that the transport answers with the code `bad-request`.
const TRANSPORT: [(u16, &str); 2] = [
    (413, "`bad-request`: The request is too large."),
    (415, "`bad-request`: The request is not `application/json`."),
];

/// The OpenAPI 3.1 document of `channels`.
#[must_use]
pub fn openapi(options: &Options<'_>, channels: &[&Channel]) -> Value {
    let mut schemas = Schemas::new(Dialect::Draft2020, channels);
    let mut paths = Map::new();
    let mut tags = Vec::new();
    for channel in channels {
        let mut tag = json!({"name": &*channel.name});
        if !channel.docs.is_empty() {
            tag["description"] = (&*channel.docs).into();
        }
        if !tags.contains(&tag) {
            tags.push(tag);
        }
        for command in &channel.commands {
            let major = channel.version.major;
            let path = format!("/v{major}/{}/{}", channel.name, command.name);
            let operation = operation(options, channel, command, &mut schemas);
            paths.insert(path, json!({"post": operation}));
        }
    }
    let mut components = components();
    if let Value::Object(derived) = schemas.into_components()
        && let Value::Object(schemas) = &mut components["schemas"]
    {
        schemas.extend(derived);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": options.info.title,
            "version": options.info.version,
            "description": options.info.description,
        },
        "servers": [{"url": options.server}],
        "tags": tags,
        "paths": paths,
        "components": components,
    })
}

fn operation(
    options: &Options<'_>,
    channel: &Channel,
    command: &Command,
    schemas: &mut Schemas,
) -> Value {
    let mut operation = json!({
        "operationId": operation_id(channel, command),
        "tags": [&*channel.name],
        "parameters": [
            {"$ref": "#/components/parameters/idempotency-key"},
            {"$ref": "#/components/parameters/request-id"},
        ],
        "requestBody": {
            "required": command.needs_a_request(),
            "content": {"application/json": {"schema": schemas.request(channel, command)}},
        },
        "responses": responses(options, channel, command, schemas),
        "security": security((options.access)(channel, command)),
    });
    if let Some(summary) = first_sentence(&command.docs) {
        operation["summary"] = summary.into();
        operation["description"] = (&*command.docs).into();
    }
    operation
}

fn operation_id(channel: &Channel, command: &Command) -> String {
    match channel.version.major {
        0 | 1 => format!("{}.{}", channel.name, command.name),
        major => format!("{}.{}.v{major}", channel.name, command.name),
    }
}

/// One of the credentials is enough; the empty one means none.
fn security(access: Access) -> Value {
    let mut doors = vec![json!({"service": []})];
    if access.user {
        doors.push(json!({"user": []}));
    }
    if access.public {
        doors.push(json!({}));
    }
    doors.into()
}

fn responses(
    options: &Options<'_>,
    channel: &Channel,
    command: &Command,
    schemas: &mut Schemas,
) -> Value {
    let mut responses = Map::new();
    let headers = json!({"X-Request-Id": {"$ref": "#/components/headers/request-id"}});
    match &command.reply {
        Some(ty) => {
            let schema = schemas.reply(channel, ty);
            let content = json!({"application/json": {"schema": schema}});
            let done = json!({"description": "Done.", "headers": headers, "content": content});
            responses.insert("200".to_owned(), done);
        }
        None => {
            let done = json!({"description": "Done; there is nothing to say.", "headers": headers});
            responses.insert("204".to_owned(), done);
        }
    }
    for (status, lines) in refusals(options, command) {
        let retry = matches!(status, 429 | 503);
        responses.insert(status.to_string(), refusal(&lines.join("\n\n"), retry));
    }
    responses.into()
}

/// What is said of each status: the channel's own words for a code, else the host's.
fn refusals(options: &Options<'_>, command: &Command) -> BTreeMap<u16, Vec<String>> {
    let mut by_status = BTreeMap::<u16, Vec<String>>::new();
    let mut add = |status: u16, line: String| by_status.entry(status).or_default().push(line);
    let own = own_codes(command);
    for (code, docs) in &own {
        let line = match docs.split_whitespace().collect::<Vec<_>>().join(" ") {
            docs if docs.is_empty() => format!("`{}`", code.as_str()),
            docs => format!("`{}`: {docs}", code.as_str()),
        };
        add((options.status)(code), line);
    }
    for (code, docs) in &HOST_CODES {
        if !own.iter().any(|(own, _)| own == code) {
            add(
                (options.status)(code),
                format!("`{}`: {docs}", code.as_str()),
            );
        }
    }
    for (status, docs) in TRANSPORT {
        add(status, docs.to_owned());
    }
    // Validation is the only reason of the host's whose status a command without errors never gives itself.
    let unprocessable = (options.status)(&Code::ValidationFailed);
    by_status.entry(unprocessable).or_insert_with(|| {
        vec!["`validation-failed`: The request breaks a rule: `violations` say which.".to_owned()]
    });
    by_status
}

fn own_codes(command: &Command) -> Vec<(Code, &str)> {
    let cases: Vec<(&str, &str)> = match &command.error {
        Some(Type::Variant(variant)) => variant
            .cases
            .iter()
            .map(|case| (&*case.name, &*case.docs))
            .collect(),
        Some(Type::Enum(cases)) => cases
            .cases
            .iter()
            .map(|case| (&*case.name, &*case.docs))
            .collect(),
        _ => Vec::new(),
    };
    cases
        .into_iter()
        .map(|(name, docs)| (Code::named(name), docs))
        .collect()
}

fn refusal(description: &str, retry: bool) -> Value {
    let mut headers = json!({"X-Request-Id": {"$ref": "#/components/headers/request-id"}});
    if retry {
        headers["Retry-After"] = json!({"$ref": "#/components/headers/retry-after"});
    }
    let schema = json!({"$ref": "#/components/schemas/Error"});
    json!({
        "description": description,
        "headers": headers,
        "content": {"application/json": {"schema": schema}},
    })
}

fn components() -> Value {
    json!({
        "schemas": {
            "Error": {
                "type": "object",
                "description": "Why a command was not carried out. It never repeats a value that was sent.",
                "required": ["error"],
                "properties": {
                    "error": {
                        "type": "object",
                        "required": ["code", "message", "violations", "retry_after_ms"],
                        "properties": {
                            "code": {"type": "string", "description": "The reason in kebab-case, for programs."},
                            "message": {"type": "string", "description": "The reason as a sentence, for people."},
                            "violations": {
                                "type": "array",
                                "description": "The rules that were broken; empty if that is not the reason.",
                                "items": {"$ref": "#/components/schemas/Violation"},
                            },
                            "retry_after_ms": {
                                "type": ["integer", "null"],
                                "minimum": 0,
                                "description": "After so many milliseconds it is worth trying again.",
                            },
                        },
                    },
                },
            },
            "Violation": {
                "type": "object",
                "required": ["path", "message"],
                "properties": {
                    "path": {
                        "type": "string",
                        "description": "Where in the request: `users[3].email`; empty for the request itself.",
                    },
                    "message": {"type": "string", "description": "The rule, without the value."},
                },
            },
        },
        "parameters": {
            "idempotency-key": {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "Names the request: asked again with the same key, it is answered again and not carried out again. \
                                The same key with another request is a `conflict`.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
            },
            "request-id": {
                "name": "X-Request-Id",
                "in": "header",
                "description": "Names the request in logs; it comes back with the answer.",
                "schema": {"type": "string"},
            },
        },
        "headers": {
            "request-id": {
                "description": "The request's name in logs.",
                "schema": {"type": "string"},
            },
            "retry-after": {
                "description": "Seconds after which it is worth trying again (RFC 9110 §10.2.3).",
                "schema": {"type": "integer", "minimum": 0},
            },
        },
        "securitySchemes": {
            "service": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "vsk_…",
                "description": "A service key: for services of the installation, limited to the commands it names.",
            },
            "user": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT or vst_…",
                "description": "A user's own credential: an access token or an API token.",
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::testing::{probe, real};

    fn status(code: &Code) -> u16 {
        match code {
            Code::BadRequest => 400,
            Code::Unauthenticated => 401,
            Code::AccessDenied => 403,
            Code::NotFound => 404,
            Code::Conflict => 409,
            Code::ValidationFailed | Code::Channel(_) => 422,
            Code::TooManyRequests => 429,
            Code::Unknown => 500,
            Code::Unavailable => 503,
            Code::DeadlineExceeded => 504,
        }
    }

    fn document(channels: &[&Channel]) -> Value {
        let options = Options {
            info: Info {
                title: "Vestibule",
                version: "1.0.0",
                description: "",
            },
            server: "http://127.0.0.1:8080",
            status: &status,
            access: &|_, command| Access {
                user: true,
                public: *command.name == *"verify-token",
            },
        };
        openapi(&options, channels)
    }

    /// Every `$ref` in `value` leads somewhere in `document`.
    pub(crate) fn check_references(document: &Value, value: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(to)) = members.get("$ref") {
                    let pointer = to.strip_prefix('#').unwrap();
                    assert!(document.pointer(pointer).is_some(), "{to}");
                }
                members
                    .values()
                    .for_each(|value| check_references(document, value));
            }
            Value::Array(values) => values
                .iter()
                .for_each(|value| check_references(document, value)),
            _ => {}
        }
    }

    #[test]
    fn a_real_channel_is_described() {
        let contract = real("token", "token");
        let document = document(&[&contract.channels[0]]);
        check_references(&document, &document);
        assert_eq!(
            document["paths"].as_object().unwrap().len(),
            contract.channels[0].commands.len()
        );
        let refresh = &document["paths"]["/v1/token/refresh-tokens"]["post"];
        assert_eq!(refresh["operationId"], "token.refresh-tokens");
        assert_eq!(
            refresh["summary"],
            "Refreshing of access and refresh token."
        );
        let statuses: Vec<_> = refresh["responses"].as_object().unwrap().keys().collect();
        let expected = [
            "200", "400", "401", "403", "404", "409", "413", "415", "422", "429", "500", "503",
            "504",
        ];
        assert_eq!(statuses, expected);
        let unauthenticated = refresh["responses"]["401"]["description"].as_str().unwrap();
        assert!(unauthenticated.starts_with("`unauthenticated`: The token presented"));
        let blacklist = &document["paths"]["/v1/token/blacklist-tokens"]["post"]["responses"];
        assert!(blacklist.get("204").is_some() && blacklist.get("200").is_none());
        let request = &document["components"]["schemas"]["token.RefreshTokensRequest"];
        assert_eq!(request["additionalProperties"], false);
        assert_eq!(request["required"], json!(["refresh_token"]));
    }

    #[test]
    fn doors_are_told_for_each_command() {
        let contract = real("token", "token");
        let document = document(&[&contract.channels[0]]);
        let doors = |command: &str| {
            document["paths"][format!("/v1/token/{command}")]["post"]["security"].clone()
        };
        assert_eq!(
            doors("verify-token"),
            json!([{"service": []}, {"user": []}, {}])
        );
        assert_eq!(doors("end-session"), json!([{"service": []}, {"user": []}]));
    }

    #[test]
    fn a_channels_own_codes_stand_at_their_status() {
        let contract = probe(
            "variant error { /// Taken.\n duplicate-x, other }\nf: func() -> result<_, error>;",
        )
        .unwrap();
        let document = document(&[&contract.channels[0]]);
        let operation = &document["paths"]["/v1/probe/f"]["post"];
        assert_eq!(
            operation["responses"]["422"]["description"],
            "`duplicate-x`: Taken.\n\n`other`"
        );
        assert_eq!(operation["requestBody"]["required"], false);
    }
}
