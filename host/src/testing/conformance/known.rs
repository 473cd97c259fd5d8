//! What the serving build's contract knows of a reply.
//!
//! A build may answer more than the one before it, in fields that are new. A client that was there before does not see them,
//! and neither do the scenarios.

use serde_json::Value;

use crate::contract::types::Type;

/// `reply` without the fields that `ty` does not have.
pub(super) fn known(reply: Value, ty: &Type) -> Value {
    match (ty, reply) {
        (Type::Record(record), Value::Object(mut found)) => {
            let fields = record.fields.iter();
            let known = fields.filter_map(|field| {
                let value = found.remove(&*field.json)?;
                Some((field.json.to_string(), known(value, &field.ty)))
            });
            Value::Object(known.collect())
        }
        (Type::Variant(variant), Value::Object(found)) => {
            let case = |name: &str| {
                let case = variant.cases.iter().find(|case| *case.name == *name)?;
                case.ty.as_ref()
            };
            let known = found.into_iter().map(|(name, value)| {
                let value = match case(&name) {
                    Some(ty) => known(value, ty),
                    None => value,
                };
                (name, value)
            });
            Value::Object(known.collect())
        }
        (Type::List(element), Value::Array(found)) => found
            .into_iter()
            .map(|value| known(value, element))
            .collect(),
        (Type::Tuple(elements), Value::Array(found)) if elements.len() == found.len() => {
            let found = found.into_iter().zip(elements.iter());
            found
                .map(|(value, element)| known(value, element))
                .collect()
        }
        (Type::Option(some), found) => known(found, some),
        (_, found) => found,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::contract::types::{Case, Field, Named, Record, Variant};

    fn record(fields: Vec<Field>) -> Type {
        Type::Record(Arc::new(Record {
            named: Named::default(),
            fields,
        }))
    }

    #[test]
    fn new_fields_are_not_seen_wherever_they_are() {
        let person = record(vec![Field::new("first-name", Type::String, "")]);
        let variant = Type::Variant(Arc::new(Variant {
            named: Named::default(),
            cases: vec![Case {
                name: "is-person".into(),
                ty: Some(person.clone()),
                docs: "".into(),
            }],
        }));
        let found = json!({"first_name": "Ada", "nickname": "A"});
        let known_of_it = json!({"first_name": "Ada"});
        let list = |of: &Type| Type::List(Arc::new(of.clone()));
        for (ty, reply, expected) in [
            (person.clone(), found.clone(), known_of_it.clone()),
            (list(&person), json!([found]), json!([known_of_it])),
            (
                Type::Option(Arc::new(person.clone())),
                found.clone(),
                known_of_it.clone(),
            ),
            (
                Type::Option(Arc::new(person.clone())),
                json!(null),
                json!(null),
            ),
            (
                Type::Tuple([Type::U8, person].into()),
                json!([1, found]),
                json!([1, known_of_it]),
            ),
            (
                variant.clone(),
                json!({"is-person": found}),
                json!({"is-person": known_of_it}),
            ),
            (variant, json!("unknown-case"), json!("unknown-case")),
            (Type::Bool, found.clone(), found.clone()),
        ] {
            assert_eq!(known(reply, &ty), expected, "{ty}");
        }
    }

    #[test]
    fn what_is_known_and_missing_stays_missing() {
        let person = record(vec![Field::new("first-name", Type::String, "")]);
        assert_eq!(known(json!({"nickname": "A"}), &person), json!({}));
    }
}
