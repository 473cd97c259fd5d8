//! What a command costs as accounts grow in number: at 10³, 10⁵ and, if asked for, 10⁶ of them.
//!
//! The accounts are imported, in batches of 50, with names and a ready hash, so each has a profile and nothing is hashed. All sizes
//! are there at once and take turns, in the memory of the operating system: without that it is the disk that is measured.
//! Sign-ins are of as many people at every size, spread over all of them, who have signed in before (their imported hash has been
//! replaced); look-ups are of anybody; those who register are new.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use vestibule::Host;
use vestibule::message::Message;

use crate::Options;
use crate::case::{Case, answered};
use crate::fixture::{Site, Variant, cheap};
use crate::foreign_hash;
use crate::measure::{Sample, Samples, work_off};
use crate::people::{PASSWORD, address, each, import, ok, operator, service, stranger};
use crate::report::{Report, Row};

const BENCH: &str = "scale";

/// The most entries of one message that imports.
const BATCH: usize = 50;

/// How many messages are in flight, also while accounts are imported.
const IN_FLIGHT: usize = 16;

/// Who signs in.
const REGULARS: usize = 500;

/// When the first account began, in Unix milliseconds: each a second after the one before.
const BEGAN: u64 = 1_600_000_000_000;

const COMMANDS: [&str; 4] = [
    "accounts/sign-in",
    "users/get-user-by-auth-id",
    "authorization/find-account",
    "authorization/registration",
];

/// An installation with so many accounts.
struct Installation {
    accounts: usize,
    site: Site,
    host: Host,
}

pub(crate) fn run(report: &mut Report, options: &Options) -> Result<()> {
    report.section("(l) cost by the number of accounts")?;
    let mut sizes = options.accounts.clone();
    sizes.sort_unstable();
    sizes.dedup();
    ensure!(
        sizes.first().is_some_and(|size| *size >= REGULARS),
        "at least {REGULARS} accounts"
    );
    let runtime = vestibule::runtime().build()?;
    let mut installations = Vec::new();
    for accounts in sizes {
        let site = Site::sqlite(&options.folder)?;
        let host = runtime.block_on(site.host(Variant::configured(cheap)))?;
        let installation = Installation {
            accounts,
            site,
            host,
        };
        report.row(&installation.fill(&runtime)?)?;
        installations.push(installation);
    }
    compare(report, options, &runtime, &installations)
}

/// Every command at every size, in turns; each against the smallest.
fn compare(
    report: &mut Report,
    options: &Options,
    runtime: &Runtime,
    installations: &[Installation],
) -> Result<()> {
    for command in COMMANDS {
        let mut cases: Vec<Case<'_>> = installations
            .iter()
            .map(|installation| installation.case(runtime, command))
            .collect();
        for installation in installations {
            installation.site.read_through()?;
        }
        crate::case::in_turns(&mut cases, options)?;
        let smallest = cases[0].samples.clone();
        for (number, case) in cases.iter().enumerate() {
            report.row(&row(case, &smallest, number == 0))?;
        }
    }
    Ok(())
}

fn row(case: &Case<'_>, smallest: &Samples, is_smallest: bool) -> Row {
    let row = case.row(BENCH);
    if is_smallest {
        return row;
    }
    let of = |what: fn(&Sample) -> f64| case.samples.ratio(smallest, what);
    row.figure("of_smallest", of(Sample::rate))
        .figure("times_cpu", of(Sample::cpu_us))
        .at_least("of_smallest", 0.8)
}

impl Installation {
    /// Imports the accounts, and lets the regulars sign in once.
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    fn fill(&self, runtime: &Runtime) -> Result<Row> {
        // No dearer than a hash of our own, and it is replaced all the same: it has no pepper.
        let hash: Arc<str> = foreign_hash::phc(PASSWORD, 8)?.into();
        let (host, accounts) = (self.host.clone(), self.accounts);
        let batches = accounts.div_ceil(BATCH);
        let sample = work_off(runtime, IN_FLIGHT, batches, move |batch| {
            let (host, hash) = (host.clone(), hash.clone());
            async move {
                let numbers = batch * BATCH..accounts.min((batch + 1) * BATCH);
                import(&host, numbers.map(|number| entry(number, &hash)).collect()).await
            }
        })?;
        let regulars = each(0..REGULARS, |number| {
            ok(&self.host, sign_in(self.regular(number)))
        });
        runtime.block_on(regulars)?;
        let (count, seconds) = (accounts as f64, sample.wall.as_secs_f64());
        Ok(
            Row::new(BENCH, format!("import of {accounts} in batches of {BATCH}"))
                .figure("accounts_s", count / seconds)
                .figure("seconds", seconds)
                .figure("cpu_us", sample.cpu.as_secs_f64() * 1e6 / count)
                .figure("database_mb", self.site.bytes()? as f64 / 1e6),
        )
    }

    /// The number of an account, of those spread over all.
    fn regular(&self, number: usize) -> usize {
        (number % REGULARS) * (self.accounts / REGULARS)
    }

    fn case<'a>(&'a self, runtime: &'a Runtime, command: &'static str) -> Case<'a> {
        let name = format!("{command} at {}", self.accounts);
        let stride = self.accounts / REGULARS;
        let anybody = anybody(self.accounts);
        let newcomers = AtomicUsize::new(0);
        let message = move |number: usize| match command {
            "accounts/sign-in" => sign_in((number % REGULARS) * stride),
            "users/get-user-by-auth-id" => service(
                "users",
                "get-user-by-auth-id",
                json!({"auth_id": id(anybody())}),
            ),
            "authorization/find-account" => {
                let payload = json!({"email": address("person", anybody())});
                operator("authorization", "find-account", payload)
            }
            _ => {
                let email = address("newcomer", newcomers.fetch_add(1, Ordering::Relaxed));
                let payload = json!({"email": email, "password": PASSWORD});
                service("authorization", "registration", payload)
            }
        };
        Case::new(
            name,
            answered(runtime, &self.host, IN_FLIGHT, message, is_found),
        )
    }
}

/// Whether a reply is that of a command which found, or made, what it was asked for.
fn is_found(reply: &Value) -> bool {
    let whole = ["user", "account"].map(|name| reply[name].is_object());
    let part = ["access_token", "id"].map(|name| reply[name].is_string());
    whole.contains(&true) || part.contains(&true)
}

/// What is imported for the account of that number.
fn entry(number: usize, hash: &str) -> Value {
    json!({
        "id": id(number),
        "email": address("person", number),
        "password_hash": hash,
        "is_email_verified": true,
        "first_name": "Ada",
        "last_name": format!("King {number}"),
    })
}

/// The id of the account of that number: UUIDv7, as if they had begun one after the other.
fn id(number: usize) -> String {
    let number = u64::try_from(number).unwrap_or(u64::MAX);
    let mut random = [0; 10];
    random[2..].copy_from_slice(&scattered(number).to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(BEGAN + 1_000 * number, &random)
        .into_uuid()
        .to_string()
}

fn sign_in(number: usize) -> Message {
    let payload = json!({"email": address("person", number), "password": PASSWORD});
    stranger(number, "sign-in", payload)
}

/// Numbers below `count`, scattered: the next one with every call.
fn anybody(count: usize) -> impl Fn() -> usize + Send + Sync + 'static {
    let (next, count) = (AtomicU64::new(0), count as u64);
    move || {
        let number = scattered(next.fetch_add(1, Ordering::Relaxed)) % count;
        usize::try_from(number).unwrap_or_default()
    }
}

/// `number` with its bits mixed (splitmix64's finalizer): neighbours are far from each other.
fn scattered(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
