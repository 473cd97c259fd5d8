//! The pages that links in mails lead to, and the operator's page for mails.
//!
//! A link carries its secret in the fragment, which no browser sends. The page takes it out of the address, and a press of
//! its button posts it to the command: whoever merely follows links, as programs that look into mails do, uses none up,
//! and no server in between writes one down.
//!
//! The pages are clients of the commands like any other, and files of this build: what is configured they ask for.

mod files;
#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use serde_json::json;

use self::files::{File, MAILS, NEW_PASSWORD, OF_LINKS, OF_MAILS, SHARED, VERIFY_EMAIL};
use super::Service;
use super::http::Front;
use super::reply;
use crate::config::Links;

/// The channel whose commands the pages ask.
const CHANNEL: &str = "accounts";

/// Its commands that they ask.
const COMMANDS: [&str; 4] = [
    "verify-email",
    "new-password",
    "resend-verification",
    "reset-password",
];

/// A page that a link in a mail leads to.
struct LinkPage {
    file: &'static File,
    /// The command without which it is of no use.
    command: &'static str,
    /// Whether another page stands in its place.
    is_replaced: fn(&Links) -> bool,
}

const LINK_PAGES: [LinkPage; 2] = [
    LinkPage {
        file: &VERIFY_EMAIL,
        command: "verify-email",
        is_replaced: |links| links.verify_email.is_some(),
    },
    LinkPage {
        file: &NEW_PASSWORD,
        command: "new-password",
        is_replaced: |links| links.new_password.is_some(),
    },
];

/// The pages that `links` does not replace and whose command is open to anybody, with what they need.
pub(super) fn of_links(service: &dyn Service, links: &Links) -> axum::Router<Arc<Front>> {
    let is_open = |page: &LinkPage| service.access(CHANNEL, page.command).public;
    let pages: Vec<_> = LINK_PAGES
        .into_iter()
        .filter(|page| is_open(page) && !(page.is_replaced)(links))
        .collect();
    if pages.is_empty() {
        return axum::Router::new();
    }
    let router = pages.into_iter().fold(axum::Router::new(), |router, page| {
        let answer = async move |State(front): State<Arc<Front>>, request: Request| {
            link_page(&front, page.file, page.command, request).await
        };
        router.route(page.file.path, get(answer))
    });
    let router = router.route("/pages/about.json", get(about));
    with_files(router, SHARED.iter().chain(&OF_LINKS))
}

/// The operator's page for mails. It holds none: it asks for them with the key that its reader gives.
pub(super) fn of_operator<S>() -> axum::Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let files = SHARED.iter().chain(&OF_MAILS);
    with_files(axum::Router::new(), files.chain([&MAILS]))
}

fn with_files<S>(
    router: axum::Router<S>,
    files: impl Iterator<Item = &'static File>,
) -> axum::Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    files.fold(router, |router, file| {
        router.route(file.path, get(async move || file.response()))
    })
}

/// `file`, as long as a build serves `command`: a link whose button leads nowhere would be taken for a used one.
async fn link_page(
    front: &Front,
    file: &'static File,
    command: &str,
    request: Request,
) -> Response<Body> {
    if is_served(&*front.service, command) {
        return file.response();
    }
    let (parts, _) = request.into_parts();
    front.refuse_unknown(&parts).await.into_response()
}

/// `GET /pages/about.json`: what the pages cannot know of themselves.
async fn about(State(front): State<Arc<Front>>) -> Response<Body> {
    let served = |command: &&str| is_served(&*front.service, command);
    let about = json!({
        "product_name": front.installation.product_name,
        "commands": COMMANDS.iter().filter(|command| served(command)).collect::<Vec<_>>(),
    });
    reply::json(StatusCode::OK, &about)
}

/// Whether anybody can ask for `command` now.
fn is_served(service: &dyn Service, command: &str) -> bool {
    let deployed = service.deployed();
    let channels = deployed.channels();
    let mut found = channels.iter().filter(|channel| *channel.name == *CHANNEL);
    service.access(CHANNEL, command).public
        && found.any(|channel| channel.command(command).is_some())
}
