//! Why a deploy or a rollback was not done.

use super::BuildsError;
use super::check::Problem;
use crate::error::{Code, Failure, Violation};
use crate::store::StoreError;

/// Why a deploy or a rollback was not done. What served goes on serving.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Nobody serves that channel.
    #[error("no build serves the channel {0}; `component list` shows those that are served")]
    UnknownChannel(String),
    /// The build may not serve: never empty.
    #[error("the build may not serve: {}", listed(.0))]
    Problems(Vec<Problem>),
    /// There is no build to go back to.
    #[error("channel {0} has no earlier build to go back to")]
    NoEarlier(String),
    /// Somebody else deployed to the channel, or went back, at the same time.
    #[error(
        "the channel {0} was deployed to by somebody else at the same time; look what serves now, and try again"
    )]
    Conflict(String),
    /// The store could not read or keep what it was to.
    #[error("{0}")]
    Store(#[from] BuildsError),
    /// A fault of the host.
    #[error("the deploy ended early, by a fault of the host; the log knows more")]
    Fault,
}

impl Refused {
    /// Why, as a class of reasons for the audit record: the names of checks, or one word.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::UnknownChannel(_) => "unknown-channel".to_owned(),
            Self::NoEarlier(_) => "no-earlier".to_owned(),
            Self::Conflict(_) => "conflict".to_owned(),
            Self::Store(_) => "store".to_owned(),
            Self::Fault => "fault".to_owned(),
            Self::Problems(problems) => {
                let mut checks: Vec<_> = problems.iter().map(|problem| problem.check).collect();
                checks.dedup();
                checks.join(", ")
            }
        }
    }

    /// The problems, if the build is to blame.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Problems(problems) => problems,
            _ => &[],
        }
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Problems(vec![problem])
    }
}

/// What a client of the administration interface is told.
impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let sentence = refused.to_string();
        match refused {
            Refused::UnknownChannel(_) => Self::new(Code::NotFound, sentence),
            Refused::NoEarlier(_) | Refused::Conflict(_) => Self::new(Code::Conflict, sentence),
            Refused::Problems(problems) => {
                let message = "the build may not serve; the one that serves was not touched";
                let mut failure = Self::new(Code::ValidationFailed, message);
                let told = problems.into_iter().map(|problem| {
                    let message = format!("{}; {}", problem.what, problem.remedy);
                    Violation::new(problem.check, message)
                });
                failure.violations = told.collect();
                failure
            }
            Refused::Store(cause) => {
                let message = match &cause {
                    BuildsError::Store(StoreError::Full(_)) => {
                        "the store's disk is full: make room and try again; what serves was not touched"
                    }
                    BuildsError::Store(_) => {
                        "the store cannot be used now: try again; what serves was not touched"
                    }
                    BuildsError::Record { .. } | BuildsError::Bytes { .. } => {
                        return Self::new(Code::Unavailable, sentence).because(cause);
                    }
                };
                Self::new(Code::Unavailable, message).because(cause)
            }
            Refused::Fault => Self::new(Code::Unknown, sentence),
        }
    }
}

fn listed(problems: &[Problem]) -> String {
    let problems = problems.iter().map(ToString::to_string);
    problems.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_told_with_its_remedy() {
        let refused = Refused::Problems(vec![
            Problem::new("imports", "it imports mail", "add --grant mail"),
            Problem::new("version", "it is older", "add --allow-downgrade"),
        ]);
        assert_eq!(refused.reason(), "imports, version");
        let failure = Failure::from(refused);
        assert_eq!(failure.code, Code::ValidationFailed);
        assert_eq!(
            failure.violations,
            [
                Violation::new("imports", "it imports mail; add --grant mail"),
                Violation::new("version", "it is older; add --allow-downgrade"),
            ]
        );
    }

    #[test]
    fn who_was_slower_is_told_a_conflict_and_a_full_disk_is_named() {
        let failure = Failure::from(Refused::Conflict("token".to_owned()));
        assert_eq!(failure.code, Code::Conflict);
        let full = BuildsError::Store(StoreError::Full("no room".into()));
        let failure = Failure::from(Refused::Store(full));
        assert_eq!(failure.code, Code::Unavailable);
        assert!(failure.to_string().contains("disk is full"));
        let failure = Failure::from(Refused::UnknownChannel("tokem".to_owned()));
        assert_eq!(failure.code, Code::NotFound);
    }
}
