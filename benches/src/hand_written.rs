//! The server to compare with: what somebody would write by hand for this one command, and fast.
//!
//! axum, `jsonwebtoken` with its aws-lc provider, `rusqlite` in WAL mode with `synchronous=FULL`. It checks what Vestibule checks:
//! the service key by its hash, the signature, issuer, audience and times, that the session lives and that the token is not denied. Reads
//! run on the worker's own thread and connection, all in one read transaction, statements prepared: no pool, no hand-over.

use std::cell::RefCell;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};
use vestibule::clock::{Clock as _, SystemClock};

use crate::fixture::TOKENS;

const ISSUER: &str = "http://127.0.0.1:8080";
const AUDIENCE: &str = "vestibule";
const LIFETIME_S: i64 = 12 * 3_600;

const TABLES: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE service_keys (hash BLOB PRIMARY KEY, scopes TEXT NOT NULL, revoked INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE sessions (id TEXT PRIMARY KEY, subject TEXT NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE denied (jti TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) WITHOUT ROWID;";

thread_local! {
    static CONNECTION: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

struct App {
    database: PathBuf,
    key_id: String,
    key: DecodingKey,
    validation: Validation,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    client_id: String,
    iat: i64,
    exp: i64,
    jti: String,
    sid: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    access_token: String,
}

#[derive(Serialize)]
struct Reply {
    valid: bool,
    payload: Option<Payload>,
}

#[derive(Serialize)]
struct Payload {
    id: String,
    #[serde(flatten)]
    claims: Claims,
}

/// Serves on `listen` until it is killed. Writes `operator.key` and `tokens`, one a line, into `folder` before it listens.
pub(crate) async fn serve(folder: &Path, listen: SocketAddr) -> Result<()> {
    let app = Arc::new(prepare(folder)?);
    let router = Router::new()
        .route("/v1/token/verify-token", post(verify))
        .with_state(app);
    let listener = tokio::net::TcpListener::bind(listen).await?;
    Ok(axum::serve(listener, router).await?)
}

fn prepare(folder: &Path) -> Result<App> {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new())?;
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref())?;
    let signing = EncodingKey::from_ed_der(pkcs8.as_ref());
    let database = folder.join("hand-written.db");
    let mut connection = Connection::open(&database)?;
    connection.execute_batch(TABLES)?;
    let operator = format!("vsk_{}", uuid::Uuid::now_v7().simple());
    let transaction = connection.transaction()?;
    transaction.execute(
        "INSERT INTO service_keys VALUES (?1, '*', 0)",
        params![digest(&SHA256, operator.as_bytes()).as_ref()],
    )?;
    let now = i64::try_from(SystemClock.now() / 1_000)?;
    let key_id = "bench".to_owned();
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some("at+jwt".to_owned());
    header.kid = Some(key_id.clone());
    let mut tokens = String::new();
    for number in 0..TOKENS {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: format!("user-{number}"),
            client_id: "vestibule".to_owned(),
            iat: now,
            exp: now + LIFETIME_S,
            jti: uuid::Uuid::now_v7().simple().to_string(),
            sid: uuid::Uuid::now_v7().simple().to_string(),
        };
        transaction.execute(
            "INSERT INTO sessions VALUES (?1, ?2, ?3)",
            params![claims.sid, claims.sub, claims.exp],
        )?;
        tokens.push_str(&jsonwebtoken::encode(&header, &claims, &signing)?);
        tokens.push('\n');
    }
    transaction.commit()?;
    fs::write(folder.join("tokens"), tokens)?;
    fs::write(folder.join("operator.key"), operator)?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.leeway = 30;
    Ok(App {
        database,
        key_id,
        key: DecodingKey::from_ed_der(pair.public_key().as_ref()),
        validation,
    })
}

async fn verify(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Json(request): Json<Request>,
) -> Result<Json<Reply>, StatusCode> {
    let bearer = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
        .ok_or(StatusCode::UNAUTHORIZED)?;
    let checked = CONNECTION.with_borrow_mut(|slot| {
        let connection = match slot {
            Some(connection) => connection,
            None => slot.insert(connect(&app.database)?),
        };
        check(&app, connection, bearer, &request.access_token)
    });
    let claims = checked.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)??;
    let payload = claims.map(|claims| Payload {
        id: claims.sub.clone(),
        claims,
    });
    Ok(Json(Reply {
        valid: payload.is_some(),
        payload,
    }))
}

fn connect(database: &Path) -> Result<Connection> {
    let connection = Connection::open(database)?;
    connection.execute_batch("PRAGMA query_only = ON")?;
    Ok(connection)
}

/// The claims of a good token; or that the caller may not ask.
fn check(
    app: &App,
    connection: &Connection,
    bearer: &str,
    token: &str,
) -> Result<Result<Option<Claims>, StatusCode>> {
    let now = i64::try_from(SystemClock.now() / 1_000)?;
    connection.prepare_cached("BEGIN")?.execute([])?;
    let hash = digest(&SHA256, bearer.as_bytes());
    let known: Option<bool> = connection
        .prepare_cached("SELECT revoked FROM service_keys WHERE hash = ?1")?
        .query_row([hash.as_ref()], |row| row.get(0))
        .optional()?;
    let answer = if known == Some(false) {
        Ok(verified(app, connection, token, now)?)
    } else {
        Err(StatusCode::UNAUTHORIZED)
    };
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(answer)
}

fn verified(app: &App, connection: &Connection, token: &str, now: i64) -> Result<Option<Claims>> {
    let Ok(data) = jsonwebtoken::decode::<Claims>(token, &app.key, &app.validation) else {
        return Ok(None);
    };
    let header = data.header;
    if header.kid.as_deref() != Some(&app.key_id) || header.typ.as_deref() != Some("at+jwt") {
        return Ok(None);
    }
    let claims = data.claims;
    let subject: Option<String> = connection
        .prepare_cached("SELECT subject FROM sessions WHERE id = ?1 AND expires_at > ?2")?
        .query_row(params![claims.sid, now], |row| row.get(0))
        .optional()?;
    let denied = connection
        .prepare_cached("SELECT 1 FROM denied WHERE jti = ?1 AND expires_at > ?2")?
        .exists(params![claims.jti, now])?;
    let holds = subject.as_deref() == Some(&claims.sub) && !denied;
    Ok(holds.then_some(claims))
}

/// What a running server wrote down: its key and its tokens.
pub(crate) fn written(folder: &Path) -> Result<(String, Vec<String>)> {
    let read = |name: &str| {
        fs::read_to_string(folder.join(name)).with_context(|| format!("{name} cannot be read"))
    };
    Ok((
        read("operator.key")?,
        read("tokens")?.lines().map(str::to_owned).collect(),
    ))
}
