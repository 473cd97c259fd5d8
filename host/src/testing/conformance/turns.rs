//! Who plays which step, where two builds work on the same data.
//!
//! A build that replaces another one finds the other's data, and is perhaps replaced by it again. So of every scenario there
//! are plays in which one of the two does all the reading and the other one all the writing, in which they take turns, and in
//! which one of them does a single thing between what the other does: what one wrote is rewritten by the other and read again
//! by the first.

/// One of the two builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Build {
    /// The one whose place is to be taken.
    Serving,
    /// The one that is judged.
    Candidate,
}

use Build::{Candidate, Serving};

/// Who plays each step of a scenario.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Turns {
    /// For the report.
    pub(super) name: String,
    /// By step.
    pub(super) by: Vec<Build>,
}

/// The plays of a scenario of which these steps write. Each has both builds in it, and none is there twice.
pub(super) fn all(writes: &[bool]) -> Vec<Turns> {
    let fixed = [
        turns(
            writes,
            "the serving build writes, the candidate reads",
            |_, writes| pick(writes, Serving),
        ),
        turns(
            writes,
            "the candidate writes, the serving build reads",
            |_, writes| pick(writes, Candidate),
        ),
        turns(
            writes,
            "they take turns, the serving build first",
            |n, _| pick(n % 2 == 0, Serving),
        ),
        turns(writes, "they take turns, the candidate first", |n, _| {
            pick(n % 2 == 0, Candidate)
        }),
    ];
    let writing = (0..writes.len()).filter(|n| writes[*n]);
    let single = writing.flat_map(|at| {
        [
            turns(
                writes,
                &format!("the candidate plays step {} alone", at + 1),
                |n, _| pick(n == at, Candidate),
            ),
            turns(
                writes,
                &format!("the serving build plays step {} alone", at + 1),
                |n, _| pick(n == at, Serving),
            ),
        ]
    });
    let mut all: Vec<Turns> = Vec::new();
    for turns in fixed.into_iter().chain(single) {
        let of_both = turns.by.contains(&Serving) && turns.by.contains(&Candidate);
        if of_both && all.iter().all(|known| known.by != turns.by) {
            all.push(turns);
        }
    }
    all
}

fn turns(writes: &[bool], name: &str, by: impl Fn(usize, bool) -> Build) -> Turns {
    let steps = writes.iter().enumerate();
    Turns {
        name: name.to_owned(),
        by: steps.map(|(n, writes)| by(n, *writes)).collect(),
    }
}

/// `build` if it is its turn, else the other one.
fn pick(is_its_turn: bool, build: Build) -> Build {
    match (is_its_turn, build) {
        (true, build) => build,
        (false, Serving) => Candidate,
        (false, Candidate) => Serving,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(all: &[Turns]) -> Vec<String> {
        let letter = |build: &Build| match build {
            Serving => 's',
            Candidate => 'c',
        };
        let turns = all.iter().map(|turns| turns.by.iter().map(letter));
        turns.map(Iterator::collect).collect()
    }

    #[test]
    fn every_write_is_between_the_others_reads_and_writes() {
        let all = all(&[true, false, true, true, false]);
        assert_eq!(
            by(&all),
            [
                "scssc", "csccs", "scscs", "cscsc", "cssss", "scccc", "sscss", "ccscc", "ssscs",
                "cccsc",
            ]
        );
        assert_eq!(all[6].name, "the candidate plays step 3 alone");
        assert_eq!(all[7].name, "the serving build plays step 3 alone");
    }

    #[test]
    fn no_play_is_of_one_build_or_there_twice() {
        assert_eq!(by(&all(&[true])), Vec::<String>::new());
        assert_eq!(by(&all(&[false, false])), ["sc", "cs"]);
        assert_eq!(by(&all(&[true, false])), ["sc", "cs"]);
        assert_eq!(by(&all(&[])), Vec::<String>::new());
    }
}
