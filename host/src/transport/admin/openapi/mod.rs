//! `/openapi.json` of the administration address: an OpenAPI 3.1 document of everything that is asked there.
//!
//! The routes are few and the same for whatever is deployed, so they are tables: one of operations, one of types. A test compares
//! them with what the routes answer.

mod operations;
mod types;

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{Response, header};
use axum::response::IntoResponse;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use self::operations::{Content, OPERATIONS, Operation, Parameter};
use self::types::{TYPES, schema, schemas};
use crate::transport::reply::with_header;

static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| written().to_string().into());

/// `GET /openapi.json`: it names nothing of the installation, so it needs no key.
pub(super) async fn document() -> Response<Body> {
    let response = DOCUMENT.clone().into_response();
    with_header(response, header::CONTENT_TYPE, "application/json")
}

/// The document.
pub(super) fn written() -> Value {
    let mut paths = Map::new();
    for operation in OPERATIONS {
        let path = paths
            .entry(operation.path)
            .or_insert_with(|| Value::Object(Map::new()));
        path[operation.method] = described(operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Vestibule administration",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What an operator asks of a running server. Moments are milliseconds since 1970.",
        },
        "security": [{"admin": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"admin": {
                "type": "http",
                "scheme": "bearer",
                "description": "A service key with the scope `admin`, such as the operator key.",
            }},
            "schemas": schemas(TYPES),
        },
    })
}

fn described(operation: &Operation) -> Value {
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "responses": responses(operation),
    });
    let in_path = operation.path.split('/').filter_map(|part| {
        let name = part.strip_prefix('{')?.strip_suffix('}')?;
        Some(json!({"name": name, "in": "path", "required": true, "schema": schema("string")}))
    });
    let in_query = operation.query.iter().map(in_query);
    let parameters: Vec<_> = in_path.chain(in_query).collect();
    if !parameters.is_empty() {
        described["parameters"] = parameters.into();
    }
    if let Some(body) = &operation.body {
        described["requestBody"] = json!({"required": true, "content": content(body)});
    }
    if !operation.guarded {
        described["security"] = json!([]);
    }
    described
}

fn in_query(parameter: &Parameter) -> Value {
    json!({
        "name": parameter.name,
        "in": "query",
        "description": parameter.summary,
        "schema": schema(parameter.ty),
    })
}

fn responses(operation: &Operation) -> Value {
    let (status, reply) = &operation.reply;
    let mut responses = Map::new();
    let done = json!({"description": "Done.", "content": content(reply)});
    responses.insert(status.to_string(), done);
    // The first is every request's: one that names another host.
    let always: &[u16] = match operation.guarded {
        true => &[421, 401, 403, 503],
        false => &[421],
    };
    for status in always.iter().chain(operation.refusals) {
        let refused = json!({
            "description": refusal(*status),
            "content": content(&Content::Json("#Error")),
        });
        responses.insert(status.to_string(), refused);
    }
    responses.into()
}

fn content(content: &Content) -> Value {
    match content {
        Content::Json(ty) => json!({"application/json": {"schema": schema(ty)}}),
        Content::Other(media) => json!({*media: {}}),
    }
}

/// What a status means here.
fn refusal(status: u16) -> &'static str {
    match status {
        400 => "`bad-request`: the request does not fit; `violations` say where.",
        401 => "`unauthenticated`: no key, or one that is not valid.",
        403 => "`access-denied`: a key without the scope `admin`.",
        404 => "`not-found`: there is no such thing.",
        408 => "`bad-request`: the request did not arrive in time.",
        409 => "`conflict`: it contradicts what is stored, or somebody else was faster.",
        413 => "`bad-request`: the request is too large.",
        415 => "`bad-request`: the request is of another content type.",
        421 => "`bad-request`: the request names another host than this listener.",
        422 => "`validation-failed`: a rule is broken; `violations` name all of them.",
        503 => "`unavailable`: not now; try again after `retry_after_ms`.",
        _ => "`unknown`: a fault of the server.",
    }
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;

    /// What the document says is answered to `method` on a path like `path` with `status`; none if it says nothing.
    pub(in super::super) fn answered(method: &str, path: &str, status: u16) -> Option<Value> {
        let document = written();
        let described = document["paths"]
            .as_object()?
            .iter()
            .find(|(known, operations)| {
                let (known, asked) = (known.split('/'), path.split('/'));
                let fits = |(known, asked): (&str, &str)| known.starts_with('{') || known == asked;
                known.clone().count() == asked.clone().count()
                    && known.zip(asked).all(fits)
                    && operations.get(method.to_lowercase()).is_some()
            });
        let (_, operations) = described?;
        let response = &operations[method.to_lowercase()]["responses"][status.to_string()];
        response.is_object().then(|| response["content"].clone())
    }

    /// Whether `value` has exactly the fields that `schema` says, all the way down.
    pub(in super::super) fn fits(schema: &Value, value: &Value) -> bool {
        let document = written();
        fits_in(&document, schema, value)
    }

    fn fits_in(document: &Value, schema: &Value, value: &Value) -> bool {
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.trim_start_matches("#/components/schemas/");
            return fits_in(document, &document["components"]["schemas"][name], value);
        }
        if let Some(choices) = schema["anyOf"].as_array() {
            return choices
                .iter()
                .any(|choice| fits_in(document, choice, value));
        }
        let types = match &schema["type"] {
            Value::String(one) => vec![one.as_str()],
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            _ => return true,
        };
        let is = |ty: &str| match ty {
            "null" => value.is_null(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_u64(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            _ => false,
        };
        let elements = value.as_array().into_iter().flatten();
        types.into_iter().any(is)
            && schema["enum"]
                .as_array()
                .is_none_or(|names| names.contains(value))
            && elements
                .clone()
                .all(|element| fits_in(document, &schema["items"], element))
            && value.as_object().is_none_or(|object| {
                let Some(properties) = schema["properties"].as_object() else {
                    return true;
                };
                object.len() == properties.len()
                    && properties.iter().all(|(name, schema)| {
                        object
                            .get(name)
                            .is_some_and(|value| fits_in(document, schema, value))
                    })
            })
    }
}
