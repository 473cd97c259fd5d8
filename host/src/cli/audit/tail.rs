//! `vestibule audit tail`: the newest records, and those that follow.
//!
//! A record lies by the moment its message came and is there once the message is done. So what follows is asked for from
//! a little before the newest on, and what was printed is remembered for that long.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;
use tokio::time::{MissedTickBehavior, interval};
use vestibule::audit::AuditEntry;

use super::{Asked, Filter, Log, PAGE, print};
use crate::cli::client::ServerArgs;
use crate::cli::failed::Failed;
use crate::cli::output::Output;

/// How long a message may take for its records to be followed, in milliseconds: twice what it may by default.
const OVERLAP_MS: u64 = 10_000;

/// How often it is asked for new records.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Args)]
#[command(after_help = "\
Examples:
  vestibule audit tail
  vestibule audit tail --follow --action sign-in
  vestibule audit tail -n 1000 --json")]
pub(in crate::cli) struct TailArgs {
    /// Go on printing what is recorded, until it is interrupted
    #[arg(long, short)]
    follow: bool,

    /// How many records
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20,
          value_parser = clap::value_parser!(u32).range(0..=100_000))]
    lines: u32,

    #[command(flatten)]
    filter: Filter,

    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn run(args: TailArgs, output: &Output) -> Result<(), Failed> {
    let log = Log::new(&args.server, args.filter)?;
    let lines = usize::try_from(args.lines).unwrap_or(usize::MAX);
    let mut seen = Seen::default();
    if args.follow {
        seen.newest = log.newest_moment().await?;
    }
    let back_to = args.follow.then(|| seen.horizon());
    let newest = log.newest(lines, back_to).await?;
    for (number, entry) in newest.iter().enumerate().rev() {
        seen.is_fresh(entry);
        if number < lines && print(output, entry)?.is_closed() {
            return Ok(());
        }
    }
    match args.follow {
        true => follow(&log, &mut seen, output).await,
        false => Ok(()),
    }
}

/// Prints what is recorded from now on, until nobody reads it any more.
async fn follow(log: &Log, seen: &mut Seen, output: &Output) -> Result<(), Failed> {
    let mut ticks = interval(PAUSE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let mut asked = Asked {
            since: Some(seen.horizon()),
            limit: PAGE,
            ..Asked::default()
        };
        loop {
            let page = log.read(&asked).await?;
            for entry in &page.records {
                if seen.is_fresh(entry) && print(output, entry)?.is_closed() {
                    return Ok(());
                }
            }
            seen.examined(page.after.as_deref());
            if !page.more {
                break;
            }
            asked.after = page.after;
        }
        seen.forget_old();
    }
}

impl Log {
    /// The moment of the newest record, whatever the filter says; 0 if there is none.
    async fn newest_moment(&self) -> Result<u64, Failed> {
        let asked = Asked {
            limit: 1,
            newest_first: true,
            ..Asked::default()
        };
        let page = self.page(&super::path(&Filter::default(), &asked)).await?;
        Ok(page.records.first().map_or(0, |entry| entry.record.at))
    }

    /// The newest `lines` records, newest first, and further ones until `back_to`, if that is asked.
    async fn newest(&self, lines: usize, back_to: Option<u64>) -> Result<Vec<AuditEntry>, Failed> {
        let mut found = Vec::new();
        let mut asked = Asked {
            newest_first: true,
            ..Asked::default()
        };
        loop {
            let missing = lines.saturating_sub(found.len());
            let examined = asked.after.as_deref().and_then(moment_of);
            let reached = back_to.is_none_or(|back_to| examined.is_some_and(|at| at < back_to));
            if missing == 0 && reached {
                return Ok(found);
            }
            asked.limit = match reached {
                true => missing.min(PAGE),
                false => PAGE,
            };
            let page = self.read(&asked).await?;
            found.extend(page.records);
            if !page.more {
                return Ok(found);
            }
            asked.after = page.after;
        }
    }
}

/// What was printed of the last moments.
#[derive(Default)]
struct Seen {
    ids: BTreeSet<String>,
    /// The newest moment that was looked at.
    newest: u64,
}

impl Seen {
    /// Since when there may be records that were not there before.
    fn horizon(&self) -> u64 {
        self.newest.saturating_sub(OVERLAP_MS)
    }

    /// Whether `entry` was not seen before.
    fn is_fresh(&mut self, entry: &AuditEntry) -> bool {
        self.examined(Some(&entry.id));
        self.ids.insert(entry.id.clone())
    }

    /// Records were looked at, the last of them named `id`.
    fn examined(&mut self, id: Option<&str>) {
        let moment = id.and_then(moment_of).unwrap_or(0);
        self.newest = self.newest.max(moment);
    }

    /// Forgets what is not asked for again.
    fn forget_old(&mut self) {
        self.ids = self.ids.split_off(&format!("{:014}", self.horizon()));
    }
}

/// The moment that a record's id begins with.
fn moment_of(id: &str) -> Option<u64> {
    id.split('/').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::tests::entry;
    use super::*;

    #[test]
    fn a_record_is_fresh_once_also_when_it_comes_late() {
        let mut seen = Seen::default();
        let now = 1_700_000_000_000;
        assert!(seen.is_fresh(&entry(now, "a")));
        assert!(!seen.is_fresh(&entry(now, "a")));
        assert!(seen.is_fresh(&entry(now, "b")), "another of that moment");
        assert!(seen.is_fresh(&entry(now - OVERLAP_MS, "c")), "a late one");
        assert_eq!(seen.horizon(), now - OVERLAP_MS);
        seen.forget_old();
        assert!(!seen.is_fresh(&entry(now - OVERLAP_MS, "c")));
    }

    #[test]
    fn what_is_not_asked_for_again_is_forgotten() {
        let mut seen = Seen::default();
        let now = 1_700_000_000_000;
        for n in 0..100 {
            seen.is_fresh(&entry(now + n, "m"));
        }
        // Records that no filter let through move it on too.
        seen.examined(Some(&entry(now + OVERLAP_MS + 90, "m").id));
        seen.examined(None);
        seen.examined(Some("nonsense"));
        seen.forget_old();
        assert_eq!(seen.ids.len(), 10);
        assert!(!seen.is_fresh(&entry(now + 90, "m")));
    }
}
