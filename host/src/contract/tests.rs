//! Whole components, read.

use super::testing::{component, probe, real, section, wit_dir};
use super::types::Type;
use super::*;

#[test]
fn a_real_world_is_read_with_its_documentation() {
    let contract = real("token", "token");
    assert_eq!(contract.warnings, Vec::<String>::new());
    let channel = contract.channel("token", 1).unwrap();
    assert_eq!(&*channel.interface, "vestibule:token/commands@1.0.0");
    assert_eq!(&*channel.package, "vestibule:token");
    assert!(channel.docs.starts_with("The token channel."));
    assert!(contract.channel("token", 2).is_none());

    let verify = channel.command("verify-token").unwrap();
    assert!(verify.docs.starts_with("Verifying access token."));
    assert_eq!(&*verify.fields()[0].json, "access_token");
    assert!(
        verify.fields()[0]
            .docs
            .starts_with("Access token, at most 64 KiB.")
    );
    let Some(Type::Record(reply)) = &verify.reply else {
        panic!("the reply is a record");
    };
    assert!(reply.fields[1].is_optional());
    let Some(Type::Variant(error)) = &verify.error else {
        panic!("the error is a variant");
    };
    assert_eq!(&*error.cases[1].name, "unauthenticated");
    let Some(Type::List(violation)) = &error.cases[0].ty else {
        panic!("violations are a list");
    };
    let named = violation.named().unwrap();
    assert_eq!(&*named.interface, "vestibule:types/types@1.0.0");
    assert!(named.docs.starts_with("One rule"));
    assert!(channel.command("blacklist-tokens").unwrap().reply.is_none());
}

#[test]
fn imports_are_those_really_used() {
    let contract = real("token", "token");
    let storage = contract
        .imports
        .iter()
        .find(|import| *import.interface == *"vestibule:capability/storage@1.0.0")
        .unwrap();
    assert!(storage.functions.iter().any(|name| **name == *"get-many"));
    let types = contract
        .imports
        .iter()
        .find(|import| *import.interface == *"vestibule:types/types@1.0.0")
        .unwrap();
    assert!(types.functions.is_empty());
    assert!(
        !contract
            .imports
            .iter()
            .any(|import| import.interface.contains("/mail@"))
    );
}

#[test]
fn a_component_without_documentation_is_read_all_the_same() {
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve.push_dir(wit_dir()).unwrap();
    let bytes = testing::encode(&resolve, package, "token", &[]);
    let contract = Contract::read(&bytes).unwrap();
    assert_eq!(contract.warnings, Vec::<String>::new());
    let channel = &contract.channels[0];
    assert_eq!(&*channel.docs, "");
    assert_eq!(&*channel.commands[0].fields()[0].docs, "");
}

#[test]
fn broken_documentation_is_a_warning() {
    let mut bytes = component(
        "package vestibule:probe@1.0.0;\ninterface commands { f: func(); }\nworld w { export commands; }\n",
        None,
    );
    bytes.extend(section(
        WIT_SECTION,
        b"package vestibule:probe@1.0.0; interface {",
    ));
    let contract = Contract::read(&bytes).unwrap();
    assert_eq!(contract.warnings.len(), 1);
    bytes.extend(section(WIT_SECTION, &vec![b' '; 1 << 20]));
    let contract = Contract::read(&bytes).unwrap();
    assert!(
        contract.warnings[0].contains("too large"),
        "{:?}",
        contract.warnings
    );
    assert_eq!(&*contract.channels[0].commands[0].name, "f");
}

#[test]
fn a_manifest_is_found_in_the_core_module_and_in_the_component() {
    let wit = "package vestibule:probe@1.0.0;\ninterface commands { f: func(); }\nworld w { export commands; }\n";
    let inner = component(wit, Some(r#"{"short_replies": ["f"]}"#));
    assert!(
        Contract::read(&inner)
            .unwrap()
            .manifest
            .has_short_reply("f")
    );
    let mut outer = component(wit, None);
    outer.extend(section(MANIFEST_SECTION, br#"{"short_replies": ["f"]}"#));
    assert!(
        Contract::read(&outer)
            .unwrap()
            .manifest
            .has_short_reply("f")
    );
    let mut both = inner;
    both.extend(section(MANIFEST_SECTION, b"{}"));
    assert_eq!(
        Contract::read(&both).unwrap_err(),
        ContractError::Manifest(manifest::ManifestError::Twice)
    );
    let misspelt = component(wit, Some(r#"{"short_replies": ["g"]}"#));
    let error = Contract::read(&misspelt).unwrap_err().to_string();
    assert!(error.contains("\"g\""), "{error}");
    let broken = component(wit, Some("{"));
    assert!(matches!(
        Contract::read(&broken),
        Err(ContractError::Manifest(_))
    ));
}

#[test]
fn requests_are_a_record_or_the_parameters() {
    let contract = probe(
        "record r { a-b: u8 }\n/// F.\nf: func(anything: r);\ng: func(x: r, y-z: option<bool>) -> u32;\nh: func() -> result;\ni: func(x: u8);",
    )
    .unwrap();
    let channel = &contract.channels[0];
    assert_eq!(channel.version, Version::new(1, 2, 3));
    let fields = |name: &str| -> Vec<String> {
        let fields = channel.command(name).unwrap().fields().iter();
        fields.map(|field| field.json.to_string()).collect()
    };
    assert_eq!(fields("f"), ["a_b"]);
    assert_eq!(fields("g"), ["x", "y_z"]);
    assert_eq!(fields("h"), Vec::<String>::new());
    assert_eq!(fields("i"), ["x"]);
    assert_eq!(&*channel.command("f").unwrap().docs, "F.");
    let g = channel.command("g").unwrap();
    assert!(!g.fallible && g.reply == Some(Type::U32));
    let h = channel.command("h").unwrap();
    assert!(h.fallible && h.reply.is_none() && h.error.is_none());
}

#[test]
fn one_component_may_serve_several_channels() {
    let wit = "package test:w;\n\
        package vestibule:a@1.0.0 { interface commands { f: func(); } interface other { g: func(); } }\n\
        package vestibule:b@2.1.0 { interface commands { f: func(); } }\n\
        package alien:c@1.0.0 { interface commands { f: func(); } }\n\
        world w { export vestibule:a/commands@1.0.0; export vestibule:a/other@1.0.0; export vestibule:b/commands@2.1.0; export alien:c/commands@1.0.0; }\n";
    let contract = Contract::read(&component(wit, None)).unwrap();
    let names: Vec<_> = contract
        .channels
        .iter()
        .map(|channel| &*channel.name)
        .collect();
    assert_eq!(names, ["a", "b"]);
    assert!(contract.channel("b", 2).is_some() && contract.channel("b", 1).is_none());

    let twice = wit
        .replace("vestibule:b@2.1.0", "vestibule:a@1.1.0")
        .replace("vestibule:b/commands@2.1.0", "vestibule:a/commands@1.1.0");
    assert_eq!(
        Contract::read(&component(&twice, None)).unwrap_err(),
        ContractError::Twice {
            channel: "a".into(),
            major: 1
        }
    );
}

#[test]
fn what_cannot_travel_is_refused_with_its_place() {
    let cases = [
        (
            "resource r; f: func(x: own<r>);",
            "parameter `x`: a resource",
        ),
        ("resource r { m: func(); }", "a resource"),
        (
            "record r { s: stream<u8> } f: func() -> r;",
            "result: `r`: field `s`: a stream",
        ),
        ("f: func() -> future<u8>;", "a future"),
        (
            "f: func(x: list<option<option<u8>>>);",
            "option of an option",
        ),
        ("f: async func();", "async"),
        (
            "f: func() -> result<u8, string>;",
            "its error must be a variant",
        ),
        ("f: func(x: map<string, u8>);", "map"),
    ];
    for (items, part) in cases {
        let error = probe(items).unwrap_err();
        assert!(
            matches!(error, ContractError::Unsupported { .. }),
            "{items}: {error}"
        );
        let text = error.to_string();
        assert!(text.contains(part), "{items}: {text}");
        assert!(text.contains("`vestibule:probe/commands@1.2.3."), "{text}");
    }
}

#[test]
fn types_are_bounded() {
    let nested = |levels: usize| {
        format!(
            "f: func(x: {}string{});",
            "list<".repeat(levels),
            ">".repeat(levels)
        )
    };
    assert!(probe(&nested(MAX_TYPE_DEPTH - 1)).is_ok());
    assert!(
        probe(&nested(MAX_TYPE_DEPTH))
            .unwrap_err()
            .to_string()
            .contains("deep")
    );
    // Each record holds the one before twice: written out, they double.
    let doubling: String = (1..16)
        .map(|n| format!("record r{n} {{ a: r{0}, b: r{0} }}\n", n - 1))
        .collect();
    let doubling = format!("record r0 {{ a: u8 }}\n{doubling}f: func(x: r15);");
    assert!(probe(&doubling).unwrap_err().to_string().contains("parts"));
    let many: String = (0..=MAX_COMMANDS)
        .map(|n| format!("command{n}: func();\n"))
        .collect();
    assert!(matches!(probe(&many), Err(ContractError::TooMany { .. })));
}

#[test]
fn what_is_no_channel_is_refused_with_what_to_do() {
    let refused = |bytes: &[u8]| Contract::read(bytes).unwrap_err();
    assert_eq!(refused(b""), ContractError::NotWasm);
    assert_eq!(refused(b"(component)"), ContractError::NotWasm);
    let module = refused(b"\0asm\x01\0\0\0");
    assert_eq!(module, ContractError::CoreModule);
    assert!(module.to_string().contains("wasm32-wasip2"));
    assert_eq!(
        refused(b"\0asm\x0d\0\x01\0"),
        ContractError::NoChannel { exports: vec![] }
    );
    assert!(matches!(
        refused(b"\0asm\x0d\0\x01\0\x01"),
        ContractError::Invalid(_)
    ));
    let size = MAX_COMPONENT_BYTES + 1;
    assert_eq!(refused(&vec![0; size]), ContractError::TooLarge { size });

    let other = "package a:b@1.0.0; interface commands { f: func(); } world w { export commands; }";
    let error = refused(&component(other, None)).to_string();
    assert!(error.contains("it exports `a:b/commands@1.0.0`"), "{error}");
    let unversioned =
        "package vestibule:b; interface commands { f: func(); } world w { export commands; }";
    let error = refused(&component(unversioned, None));
    assert!(matches!(error, ContractError::NoVersion { .. }), "{error}");

    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_str("a.wit", other).unwrap();
    let encoded = wit_component::encode(&resolve, package).unwrap();
    assert_eq!(refused(&encoded), ContractError::WitPackage);
}

#[test]
fn truncated_and_altered_components_are_refused_or_read() {
    let bytes = component(
        "package vestibule:probe@1.0.0;\ninterface commands { record r { a: list<u8> } f: func(x: r) -> result<r>; }\nworld w { export commands; }\n",
        None,
    );
    for end in 0..bytes.len() {
        // The export comes last but for what tools say of themselves.
        let read = Contract::read(&bytes[..end]);
        assert!(read.is_err() || end > bytes.len() / 2, "cut at {end}");
    }
    for index in 8..bytes.len() {
        let mut altered = bytes.clone();
        altered[index] ^= 0x15;
        let _ = Contract::read(&altered);
    }
}

#[test]
fn a_contract_is_shared_between_threads() {
    fn shared<T: Clone + std::fmt::Debug + Send + Sync + 'static>() {}
    shared::<Contract>();
}

#[test]
fn a_build_may_say_who_wrote_it_in_plain_words() {
    let with = |author: &[u8]| {
        let wit = "package vestibule:probe@1.0.0;\ninterface commands { run: func(); }\nworld w { export commands; }\n";
        let mut bytes = component(wit, None);
        bytes.extend(section("authors", author));
        Contract::read(&bytes).unwrap().author
    };
    assert_eq!(
        with("Ann Æ <ann@example.com>".as_bytes()).as_deref(),
        Some("Ann Æ <ann@example.com>")
    );
    for hostile in [
        &b""[..],
        b"\x1b[2J",
        b"a\nb",
        b"\xff",
        "a\u{202e}b".as_bytes(),
        &[b'a'; 257],
    ] {
        assert_eq!(with(hostile), None);
    }
}
