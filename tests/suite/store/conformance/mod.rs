//! What every store promises, one check per promise. A store joins with a [`Bench`] and one `conformance!` line; the name
//! of a failing test says which store broke which promise.

mod records;
mod answers;
mod stream;
mod replay;
mod timers;
mod restart;
mod whole;

use std::sync::Arc;

use aiguilleur::store::Store;
use chrono::TimeDelta;

pub(super) use answers::*;
pub(super) use records::*;
pub(super) use replay::*;
pub(super) use restart::*;
pub(super) use stream::*;
pub(super) use timers::*;
pub(super) use whole::*;

/// A store under test, with its data and its clock.
pub(super) trait Bench: Send {
    /// The open store.
    fn store(&self) -> Arc<dyn Store>;
    /// Closes the store and opens its data again, under a clock that shows this much more (or less).
    async fn reopen(&mut self, clock_moves: TimeDelta);
    /// Moves the clock forwards.
    fn advance(&self, by: TimeDelta);
}

/// Runs every check on a store: `conformance!(name, async || bench)`.
macro_rules! conformance {
    ($store:ident, $make:expr) => {
        mod $store {
            $crate::store::conformance::checks!($make);
        }
    };
}
pub(super) use conformance;

macro_rules! each_check {
    ($($check:ident),+ $(,)?) => {
        macro_rules! checks {
            ($make:expr) => {
                $(#[tokio::test]
                async fn $check() {
                    $crate::store::conformance::$check($make().await).await;
                })+
            };
        }
        pub(super) use checks;
    };
}

each_check!(
    a_missing_record_has_version_zero,
    a_written_record_counts_its_versions,
    a_decision_from_an_old_version_is_refused_with_the_record_as_it_is,
    a_batch_is_applied_whole_or_not_at_all,
    a_deleted_record_is_as_if_it_had_never_been,
    an_unguarded_write_is_refused,
    a_batch_larger_than_the_limit_is_refused,
    the_same_call_again_gets_the_same_answer,
    the_same_key_for_another_call_is_refused,
    the_key_counts_before_the_clock_and_the_guards,
    two_callers_may_use_the_same_key,
    of_many_at_once_with_one_key_exactly_one_is_done,
    an_answer_is_recalled_until_its_time_is_over,
    an_answer_whose_time_is_over_may_be_given_anew,
    a_decision_by_a_wrong_clock_is_refused_both_ways,
    concurrent_writers_leave_a_stream_without_gap,
    one_place_asked_for_by_many_goes_to_one,
    pages_of_the_stream_join_without_gap,
    a_trimmed_stream_says_where_it_begins,
    a_long_stream_is_trimmed_to_where_it_was_asked,
    a_timer_is_due_from_its_instant_on,
    timers_come_earliest_first_and_no_more_than_asked_for,
    a_timer_moves_and_goes,
    sealed_blobs_are_kept_and_removed,
    a_refused_commit_leaves_no_sealed_blob,
    a_territory_brought_elsewhere_is_the_same_and_goes_on,
    a_territory_is_exported_at_one_point_while_others_write,
    what_comes_in_damaged_leaves_nothing,
    a_territory_comes_in_only_where_nothing_is_kept_of_it,
    a_reader_is_woken_after_a_commit_in_its_own_territory,
    territories_see_nothing_of_each_other,
    a_snapshot_is_of_one_moment,
    a_snapshot_and_the_later_events_give_the_same_records,
    a_restart_keeps_everything,
    the_clock_does_not_go_back_over_a_restart,
    a_sound_store_says_so,
);
