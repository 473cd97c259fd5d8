//! The pages of links over a host that is not there.

use axum::body::Body;
use axum::http::{Method, Request, Response};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::testing::parts_of;
use super::*;
use crate::transport::http;
use crate::transport::tests::{Fake, options};

const ACCOUNTS: &str = r#"
    package vestibule:accounts@1.0.0;
    interface commands {
        variant error { not-found }
        verify-email: func(token: string) -> result<_, error>;
        new-password: func(code: string) -> result<_, error>;
        reset-password: func(email: string) -> result<_, error>;
    }
    world w { export commands; }
"#;

const PUBLIC: [&str; 3] = [
    "accounts/verify-email",
    "accounts/new-password",
    "accounts/reset-password",
];

const PAGES: [&str; 2] = ["/verify-email", "/new-password"];

fn request(method: Method, path: &str) -> Request<Body> {
    let request = Request::builder().method(method).uri(path);
    request.body(Body::empty()).unwrap()
}

async fn answer(app: axum::Router, request: Request<Body>) -> (Response<()>, String) {
    let (parts, body) = app.oneshot(request).await.unwrap().into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    (Response::from_parts(parts, ()), text)
}

async fn get_from(app: axum::Router, path: &str) -> (Response<()>, String) {
    answer(app, request(Method::GET, path)).await
}

fn app(fake: &Arc<Fake>) -> axum::Router {
    http::router(fake.clone(), options())
}

#[tokio::test]
async fn a_page_keeps_to_itself() {
    let fake = Fake::serving(ACCOUNTS, &PUBLIC);
    for path in PAGES {
        let (response, page) = get_from(app(&fake), path).await;
        assert_eq!(response.status(), 200, "{path}");
        for (name, value) in [
            ("content-type", "text/html; charset=utf-8"),
            (
                "content-security-policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                 form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
            ),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(response.headers()[name], value, "{path}");
        }
        assert!(page.starts_with("<!doctype html>\n<html lang=\"en\">"));
    }
}

#[tokio::test]
async fn all_that_a_page_names_is_served_beside_it() {
    let fake = Fake::serving(ACCOUNTS, &PUBLIC);
    let mut to_read: Vec<String> = PAGES.map(str::to_owned).to_vec();
    let mut read = Vec::new();
    while let Some(path) = to_read.pop() {
        let (response, text) = get_from(app(&fake), &path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["cache-control"], "no-store", "{path}");
        to_read.extend(
            parts_of(&text)
                .into_iter()
                .filter(|part| !read.contains(part)),
        );
        read.push(path);
    }
    for path in ["/pages/page.css", "/pages/link.js", "/pages/api.js"] {
        assert!(read.iter().any(|name| name == path), "{path}");
    }
}

// B06: programs that look into mails use up no link.
#[tokio::test]
async fn to_look_at_a_page_does_nothing() {
    let fake = Fake::serving(ACCOUNTS, &PUBLIC);
    for path in PAGES {
        let (_, page) = get_from(app(&fake), path).await;
        // A browser does not send the fragment; what does, in the address, is not heard.
        for address in [path.to_owned(), format!("{path}?token=s3cret&code=s3cret")] {
            let (response, text) = get_from(app(&fake), &address).await;
            assert_eq!((response.status().as_u16(), text), (200, page.clone()));
            let (response, text) = answer(app(&fake), request(Method::HEAD, &address)).await;
            assert_eq!((response.status().as_u16(), text), (200, String::new()));
            assert_eq!(response.headers()["content-length"], page.len().to_string());
        }
    }
    assert!(fake.sent.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_page_takes_nothing() {
    let fake = Fake::serving(ACCOUNTS, &PUBLIC);
    for path in PAGES
        .into_iter()
        .chain(["/pages/about.json", "/pages/page.css"])
    {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            let mut request = request(method, path);
            *request.body_mut() = Body::from(r#"{"token":"s3cret"}"#);
            let (response, text) = answer(app(&fake), request).await;
            assert_eq!(response.status(), 405, "{path}");
            assert_eq!(response.headers()["allow"], "GET,HEAD", "{path}");
            assert!(text.contains("bad-request") && !text.contains("s3cret"));
        }
    }
    assert!(fake.sent.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_page_is_there_only_for_what_anybody_may_ask() {
    let nothing = Fake::serving(ACCOUNTS, &[]);
    let one = Fake::serving(ACCOUNTS, &["accounts/verify-email"]);
    // The channel is open and no build serves it.
    let undeployed = Fake::serving(&ACCOUNTS.replace("accounts@", "other@"), &PUBLIC);
    for (fake, path, status) in [
        (&nothing, "/verify-email", 401),
        (&nothing, "/new-password", 401),
        (&nothing, "/pages/page.css", 401),
        (&nothing, "/pages/about.json", 401),
        (&one, "/verify-email", 200),
        (&one, "/new-password", 401),
        (&one, "/pages/page.css", 200),
        (&one, "/pages/mails.js", 401),
        (&one, "/mails", 401),
        (&undeployed, "/verify-email", 401),
        (&undeployed, "/new-password", 401),
    ] {
        let (response, _) = get_from(app(fake), path).await;
        assert_eq!(response.status(), status, "{path}");
    }
}

#[tokio::test]
async fn a_page_that_is_replaced_is_not_served() {
    let fake = Fake::serving(ACCOUNTS, &PUBLIC);
    let elsewhere = || Some("https://www.example.com/page#{token}".to_owned());
    for (verify_email, new_password, statuses) in [
        (elsewhere(), None, [401, 200, 200]),
        (None, elsewhere(), [200, 401, 200]),
        (elsewhere(), elsewhere(), [401, 401, 401]),
    ] {
        let mut options = options();
        options.links = Links {
            verify_email,
            new_password,
        };
        let app = http::router(fake.clone(), options);
        let paths = ["/verify-email", "/new-password", "/pages/page.css"];
        for (path, status) in paths.into_iter().zip(statuses) {
            let (response, _) = get_from(app.clone(), path).await;
            assert_eq!(response.status(), status, "{path}");
        }
    }
}

#[tokio::test]
async fn pages_are_told_the_name_and_what_they_may_ask() {
    let fake = Fake::serving(ACCOUNTS, &PUBLIC);
    let mut options = options();
    options.installation.product_name = "</script><b>\"Ö&\"".to_owned();
    let (response, text) = get_from(http::router(fake, options), "/pages/about.json").await;
    assert_eq!(response.headers()["content-type"], "application/json");
    let about: Value = serde_json::from_str(&text).unwrap();
    let expected = json!({
        "product_name": "</script><b>\"Ö&\"",
        "commands": ["verify-email", "new-password", "reset-password"],
    });
    assert_eq!(about, expected);
}
