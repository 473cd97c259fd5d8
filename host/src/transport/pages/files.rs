//! What pages are made of: files of this build, and what a browser is told about each.

use axum::body::Body;
use axum::http::{HeaderName, Response, header};
use axum::response::IntoResponse;

/// What a page may load and do (Content Security Policy Level 3): the files beside it, questions to its own server, and
/// nothing else.
const STRICT: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/// The same for a page that shows mails. A mail's HTML is in a frame without scripts that keeps to its page's policy: so it may
/// have the styles that mails have in their text, and nothing from elsewhere. Putting HTML into that frame is what trusted types
/// would forbid.
const SHOWS_MAILS: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self'; \
    connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// A file that is served as it is.
pub(super) struct File {
    /// Where.
    pub(super) path: &'static str,
    kind: Kind,
    text: &'static str,
}

#[derive(Clone, Copy)]
enum Kind {
    Page { policy: &'static str },
    Script,
    Style,
    Icon,
}

/// The page to verify an address.
pub(super) static VERIFY_EMAIL: File = File {
    path: "/verify-email",
    kind: Kind::Page { policy: STRICT },
    text: include_str!("../../../pages/verify-email.html"),
};

/// The page to set a new password.
pub(super) static NEW_PASSWORD: File = File {
    path: "/new-password",
    kind: Kind::Page { policy: STRICT },
    text: include_str!("../../../pages/new-password.html"),
};

/// The operator's page for mails.
pub(super) static MAILS: File = File {
    path: "/mails",
    kind: Kind::Page {
        policy: SHOWS_MAILS,
    },
    text: include_str!("../../../pages/mails.html"),
};

/// What every page needs.
pub(super) static SHARED: [File; 4] = [
    File {
        path: "/pages/page.css",
        kind: Kind::Style,
        text: include_str!("../../../pages/page.css"),
    },
    File {
        path: "/pages/icon.svg",
        kind: Kind::Icon,
        text: include_str!("../../../pages/icon.svg"),
    },
    File {
        path: "/pages/page.js",
        kind: Kind::Script,
        text: include_str!("../../../pages/page.js"),
    },
    File {
        path: "/pages/api.js",
        kind: Kind::Script,
        text: include_str!("../../../pages/api.js"),
    },
];

/// What the pages of links need beside that.
pub(super) static OF_LINKS: [File; 3] = [
    File {
        path: "/pages/link.js",
        kind: Kind::Script,
        text: include_str!("../../../pages/link.js"),
    },
    File {
        path: "/pages/verify-email.js",
        kind: Kind::Script,
        text: include_str!("../../../pages/verify-email.js"),
    },
    File {
        path: "/pages/new-password.js",
        kind: Kind::Script,
        text: include_str!("../../../pages/new-password.js"),
    },
];

/// What the operator's page needs beside that.
pub(super) static OF_MAILS: [File; 1] = [File {
    path: "/pages/mails.js",
    kind: Kind::Script,
    text: include_str!("../../../pages/mails.js"),
}];

impl File {
    /// The file, with the headers that keep it to itself. It is not to be cached (every answer says so that says nothing else):
    /// people come here once, and a page and its scripts are then always of one build.
    pub(super) fn response(&self) -> Response<Body> {
        let headers = [
            (header::CONTENT_TYPE, self.kind.content_type()),
            (header::CONTENT_SECURITY_POLICY, self.kind.policy()),
            (header::REFERRER_POLICY, "no-referrer"),
            (
                HeaderName::from_static("cross-origin-opener-policy"),
                "same-origin",
            ),
            (
                HeaderName::from_static("cross-origin-resource-policy"),
                "same-origin",
            ),
        ];
        (headers, self.text).into_response()
    }
}

impl Kind {
    fn content_type(self) -> &'static str {
        match self {
            Self::Page { .. } => "text/html; charset=utf-8",
            Self::Script => "text/javascript; charset=utf-8",
            Self::Style => "text/css; charset=utf-8",
            Self::Icon => "image/svg+xml",
        }
    }

    /// A file that is no page does nothing when it is opened as one: a picture may hold scripts.
    fn policy(self) -> &'static str {
        match self {
            Self::Page { policy } => policy,
            _ => "default-src 'none'; frame-ancestors 'none'",
        }
    }
}
