use semver::Version;

use super::*;
use crate::builds::{Highest, Refused};
use crate::config::{self, Config};
use crate::contract::testing::component;

/// A build of the channel `probe`: its version, what its world imports, its items, its manifest.
struct Build<'a> {
    version: &'a str,
    imports: &'a str,
    items: &'a str,
    manifest: &'a str,
}

const SERVING: Build<'_> = Build {
    version: "1.2.0",
    imports: "import storage;",
    items: "run: func(text: string);",
    manifest: r#"{"schema": {"writes": 2, "reads": [1, 2]}, "config": [{"name": "colour", "type": "string"}]}"#,
};

impl Build<'_> {
    fn bytes(&self) -> Vec<u8> {
        let Self {
            version,
            imports,
            items,
            ..
        } = self;
        let imports = imports
            .replace(
                "import storage",
                "import vestibule:capability/storage@1.0.0",
            )
            .replace("import mail", "import vestibule:capability/mail@1.0.0")
            .replace("import other", "import vestibule:other/commands@1.0.0");
        let wit = format!(
            "package vestibule:probe@{version};
             interface commands {{ {items} }}
             world w {{ {imports} export commands; }}
             package vestibule:capability@1.0.0 {{
                 interface storage {{ get: func(); }}
                 interface mail {{ send: func(); }}
             }}
             package vestibule:other@1.0.0 {{ interface commands {{ a: func(); b: func(); }} }}"
        );
        component(&wit, Some(self.manifest))
    }
}

/// Where a candidate is to serve.
struct World {
    component: config::Component,
    default_grants: Grants,
    auth: AuthCommands,
    record: DeploymentRecord,
    options: DeployOptions,
}

fn world() -> World {
    World {
        component: config::Component::default(),
        default_grants: grants(&["storage"]),
        auth: AuthCommands::default(),
        record: DeploymentRecord::default(),
        options: DeployOptions::default(),
    }
}

fn grants(names: &[&str]) -> Grants {
    Grants::parse(&owned(names)).unwrap()
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

impl World {
    fn problems(&self, candidate: &Build<'_>) -> Vec<Problem> {
        let other = "package vestibule:other@1.0.0;
            interface commands { a: func(); b: func(); } world w { export commands; }";
        let other = Contract::read(&component(other, None)).unwrap();
        let (serving, bytes) = (Contract::read(&SERVING.bytes()).unwrap(), candidate.bytes());
        let (contract, at) = read("probe", &bytes).unwrap();
        let config = Config::default();
        let (given, asked) = match given(&contract, &Grants::default(), &self.options) {
            Ok(given) => given,
            Err(problem) => return vec![problem],
        };
        let candidate = Candidate {
            contract: &contract,
            exported: &contract.channels[at],
            digest: Digest::of(&bytes),
            counter: None,
        };
        let place = Place {
            serving: &serving,
            exported: &serving.channels[0],
            graph: Graph::default()
                .with(&serving.channels[0], &serving.called)
                .with(&other.channels[0], &other.called),
            settings: Settings {
                limits: &config.limits,
                shared: &config.shared,
                links: &config.links,
                component: &self.component,
                default_grants: self.default_grants.clone(),
                given,
            },
            auth: &self.auth,
            record: &self.record,
        };
        check(&candidate, &place, &asked, &self.options)
    }

    /// Which checks `candidate` fails.
    fn fails(&self, candidate: &Build<'_>) -> Vec<&'static str> {
        let problems = self.problems(candidate);
        problems.iter().map(|problem| problem.check).collect()
    }

    fn asking(mut self, grants: &[&str]) -> Self {
        self.options.grants = owned(grants);
        self
    }
}

#[test]
fn the_same_and_a_successor_may_serve() {
    let successor = Build {
        version: "1.3.0",
        items: "run: func(text: string, hint: option<string>); more: func();",
        manifest: r#"{"schema": {"writes": 3, "reads": [2, 3]}}"#,
        ..SERVING
    };
    for candidate in [SERVING, successor] {
        assert_eq!(world().problems(&candidate), []);
    }
}

#[test]
fn what_is_no_build_of_the_channel_is_refused_by_what_it_is() {
    let whole = SERVING.bytes();
    let module = wat::parse_str("(module)").unwrap();
    for (bytes, what) in [
        (b"hello".to_vec(), "does not begin with the bytes of one"),
        (Vec::new(), "does not begin with the bytes of one"),
        (module, "core module"),
        (whole[..whole.len() / 2].to_vec(), "damaged"),
    ] {
        let problem = read("probe", &bytes).err().unwrap();
        assert_eq!(problem.check, "contract");
        assert!(problem.what.contains(what), "{problem}");
        assert!(!problem.remedy.is_empty());
    }
    let problem = read("token", &whole).err().unwrap();
    assert!(
        problem.what.contains("serves probe and not token"),
        "{problem}"
    );
    assert!(read("probe", &whole).is_ok());
}

#[test]
fn another_major_version_is_another_channel() {
    let next = Build {
        version: "2.0.0",
        ..SERVING
    };
    let problems = world().problems(&next);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].what.contains("clients speak major version 1"));
}

#[test]
fn an_older_version_needs_to_be_allowed_and_counts_from_the_highest() {
    let older = |version| Build { version, ..SERVING };
    assert_eq!(world().fails(&older("1.1.9")), ["version"]);
    let mut went_back = world();
    went_back.record.highest = Some(Highest {
        version: Version::new(1, 4, 0),
        signed: None,
    });
    assert_eq!(went_back.fails(&older("1.3.0")), ["version"]);
    assert_eq!(went_back.fails(&older("1.4.0")), [""; 0]);
    went_back.options.allow_downgrade = true;
    assert_eq!(went_back.fails(&older("1.1.0")), [""; 0]);
}

#[test]
fn a_build_in_quarantine_needs_to_be_let_out() {
    let mut world = world();
    world.record.quarantine(Digest::of(&SERVING.bytes()));
    assert_eq!(world.fails(&SERVING), ["quarantine"]);
    world.options.allow_quarantined = true;
    assert_eq!(world.fails(&SERVING), [""; 0]);
}

#[test]
fn commands_that_clients_use_are_kept() {
    let without = Build {
        items: "walk: func();",
        ..SERVING
    };
    let changed = Build {
        items: "run: func(text: u32);",
        ..SERVING
    };
    for (candidate, what) in [
        (without, "run is missing"),
        (changed, "request.text is u32"),
    ] {
        let problems = world().problems(&candidate);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].check, "commands");
        assert!(problems[0].what.contains(what), "{}", problems[0]);
    }
}

#[test]
fn a_new_import_is_given_with_the_deploy() {
    let mails = Build {
        imports: "import storage; import mail;",
        ..SERVING
    };
    let problems = world().problems(&mails);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].check, "imports");
    assert!(
        problems[0].remedy.contains("`--grant mail`"),
        "{}",
        problems[0]
    );
    assert_eq!(world().asking(&["mail"]).problems(&mails), []);
    let calls = Build {
        imports: "import storage; import other;",
        ..SERVING
    };
    assert_eq!(world().asking(&["other/a"]).fails(&calls), ["imports"]);
    assert_eq!(world().asking(&["other/*"]).problems(&calls), []);
}

#[test]
fn what_the_configuration_allows_is_given_with_the_deploy_all_the_same() {
    let mails = Build {
        imports: "import storage; import mail;",
        ..SERVING
    };
    let mut allowed = world();
    allowed.component.grants = Some(owned(&["storage", "mail"]));
    assert_eq!(allowed.fails(&mails), ["imports"]);
    assert_eq!(allowed.asking(&["mail"]).problems(&mails), []);
}

#[test]
fn a_deploy_gives_nothing_beyond_what_a_configuration_lists() {
    let mails = Build {
        imports: "import storage; import mail;",
        ..SERVING
    };
    let mut listed = world();
    listed.component.grants = Some(owned(&["storage"]));
    assert_eq!(listed.fails(&mails), ["imports", "grants"]);
    let problems = listed.asking(&["mail"]).problems(&mails);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0].what.contains("`components.probe.grants`"),
        "{}",
        problems[0]
    );
}

#[test]
fn a_grant_that_is_none_or_gives_nothing_is_refused() {
    for wrong in ["disk", "mail", "other/*"] {
        assert_eq!(
            world().asking(&[wrong]).fails(&SERVING),
            ["grants"],
            "{wrong}"
        );
    }
    assert_eq!(world().asking(&["storage"]).problems(&SERVING), []);
}

#[test]
fn what_is_stored_must_be_read() {
    let next = |manifest| Build {
        manifest,
        ..SERVING
    };
    let blind = next(r#"{"schema": {"writes": 3, "reads": [3]}}"#);
    assert_eq!(world().fails(&blind), ["schema"]);
    // Without a manifest it is schema 0.
    assert_eq!(world().fails(&next("{}")), ["schema"]);
}

#[test]
fn the_configuration_must_fit() {
    let mut configured = world();
    let red = toml::Value::String("red".to_owned());
    configured.component.config.insert("colour".to_owned(), red);
    assert_eq!(configured.problems(&SERVING), []);
    let other = Build {
        manifest: r#"{"schema": {"writes": 2, "reads": [2]}, "config": [{"name": "shade", "type": "string"}]}"#,
        ..SERVING
    };
    let problems = configured.problems(&other);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].check, "config");
    assert!(!problems[0].what.contains("red"), "{}", problems[0]);
}

#[test]
fn calls_must_find_their_commands() {
    let wit = "package vestibule:probe@1.2.0;
        interface commands { run: func(text: string); }
        world w { import vestibule:nobody/commands@1.0.0; export commands; }
        package vestibule:nobody@1.0.0 { interface commands { a: func(); } }";
    let contract = Contract::read(&component(wit, None)).unwrap();
    let graph = Graph::default().with(&contract.channels[0], &contract.called);
    let problems = callers(&graph);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].what.contains("nobody"), "{}", problems[0]);
}

#[test]
fn the_command_that_checks_credentials_stays() {
    let mut checks = world();
    checks.auth.jwt = Some(("probe".to_owned(), "run".to_owned()));
    assert_eq!(checks.problems(&SERVING), []);
    let takes_two = Build {
        items: "run: func(text: string, hint: option<string>);",
        ..SERVING
    };
    assert_eq!(checks.fails(&takes_two), ["auth"]);
    assert_eq!(world().problems(&takes_two), []);
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let wrong = Build {
        version: "1.0.0",
        imports: "import mail;",
        items: "walk: func();",
        manifest: r#"{"schema": {"writes": 3, "reads": [3]}}"#,
    };
    let problems = world().problems(&wrong);
    let checks: Vec<_> = problems.iter().map(|problem| problem.check).collect();
    assert_eq!(checks, ["version", "commands", "imports", "schema"]);
    assert!(problems.iter().all(|problem| !problem.remedy.is_empty()));
    assert_eq!(
        Refused::Problems(problems).reason(),
        "version, commands, imports, schema"
    );
}
