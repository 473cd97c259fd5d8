use proptest::prelude::*;

use super::*;

fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let variables = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::parse(text, variables)
}

fn refusal(text: &str, environment: &[(&str, &str)]) -> String {
    load(text, environment).unwrap_err().to_string()
}

#[test]
fn nothing_configured_is_the_default() {
    let config = load("", &[]).unwrap();
    assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()));
}

#[test]
fn the_whole_default_can_be_written_and_read() {
    let text = toml::to_string(&Config::default()).unwrap();
    let config = load(&text, &[]).unwrap();
    assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()));
}

#[test]
fn a_file_is_read() {
    let config = load(
        r#"
        [http]
        listen = "127.0.0.1:0"
        trusted_proxies = ["10.0.0.0/8"]
        [components.api-tokens]
        grants = ["storage", "caller.establish", "token/*"]
        limits.cpu_ms = 10
        config.max-age = "30d"
        [buckets.sign-in]
        burst = 10
        period_ms = 900000
        "#,
        &[],
    )
    .unwrap();
    assert_eq!(config.http.listen.port(), 0);
    assert_eq!(config.http.trusted_proxies.len(), 1);
    assert_eq!(
        config.components["api-tokens"].config["max-age"].as_str(),
        Some("30d")
    );
    assert_eq!(config.components["api-tokens"].limits.cpu_ms, Some(10));
    assert_eq!(config.buckets["sign-in"].burst, 10);
}

#[test]
fn the_environment_stands_over_the_file() {
    let config = load(
        "[http]\nlisten = \"127.0.0.1:1\"\ndrain_ms = 5",
        &[
            ("VESTIBULE_HTTP__LISTEN", "127.0.0.1:2"),
            (
                "VESTIBULE_PLANES__PUBLIC",
                "accounts/sign-up, accounts/sign-in",
            ),
            ("VESTIBULE_ASYNCAPI__BARE", r#"["token", "users"]"#),
            ("VESTIBULE_COMPONENTS__API_TOKENS__CONFIG__MAX_AGE", "30d"),
            ("VESTIBULE_COMPONENTS__API_TOKENS__CONFIG__TRIES", "3"),
            ("VESTIBULE_ROOT_KEY__FILE", "/run/root"),
            (
                "VESTIBULE_LINKS__VERIFY_EMAIL",
                "https://www.example.com/verify#{token}",
            ),
            ("VESTIBULE_BUCKETS__SIGN_IN__BURST", "3"),
            ("VESTIBULE_BUCKETS__SIGN_IN__PERIOD_MS", "3000"),
            ("VESTIBULE_DATA", "elsewhere"),
            ("VESTIBULE_KEY", "vsk_x"),
            ("PATH", "/bin"),
        ],
    )
    .unwrap();
    assert_eq!(config.http.listen.port(), 2);
    assert_eq!(config.http.drain_ms, 5);
    assert_eq!(
        config.planes.public,
        ["accounts/sign-up", "accounts/sign-in"]
    );
    assert_eq!(config.asyncapi.bare, ["token", "users"]);
    let values = &config.components["api-tokens"].config;
    assert_eq!(values["max-age"].as_str(), Some("30d"));
    assert_eq!(values["tries"].as_integer(), Some(3));
    assert_eq!(config.root_key.file, Some("/run/root".into()));
    assert_eq!(
        config.links.verify_email.as_deref(),
        Some("https://www.example.com/verify#{token}")
    );
    assert_eq!(config.links.new_password, None);
    assert_eq!(config.buckets["sign-in"].burst, 3);
    assert_eq!(config.data, PathBuf::from("data"));
}

#[test]
fn a_certificate_needs_its_key() {
    let config = load("[tls]\ncertificate = \"c.pem\"\nkey = \"k.pem\"", &[]).unwrap();
    assert_eq!(
        config.tls.files(),
        Some(("c.pem".as_ref(), "k.pem".as_ref()))
    );
    assert_eq!(load("[tls]", &[]).unwrap().tls.files(), None);
    for (text, says) in [
        (
            "[tls]\ncertificate = \"s3cret\"",
            "`tls.key` must name the key",
        ),
        (
            "[tls]\nkey = \"s3cret\"",
            "`tls.certificate` must name the certificate",
        ),
        (
            "[tls]\nkey = \"\"\ncertificate = \"s3cret\"",
            "`tls.key` must name a file",
        ),
        ("[tls]\nkey = 7", "`tls.key` must be text"),
        ("tls = true", "`tls` must be a table"),
    ] {
        let refused = refusal(text, &[]);
        assert!(refused.starts_with(says), "{refused}");
        assert!(!refused.contains("s3cret"), "{refused}");
    }
    let variables = [
        ("VESTIBULE_TLS__CERTIFICATE", "c.pem"),
        ("VESTIBULE_TLS__KEY", "k.pem"),
        ("VESTIBULE_CA_FILE", "ca.pem"),
    ];
    assert!(load("", &variables).unwrap().tls.files().is_some());
}

#[test]
fn a_value_may_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, "s3cret\n").unwrap();
    let path = path.to_str().unwrap();
    let name = "VESTIBULE_COMPONENTS__EMAIL__CONFIG__SMTP_PASSWORD";
    let file = format!("{name}_FILE");
    let config = load("", &[(&file, path)]).unwrap();
    let value = &config.components["email"].config["smtp-password"];
    assert_eq!(value.as_str(), Some("s3cret"));
    assert!(!format!("{config:?}").contains("s3cret"));

    let config = load("", &[("VESTIBULE_SHARED__ISSUER_FILE", path)]).unwrap();
    assert_eq!(config.shared.issuer, "s3cret");

    let both = refusal("", &[(&file, path), (name, "other")]);
    assert_eq!(
        both,
        format!("`{file}` sets a key that another variable sets too")
    );
    let missing = refusal("", &[(&file, "/nonexistent/secret")]);
    assert!(
        missing.starts_with(&format!("the file named by {file} cannot be read: ")),
        "{missing}"
    );
    assert!(!missing.contains("/nonexistent"));
}

#[test]
fn deploys_are_configured() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    std::fs::write(&path, "s3cret\n").unwrap();
    let key = "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let digest = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let registry = "VESTIBULE_DEPLOY__REGISTRIES__WORK";
    let config = load(
        &format!("[deploy]\nrequire_signature = true\npinned = {{ api-tokens = \"{digest}\" }}"),
        &[
            ("VESTIBULE_DEPLOY__TRUST", key),
            ("VESTIBULE_DEPLOY__PINNED__TOKEN", digest),
            (&format!("{registry}__HOST"), "registry.example.com:5000"),
            (&format!("{registry}__USERNAME"), "robot"),
            (
                &format!("{registry}__PASSWORD_FILE"),
                path.to_str().unwrap(),
            ),
        ],
    )
    .unwrap();
    let deploy = &config.deploy;
    assert!(deploy.require_signature);
    assert_eq!(deploy.trust, [key.parse().unwrap()]);
    assert_eq!(deploy.pinned["token"], digest.parse().unwrap());
    assert_eq!(deploy.pinned["api-tokens"], digest.parse().unwrap());
    let found = deploy.registry("Registry.example.com:5000").unwrap();
    assert_eq!((&*found.username, &*found.password), ("robot", "s3cret"));
    assert!(deploy.registry("registry.example.com").is_none());
    let shown = format!("{config:?}");
    assert!(!shown.contains("s3cret") && !shown.contains("robot"));
    let written = toml::to_string(&config).unwrap();
    assert_eq!(format!("{:?}", load(&written, &[]).unwrap()), shown);
}

#[test]
fn mail_is_configured() {
    let config = load(
        "[mail]\nfrom = \"a@b.example\"\nserver = \"smtp.example.com\"\nmax_tries = 3",
        &[
            ("VESTIBULE_MAIL__USERNAME", "robot"),
            ("VESTIBULE_MAIL__PASSWORD", "s3cret"),
            ("VESTIBULE_MAIL__CA_FILE", "/etc/ca.pem"),
        ],
    )
    .unwrap();
    let mail = &config.mail;
    assert_eq!(
        (mail.effective_tls(), mail.effective_port()),
        (MailTls::Starttls, 587)
    );
    assert_eq!((mail.max_tries, mail.concurrency), (3, 4));
    assert_eq!(mail.ca_file, Some("/etc/ca.pem".into()));
    assert!(!format!("{config:?}").contains("s3cret"));
    for (tls, port, expected) in [
        (None, Some(465), (MailTls::Implicit, 465)),
        (Some(MailTls::Implicit), None, (MailTls::Implicit, 465)),
        (Some(MailTls::None), None, (MailTls::None, 25)),
        (Some(MailTls::Starttls), Some(25), (MailTls::Starttls, 25)),
    ] {
        let mail = Mail {
            tls,
            port,
            ..Mail::default()
        };
        assert_eq!((mail.effective_tls(), mail.effective_port()), expected);
    }
    for server in ["localhost", "127.0.0.1", "::1"] {
        let text = format!("[mail]\nfrom = \"a@b.example\"\nserver = \"{server}\"\ntls = \"none\"");
        load(&text, &[]).unwrap();
    }
    let trusted =
        "[mail]\nfrom = \"a@b.example\"\nserver = \"relay\"\ntls = \"none\"\nallow_plain = true";
    load(trusted, &[]).unwrap();
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest() {
    for (text, expected) in [
        (
            "[http]\nlisen = \"127.0.0.1:1\"",
            "unknown key `http.lisen` in the configuration file; did you mean `http.listen`?",
        ),
        (
            "[htpp]",
            "unknown key `htpp` in the configuration file; did you mean `http`?",
        ),
        (
            "max_body_bytes = 1",
            "unknown key `max_body_bytes` in the configuration file; did you mean `http.max_body_bytes`?",
        ),
        (
            "[components.token.limits]\nmemory_byte = 1",
            "unknown key `components.token.limits.memory_byte` in the configuration file; did you mean `components.token.limits.memory_bytes`?",
        ),
        (
            "[signing]\nquux = 1",
            "unknown key `signing.quux` in the configuration file; known here: signing.algorithm",
        ),
    ] {
        assert_eq!(refusal(text, &[]), expected);
    }
}

#[test]
fn an_unknown_variable_is_refused_with_the_nearest() {
    for (name, expected) in [
        (
            "VESTIBULE_HTTP__LISEN",
            "did you mean `VESTIBULE_HTTP__LISTEN`?",
        ),
        (
            "VESTIBULE_LISTEN",
            "did you mean `VESTIBULE_ADMIN__LISTEN` or `VESTIBULE_HTTP__LISTEN`?",
        ),
        (
            "VESTIBULE_ROOT_KEY_FILE",
            "did you mean `VESTIBULE_ROOT_KEY__FILE`?",
        ),
        (
            "VESTIBULE_HTTP__LISTEN__PORT",
            "`VESTIBULE_HTTP__LISTEN` has no keys",
        ),
    ] {
        assert_eq!(
            refusal("", &[(name, "s3cret")]),
            format!("unknown key `{name}` in the environment; {expected}")
        );
    }
    assert_eq!(
        refusal("", &[("VESTIBULE_HTTP", "x")]),
        "`VESTIBULE_HTTP` is a table: set its keys, such as VESTIBULE_HTTP__DRAIN_MS"
    );
}

/// No sentence repeats the value.
#[test]
fn a_wrong_value_is_refused_with_its_rule() {
    for (text, expected) in [
        (
            "[http]\nlisten = 8080",
            "`http.listen` must be text in quotes",
        ),
        (
            "[http]\nlisten = \"s3cret\"",
            "`http.listen` must be an address with a port, such as \"127.0.0.1:8080\"",
        ),
        (
            "[http]\ntrusted_proxies = [\"10.0.0.0/8\", \"s3cret\"]",
            "`http.trusted_proxies[1]` must be a network, such as \"10.0.0.0/8\"",
        ),
        (
            "[http]\nmax_body_bytes = \"s3cret\"",
            "`http.max_body_bytes` must be a whole number",
        ),
        (
            "[http]\nmax_body_bytes = -1",
            "`http.max_body_bytes` must be a whole number that is not negative and not too large",
        ),
        (
            "[http]\nmax_body_bytes = 0",
            "`http.max_body_bytes` must be from 1 to 16777216",
        ),
        ("http = \"s3cret\"", "`http` must be a table"),
        (
            "[log]\nformat = \"s3cret\"",
            "`log.format` must be \"text\" or \"json\"",
        ),
        (
            "[signing]\nalgorithm = \"none\"",
            "`signing.algorithm` must be \"EdDSA\" or \"ES256\"",
        ),
        (
            "[buckets.sign-in]\nburst = 1",
            "`buckets.sign-in` is incomplete: missing field `period_ms`",
        ),
        (
            "[root_key]\nfile = \"a\"\ncommand = [\"b\"]",
            "`root_key` takes `file` or `command`, not both: the root key has one source",
        ),
        (
            "[root_key]\ncommand = []",
            "`root_key.command` must name a program: [\"program\", \"argument\", …]",
        ),
        (
            "[planes]\nuser = [\"accounts\"]",
            "`planes.user[0]` must be `channel/command` or `channel/*`, in kebab-case",
        ),
        (
            "[auth]\njwt = \"token/*\"",
            "`auth.jwt` must name one command: `channel/command`",
        ),
        (
            "[components.token]\ngrants = [\"Storage\"]",
            "`components.token.grants[0]` must be a capability (`storage`), a command (`token/verify-token`) or a channel's commands (`token/*`)",
        ),
        (
            "[components.api_tokens]\n",
            "`components.api_tokens` must be named in kebab-case, such as `api-tokens`",
        ),
        (
            "[components.token.limits]\nmemory_bytes = 1",
            "`components.token.limits.memory_bytes` must be from 65536 to 268435456",
        ),
        (
            "[limits]\ncpu_ms = 0",
            "`limits.cpu_ms` must be from 1 to 3600000",
        ),
        (
            "[limits]\nhost_calls = 0",
            "`limits.host_calls` must be at least 1",
        ),
        (
            "[shared]\npublic_origin = \"https://x.example/path\"",
            "`shared.public_origin` must be a scheme, a host and perhaps a port, such as \"https://auth.example.com\", without a path",
        ),
        (
            "[deploy]\ntrust = [\"ed25519:s3cret\"]",
            "`deploy.trust[0]` must be `ed25519:` and 43 characters of base64url, as `vestibule component keygen` prints it",
        ),
        (
            "[deploy]\ntrust = [\"ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"]",
            "`deploy.trust[0]` is a key for which anybody can sign; make one with `vestibule component keygen`",
        ),
        (
            "[deploy]\npinned.token = \"s3cret\"",
            "`deploy.pinned.token` must be `sha256:` and 64 hexadecimal digits in lower case",
        ),
        (
            "[deploy]\npinned.Token = \"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"",
            "`deploy.pinned.Token` must be named in kebab-case, such as `api-tokens`",
        ),
        (
            "[deploy.registries.work]\nhost = \"ghcr.io\"\nusername = \"s3cret\"",
            "`deploy.registries.work` is incomplete: missing field `password`",
        ),
        (
            "[deploy.registries.work]\nhost = \"https://s3cret/x\"\nusername = \"a\"\npassword = \"b\"",
            "`deploy.registries.work.host` must be a host, perhaps with a port, such as \"ghcr.io\"",
        ),
        (
            "[deploy.registries.work]\nhost = \"ghcr.io\"\nusername = \"s3cret:\"\npassword = \"b\"",
            "`deploy.registries.work.username` must be 1 to 4096 bytes of text without control characters and colons",
        ),
        (
            "[deploy.registries.a]\nhost = \"ghcr.io\"\nusername = \"a\"\npassword = \"b\"\n[deploy.registries.b]\nhost = \"GHCR.io\"\nusername = \"a\"\npassword = \"b\"",
            "`deploy.registries.b.host` names a registry that another one names too",
        ),
        (
            "[mail]\nserver = \"smtp.example.com\"",
            "`mail.from` must be set when there is a server: who mails are from",
        ),
        (
            "[mail]\nfrom = \"a@b.example\"\nserver = \"relay\"\ntls = \"none\"",
            "`mail.tls` must be \"starttls\" or \"implicit\" for a server beyond this machine: mails carry one-time tokens; `mail.allow_plain = true` says that the network is trusted",
        ),
        (
            "[mail]\nusername = \"s3cret\"",
            "`mail` takes `username` and `password` together, or neither",
        ),
        (
            "[mail]\nserver = \"https://s3cret/\"",
            "`mail.server` must be a host's name or address, such as \"smtp.example.com\"",
        ),
        (
            "[mail]\nfrom = \"s3cret\\r\\nBcc: a\"",
            "`mail.from` must be 1 to 1024 bytes of text without control characters",
        ),
        (
            "[mail]\ntls = \"s3cret\"",
            "`mail.tls` must be \"starttls\", \"implicit\" or \"none\"",
        ),
        (
            "[mail]\nretry_min_ms = 9000\nretry_max_ms = 8000",
            "`mail.retry_max_ms` must be from 9000 to 86400000",
        ),
        ("[mail]\nport = 0", "`mail.port` must be from 1 to 65535"),
        (
            "[deploy]\nmax_bytes = 67108865",
            "`deploy.max_bytes` must be from 1 to 67108864",
        ),
        (
            "[audit]\nkeep_days = 0",
            "`audit.keep_days` must be from 1 to 36500",
        ),
        (
            "[links]\nnew_password = \"https://x.example/{token}\"",
            "`links.new_password` must be a whole link of at most 256 bytes with `{token}` once, after a `#`, such as \"https://www.example.com/verify#{token}\"",
        ),
        (
            "[shared]\naudience = \"\"",
            "`shared.audience` must be 1 to 255 bytes of text without control characters",
        ),
    ] {
        assert_eq!(refusal(text, &[]), expected);
    }
    assert_eq!(
        refusal("", &[("VESTIBULE_LIMITS__CPU_MS", "s3cret")]),
        "`VESTIBULE_LIMITS__CPU_MS` must be a whole number"
    );
}

#[test]
fn a_broken_file_is_refused_without_its_text() {
    assert_eq!(
        refusal("[http]\nlisten = s3cret", &[]),
        "the configuration file is not TOML: string values must be quoted, expected literal string at line 2, column 10"
    );
    let quoted = refusal("a = 1\na = \"s3cret\"", &[]);
    assert!(!quoted.contains("s3cret"), "{quoted}");
    let missing = Config::load(Some("/nonexistent/v.toml".as_ref()), std::iter::empty());
    assert_eq!(
        missing.unwrap_err().to_string(),
        "the configuration file /nonexistent/v.toml cannot be read: No such file or directory (os error 2)"
    );
}

#[test]
fn a_file_that_is_no_text_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.toml");
    std::fs::write(&path, [0xff, 0xfe]).unwrap();
    let error = Config::load(Some(&path), std::iter::empty()).unwrap_err();
    assert!(error.to_string().ends_with("v.toml is not UTF-8"));
    std::fs::write(&path, "#".repeat(1024 * 1024 + 1)).unwrap();
    let error = Config::load(Some(&path), std::iter::empty()).unwrap_err();
    assert!(error.to_string().ends_with("v.toml is larger than 1 MiB"));
    // A folder opens and cannot be read.
    assert!(matches!(
        Config::load(Some(folder.path()), std::iter::empty()),
        Err(ConfigError::Unreadable { .. })
    ));
}

const CORPUS: [&str; 6] = [
    "",
    "[http]\nlisten = \"127.0.0.1:0\"\ntrusted_proxies = [\"10.0.0.0/8\"]",
    "[components.api-tokens]\ngrants = [\"storage\", \"token/*\"]\nlimits.cpu_ms = 10\nconfig.max-age = \"30d\"",
    "[buckets.sign-in]\nburst = 10\nperiod_ms = 900000\npersistent = true",
    "[components.a.config]\nb = 1979-05-27\nc = [1, {d = 2.5}]\ne = nan",
    "HTTP__LISTEN=127.0.0.1:1",
];

#[test]
fn the_corpus_goes_through() {
    for text in CORPUS {
        fuzz(text.as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn altered_files_go_through(text in 0..CORPUS.len(), edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4)) {
        let mut bytes = CORPUS[text].as_bytes().to_vec();
        for (index, byte) in edits {
            if !bytes.is_empty() {
                let index = index.index(bytes.len());
                bytes[index] = byte;
            }
        }
        fuzz(&bytes);
    }

    #[test]
    fn any_variable_goes_through(name in "[A-Z_]{0,20}", value in ".{0,20}") {
        fuzz(format!("{name}={value}").as_bytes());
    }
}
