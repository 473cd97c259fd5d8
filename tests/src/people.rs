//! Strangers who sign up, each known by a number.

use std::net::{IpAddr, Ipv4Addr};

use serde_json::json;
use vestibule::message::{Answer, Caller, Message};

use crate::harness::Harness;

/// How many sign up at once where a process is to end in the middle of it.
pub const PEOPLE: usize = 4;

/// The password of all of them, which keeps every rule.
pub const PASSWORD: &str = "nine wet otters sing";

/// The address of the person with this number.
#[must_use]
pub fn email(number: usize) -> String {
    format!("person-{number}@example.org")
}

/// Signs up the person with this number, from an address of their own.
pub async fn sign_up(host: &Harness, number: usize) -> Answer {
    let [.., high, low] = number.to_be_bytes();
    let request = json!({"email": email(number), "password": PASSWORD, "last_name": "King"});
    let caller = Caller {
        remote_address: Some(IpAddr::V4(Ipv4Addr::new(10, 1, high, low))),
        ..Caller::public()
    };
    host.host
        .send(Message::new("accounts", "sign-up", request, caller))
        .await
}
