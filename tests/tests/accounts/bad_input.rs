//! Bad input for every command of every bundled component, over HTTP with the operator key: whatever stands in whichever
//! place, it is refused by naming that place and no other, no refusal repeats it, nothing faults, and what was there stays.

mod requests;

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use vestibule::contract::types::Type;
use vestibule_tests::harness::{self, Harness};
use vestibule_tests::store::Backend;

use self::requests::{Place, good, least, places};
use crate::world::{PASSWORD, ok, operator, sign_in, verified};

/// What no refusal may repeat.
const SECRET: &str = "s3cret";

/// The longest text of a request, in bytes, and the longest list.
const LONGEST_TEXT: usize = 64 << 10;
const LONGEST_LIST: usize = 10_000;

/// What limits how often something is asked.
const BUCKETS: [&str; 6] = [
    "sign-in",
    "password-check",
    "email-verify",
    "email-reset",
    "email-notice",
    "api-token-create",
];

/// An installation with an account in it, and what went wrong there.
struct Site {
    host: Harness,
    app: axum::Router,
    key: String,
    /// Whom the messages act for that must act for somebody.
    acting: String,
    wrong: Vec<String>,
}

/// What a request was answered.
struct Answered {
    status: u16,
    text: String,
    body: Value,
}

impl Answered {
    fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    fn paths(&self) -> Vec<&str> {
        let violations = self.body["error"]["violations"].as_array();
        let paths = violations.into_iter().flatten();
        paths
            .filter_map(|violation| violation["path"].as_str())
            .collect()
    }
}

impl Site {
    async fn new() -> Self {
        // Room for the longest list, and no bucket in the way of a rule.
        let builder = harness::on(Backend::Sqlite).with_bundle();
        let builder = builder.configure(|config| config.http.max_body_bytes = 1 << 20);
        let builder = BUCKETS.iter().fold(builder, |builder, name| {
            builder.bucket(name, 1_000_000, 1, false)
        });
        let host = builder.start().await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("operator.key");
        let keys = host.host.service_keys();
        keys.ensure_operator_key(&file).await.unwrap();
        verified(&host, 1, "ann@example.org").await;
        verified(&host, 2, "bob@example.org").await;
        let acting = account(&host, "bob@example.org").await;
        Self {
            key: std::fs::read_to_string(file).unwrap().trim().to_owned(),
            acting: acting["id"].as_str().unwrap().to_owned(),
            wrong: Vec::new(),
            app: host.host.router(),
            host,
        }
    }

    async fn post(&self, channel: &str, command: &str, body: String) -> Answered {
        let mut request = Request::post(format!("/v1/{channel}/{command}"))
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json");
        // A service that acts for somebody may not ask for everything of `authorization`.
        if channel != "authorization" {
            let user = json!({"id": self.acting, "roles": ["user"]});
            request = request.header("vestibule-user", user.to_string());
        }
        let request = request.body(Body::from(body)).unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Answered {
            status,
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// Sends what does not fit the command's types: a bad request, that is told where.
    async fn unfit(&mut self, command: &Asked<'_>, place: &Place, body: String) {
        let answered = self.post(command.channel, command.name, body).await;
        let paths = answered.paths();
        let is_told = !paths.is_empty() && paths.iter().all(|path| place.holds(path));
        if (answered.status, answered.code()) != (400, "bad-request") || !is_told {
            self.note(command, place, "does not fit", &answered);
        }
        self.check_face(command, place, &answered);
    }

    /// Sends what fits the types and perhaps no rule: any answer but a fault, and a refusal names the place.
    async fn odd(&mut self, command: &Asked<'_>, place: &Place, body: String) {
        let answered = self.post(command.channel, command.name, body).await;
        let is_rule = matches!(answered.status, 400 | 422);
        let paths = answered.paths();
        let about_it = |path: &str| place.holds(path) || command.may_be_otherwise(path);
        let is_told = !paths.is_empty() && paths.iter().all(|path| about_it(path));
        if answered.status >= 500 || (is_rule && !is_told) {
            self.note(command, place, "is odd", &answered);
        }
        self.check_face(command, place, &answered);
    }

    /// Sends what is no text that JSON can stand for, which is told without a place.
    async fn unreadable(&mut self, command: &Asked<'_>, place: &Place, body: String) {
        let answered = self.post(command.channel, command.name, body).await;
        if (answered.status, answered.paths()) != (400, vec![""]) {
            self.note(command, place, "is no JSON", &answered);
        }
        self.check_face(command, place, &answered);
    }

    fn check_face(&mut self, command: &Asked<'_>, place: &Place, answered: &Answered) {
        if answered.status >= 400 && answered.text.contains(SECRET) {
            self.note(command, place, "is repeated", answered);
        }
    }

    fn note(&mut self, command: &Asked<'_>, place: &Place, what: &str, answered: &Answered) {
        let (channel, name) = (command.channel, command.name);
        let end = answered.text.floor_char_boundary(300);
        let (path, status, text) = (&place.path, answered.status, &answered.text[..end]);
        self.wrong
            .push(format!("{channel}/{name} {path} {what}: {status} {text}"));
    }
}

/// Which command, and a request to it that keeps every rule.
struct Asked<'c> {
    channel: &'c str,
    name: &'c str,
    good: Value,
}

impl Asked<'_> {
    /// Whether the good value at `path` may be good no more: an odd password that keeps the rules is set.
    fn may_be_otherwise(&self, path: &str) -> bool {
        (self.name, path) == ("change-password", "current")
    }
}

async fn account(host: &Harness, email: &str) -> Value {
    let found = operator(
        host,
        "authorization",
        "find-account",
        json!({"email": email}),
    );
    ok(found.await)["account"].clone()
}

async fn profile(host: &Harness, account: &Value) -> Value {
    let request = json!({"auth_id": account["id"]});
    ok(operator(host, "users", "get-user-by-auth-id", request).await)
}

/// Values of every type but `place`'s own.
fn of_other_types(place: &Place) -> Vec<Value> {
    let samples = [
        json!(SECRET),
        json!(7),
        json!(true),
        json!({"x": SECRET}),
        json!([SECRET]),
        json!(1.5),
        json!(-1),
        json!(1e300),
        Value::Null,
    ];
    let fits = |value: &Value| match (&place.ty, value) {
        (_, Value::Null) => place.is_optional,
        (Type::String, Value::String(_)) | (Type::Bool, Value::Bool(_)) => true,
        (Type::U32 | Type::U64, Value::Number(number)) => number.is_u64(),
        (Type::List(element), Value::Array(_)) => **element == Type::String,
        _ => false,
    };
    samples.into_iter().filter(|value| !fits(value)).collect()
}

/// Texts that people do not write.
fn odd_texts() -> Vec<String> {
    vec![
        String::new(),
        format!("{SECRET}\0\u{1b}[2J"),
        format!("{SECRET}\r\nBcc: eve@example.org"),
        format!("{SECRET}\u{202e}\u{2066}"),
        format!("{SECRET}@{SECRET}.example\u{200b}"),
        format!("{SECRET}{}", "x".repeat(512)),
        SECRET.repeat(4 * 1024 / SECRET.len() + 1),
        "🦀".repeat(4 * 1024),
        format!("{SECRET}{}", "e\u{301}".repeat(4 * 1024)),
        format!("{SECRET}{}", "x".repeat(LONGEST_TEXT - SECRET.len())),
    ]
}

/// What the text of a string in JSON may not say (RFC 8259 §8.2 leaves it open, UTF-8 does not).
const LONE_SURROGATES: [&str; 4] = [
    r#""s3cret\ud800""#,
    r#""\udc00s3cret""#,
    r#""s3cret\ud83d\ud83d""#,
    r#""s3cret\ude00\ud83d""#,
];

async fn try_place(site: &mut Site, command: &Asked<'_>, place: &Place) {
    let with = |value: Value| place.filled(&command.good, value).to_string();
    for value in of_other_types(place) {
        site.unfit(command, place, with(value)).await;
    }
    match &place.ty {
        Type::String => {
            for text in odd_texts() {
                site.odd(command, place, with(json!(text))).await;
            }
            let longer = SECRET.repeat(LONGEST_TEXT / SECRET.len() + 1);
            site.unfit(command, place, with(json!(longer))).await;
            for text in LONE_SURROGATES {
                let body = with(json!("@here@")).replace("\"@here@\"", text);
                site.unreadable(command, place, body).await;
            }
        }
        Type::U32 => {
            for number in [0, 1, u32::MAX] {
                site.odd(command, place, with(json!(number))).await;
            }
            let more = u64::from(u32::MAX) + 1;
            site.unfit(command, place, with(json!(more))).await;
        }
        Type::U64 => {
            // Now in seconds and in microseconds, the year 10000, the end of time.
            let moments = [0, 1_700_000_000, 1_700_000_000_000_000];
            for moment in moments.into_iter().chain([253_402_300_800_000, u64::MAX]) {
                site.odd(command, place, with(json!(moment))).await;
            }
        }
        Type::List(_) => {
            let element = least(&place.ty).unwrap();
            site.odd(command, place, with(json!([]))).await;
            site.odd(command, place, with(json!(vec![&element; LONGEST_LIST])))
                .await;
            let longer = vec![&element; LONGEST_LIST + 1];
            site.unfit(command, place, with(json!(longer))).await;
        }
        _ => {}
    }
}

/// A member too many, one that is there twice, and what is no object.
async fn try_whole(site: &mut Site, command: &Asked<'_>) {
    let at = |path: &str| Place {
        path: path.to_owned(),
        pointer: String::new(),
        ty: Type::Bool,
        is_optional: false,
    };
    let mut surplus = command.good.clone();
    surplus["surplus"] = json!(SECRET);
    site.unfit(command, &at("surplus"), surplus.to_string())
        .await;
    let twice = format!(r#"{{"surplus": 1, "surplus": "{SECRET}"}}"#);
    site.unfit(command, &at("surplus"), twice).await;
    for body in [json!([SECRET]), json!(SECRET), json!(7)] {
        site.unfit(command, &at(""), body.to_string()).await;
    }
    let half = command.good.to_string();
    let half = half[..half.len() - 1].to_owned();
    site.unreadable(command, &at(""), half).await;
    let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
    site.unreadable(command, &at(""), deep).await;
}

// C08, M03
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_names_what_is_wrong_repeats_nothing_and_goes_on() {
    let mut site = Site::new().await;
    let ann = account(&site.host, "ann@example.org").await;
    let profile_of_ann = profile(&site.host, &ann).await;
    let mut commands = 0;
    for channel in site.host.host.channels() {
        for command in &channel.commands {
            let asked = Asked {
                channel: &channel.name,
                name: &command.name,
                good: good(command),
            };
            commands += 1;
            try_whole(&mut site, &asked).await;
            for place in places(command) {
                try_place(&mut site, &asked, &place).await;
            }
        }
    }
    assert!(commands >= 60, "only {commands} commands");
    let (host, wrong) = (&site.host, &site.wrong);
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    // Nothing faulted, and nothing of somebody who has no part in it is lost.
    let metrics = host.host.metrics_text();
    for line in metrics.lines() {
        let is_fault = line.starts_with("vestibule_component_faults_total{");
        assert!(!is_fault || line.ends_with(" 0"), "{line}");
    }
    assert_eq!(account(host, "ann@example.org").await, ann);
    assert_eq!(profile(host, &ann).await, profile_of_ann);
    ok(sign_in(host, 3, "ann@example.org", PASSWORD).await);
}
