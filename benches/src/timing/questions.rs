//! The uniform answers, and the cases of each that a stranger must not tell from one another.
//!
//! Each case has people of its own, as many as every other, and goes through them over and over.

use std::cell::Cell;
use std::rc::Rc;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use vestibule::Host;
use vestibule::message::Message;

use crate::Options;
use crate::credentials::{ApiToken, api_tokens};
use crate::fixture::{Site, Variant, cheap};
use crate::foreign_hash;
use crate::people::{
    PASSWORD, Person, WRONG_PASSWORD, acting, address, disabled, each, imported, ok, pending,
    program, service, stranger, verified,
};

/// How many people each case is about.
const PEOPLE: usize = 1_000;

/// Twice the memory of our own hashes.
const FOREIGN_MEMORY_KIB: u32 = 16;

/// Asks for one case, each time with the next number.
type Ask = Box<dyn Fn(usize) -> Message>;

/// One case of a uniform answer.
pub(super) struct Question {
    /// Whose answer has to look the same in all cases.
    pub(super) group: &'static str,
    case: &'static str,
    /// Whether its time has to be that of the group's first case.
    pub(super) is_uniform: bool,
    /// The outcome or the reason in the audit record of the authorization channel by which the case is known.
    pub(super) shown_by: Option<&'static str>,
    pub(super) message: Ask,
}

impl Question {
    fn new(group: &'static str, case: &'static str, message: Ask) -> Self {
        Self {
            group,
            case,
            is_uniform: true,
            shown_by: None,
            message,
        }
    }

    fn shown_by(mut self, outcome_or_reason: &'static str) -> Self {
        self.shown_by = Some(outcome_or_reason);
        self
    }

    /// Nothing is promised of its time.
    fn apart(mut self) -> Self {
        self.is_uniform = false;
        self
    }

    pub(super) fn name(&self) -> String {
        format!("{}: {}", self.group, self.case)
    }
}

/// All groups that are wanted, each with the case first that the others are compared with.
pub(super) async fn all(host: &Host, options: &Options) -> Result<Vec<Question>> {
    let mut all = Vec::new();
    if options.wants(SIGN_IN) {
        all.extend(sign_in(host).await?);
    }
    if options.wants(SIGN_UP) {
        all.extend(sign_up(host).await?);
    }
    if options.wants(RESEND) {
        all.extend(resend_verification(host).await?);
    }
    if options.wants(RESET) {
        all.extend(reset_password(host).await?);
    }
    if options.wants(NEW_PASSWORD) {
        all.extend(new_password(host).await?);
    }
    if options.wants(API_TOKEN) {
        all.extend(api_token(host, options).await?);
    }
    Ok(all)
}

const SIGN_IN: &str = "sign-in";

/// A sign-in that fails, whatever the reason.
async fn sign_in(host: &Host) -> Result<Vec<Question>> {
    let wrong = verified(host, "wrong", PEOPLE).await?;
    let empty = verified(host, "empty", PEOPLE).await?;
    let off = disabled(host, "off", PEOPLE).await?;
    let unverified = pending(host, "unverified", PEOPLE).await?;
    imported(host, "passwordless", PEOPLE, None).await?;
    let hash = foreign_hash::phc(PASSWORD, FOREIGN_MEMORY_KIB)?;
    imported(host, "foreign", PEOPLE, Some(&hash)).await?;
    let case = |case, whose: Vec<String>, password: &'static str| {
        let ask = about(whose, "sign-in", json!({"password": password}));
        Question::new(SIGN_IN, case, ask)
    };
    Ok(vec![
        case("unknown address", addresses("unknown"), WRONG_PASSWORD).shown_by("no-account"),
        case("wrong password", emails(wrong), WRONG_PASSWORD).shown_by("wrong-password"),
        case("empty password", emails(empty), "").shown_by("wrong-password"),
        case("disabled, right password", emails(off), PASSWORD).shown_by("disabled"),
        case(
            "unverified, wrong password",
            emails(unverified),
            WRONG_PASSWORD,
        )
        .shown_by("wrong-password"),
        case("no password", addresses("passwordless"), WRONG_PASSWORD).shown_by("no-password"),
        case(
            "imported hash of twice the cost",
            addresses("foreign"),
            WRONG_PASSWORD,
        )
        .shown_by("wrong-password")
        .apart(),
    ])
}

const SIGN_UP: &str = "sign-up";

/// A sign-up, for an address that has an account or has none.
async fn sign_up(host: &Host) -> Result<Vec<Question>> {
    let known = emails(verified(host, "known", PEOPLE).await?);
    let fields = json!({"password": PASSWORD, "first_name": "Ada", "last_name": "King"});
    let (told, told_before) = now_and_before(known, SIGN_UP, fields.clone());
    let ask_new = move |number| asked_about(&address("new", number), number, SIGN_UP, &fields);
    Ok(vec![
        Question::new(SIGN_UP, "new address", Box::new(ask_new)).shown_by("success"),
        Question::new(SIGN_UP, "has an account, notice mailed", told).shown_by("duplicate-email"),
        Question::new(SIGN_UP, "has an account, noticed before", told_before)
            .shown_by("duplicate-email"),
    ])
}

const RESEND: &str = "resend-verification";

/// A verification mail, for somebody who needs one and for others.
async fn resend_verification(host: &Host) -> Result<Vec<Question>> {
    let unverified = emails(pending(host, "resend", PEOPLE).await?);
    let done = emails(verified(host, "proved", PEOPLE).await?);
    let nobody = about(addresses("unheard"), RESEND, json!({}));
    let (mailed, too_often) = now_and_before(unverified, RESEND, json!({}));
    Ok(vec![
        Question::new(RESEND, "unknown address", nobody).shown_by("no-account"),
        Question::new(RESEND, "unverified, mailed", mailed).shown_by("success"),
        Question::new(RESEND, "unverified, mailed a moment ago", too_often).shown_by("too-often"),
        Question::new(RESEND, "verified", about(done, RESEND, json!({}))).shown_by("verified"),
    ])
}

const RESET: &str = "reset-password";

/// A mail for a new password.
async fn reset_password(host: &Host) -> Result<Vec<Question>> {
    let known = emails(verified(host, "forgetful", PEOPLE).await?);
    let unverified = emails(pending(host, "hasty", PEOPLE).await?);
    let off = emails(disabled(host, "banned", PEOPLE).await?);
    let nobody = about(addresses("nobody"), RESET, json!({}));
    let (mailed, too_often) = now_and_before(known, RESET, json!({}));
    let unverified = about(unverified, RESET, json!({}));
    Ok(vec![
        Question::new(RESET, "unknown address", nobody).shown_by("no-account"),
        Question::new(RESET, "has an account, mailed", mailed).shown_by("success"),
        Question::new(RESET, "mailed a moment ago", too_often).shown_by("too-often"),
        Question::new(RESET, "unverified, mailed", unverified).shown_by("success"),
        Question::new(RESET, "disabled", about(off, RESET, json!({}))).shown_by("disabled"),
    ])
}

const NEW_PASSWORD: &str = "new-password";

/// A code for a new password that is worth nothing.
async fn new_password(host: &Host) -> Result<Vec<Question>> {
    let replaced = verified(host, "replaced", PEOPLE).await?;
    let replaced = each(&replaced, |person| async move {
        let code = reset_code(host, person).await?;
        reset_code(host, person).await?;
        Ok(code)
    });
    let used = verified(host, "used", PEOPLE).await?;
    let used = each(&used, |person| async move {
        let code = reset_code(host, person).await?;
        let payload = json!({"token": code, "password": PASSWORD});
        ok(host, service("authorization", "reset-password", payload)).await?;
        Ok(code)
    });
    let case = |case, codes: Vec<String>| {
        let ask = move |number: usize| {
            let code = &codes[number % codes.len()];
            let payload = json!({"code": code, "password": WRONG_PASSWORD});
            stranger(number, "new-password", payload)
        };
        Question::new(NEW_PASSWORD, case, Box::new(ask))
    };
    Ok(vec![
        case("unknown code", (0..PEOPLE).map(nobodys_code).collect()),
        case("replaced code", replaced.await?),
        case("used code", used.await?),
        case("no code at all", vec!["nonsense".to_owned()]).apart(),
    ])
}

const API_TOKEN: &str = "api-token";

/// An API token that is worth nothing. Its values cannot be guessed, so time tells nothing that its holder does not know.
async fn api_token(host: &Host, options: &Options) -> Result<Vec<Question>> {
    let elsewhere = Site::sqlite(&options.folder)?;
    let elsewhere = elsewhere.host(Variant::configured(cheap)).await?;
    let theirs = verified(&elsewhere, "holder", PEOPLE).await?;
    let unknown = api_tokens(&elsewhere, &theirs).await?;
    let ours = verified(host, "holder", PEOPLE).await?;
    let ended = api_tokens(host, &ours).await?;
    each(&ended, |token| async move {
        let payload = json!({"uuid": token.uuid});
        let end = acting(&token.owner, "api-tokens", "force-expiration", payload);
        ok(host, end).await
    })
    .await?;
    let case = |case, values: Vec<String>| {
        let ask = move |number: usize| program(number, &values[number % values.len()], "profile");
        Question::new(API_TOKEN, case, Box::new(ask))
    };
    let values = |tokens: Vec<ApiToken>| tokens.into_iter().map(|token| token.value).collect();
    Ok(vec![
        case("of another installation", values(unknown)),
        case("ended", values(ended)),
        case("no token at all", vec!["vst_nonsense".to_owned()]).apart(),
    ])
}

/// Asks `command` about `whose` addresses, one after the other.
fn about(whose: Vec<String>, command: &'static str, fields: Value) -> Ask {
    Box::new(move |number| asked_about(&whose[number % whose.len()], number, command, &fields))
}

/// Asks `command` about `whose` addresses, one after the other; and again about the one that was asked about last.
fn now_and_before(whose: Vec<String>, command: &'static str, fields: Value) -> (Ask, Ask) {
    let last = Rc::new(Cell::new(0));
    let (whose, fields) = (Rc::new(whose), Rc::new(fields));
    let asked = {
        let (last, whose, fields) = (last.clone(), whose.clone(), fields.clone());
        move |number: usize| {
            last.set(number % whose.len());
            asked_about(&whose[last.get()], number, command, &fields)
        }
    };
    let again = move |number| asked_about(&whose[last.get()], number, command, &fields);
    (Box::new(asked), Box::new(again))
}

fn asked_about(email: &str, number: usize, command: &str, fields: &Value) -> Message {
    let mut payload = fields.clone();
    payload["email"] = email.into();
    stranger(number, command, payload)
}

/// A code that could be somebody's and is nobody's.
fn nobodys_code(_: usize) -> String {
    let (one, other) = (uuid::Uuid::now_v7(), uuid::Uuid::now_v7());
    let mut bytes = [0; 20];
    bytes[..10].copy_from_slice(&one.as_bytes()[6..]);
    bytes[10..].copy_from_slice(&other.as_bytes()[6..]);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A code for a new password, for a service to mail.
async fn reset_code(host: &Host, person: &Person) -> Result<String> {
    let payload = json!({"email": person.email});
    let ask = service("authorization", "get-forgot-password-token", payload);
    let reply = ok(host, ask).await?;
    let token = reply["token"].as_str();
    token.map(str::to_owned).context("no token")
}

/// Addresses without accounts, or whose people are known by nothing else.
fn addresses(names: &str) -> Vec<String> {
    (0..PEOPLE).map(|number| address(names, number)).collect()
}

fn emails(people: Vec<Person>) -> Vec<String> {
    people.into_iter().map(|person| person.email).collect()
}
