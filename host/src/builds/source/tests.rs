mod fake;

use axum::http::{Method, StatusCode, header};
use semver::Version;
use serde_json::{Value, json};

use self::fake::{BASIC, Door, Fake, endless, status, with};
use super::super::keys::PrivateKey;
use super::super::signature::{MalformedSignature, Statement};
use super::artifact::MANIFEST;
use super::registry::digest_of;
use super::*;
use crate::contract::Contract;
use crate::contract::testing::component;

const LIMITS: Limits = Limits {
    max_bytes: 64 * 1024,
};
const CREATED: &str = "2026-01-31T12:00:00Z";

/// A build of the channel `probe`.
fn build() -> Vec<u8> {
    let wit = "package vestibule:probe@1.2.0;\ninterface commands { ping: func(); }\nworld w { export commands; }\n";
    component(wit, None)
}

fn signature() -> Signature {
    let statement = Statement {
        digest: Digest::of(&build()),
        channel: "probe".to_owned(),
        version: Version::new(1, 2, 0),
        counter: 1,
    };
    Signature::make(&PrivateKey::generate().unwrap(), statement).unwrap()
}

/// A manifest of a layer that is there.
fn manifest(digest: &str, size: usize) -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {
            "mediaType": "application/vnd.wasm.config.v0+json",
            "digest": digest_of(b"{}"),
            "size": 2,
        },
        "layers": [{"mediaType": "application/wasm", "digest": digest, "size": size}],
    })
}

/// The registry with the account that its door wants.
fn account(fake: &Fake, password: &str) -> config::Deploy {
    let registry = config::Registry {
        host: fake.host.clone(),
        username: "robot".to_owned(),
        password: password.to_owned(),
    };
    config::Deploy {
        registries: [("fake".to_owned(), registry)].into(),
        ..Default::default()
    }
}

fn reference(fake: &Fake, version: &str) -> Reference {
    format!("oci://{}/example/probe{version}", fake.host)
        .parse()
        .unwrap()
}

async fn pull(fake: &Fake, version: &str) -> Result<Build, RegistryError> {
    pull_as(fake, version, &config::Deploy::default()).await
}

async fn pull_as(
    fake: &Fake,
    version: &str,
    deploy: &config::Deploy,
) -> Result<Build, RegistryError> {
    let source = Source::parse(&reference(fake, version).to_string()).unwrap();
    match fetch(&source, None, deploy, LIMITS).await {
        Err(FetchError::Registry(error)) => Err(error),
        other => Ok(other.unwrap()),
    }
}

async fn push_as(
    fake: &Fake,
    signature: Option<&Signature>,
    deploy: &config::Deploy,
) -> Result<Pushed, RegistryError> {
    let contract = Contract::read(&build()).unwrap();
    let to = reference(fake, ":1.2.0");
    push(&to, build(), &contract, signature, CREATED, deploy).await
}

#[tokio::test]
async fn what_was_stored_is_fetched_with_its_signature() {
    let fake = Fake::open().await;
    let signature = signature();
    let nobody = config::Deploy::default();
    let pushed = push_as(&fake, Some(&signature), &nobody).await.unwrap();
    assert_eq!(pushed.digest, Digest::of(&build()));
    let by_tag = pull(&fake, ":1.2.0").await.unwrap();
    assert_eq!(by_tag.bytes, build());
    assert_eq!(by_tag.digest, pushed.digest);
    assert_eq!(by_tag.signature, Some(signature));
    let digest = pushed.reference.digest().unwrap();
    let by_digest = pull(&fake, &format!("@{digest}")).await.unwrap();
    assert_eq!(by_digest.bytes, build());

    let manifest: Value = serde_json::from_str(&fake.manifest("1.2.0")).unwrap();
    assert_eq!(
        digest_of(fake.manifest("1.2.0").as_bytes()),
        digest.to_string()
    );
    assert_eq!(manifest["mediaType"], MANIFEST);
    assert_eq!(
        manifest["config"]["mediaType"],
        "application/vnd.wasm.config.v0+json"
    );
    assert_eq!(manifest["layers"][0]["mediaType"], "application/wasm");
    assert_eq!(manifest["layers"].as_array().unwrap().len(), 1);
    let config = reference(&fake, ":1").url(&format!(
        "blobs/{}",
        manifest["config"]["digest"].as_str().unwrap()
    ));
    let config: Value = reqwest::get(config).await.unwrap().json().await.unwrap();
    let expected = json!({
        "created": CREATED,
        "architecture": "wasm",
        "os": "wasip2",
        "layerDigests": [digest_of(&build())],
        "component": {
            "exports": ["vestibule:probe/commands@1.2.0"],
            "imports": [],
            "target": null,
        },
    });
    assert_eq!(config, expected);
}

#[tokio::test]
async fn what_is_there_is_not_stored_again() {
    let fake = Fake::open().await;
    let nobody = config::Deploy::default();
    push_as(&fake, None, &nobody).await.unwrap();
    assert_eq!(fake.count("PUT /v2/example/probe/blobs/"), 2);
    push_as(&fake, Some(&signature()), &nobody).await.unwrap();
    assert_eq!(fake.count("PUT /v2/example/probe/blobs/"), 2);
    assert!(pull(&fake, ":1.2.0").await.unwrap().signature.is_some());
}

#[tokio::test]
async fn altered_bytes_are_refused() {
    let fake = Fake::open().await;
    let mut altered = build();
    *altered.last_mut().unwrap() ^= 1;
    fake.put_blob_as(&digest_of(&build()), &altered);
    let good = manifest(&digest_of(&build()), build().len()).to_string();
    fake.put_manifest("1", &good);
    let error = pull(&fake, ":1").await.unwrap_err();
    assert!(
        matches!(error, RegistryError::Digest("the build")),
        "{error}"
    );

    // A shorter one, and a longer one that ends as it should.
    fake.put_blob_as(&digest_of(&build()), &build()[..9]);
    let error = pull(&fake, ":1").await.unwrap_err();
    assert!(
        matches!(error, RegistryError::Digest("the build")),
        "{error}"
    );
    fake.put_blob_as(&digest_of(&build()), &[build(), build()].concat());
    let error = pull(&fake, ":1").await.unwrap_err();
    assert!(matches!(error, RegistryError::TooLarge { .. }), "{error}");

    // A manifest under another one's digest.
    fake.put_blob(&build());
    let named = digest_of(b"another manifest");
    fake.put_manifest(&named, &good);
    let error = pull(&fake, &format!("@{named}")).await.unwrap_err();
    assert!(
        matches!(error, RegistryError::Digest("the manifest")),
        "{error}"
    );
    assert!(pull(&fake, ":1").await.is_ok());
}

#[tokio::test]
async fn no_more_is_read_than_may_come() {
    let fake = Fake::start(Door::Open, |_, target| {
        let is_endless = target.contains("/manifests/endless") || target.contains("/blobs/");
        is_endless.then(endless)
    })
    .await;
    let error = pull(&fake, ":endless").await.unwrap_err();
    assert_eq!(error.to_string(), "the manifest has more than 262144 bytes");
    let digest = digest_of(&build());
    fake.put_manifest("1", &manifest(&digest, 9).to_string());
    let error = pull(&fake, ":1").await.unwrap_err();
    assert_eq!(error.to_string(), "the build has more than 9 bytes");
    // What is too large by its own words is not asked for.
    let asked = fake.count("GET /v2/example/probe/blobs/");
    for size in [json!(LIMITS.max_bytes + 1), json!(u64::MAX)] {
        let mut large = manifest(&digest, 0);
        large["layers"][0]["size"] = size;
        fake.put_manifest("2", &large.to_string());
        let error = pull(&fake, ":2").await.unwrap_err();
        assert_eq!(error.to_string(), "the build has more than 65536 bytes");
    }
    assert_eq!(fake.count("GET /v2/example/probe/blobs/"), asked);
}

#[tokio::test]
async fn what_is_no_build_is_refused() {
    let fake = Fake::open().await;
    let digest = fake.put_blob(&build());
    let good = manifest(&digest, build().len());
    let with = |change: fn(&mut Value)| {
        let mut changed = good.clone();
        change(&mut changed);
        changed
    };
    for manifest in [
        json!(null),
        json!("{"),
        json!({"schemaVersion": 2, "manifests": []}),
        with(|m| m["schemaVersion"] = json!(1)),
        with(|m| m["mediaType"] = json!("application/vnd.docker.distribution.manifest.v2+json")),
        with(|m| m["config"]["mediaType"] = json!("application/vnd.oci.image.config.v1+json")),
        with(|m| m["layers"] = json!([])),
        with(|m| m["layers"][0]["mediaType"] = json!("application/octet-stream")),
        with(|m| m["layers"][0]["size"] = json!(-1)),
        with(|m| m["layers"][0]["digest"] = json!("sha256:../../x")),
        with(|m| m["layers"][0]["digest"] = json!("sha512:00")),
        with(|m| {
            let layer = m["layers"][0].clone();
            m["layers"].as_array_mut().unwrap().push(layer);
        }),
    ] {
        fake.put_manifest("1", &manifest.to_string());
        let error = pull(&fake, ":1").await.unwrap_err();
        assert!(
            matches!(error, RegistryError::Artifact(_)),
            "{manifest}: {error}"
        );
    }
    // Other programs' fields are left alone.
    let foreign = with(|m| {
        m["artifactType"] = json!("x");
        m["annotations"] = json!({"org.opencontainers.image.title": "probe.wasm"});
    });
    fake.put_manifest("1", &foreign.to_string());
    assert!(pull(&fake, ":1").await.unwrap().signature.is_none());
    let error = pull(&fake, ":2").await.unwrap_err();
    assert!(matches!(error, RegistryError::NotFound { .. }), "{error}");
}

#[tokio::test]
async fn a_signature_that_is_none_is_not_as_if_there_were_none() {
    let fake = Fake::open().await;
    let digest = fake.put_blob(&build());
    let mut broken = manifest(&digest, build().len());
    broken["annotations"] = json!({"org.vestibule.signature": "e30="});
    fake.put_manifest("1", &broken.to_string());
    let error = pull(&fake, ":1").await.unwrap_err();
    let form = matches!(error, RegistryError::Signature(MalformedSignature::Form(_)));
    assert!(form, "{error}");
}

#[tokio::test]
async fn an_account_is_shown_when_it_is_asked_for() {
    for (door, first) in [(Door::Basic, "HEAD"), (Door::Token, "HEAD")] {
        let fake = Fake::start(door, |_, _| None).await;
        let deploy = account(&fake, "s3cret");
        push_as(&fake, None, &deploy).await.unwrap();
        assert!(pull_as(&fake, ":1.2.0", &deploy).await.is_ok());
        let seen = fake.seen();
        assert!(seen[0].line.starts_with(first), "{seen:?}");
        assert_eq!(seen[0].authorization, None, "nothing is said unasked");

        let error = pull(&fake, ":1.2.0").await.unwrap_err();
        assert!(error.to_string().contains("without an account"), "{error}");
        let wrong = account(&fake, "wr0ng");
        let error = pull_as(&fake, ":1.2.0", &wrong).await.unwrap_err();
        assert!(
            error.to_string().contains("with the configured account"),
            "{error}"
        );
        assert!(!format!("{error} {error:?} {wrong:?}").contains("wr0ng"));
    }
}

#[tokio::test]
async fn a_token_is_for_what_is_to_be_done() {
    let fake = Fake::start(Door::Token, |_, _| None).await;
    let deploy = account(&fake, "s3cret");
    push_as(&fake, None, &deploy).await.unwrap();
    pull_as(&fake, ":1.2.0", &deploy).await.unwrap();
    let tokens: Vec<_> = fake
        .seen()
        .into_iter()
        .filter(|seen| seen.line.contains("/token?"))
        .collect();
    let scopes = ["pull%2Cpush", "pull"];
    assert_eq!(tokens.len(), scopes.len());
    for (seen, actions) in tokens.iter().zip(scopes) {
        assert_eq!(
            seen.line,
            format!("GET /token?service=fake&scope=repository%3Aexample%2Fprobe%3A{actions}")
        );
        assert_eq!(seen.authorization.as_deref(), Some(BASIC));
    }
}

#[tokio::test]
async fn a_token_for_anybody_needs_no_account() {
    let fake = Fake::start(Door::TokenForAnybody, |_, _| None).await;
    let digest = fake.put_blob(&build());
    fake.put_manifest("1", &manifest(&digest, build().len()).to_string());
    assert!(pull(&fake, ":1").await.is_ok());
}

#[tokio::test]
async fn an_account_is_shown_to_nobody_without_tls() {
    // 192.0.2.0/24 is nobody's (RFC 5737).
    for challenge in [
        "Bearer realm=\"http://192.0.2.1/token\"",
        "Bearer realm=\"http://127.0.0.1.example.com/token\"",
        "Bearer realm=\"file:///etc/passwd\"",
        "Bearer realm=\"/token\"",
        "Negotiate",
    ] {
        let fake = Fake::start(Door::Open, move |_, _| {
            let refused = status(StatusCode::UNAUTHORIZED);
            Some(with(refused, header::WWW_AUTHENTICATE, challenge))
        })
        .await;
        let error = pull_as(&fake, ":1", &account(&fake, "s3cret"))
            .await
            .unwrap_err();
        assert!(
            matches!(error, RegistryError::Refused { .. }),
            "{challenge}: {error}"
        );
        assert!(fake.seen().iter().all(|seen| seen.authorization.is_none()));
    }
}

#[tokio::test]
async fn a_token_that_is_none_is_refused() {
    for body in [
        "",
        "{}",
        "{\"token\": \"\"}",
        "{\"token\": \"a\\r\\nb: c\"}",
        "[]",
    ] {
        let fake = Fake::start(Door::Token, move |_, target| {
            let answer = axum::http::Response::new(body.into());
            target.starts_with("/token?").then_some(answer)
        })
        .await;
        let error = pull_as(&fake, ":1", &account(&fake, "s3cret"))
            .await
            .unwrap_err();
        assert!(
            matches!(error, RegistryError::Refused { .. }),
            "{body}: {error}"
        );
    }
    let fake = Fake::start(Door::Token, |_, target| {
        target.starts_with("/token?").then(endless)
    })
    .await;
    let error = pull_as(&fake, ":1", &account(&fake, "s3cret"))
        .await
        .unwrap_err();
    assert!(matches!(error, RegistryError::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn a_redirect_is_followed_without_the_account() {
    let store = Fake::open().await;
    let digest = store.put_blob(&build());
    let to = format!("http://{}", store.host);
    let fake = Fake::start(Door::Basic, move |_, target| {
        let elsewhere = with(
            status(StatusCode::TEMPORARY_REDIRECT),
            header::LOCATION,
            &format!("{to}{target}"),
        );
        target.contains("/blobs/").then_some(elsewhere)
    })
    .await;
    fake.put_manifest("1", &manifest(&digest, build().len()).to_string());
    let fetched = pull_as(&fake, ":1", &account(&fake, "s3cret"))
        .await
        .unwrap();
    assert_eq!(fetched.bytes, build());
    let seen = store.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].authorization, None);
}

#[tokio::test]
async fn a_redirect_out_of_bounds_is_not_followed() {
    for location in [
        "http://192.0.2.1/",
        "ftp://127.0.0.1/",
        "/v2/example/probe/manifests/1",
    ] {
        let fake = Fake::start(Door::Open, move |_, _| {
            Some(with(status(StatusCode::FOUND), header::LOCATION, location))
        })
        .await;
        let error = pull(&fake, ":1").await.unwrap_err();
        assert!(
            matches!(error, RegistryError::Unreachable { .. }),
            "{location}: {error}"
        );
        assert!(!error.to_string().contains("192.0.2.1"));
        assert!(fake.seen().len() <= 4, "{:?}", fake.seen());
    }
}

#[tokio::test]
async fn an_upload_elsewhere_is_not_shown_the_account() {
    let store = Fake::start(Door::Open, |_, _| Some(status(StatusCode::CREATED))).await;
    let to = format!("http://{}/upload", store.host);
    let fake = Fake::start(Door::Basic, move |method, target| {
        let begun = with(status(StatusCode::ACCEPTED), header::LOCATION, &to);
        (method == Method::POST && target.ends_with("/uploads/")).then_some(begun)
    })
    .await;
    push_as(&fake, None, &account(&fake, "s3cret"))
        .await
        .unwrap();
    let seen = store.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|seen| seen.authorization.is_none()));

    for location in ["http://192.0.2.1/upload", "file:///tmp/x"] {
        let fake = Fake::start(Door::Open, move |method, _| {
            let begun = with(status(StatusCode::ACCEPTED), header::LOCATION, location);
            (method == Method::POST).then_some(begun)
        })
        .await;
        let error = push_as(&fake, None, &config::Deploy::default())
            .await
            .unwrap_err();
        assert!(
            matches!(error, RegistryError::Refused { .. }),
            "{location}: {error}"
        );
    }
}

#[tokio::test]
async fn what_a_registry_answers_otherwise_is_said_by_its_number() {
    let fake = Fake::start(Door::Open, |_, _| {
        Some(status(StatusCode::TOO_MANY_REQUESTS))
    })
    .await;
    let error = pull(&fake, ":1").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the registry {} answered with status 429", fake.host)
    );
    let nobody = Source::parse("oci://127.0.0.1:1/example/probe:1").unwrap();
    let error = fetch(&nobody, None, &config::Deploy::default(), LIMITS)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the registry 127.0.0.1:1 cannot be reached: nothing answers there, or its certificate is not trusted"
    );
}

#[tokio::test]
async fn a_file_is_fetched_with_the_signature_beside_it_or_the_one_that_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("probe.wasm");
    let source = Source::parse(path.to_str().unwrap()).unwrap();
    let nobody = config::Deploy::default();
    let error = fetch(&source, None, &nobody, LIMITS).await.unwrap_err();
    assert!(matches!(error, FetchError::File { .. }), "{error}");
    std::fs::write(&path, build()).unwrap();
    assert!(
        fetch(&source, None, &nobody, LIMITS)
            .await
            .unwrap()
            .signature
            .is_none()
    );
    let (beside, named) = (signature(), signature());
    std::fs::write(file::signature_of(&path), beside.to_file()).unwrap();
    let elsewhere = folder.path().join("named.sig");
    std::fs::write(&elsewhere, named.to_file()).unwrap();
    let fetched = fetch(&source, None, &nobody, LIMITS).await.unwrap();
    assert_eq!(fetched.signature, Some(beside));
    let fetched = fetch(&source, Some(&elsewhere), &nobody, LIMITS)
        .await
        .unwrap();
    assert_eq!(fetched.signature, Some(named));
    let small = Limits { max_bytes: 9 };
    let error = fetch(&source, None, &nobody, small).await.unwrap_err();
    assert!(
        error.to_string().ends_with("it is larger than 9 bytes"),
        "{error}"
    );
    std::fs::write(&elsewhere, "{").unwrap();
    let error = fetch(&source, Some(&elsewhere), &nobody, LIMITS)
        .await
        .unwrap_err();
    assert!(matches!(error, FetchError::Signature { .. }), "{error}");
}
