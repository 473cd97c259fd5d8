//! The types of the administration interface.

use serde_json::{Map, Value, json};

/// A type: its name and its fields, each with its type and what it is. A field's type is `string`, `integer`, `bool`, `moment`,
/// `any`, `#Name` of another type, `[…]` a list of one, `a|b` one of several words; with `?` it may be null.
pub(super) type Type = (
    &'static str,
    &'static [(&'static str, &'static str, &'static str)],
);

/// All of them.
pub(super) const TYPES: &[Type] = &[
    ("Error", &[("error", "#ErrorDetail", "What happened.")]),
    (
        "ErrorDetail",
        &[
            ("code", "string", "What kind of refusal."),
            ("message", "string", "A sentence."),
            ("violations", "[#Violation]", "The rules that were broken."),
            ("retry_after_ms", "integer?", "When to try again."),
        ],
    ),
    (
        "Violation",
        &[
            (
                "path",
                "string",
                "Where: a field or a parameter; of a build that may not serve, the check that it failed.",
            ),
            (
                "message",
                "string",
                "The rule; of a build, what is wrong and what to do about it.",
            ),
        ],
    ),
    (
        "Component",
        &[
            ("channel", "string", "The channel that it serves."),
            (
                "version",
                "string",
                "The version of the channel's WIT package.",
            ),
            ("digest", "string", "SHA-256 of the build, in hexadecimal."),
            ("size", "integer", "Its size in bytes."),
            ("author", "string?", "Who wrote it, as it says itself."),
            (
                "state",
                "bundled|deployed|behind",
                "Where it comes from: `bundled` with the host, `deployed` while it served; `behind`: another host of the store deployed another one, which this host could not take over.",
            ),
            ("since", "moment", "Since when it serves."),
            (
                "revision",
                "integer",
                "How often a deploy or a rollback changed the channel.",
            ),
            (
                "previous",
                "string?",
                "The deployed build that a rollback leads to; null: what the host brings along, or nothing.",
            ),
            ("calls", "integer", "How often it was called on this host."),
            (
                "faults",
                "integer",
                "How often it trapped or ran into a limit on this host.",
            ),
            (
                "quarantined",
                "[string]",
                "Builds that may not be deployed.",
            ),
            ("commands", "[string]", "Its commands."),
            ("imports", "[string]", "What it imports."),
            ("grants", "[string]", "What it may import."),
            ("limits", "#Limits", "What a message in it may use up."),
        ],
    ),
    (
        "Limits",
        &[
            ("memory_bytes", "integer", "Memory of a sandbox."),
            ("cpu_ms", "integer", "CPU of a message."),
            ("wall_ms", "integer", "Wall clock of a message."),
            ("depth", "integer", "How deep calls may nest."),
            ("host_call_bytes", "integer", "Bytes through capabilities."),
            ("host_calls", "integer", "Calls of capabilities."),
            ("write_bytes", "integer", "Bytes written to the store."),
            ("log_lines", "integer", "Log lines."),
        ],
    ),
    (
        "Build",
        &[
            ("digest", "string", "SHA-256 of the build, in hexadecimal."),
            (
                "version",
                "string",
                "The version of the channel's WIT package.",
            ),
            ("size", "integer", "Its size in bytes."),
            ("author", "string?", "Who wrote it, as it says itself."),
            ("counter", "integer?", "The counter it was signed with."),
            ("signed", "bool", "Whether it was signed."),
            ("stored_at", "moment", "When it was stored."),
            (
                "state",
                "serving|earlier|unused",
                "What it is to its channel.",
            ),
        ],
    ),
    (
        "Deployed",
        &[
            ("channel", "string", "The channel."),
            ("digest", "string", "SHA-256 of the build that serves now."),
            ("version", "string", "Its version."),
            (
                "previous",
                "string",
                "SHA-256 of the build that served until then.",
            ),
            ("revision", "integer", "The number of this change."),
            ("changed", "bool", "False if it served already."),
            ("warnings", "[string]", "What is worth knowing."),
        ],
    ),
    (
        "KeyRequest",
        &[
            ("name", "string", "What the operator calls it."),
            (
                "scopes",
                "[string]",
                "`channel/command`, `channel/*`, `*` or `admin`.",
            ),
            (
                "act_as",
                "bool",
                "Whether it may name the user it acts for; may be left out.",
            ),
            (
                "expires_in_ms",
                "integer?",
                "When it expires; may be left out: never.",
            ),
        ],
    ),
    ("ServiceKey", SERVICE_KEY),
    (
        "KeyCreated",
        &[
            SERVICE_KEY[0],
            SERVICE_KEY[1],
            SERVICE_KEY[2],
            SERVICE_KEY[3],
            SERVICE_KEY[4],
            SERVICE_KEY[5],
            SERVICE_KEY[6],
            SERVICE_KEY[7],
            (
                "token",
                "string",
                "The key itself, which is shown this once.",
            ),
        ],
    ),
    (
        "SigningKey",
        &[
            ("id", "string", "Its name: the `kid`."),
            ("purpose", "signing|mac|seal|pepper", "What it is for."),
            ("algorithm", "string", "What is done with it."),
            (
                "state",
                "next|current|previous|retired",
                "Where it is in its life.",
            ),
            ("created_at", "moment", "When it was made."),
            ("activated_at", "moment?", "When it came into use, or will."),
            ("retires_at", "moment?", "When it stops being accepted."),
        ],
    ),
    (
        "RotationRequest",
        &[(
            "force",
            "bool",
            "Rotate although not everybody knows the next key yet; may be left out.",
        )],
    ),
    (
        "Rotated",
        &[("current", "string", "The name of the key that signs now.")],
    ),
    (
        "MailPage",
        &[
            ("mails", "[#Mail]", "The mails."),
            (
                "next",
                "string?",
                "After which id to go on; null: there are no more.",
            ),
        ],
    ),
    ("Mail", MAIL),
    (
        "MailView",
        &[
            MAIL[0],
            MAIL[1],
            MAIL[2],
            MAIL[3],
            MAIL[4],
            MAIL[5],
            MAIL[6],
            MAIL[7],
            MAIL[8],
            MAIL[9],
            MAIL[10],
            ("text", "string?", "The text part, if it is kept."),
            ("html", "string?", "The HTML part, likewise."),
        ],
    ),
    (
        "BackupRequest",
        &[(
            "with_root_key",
            "bool",
            "Whether the root key is to be in it; may be left out.",
        )],
    ),
    (
        "AuditPage",
        &[
            ("records", "[#AuditEntry]", "The records."),
            ("after", "string?", "Where to go on."),
            ("more", "bool", "Whether there may be more."),
        ],
    ),
    (
        "AuditEntry",
        &[
            ("id", "string", "Its place in the record."),
            ("at", "moment", "When the message came."),
            ("action", "string", "What was decided."),
            ("outcome", "success|denied|failure", "How."),
            ("actor", "string?", "Who acted."),
            ("subject", "string?", "Whom it concerns."),
            ("detail", "any", "Names and values, in pairs."),
            (
                "channel",
                "string",
                "Whose component wrote it; `-` for the host.",
            ),
            (
                "build",
                "string",
                "The digest of its build, or the host's version.",
            ),
            ("via", "string?", "Which channel called it."),
            ("message", "string", "The message's id."),
            ("request", "string", "The client's name for the request."),
            (
                "plane",
                "service|user|public|administration",
                "By which door it came.",
            ),
            ("service_key", "string?", "The service key's id."),
            ("remote_address", "string?", "The client's address."),
        ],
    ),
    (
        "SubjectExport",
        &[
            ("subject", "string", "Whose data it is."),
            ("exported_at", "moment", "When it was read."),
            ("entries", "[#ExportedEntry]", "All entries."),
        ],
    ),
    (
        "ExportedEntry",
        &[
            ("channel", "string?", "Whose component keeps it."),
            ("host", "string?", "What the host keeps it for."),
            ("key", "string", "Its key."),
            ("schema", "integer", "The schema it was written in."),
            ("expires_at", "moment?", "When it ends by itself."),
            (
                "sealed",
                "bool",
                "Whether it is sealed: then its value is not shown.",
            ),
            (
                "encoding",
                "string?",
                "How `value` is to be read: `json` or `base64url`.",
            ),
            ("value", "any", "What is stored."),
        ],
    ),
    (
        "Forgotten",
        &[
            ("subject", "string", "Who."),
            ("entries", "integer", "How many entries went."),
        ],
    ),
    (
        "Finding",
        &[
            ("check", "string", "What was looked at."),
            ("state", "ok|warning|problem", "How it is."),
            (
                "detail",
                "string",
                "A sentence; what to do, if it is not well.",
            ),
        ],
    ),
];

const SERVICE_KEY: &[(&str, &str, &str)] = &[
    ("id", "string", "Its name in logs."),
    ("name", "string", "What the operator calls it."),
    ("scopes", "[string]", "What it may do."),
    (
        "act_as",
        "bool",
        "Whether it may name the user it acts for.",
    ),
    ("created_at", "moment", "When it was made."),
    ("expires_at", "moment?", "From when on it is worth nothing."),
    ("revoked_at", "moment?", "When it was revoked."),
    (
        "operator",
        "bool",
        "Whether the host made it for its operator.",
    ),
];

const MAIL: &[(&str, &str, &str)] = &[
    ("id", "string", "Its id."),
    ("to", "string?", "The address, if it can be read."),
    ("subject", "string?", "The subject, likewise."),
    (
        "state",
        "queued|sending|sent|captured|failed|expired|superseded|withdrawn",
        "Where it is in its life.",
    ),
    ("channel", "string", "Which channel sent it."),
    ("at", "moment", "When it was sent."),
    ("changed_at", "moment", "When its state changed last."),
    ("expires_at", "moment", "It is not delivered later."),
    ("tries", "integer", "How often it was tried."),
    ("next_at", "moment?", "When it is tried next."),
    ("reason", "string?", "Why it was put off or given up."),
];

/// The JSON Schema of every type, by name. All fields are there in what is answered; what a request may leave out says so.
pub(super) fn schemas(types: &[Type]) -> Value {
    let schemas = types.iter().map(|(name, fields)| {
        let properties: Map<_, _> = fields
            .iter()
            .map(|(field, ty, summary)| {
                let mut schema = schema(ty);
                schema["description"] = (*summary).into();
                ((*field).to_owned(), schema)
            })
            .collect();
        let required: Vec<_> = fields
            .iter()
            .filter(|(_, _, summary)| !summary.contains("may be left out"))
            .map(|(field, ..)| *field)
            .collect();
        let schema = json!({"type": "object", "properties": properties, "required": required});
        ((*name).to_owned(), schema)
    });
    schemas.collect::<Map<_, _>>().into()
}

/// The JSON Schema of the type that `ty` spells.
pub(super) fn schema(ty: &str) -> Value {
    if let Some(ty) = ty.strip_suffix('?') {
        let mut schema = schema(ty);
        if let Some(name) = schema["type"].as_str() {
            schema["type"] = json!([name, "null"]);
        }
        return schema;
    }
    if let Some(element) = ty.strip_prefix('[').and_then(|ty| ty.strip_suffix(']')) {
        return json!({"type": "array", "items": schema(element)});
    }
    if let Some(name) = ty.strip_prefix('#') {
        return json!({"$ref": format!("#/components/schemas/{name}")});
    }
    if ty.contains('|') {
        return json!({"type": "string", "enum": ty.split('|').collect::<Vec<_>>()});
    }
    match ty {
        "moment" => json!({"type": "integer", "format": "int64", "minimum": 0}),
        "integer" => json!({"type": "integer", "minimum": 0}),
        "bool" => json!({"type": "boolean"}),
        "any" => json!({}),
        ty => json!({"type": ty}),
    }
}
