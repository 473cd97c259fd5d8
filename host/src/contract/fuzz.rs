//! Bodies for fuzzing: each takes any bytes and must return. A claim that does not hold is a panic, which is a finding.

use std::sync::LazyLock;

use super::docs::Docs;
use super::json::{decode, encode, parse};
use super::types::{Case, Enum, Field, Flags, Label, Named, Record, ResultType, Type, Variant};
use super::{Contract, Manifest};

/// JSON to values of a type that has every other type in it. What was accepted must survive being written and read again.
pub fn json_to_val(data: &[u8]) {
    let Ok(request) = parse(data) else {
        return;
    };
    let Ok(value) = decode(&EVERYTHING, &request) else {
        return;
    };
    let written = encode(&EVERYTHING, &value).expect("a decoded value has a form in JSON");
    let again = decode(&EVERYTHING, &written).expect("what was written can be read");
    assert_eq!(value, again);
}

/// Any bytes as a component.
pub fn component(data: &[u8]) {
    let _ = Contract::read(data);
}

/// Any bytes as the documentation a component carries.
pub fn documentation(data: &[u8]) {
    let _ = Docs::parse(&String::from_utf8_lossy(data));
}

/// Any bytes as a manifest.
pub fn manifest(data: &[u8]) {
    if let Ok(manifest) = Manifest::parse(data) {
        let resolved = manifest.resolve(&Default::default());
        assert!(resolved.is_ok(), "defaults were checked");
    }
}

/// A record with a field `f0`, `f1`, … of every type there is.
static EVERYTHING: LazyLock<Type> = LazyLock::new(|| {
    let label = |name: &str| Label {
        name: name.into(),
        docs: "".into(),
    };
    let cases = Type::Enum(
        Enum {
            named: Named::default(),
            cases: vec![label("one"), label("two")],
        }
        .into(),
    );
    let flags = Type::Flags(
        Flags {
            named: Named::default(),
            flags: vec![label("read"), label("write")],
        }
        .into(),
    );
    let case = |name: &str, ty| Case {
        name: name.into(),
        ty,
        docs: "".into(),
    };
    let variant = Type::Variant(
        Variant {
            named: Named::default(),
            cases: vec![
                case("none", None),
                case("some", Some(Type::Option(Type::U8.into()))),
            ],
        }
        .into(),
    );
    let result = Type::Result(
        ResultType {
            ok: None,
            err: Some(cases.clone()),
        }
        .into(),
    );
    let types = [
        Type::Bool,
        Type::U8,
        Type::U64,
        Type::S8,
        Type::S64,
        Type::F32,
        Type::F64,
        Type::Char,
        Type::String,
        Type::Bytes,
        Type::List(Type::Tuple([Type::U16, Type::S16].into()).into()),
        cases,
        flags,
        variant,
        result,
    ];
    let fields = types
        .into_iter()
        .enumerate()
        .map(|(index, ty)| Field::new(&format!("f{index}"), Type::Option(ty.into()), ""));
    let record = Record {
        named: Named::default(),
        fields: fields.collect(),
    };
    Type::Record(record.into())
});

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const JSON: [&str; 6] = [
        r#"{}"#,
        r#"{"f0":true,"f1":255,"f2":18446744073709551615,"f3":-128,"f4":-9223372036854775808,"f5":1.5,"f6":-0.0,"f7":"é"}"#,
        r#"{"f8":"\ud83d\ude00","f9":"AP8","f10":[[1,-1],[65535,32767]],"f11":"one","f12":["write","read"]}"#,
        r#"{"f13":{"some":null},"f14":{"ok":null}}"#,
        r#"{"f13":"none","f14":{"error":"two"}}"#,
        r#"{"f0":1,"f1":256,"f2":-1,"f3":1e2,"f5":1e39,"f7":"ab","f9":"AP9","f10":[[1]],"f12":["read","read"],"f13":{},"x":[]}"#,
    ];

    #[test]
    fn the_corpus_goes_through() {
        for text in JSON {
            json_to_val(text.as_bytes());
        }
        assert!(decode(&EVERYTHING, &parse(JSON[3].as_bytes()).unwrap()).is_ok());
        assert_eq!(
            decode(&EVERYTHING, &parse(JSON[5].as_bytes()).unwrap())
                .unwrap_err()
                .len(),
            11
        );
        manifest(br#"{"config":[{"name":"a","type":"duration","default":"1s"}]}"#);
        documentation(b"package a:b;\n/* interface i { record r {");
        component(b"\0asm\x0d\0\x01\0\0\x0e\rvestibule:wit");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        /// Bytes of a good text with a few of them replaced get deeper than random ones.
        #[test]
        fn altered_json_goes_through(text in 0..JSON.len(), edits in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4)) {
            let mut bytes = JSON[text].as_bytes().to_vec();
            for (index, byte) in edits {
                let index = index.index(bytes.len());
                bytes[index] = byte;
            }
            json_to_val(&bytes);
        }

        #[test]
        fn any_bytes_go_through(bytes in vec(any::<u8>(), 0..200)) {
            json_to_val(&bytes);
            manifest(&bytes);
            documentation(&bytes);
            component(&bytes);
            let mut headed = b"\0asm\x0d\0\x01\0".to_vec();
            headed.extend(&bytes);
            component(&headed);
        }

        #[test]
        fn any_wit_like_text_goes_through(words in vec(prop::sample::select(WORDS), 0..60)) {
            documentation(words.join(" ").as_bytes());
        }
    }

    const WORDS: &[&str] = &[
        "package",
        "a:b",
        "@1.0.0",
        ";",
        "interface",
        "world",
        "i",
        "{",
        "}",
        "record",
        "r",
        "f",
        ":",
        "u8",
        ",",
        "list<",
        ">",
        "variant",
        "use",
        "i.{r}",
        "/// d\n",
        "/*",
        "*/",
        "//\n",
        "func()",
        "->",
        "type",
        "=",
        "resource",
        "%",
    ];
}
