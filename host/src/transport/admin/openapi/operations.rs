//! What can be asked of the administration interface.

/// One method on one path.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) query: &'static [Parameter],
    pub(super) body: Option<Content>,
    pub(super) reply: (u16, Content),
    /// Statuses beside those of every request.
    pub(super) refusals: &'static [u16],
    /// Whether it needs a key.
    pub(super) guarded: bool,
}

/// A parameter of a query; each may be left out.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) ty: &'static str,
    pub(super) summary: &'static str,
}

/// What a body is.
pub(super) enum Content {
    /// JSON of a type.
    Json(&'static str),
    /// Something of this media type.
    Other(&'static str),
}

const fn get(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    reply: &'static str,
) -> Operation {
    Operation {
        method: "get",
        path,
        id,
        summary,
        query: &[],
        body: None,
        reply: (200, Content::Json(reply)),
        refusals: &[],
        guarded: true,
    }
}

const fn post(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    reply: &'static str,
) -> Operation {
    Operation {
        method: "post",
        ..get(path, id, summary, reply)
    }
}

const fn parameter(name: &'static str, ty: &'static str, summary: &'static str) -> Parameter {
    Parameter { name, ty, summary }
}

/// All of them.
pub(super) const OPERATIONS: &[Operation] = &[
    get(
        "/admin/components",
        "components",
        "The builds that serve.",
        "[#Component]",
    ),
    Operation {
        refusals: &[404],
        ..get(
            "/admin/components/{channel}",
            "component",
            "The build that serves a channel.",
            "#Component",
        )
    },
    Operation {
        method: "put",
        query: &[
            parameter(
                "grant",
                "[string]",
                "What the build may import that the serving one does not: a capability, `channel/command` or `channel/*`. Once for each.",
            ),
            parameter(
                "allow_downgrade",
                "bool",
                "Whether it may be older than what was deployed before.",
            ),
            parameter(
                "allow_quarantined",
                "bool",
                "Whether it may leave quarantine.",
            ),
        ],
        body: Some(Content::Other("application/wasm")),
        refusals: &[400, 404, 408, 409, 413, 415, 422],
        ..get(
            "/admin/components/{channel}",
            "deploy",
            "Serves a channel by another build from now on, also after a restart.",
            "#Deployed",
        )
    },
    Operation {
        refusals: &[404],
        ..get(
            "/admin/components/{channel}/builds",
            "builds",
            "The builds of a channel whose bytes are stored, the latest first.",
            "[#Build]",
        )
    },
    Operation {
        query: &[
            parameter(
                "from",
                "string",
                "The digest of the build that is to be left: if another one serves, nothing is done.",
            ),
            parameter(
                "quarantine",
                "bool",
                "Whether that build may never be deployed again by mistake.",
            ),
            parameter(
                "allow_unread_schema",
                "bool",
                "Whether to go back to a build that does not read what is stored now.",
            ),
        ],
        refusals: &[400, 404, 409, 422],
        ..post(
            "/admin/components/{channel}/rollback",
            "rollback",
            "Goes back to the build that served a channel before.",
            "#Deployed",
        )
    },
    get(
        "/admin/keys",
        "keys",
        "All service keys, the oldest first.",
        "[#ServiceKey]",
    ),
    Operation {
        body: Some(Content::Json("#KeyRequest")),
        reply: (201, Content::Json("#KeyCreated")),
        refusals: &[400, 408, 413, 415, 422],
        ..post(
            "/admin/keys",
            "create-key",
            "Makes a service key, which is shown this once.",
            "#KeyCreated",
        )
    },
    Operation {
        method: "delete",
        refusals: &[404],
        ..get(
            "/admin/keys/{id}",
            "revoke-key",
            "Makes a service key worth nothing.",
            "#ServiceKey",
        )
    },
    get(
        "/admin/signing-keys",
        "signing-keys",
        "The key ring.",
        "[#SigningKey]",
    ),
    Operation {
        body: Some(Content::Json("#RotationRequest")),
        refusals: &[400, 408, 409, 413, 415],
        ..post(
            "/admin/signing-keys/rotate",
            "rotate-signing-key",
            "Puts the next signing key into use.",
            "#Rotated",
        )
    },
    Operation {
        query: &[
            parameter(
                "state",
                "queued|sending|sent|captured|failed|expired|superseded|withdrawn",
                "Mails in this state only.",
            ),
            parameter("after", "string", "Newer than the mail with this id."),
            parameter("limit", "integer", "At most so many."),
        ],
        refusals: &[400],
        ..get(
            "/admin/mails",
            "mails",
            "The mails, oldest first.",
            "#MailPage",
        )
    },
    Operation {
        refusals: &[404],
        ..get(
            "/admin/mails/{id}",
            "mail",
            "A mail with its words, if they are kept.",
            "#MailView",
        )
    },
    Operation {
        refusals: &[404, 409],
        ..post(
            "/admin/mails/{id}/retry",
            "retry-mail",
            "Tries a mail again, at once.",
            "#Mail",
        )
    },
    Operation {
        body: Some(Content::Json("#BackupRequest")),
        reply: (200, Content::Other("application/vnd.sqlite3")),
        refusals: &[400, 408, 413, 415],
        ..post(
            "/admin/backup",
            "backup",
            "A consistent copy of the store.",
            "",
        )
    },
    Operation {
        query: &[
            parameter("after", "string", "After the record with this id."),
            parameter("limit", "integer", "At most so many, up to 1000."),
            parameter("since", "moment", "From this moment on."),
            parameter("until", "moment", "Before this moment."),
            parameter("action", "string", "This action only."),
            parameter(
                "subject",
                "string",
                "What concerns somebody or was done by them.",
            ),
            parameter("newest_first", "bool", "The newest first."),
        ],
        refusals: &[400],
        ..get("/admin/audit", "audit", "The audit records.", "#AuditPage")
    },
    Operation {
        refusals: &[409, 422],
        ..get(
            "/admin/subjects/{id}",
            "export-subject",
            "Everything that is stored about somebody.",
            "#SubjectExport",
        )
    },
    Operation {
        method: "delete",
        refusals: &[409, 422],
        ..get(
            "/admin/subjects/{id}",
            "forget-subject",
            "Removes everything that is stored about somebody.",
            "#Forgotten",
        )
    },
    get(
        "/admin/doctor",
        "doctor",
        "What is well and what is not.",
        "[#Finding]",
    ),
    Operation {
        reply: (200, Content::Other("application/openmetrics-text")),
        guarded: false,
        ..get("/metrics", "metrics", "All metrics.", "")
    },
    Operation {
        reply: (200, Content::Other("text/html")),
        guarded: false,
        ..get(
            "/mails",
            "mails-page",
            "A page that shows mails, for a browser.",
            "",
        )
    },
    Operation {
        reply: (200, Content::Json("object")),
        guarded: false,
        ..get("/openapi.json", "openapi", "This document.", "")
    },
];
