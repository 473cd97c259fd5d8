use std::collections::VecDeque;

use serde_json::json;
use vestibule::error::{Code, Failure};

use super::*;

/// A server: accounts by e-mail, and what goes wrong with the next messages.
#[derive(Default)]
struct Server {
    /// What each message had.
    messages: Vec<Vec<Value>>,
    accounts: Vec<String>,
    trouble: VecDeque<Trouble>,
    rests: Vec<u64>,
}

enum Trouble {
    Busy(u64),
    Down,
    Nonsense,
}

impl Importer for Server {
    async fn import(&mut self, users: &[&Value]) -> Result<Value, Failed> {
        match self.trouble.pop_front() {
            Some(Trouble::Busy(ms)) => {
                let body = ErrorBody::from(&Failure::unavailable(ms));
                return Err(Failed::Answered(body));
            }
            Some(Trouble::Down) => return Err(Failed::Unreachable("down".to_owned())),
            Some(Trouble::Nonsense) => return Ok(json!({"results": []})),
            None => {}
        }
        self.messages
            .push(users.iter().map(|user| (*user).clone()).collect());
        // As the host does: what does not fit the contract refuses the message.
        let violations = users.iter().enumerate().filter_map(|(n, user)| {
            let is_text = user["email"].is_string();
            (!is_text).then(|| Violation::new(format!("users[{n}].email"), "must be a string"))
        });
        let violations: Vec<_> = violations.take(2).collect();
        if !violations.is_empty() {
            let body = ErrorBody::from(&Failure::bad_request(violations));
            return Err(Failed::Answered(body));
        }
        let results: Vec<_> = users.iter().map(|user| self.add(user)).collect();
        Ok(json!({"results": results}))
    }

    async fn rest(&mut self, ms: u64) {
        self.rests.push(ms);
    }
}

impl Server {
    fn add(&mut self, user: &Value) -> Value {
        let email = user["email"].as_str().unwrap().to_owned();
        if email == "taken-id" {
            return json!("duplicate-id");
        }
        if !email.contains('@') {
            let violation = Violation::new("email", "must be an address");
            return json!({"refused": [violation]});
        }
        if self.accounts.contains(&email) {
            return json!({"exists": "id"});
        }
        self.accounts.push(email);
        json!({"imported": "id"})
    }
}

#[derive(Default)]
struct Notes {
    refused: Vec<String>,
    progress: Vec<u64>,
}

impl Journal for Notes {
    fn refused(&mut self, line: u64, violations: &[Violation]) {
        for Violation { path, message } in violations {
            self.refused.push(format!("{line} {path} {message}"));
        }
    }

    fn progress(&mut self, summary: &Summary) {
        self.progress.push(summary.lines);
    }
}

fn people(count: u64) -> String {
    let line = |n| format!("{{\"email\":\"p{n}@example.com\"}}\n");
    (1..=count).map(line).collect()
}

fn summary(lines: u64, imported: u64, existing: u64, refused: u64) -> Summary {
    Summary {
        lines,
        imported,
        existing,
        refused,
    }
}

#[tokio::test]
async fn lines_go_in_batches_and_again_they_exist() {
    let (mut server, mut notes) = (Server::default(), Notes::default());
    let file = people(120);
    let first = import(file.as_bytes(), 1, &mut server, &mut notes).await;
    assert_eq!(first.unwrap(), summary(120, 120, 0, 0));
    let sizes: Vec<_> = server.messages.iter().map(Vec::len).collect();
    assert_eq!(sizes, [50, 50, 20]);
    assert_eq!(notes.progress, [50, 100, 120]);
    let again = import(file.as_bytes(), 1, &mut server, &mut notes).await;
    assert_eq!(again.unwrap(), summary(120, 0, 120, 0));
    let rest = import(file.as_bytes(), 71, &mut server, &mut notes).await;
    assert_eq!(rest.unwrap(), summary(50, 0, 50, 0));
    let nothing = import(&b""[..], 1, &mut server, &mut notes).await;
    assert_eq!(nothing.unwrap(), Summary::default());
    assert!(notes.refused.is_empty());
}

#[tokio::test]
async fn a_batch_is_bounded_in_bytes() {
    let (mut server, mut notes) = (Server::default(), Notes::default());
    let long = "x".repeat(60_000);
    let file: String = (0..5)
        .map(|n| format!("{{\"email\":\"p{n}@e\",\"first_name\":\"{long}\"}}\n"))
        .collect();
    let done = import(file.as_bytes(), 1, &mut server, &mut notes).await;
    assert_eq!(done.unwrap().imported, 5);
    let sizes: Vec<_> = server.messages.iter().map(Vec::len).collect();
    assert_eq!(sizes, [2, 2, 1]);
}

#[tokio::test]
async fn every_bad_line_is_named_and_the_others_are_imported() {
    let (mut server, mut notes) = (Server::default(), Notes::default());
    let file = "\
{\"email\":\"a@example.com\"}
{\"email\":\"s3cret\"}

s3cret
{\"email\":5,\"password_hash\":\"s3cret\"}
{\"email\":6}
{\"password_hash\":\"s3cret\"}
{\"email\":\"taken-id\"}
[\"s3cret\"]
{\"email\":\"b@example.com\"}
{\"email\":\"a@example.com\"}";
    let done = import(file.as_bytes(), 1, &mut server, &mut notes).await;
    assert_eq!(done.unwrap(), summary(10, 2, 1, 7));
    notes.refused.sort();
    assert_eq!(
        notes.refused,
        [
            "2 email must be an address",
            "4  is not JSON, at column 1",
            "5 email must be a string",
            "6 email must be a string",
            "7 email must be a string",
            "8 id is somebody else's",
            "9  must be a JSON object",
        ]
    );
}

#[tokio::test]
async fn a_busy_server_is_given_its_time() {
    let (mut server, mut notes) = (Server::default(), Notes::default());
    server
        .trouble
        .extend([Trouble::Busy(500), Trouble::Busy(60_000)]);
    let done = import(people(1).as_bytes(), 1, &mut server, &mut notes).await;
    assert_eq!(done.unwrap().imported, 1);
    assert_eq!(server.rests, [500, LONGEST_REST_MS]);

    server.trouble.extend((0..TRIES).map(|_| Trouble::Busy(1)));
    let stopped = import(people(1).as_bytes(), 1, &mut server, &mut notes).await;
    let stopped = stopped.unwrap_err();
    assert_eq!((stopped.at, stopped.summary.imported), (1, 0));
    assert!(matches!(stopped.why, Failed::Answered(body) if body.error.code == "unavailable"));
}

#[tokio::test]
async fn an_import_that_breaks_off_says_where_to_go_on() {
    for trouble in [Trouble::Down, Trouble::Nonsense] {
        let (mut server, mut notes) = (Server::default(), Notes::default());
        let file = format!("s3cret\n{}", people(150));
        // The first line is refused here; the first batch is the next hundred.
        server.trouble.push_back(trouble);
        let stopped = import(file.as_bytes(), 1, &mut server, &mut notes).await;
        let stopped = stopped.unwrap_err();
        assert_eq!(stopped.at, 2);
        assert!(matches!(stopped.why, Failed::Unreachable(_)));
        let done = import(file.as_bytes(), stopped.at, &mut server, &mut notes).await;
        assert_eq!(done.unwrap(), summary(150, 150, 0, 0));
    }
}

#[tokio::test]
async fn a_refusal_of_the_whole_is_not_blamed_on_lines() {
    let refusals = [
        Failure::new(Code::AccessDenied, "no"),
        Failure::bad_request(Vec::new()),
        Failure::bad_request(vec![Violation::new("users", "must be a list")]),
        Failure::bad_request(vec![Violation::new("users[7].email", "of another request")]),
        Failure::bad_request(vec![Violation::new("users[x]", "nonsense")]),
    ];
    for refusal in refusals {
        let body = ErrorBody::from(&refusal);
        assert!(refused_entries(&body, 7).is_none(), "{refusal:?}");
    }
}
