//! The AsyncAPI 3.0 document: every command as an operation that receives a message and perhaps replies.

use serde_json::{Map, Value, json};

use super::json::first_sentence;
use super::schema::{Dialect, Schemas, words};
use super::types::json_name;
use super::{Channel, Command, Info};

/// A request's id among the messages of its address, and a reply's.
const REQUEST: &str = "subscribe.message";
const REPLY: &str = "reply.message";

/// The AsyncAPI 3.0 document of `channels`.
///
/// A command's address is `<channel>.<command>`; for a channel named in `bare` it is the command alone, in snake_case.
#[must_use]
pub fn asyncapi(info: &Info<'_>, channels: &[&Channel], bare: &[String]) -> Value {
    let mut schemas = Schemas::new(Dialect::Draft07, channels);
    let mut addresses = Map::new();
    let mut operations = Map::new();
    let mut messages = Map::new();
    for channel in channels {
        let bare = bare.iter().any(|name| **name == *channel.name);
        for command in &channel.commands {
            let address = address(channel, command, bare);
            let mut here = Map::new();
            let mut message = |id: &str, title: String, docs: &str, payload: Value| {
                let name = format!("{address}.{id}");
                messages.insert(name.clone(), describe(title, docs, payload));
                let to = json!({"$ref": format!("#/components/messages/{name}")});
                here.insert(id.to_owned(), to);
            };
            let title = words(&command.name).collect::<Vec<_>>().join(" ");
            let request = schemas.request(channel, command);
            message(REQUEST, title.clone(), &command.docs, request);
            if let Some(ty) = &command.reply {
                let docs = ty.named().map_or("", |named| &named.docs);
                let reply = schemas.reply(channel, ty);
                message(REPLY, format!("{title} Response"), docs, reply);
            }
            operations.insert(address.clone(), operation(channel, command, &address));
            let place = json!({"address": address, "messages": here});
            addresses.insert(address, place);
        }
    }
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": info.title,
            "version": info.version,
            "description": info.description,
        },
        "defaultContentType": "application/json",
        "channels": addresses,
        "operations": operations,
        "components": {"messages": messages, "schemas": schemas.into_components()},
    })
}

fn address(channel: &Channel, command: &Command, bare: bool) -> String {
    let address = if bare {
        json_name(&command.name)
    } else {
        format!("{}.{}", channel.name, command.name)
    };
    match channel.version.major {
        0 | 1 => address,
        major => format!("{address}.v{major}"),
    }
}

fn describe(title: String, docs: &str, payload: Value) -> Value {
    let mut message = json!({
        "title": title,
        "contentType": "application/json",
        "payload": payload,
    });
    if let Some(summary) = first_sentence(docs) {
        message["summary"] = summary.into();
    }
    message
}

fn operation(channel: &Channel, command: &Command, address: &str) -> Value {
    let place = json!({"$ref": format!("#/channels/{address}")});
    let message = |id: &str| json!([{"$ref": format!("#/channels/{address}/messages/{id}")}]);
    let mut operation = json!({
        "action": "receive",
        "channel": place,
        "messages": message(REQUEST),
        "tags": [{"name": &*channel.name}],
    });
    if let Some(summary) = first_sentence(&command.docs) {
        operation["summary"] = summary.into();
        operation["description"] = (&*command.docs).into();
    }
    if command.reply.is_some() {
        operation["reply"] = json!({"channel": place, "messages": message(REPLY)});
    }
    operation
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::contract::testing::{probe, real};

    const INFO: Info<'_> = Info {
        title: "Vestibule",
        version: "1.0.0",
        description: "",
    };

    /// The tables of an interface document, as data.
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Seed {
        channel: String,
        operation: Vec<SeedOperation>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct SeedOperation {
        id: String,
        address: String,
        summary: String,
        request: SeedMessage,
        reply: Option<SeedMessage>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct SeedMessage {
        id: String,
        closed: bool,
        properties: Vec<SeedProperty>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct SeedProperty {
        name: String,
        r#type: String,
        #[serde(default)]
        required: bool,
    }

    /// `value` with references followed, also one that is the only part of a whole.
    fn follow<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
        let to = value.get("$ref").or_else(|| value.pointer("/allOf/0/$ref"));
        match to {
            Some(Value::String(to)) => {
                let next = document.pointer(to.strip_prefix('#').unwrap());
                follow(
                    document,
                    next.unwrap_or_else(|| panic!("{to} leads nowhere")),
                )
            }
            _ => value,
        }
    }

    fn check_message(document: &Value, operation: &Value, id: &str, seed: &SeedMessage) {
        let messages = operation["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 1);
        let to = messages[0]["$ref"].as_str().unwrap();
        assert!(
            to.ends_with(&format!("/messages/{}", seed.id)),
            "{id}: {to}"
        );
        let message = follow(document, &messages[0]);
        assert_eq!(message["contentType"], "application/json");
        let payload = follow(document, &message["payload"]);
        assert_eq!(payload["type"], "object", "{id}");
        if seed.closed && id == "request" {
            assert_eq!(payload["additionalProperties"], false, "{id}");
        }
        for property in &seed.properties {
            let name = &property.name;
            let (parent, last) = match name.rsplit_once('.') {
                Some((parent, last)) => (&payload["properties"][parent], last),
                None => (payload, name.as_str()),
            };
            let parent = follow(document, parent);
            let schema = follow(document, &parent["properties"][last]);
            assert_eq!(schema["type"], property.r#type.as_str(), "{id}: {name}");
            if property.required {
                let required = parent["required"].as_array().unwrap();
                assert!(required.contains(&last.into()), "{id}: {name}");
            }
        }
        if id == "request" {
            let properties = payload["properties"].as_object().unwrap();
            let names: Vec<_> = seed
                .properties
                .iter()
                .map(|property| &property.name)
                .collect();
            assert!(properties.keys().all(|name| names.contains(&name)), "{id}");
        }
    }

    #[test]
    fn the_document_is_that_of_the_interface_document() {
        let seed = include_str!("../../../tests/seeds/token-service.toml");
        let seed: Seed = toml::from_str(seed).unwrap();
        let contract = real("token", "token");
        let bare = [seed.channel];
        let document = asyncapi(&INFO, &[&contract.channels[0]], &bare);
        assert_eq!(seed.operation.len(), 4);
        for expected in &seed.operation {
            let operation = &document["operations"][&expected.id];
            assert_eq!(operation["action"], "receive", "{}", expected.id);
            assert_eq!(operation["summary"], expected.summary.as_str());
            let channel = follow(&document, &operation["channel"]);
            assert_eq!(channel["address"], expected.address.as_str());
            check_message(&document, operation, "request", &expected.request);
            match &expected.reply {
                Some(reply) => {
                    assert_eq!(operation["reply"]["channel"], operation["channel"]);
                    check_message(&document, &operation["reply"], "reply", reply);
                }
                None => assert!(operation.get("reply").is_none(), "{}", expected.id),
            }
        }
    }

    #[test]
    fn an_address_names_its_channel_unless_it_is_bare() {
        let contract = probe("record r { x: tuple<u8, string> }\ndo-it: func(x: r) -> r;").unwrap();
        let document = asyncapi(&INFO, &[&contract.channels[0]], &[]);
        assert_eq!(
            document["channels"]["probe.do-it"]["address"],
            "probe.do-it"
        );
        let bare = asyncapi(&INFO, &[&contract.channels[0]], &["probe".to_owned()]);
        assert_eq!(bare["channels"]["do_it"]["address"], "do_it");
        let tuple = &bare["components"]["schemas"]["probe.R"]["properties"]["x"];
        assert_eq!(tuple["items"].as_array().unwrap().len(), 2);
    }
}
