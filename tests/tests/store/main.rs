//! What every store backend promises: one suite over all of them, and what only the durable one can show.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod attempts;
mod checks;
mod concurrency;
mod damage;
mod expiry;
mod fixture;
mod kill;
mod model;
mod moving;
mod ranges;
mod snapshots;
mod sqlite;
mod subjects;
mod versions;

/// Makes each case a test of each backend. A case that is not listed is dead code, which the compiler reports.
macro_rules! suite {
    ($($module:ident { $($case:ident),* $(,)? })*) => {
        mod on_memory {
            $(mod $module { $(
                #[tokio::test]
                async fn $case() {
                    crate::$module::$case(crate::fixture::memory()).await;
                }
            )* })*
        }
        mod on_sqlite {
            $(mod $module { $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    crate::$module::$case(crate::fixture::sqlite()).await;
                }
            )* })*
        }
    };
}

suite! {
    snapshots {
        a_snapshot_sees_what_was_committed_before_it_and_nothing_later,
        a_snapshot_keeps_what_is_deleted_later,
        snapshots_see_commits_whole,
        records_come_back_as_they_were_put,
        namespaces_are_apart,
        snapshots_are_counted_while_they_are_open,
    }
    checks {
        a_key_check_holds_for_the_version_seen,
        a_key_check_fails_for_any_other_version,
        absence_is_checked_both_ways,
        the_same_value_written_again_is_another_version,
        a_range_check_holds_for_what_was_seen,
        a_range_check_notices_every_change_inside,
        a_range_check_minds_nothing_outside,
        through_bounds_what_is_covered,
        after_bounds_what_is_covered,
        an_empty_range_is_checked_both_ways,
        a_conflict_applies_nothing,
        checks_are_held_against_the_state_before_the_writes,
        a_batch_without_writes_only_checks,
        writes_are_made_in_their_order,
    }
    ranges {
        scans_give_exactly_the_keys_in_range,
        limits_are_kept,
        bytes_are_bounded_but_one_entry_always_comes,
        scans_go_on_where_they_ended,
        backwards_is_the_same_the_other_way_round,
        backwards_is_bounded_alike,
    }
    subjects {
        subjects_are_found_in_all_namespaces_in_order,
        a_page_goes_on_after_the_last_entry,
        an_entry_that_changes_hands_is_found_under_its_new_subject_only,
        a_subject_check_holds_for_what_was_seen,
        a_subject_check_notices_every_change,
        all_of_a_subject_goes_in_one_commit_or_none_does,
    }
    versions {
        versions_only_grow,
        a_deleted_version_is_never_given_again,
        a_batch_writes_one_version,
    }
    expiry {
        an_entry_is_absent_from_its_moment_on,
        checks_judge_by_the_moment_of_the_batch,
        sweeping_changes_no_answer,
        sweeping_takes_no_more_than_it_is_told,
        an_entry_without_expiry_stays,
        a_moment_beyond_counting_is_kept_as_the_last,
        an_expired_entry_can_be_put_again,
    }
    attempts {
        a_committed_attempt_is_found,
        an_attempt_in_conflict_is_not,
        an_applied_commit_whose_answer_was_lost_is_found,
        a_commit_that_was_lost_is_not_found_and_can_be_made_again,
        attempts_are_kept_for_an_hour_and_then_swept,
        faults_are_what_they_are_told_to_be,
    }
    concurrency {
        conflicting_increments_lose_nothing,
        two_readers_of_one_another_do_not_both_write,
        phantoms_are_refused_under_load,
    }
}
