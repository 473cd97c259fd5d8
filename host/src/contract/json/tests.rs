//! Commands whose requests are read and whose results are written, and types that go there and back.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use wasmtime::component::Val;

use super::*;
use crate::contract::testing::{probe, real};
use crate::contract::types::{
    Case, Enum, Field, Flags, Label, Named, Record, ResultType, Type, Variant,
};
use crate::contract::{Command, Contract};
use crate::error::Code;

const ITEMS: &str = "
    variant error {
      /// The first. The second.
      validation-failed(list<violation>),
      /// Again
      /// later
      too-many-requests(u64),
      duplicate-thing(string),
      access-denied,
    }
    record violation { path: string, message: string }
    record user { id: string, email-address: option<string>, age: u8 }
    create: func(request: users) -> result<user, error>;
    record users { users: list<user>, kind: kind }
    variant kind { plain, sized(u32) }
    remove: func() -> result<_, error>;
    find: func(request: search) -> u64;
    record search { name: option<string> }
    count: func(first: u32, last-one: option<u32>) -> u64;
    measure: func() -> f64;
";

fn contract() -> Contract {
    probe(ITEMS).unwrap()
}

fn command(name: &str) -> Command {
    contract().channels[0].command(name).unwrap().clone()
}

fn paths(command: &Command, request: Value) -> Vec<String> {
    let violations = decode_request(command, &request).unwrap_err();
    violations
        .into_iter()
        .map(|violation| violation.path)
        .collect()
}

#[test]
fn a_record_is_the_request() {
    let request = json!({"users": [{"id": "1", "age": 3}, {"id": "2", "email_address": null, "age": 4}], "kind": {"sized": 7}});
    let arguments = decode_request(&command("create"), &request).unwrap();
    let user = |id: &str, age| {
        Val::Record(vec![
            ("id".into(), Val::String(id.into())),
            ("email-address".into(), Val::Option(None)),
            ("age".into(), Val::U8(age)),
        ])
    };
    let kind = Val::Variant("sized".into(), Some(Box::new(Val::U32(7))));
    let users = Val::List(vec![user("1", 3), user("2", 4)]);
    assert_eq!(
        arguments,
        [Val::Record(vec![
            ("users".into(), users),
            ("kind".into(), kind)
        ])]
    );
}

#[test]
fn parameters_are_the_request() {
    let count = command("count");
    let arguments = decode_request(&count, &json!({"first": 1})).unwrap();
    assert_eq!(arguments, [Val::U32(1), Val::Option(None)]);
    assert_eq!(paths(&count, Value::Null), [""]);
    assert_eq!(
        paths(&count, json!({"first": 1, "last-one": 2})),
        ["last-one"]
    );
}

#[test]
fn a_request_without_fields_is_an_empty_object_or_null() {
    let remove = command("remove");
    assert_eq!(decode_request(&remove, &Value::Null), Ok(vec![]));
    assert_eq!(decode_request(&remove, &json!({})), Ok(vec![]));
    assert_eq!(paths(&remove, json!({"x": 1})), ["x"]);
    assert_eq!(paths(&remove, json!([])), [""]);
    let find = command("find");
    let none = [Val::Record(vec![("name".into(), Val::Option(None))])];
    assert_eq!(decode_request(&find, &Value::Null).unwrap(), none);
    assert_eq!(decode_request(&find, &json!({})).unwrap(), none);
}

#[test]
fn all_violations_are_told_with_their_places() {
    let create = command("create");
    let request = json!({
        "users": [{"id": 1, "age": 256}, {"email_address": [], "age": 1.0}, 3],
        "kind": {"plain": 1},
        "Kind": "hunter2", "a\nb": "hunter2",
    });
    let violations = decode_request(&create, &request).unwrap_err();
    let mut paths: Vec<_> = violations
        .iter()
        .map(|violation| violation.path.as_str())
        .collect();
    paths.sort_unstable();
    let expected = [
        "Kind",
        "a\\nb",
        "kind",
        "users[0].age",
        "users[0].id",
        "users[1].age",
        "users[1].email_address",
        "users[1].id",
        "users[2]",
    ];
    assert_eq!(paths, expected);
    assert!(
        violations
            .iter()
            .all(|violation| !violation.message.contains("hunter2"))
    );
}

#[test]
fn violations_are_bounded() {
    let create = command("create");
    let request = json!({"users": vec![json!({}); 5_000], "kind": "plain"});
    assert_eq!(
        decode_request(&create, &request).unwrap_err().len(),
        MAX_VIOLATIONS
    );
    let members = (0..1_000).map(|n| (format!("x{n}"), Value::Null));
    let request = Value::Object(members.collect());
    assert_eq!(
        decode_request(&create, &request).unwrap_err().len(),
        MAX_VIOLATIONS
    );
}

#[test]
fn lengths_are_bounded_without_the_parser_too() {
    let bytes = "A".repeat(MAX_STRING_BYTES + 1);
    assert!(decode(&Type::String, &json!(bytes)).is_err());
    assert!(decode(&Type::Bytes, &json!(bytes)).is_err());
    let list = Type::List(Type::Bool.into());
    assert!(decode(&list, &json!(vec![true; MAX_LIST])).is_ok());
    assert!(decode(&list, &json!(vec![true; MAX_LIST + 1])).is_err());
}

#[test]
fn numbers_are_whole_and_in_range() {
    assert_eq!(decode(&Type::U64, &json!(u64::MAX)), Ok(Val::U64(u64::MAX)));
    assert_eq!(decode(&Type::S64, &json!(i64::MIN)), Ok(Val::S64(i64::MIN)));
    assert_eq!(decode(&Type::S8, &json!(-128)), Ok(Val::S8(-128)));
    let refused = [
        (Type::U8, "256"),
        (Type::U8, "-1"),
        (Type::U8, "1.0"),
        (Type::U8, "1e0"),
        (Type::U8, "-0"),
        (Type::S8, "128"),
        (Type::S8, "-129"),
        (Type::U64, "18446744073709551616"),
        (Type::S64, "9223372036854775808"),
        (Type::U32, "\"1\""),
        (Type::F32, "1e39"),
        (Type::F64, "null"),
        (Type::Bool, "0"),
    ];
    for (ty, text) in refused {
        let value = parse(text.as_bytes()).unwrap();
        assert!(decode(&ty, &value).is_err(), "{ty} from {text}");
    }
}

#[test]
fn text_forms_are_strict() {
    assert_eq!(
        decode(&Type::Bytes, &json!("AP8")),
        Ok(Val::List(vec![Val::U8(0), Val::U8(255)]))
    );
    for text in ["AP8=", "AP9", "A", "AP+/", "A P8", "AP8\n"] {
        assert!(decode(&Type::Bytes, &json!(text)).is_err(), "{text}");
    }
    assert_eq!(decode(&Type::Char, &json!("é")), Ok(Val::Char('é')));
    for text in ["", "ab", "e\u{301}"] {
        assert!(decode(&Type::Char, &json!(text)).is_err(), "{text}");
    }
}

#[test]
fn replies_leave_out_what_is_absent() {
    let create = command("create");
    let user = |email| {
        Val::Record(vec![
            ("id".into(), Val::String("1".into())),
            ("email-address".into(), Val::Option(email)),
            ("age".into(), Val::U8(3)),
        ])
    };
    let result = |value| Val::Result(Ok(value));
    let without = answer(&create, &[result(Some(user(None).into()))]).unwrap();
    assert_eq!(without, Some(json!({"id": "1", "age": 3})));
    let email = Some(Val::String("a@b".into()).into());
    let with = answer(&create, &[result(Some(user(email).into()))]).unwrap();
    assert_eq!(
        with,
        Some(json!({"id": "1", "email_address": "a@b", "age": 3}))
    );
    assert_eq!(answer(&command("remove"), &[result(None)]).unwrap(), None);
    assert_eq!(
        answer(&command("count"), &[Val::U64(5)]).unwrap(),
        Some(json!(5))
    );
}

#[test]
fn what_json_cannot_say_is_the_components_fault() {
    for value in [f64::NAN, f64::INFINITY] {
        let failure = answer(&command("measure"), &[Val::Float64(value)]).unwrap_err();
        assert_eq!(failure.code, Code::Unknown);
    }
    for results in [
        vec![],
        vec![Val::U8(1)],
        vec![Val::Result(Ok(None))],
        vec![Val::Result(Err(None))],
    ] {
        assert_eq!(
            answer(&command("create"), &results).unwrap_err().code,
            Code::Unknown
        );
    }
}

fn refusal(case: &str, payload: Option<Val>) -> crate::error::Failure {
    let error = Val::Variant(case.into(), payload.map(Box::new));
    answer(&command("create"), &[Val::Result(Err(Some(error.into())))]).unwrap_err()
}

#[test]
fn violations_and_retry_times_are_shown() {
    let violation = Val::Record(vec![
        ("path".into(), Val::String("a".into())),
        ("message".into(), Val::String("é".repeat(500))),
    ]);
    let failure = refusal("validation-failed", Some(Val::List(vec![violation; 100])));
    assert_eq!(failure.code, Code::ValidationFailed);
    assert_eq!(failure.message, "The first.");
    assert_eq!(failure.violations.len(), MAX_VIOLATIONS);
    assert_eq!(failure.violations[0].path, "a");
    assert!(failure.violations[0].message.len() <= 256);
    let failure = refusal("too-many-requests", Some(Val::U64(1500)));
    assert_eq!(
        (failure.code, failure.retry_after_ms),
        (Code::TooManyRequests, Some(1500))
    );
    assert_eq!(failure.message, "Again later");
}

#[test]
fn other_payloads_are_not_shown() {
    let failure = refusal("duplicate-thing", Some(Val::String("hunter2".into())));
    assert_eq!(failure.code, Code::Channel("duplicate-thing".into()));
    assert_eq!(failure.message, "the command was refused");
    assert!(!format!("{failure:?}").contains("hunter2"));
    assert_eq!(refusal("access-denied", None).code, Code::AccessDenied);
    assert_eq!(refusal("not-a-case", None).code, Code::Unknown);
}

#[test]
fn refusals_of_a_real_channel_speak_its_documentation() {
    let contract = real("token", "token");
    let command = contract.channels[0].command("refresh-tokens").unwrap();
    let failure = encode_error(command, &Val::Variant("unauthenticated".into(), None));
    assert_eq!(failure.code, Code::Unauthenticated);
    assert_eq!(
        failure.message,
        "The token presented is not, or no longer, worth anything."
    );
}

fn label(index: usize) -> Label {
    Label {
        name: format!("label-{index}").into(),
        docs: "".into(),
    }
}

fn any_type() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![
        prop::sample::select(vec![
            Type::Bool,
            Type::U8,
            Type::U16,
            Type::U32,
            Type::U64,
            Type::S8,
            Type::S16,
            Type::S32,
            Type::S64,
            Type::F32,
            Type::F64,
            Type::Char,
            Type::String,
            Type::Bytes,
        ]),
        (1..5_usize).prop_map(|count| Type::Enum(Arc::new(Enum {
            named: Named::default(),
            cases: (0..count).map(label).collect(),
        }))),
        (1..5_usize).prop_map(|count| Type::Flags(Arc::new(Flags {
            named: Named::default(),
            flags: (0..count).map(label).collect(),
        }))),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let maybe = prop::option::of(inner.clone());
        prop_oneof![
            inner.clone().prop_map(|element| match element {
                Type::U8 => Type::Bytes,
                element => Type::List(element.into()),
            }),
            inner.clone().prop_map(|some| match some {
                some @ Type::Option(_) => some,
                some => Type::Option(some.into()),
            }),
            vec(inner.clone(), 1..4).prop_map(|types| Type::Tuple(types.into())),
            (maybe.clone(), maybe.clone())
                .prop_map(|(ok, err)| Type::Result(Arc::new(ResultType { ok, err }))),
            vec(inner, 1..4).prop_map(|types| Type::Record(Arc::new(Record {
                named: Named::default(),
                fields: types
                    .into_iter()
                    .enumerate()
                    .map(|(index, ty)| Field::new(&format!("field-{index}"), ty, ""))
                    .collect(),
            }))),
            vec(maybe, 1..4).prop_map(|types| Type::Variant(Arc::new(Variant {
                named: Named::default(),
                cases: types
                    .into_iter()
                    .enumerate()
                    .map(|(index, ty)| Case {
                        name: label(index).name,
                        ty,
                        docs: "".into()
                    })
                    .collect(),
            }))),
        ]
    })
}

fn any_side(ty: Option<Type>) -> BoxedStrategy<Option<Box<Val>>> {
    match ty {
        Some(ty) => any_val(ty).prop_map(|value| Some(Box::new(value))).boxed(),
        None => Just(None).boxed(),
    }
}

/// A value of type `ty` as a component would return it.
fn any_val(ty: Type) -> BoxedStrategy<Val> {
    match ty {
        Type::Bool => any::<bool>().prop_map(Val::Bool).boxed(),
        Type::U8 => any::<u8>().prop_map(Val::U8).boxed(),
        Type::U16 => any::<u16>().prop_map(Val::U16).boxed(),
        Type::U32 => any::<u32>().prop_map(Val::U32).boxed(),
        Type::U64 => any::<u64>().prop_map(Val::U64).boxed(),
        Type::S8 => any::<i8>().prop_map(Val::S8).boxed(),
        Type::S16 => any::<i16>().prop_map(Val::S16).boxed(),
        Type::S32 => any::<i32>().prop_map(Val::S32).boxed(),
        Type::S64 => any::<i64>().prop_map(Val::S64).boxed(),
        Type::F32 => any::<f32>()
            .prop_filter("finite", |f| f.is_finite())
            .prop_map(Val::Float32)
            .boxed(),
        Type::F64 => any::<f64>()
            .prop_filter("finite", |f| f.is_finite())
            .prop_map(Val::Float64)
            .boxed(),
        Type::Char => any::<char>().prop_map(Val::Char).boxed(),
        Type::String => any::<String>().prop_map(Val::String).boxed(),
        Type::Bytes => vec(any::<u8>().prop_map(Val::U8), 0..20)
            .prop_map(Val::List)
            .boxed(),
        Type::List(element) => vec(any_val((*element).clone()), 0..4)
            .prop_map(Val::List)
            .boxed(),
        Type::Tuple(types) => types
            .iter()
            .cloned()
            .map(any_val)
            .collect::<Vec<_>>()
            .prop_map(Val::Tuple)
            .boxed(),
        Type::Option(some) => {
            let none = Just(Val::Option(None));
            let some = any_val((*some).clone()).prop_map(|some| Val::Option(Some(Box::new(some))));
            prop_oneof![none, some].boxed()
        }
        Type::Result(result) => {
            let ok = any_side(result.ok.clone()).prop_map(|ok| Val::Result(Ok(ok)));
            let err = any_side(result.err.clone()).prop_map(|err| Val::Result(Err(err)));
            prop_oneof![ok, err].boxed()
        }
        Type::Record(record) => {
            let fields = record.fields.iter().map(|field| {
                let name = field.name.to_string();
                any_val(field.ty.clone()).prop_map(move |value| (name.clone(), value))
            });
            fields.collect::<Vec<_>>().prop_map(Val::Record).boxed()
        }
        Type::Variant(variant) => {
            let cases = variant.cases.iter().map(|case| {
                let name = case.name.to_string();
                any_side(case.ty.clone())
                    .prop_map(move |payload| Val::Variant(name.clone(), payload))
                    .boxed()
            });
            proptest::strategy::Union::new(cases).boxed()
        }
        Type::Enum(cases) => {
            let names: Vec<_> = cases
                .cases
                .iter()
                .map(|case| case.name.to_string())
                .collect();
            prop::sample::select(names).prop_map(Val::Enum).boxed()
        }
        Type::Flags(flags) => {
            let names: Vec<_> = flags
                .flags
                .iter()
                .map(|flag| flag.name.to_string())
                .collect();
            let count = names.len();
            prop::sample::subsequence(names, 0..=count)
                .prop_map(Val::Flags)
                .boxed()
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z-]{0,8}".prop_map(Value::from),
        (0..4_usize).prop_map(|index| Value::from(&*label(index).name)),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let name = prop_oneof!["field_[0-3]", "label-[0-3]", "ok|error", "[a-z]{0,4}"];
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((name, inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn values_survive_json((ty, value) in any_type().prop_flat_map(|ty| (Just(ty.clone()), any_val(ty)))) {
        let written = encode(&ty, &value).unwrap();
        // Through text, as a client sees it.
        let text = serde_json::to_vec(&written).unwrap();
        let read = parse(&text).unwrap();
        prop_assert_eq!(decode(&ty, &read), Ok(value));
    }

    #[test]
    fn any_json_is_read_or_refused(ty in any_type(), value in any_json()) {
        match decode(&ty, &value) {
            Ok(read) => prop_assert_eq!(decode(&ty, &encode(&ty, &read).unwrap()), Ok(read)),
            Err(violations) => prop_assert!(!violations.is_empty() && violations.len() <= MAX_VIOLATIONS),
        }
    }
}
