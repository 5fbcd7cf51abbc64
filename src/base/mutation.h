// Deliberate bugs, to show that the simulation's auditors find what they are for. A build has them
// only when it was configured with -Dmutations=true; in every other one mutated() is a constant
// false and nothing of this is left. docs/simulation.md lists them.
#pragma once

#include <cstdint>

#include "base/mutation_config.h"

namespace tidemark {

enum class Mutation : std::uint8_t {
  none,
  dedupe_ignored,                // a second input with the same key is stepped
  dedupe_mark_lost,              // some steps do not write their mark
  dedupe_without_tenant,         // one key space for all tenants
  feed_of_all_tenants,           // a tenant reads everybody's events
  failed_commit_answered_well,   // a caller is told that a commit which failed is durable
  left_without_answer,           // who waits behind what a failing disk holds up
  previous_record_forgotten,     // some records do not name the one before
  event_not_written,             // the second event of a step is missing in the feed
  timers_forgotten_on_recovery,  // timers of before a restart are not looked for
  timer_fires_early,             // by half a second
  timer_fires_after_step_back,   // though the clock says again that it is early
  timer_not_erased,              // a timer that has fired stays, and fires again
  outbox_forgotten_on_recovery,  // effects of before a restart are not looked for
  outbox_entry_kept,             // an effect that has ended stays in the outbox
  sync_skipped,                  // after some passes nobody sets the timer of the next one
  page_skipped,                  // some pages of a pull are dropped
  cursor_before_bodies,          // the sync token moves on past bodies that were never fetched
  sweep_before_last_page,        // what the first pages do not list is taken for gone
  no_sweep,                      // what a full listing does not name is kept
  told_again,                    // a body that comes again is told as created
  ordered_goes_on,               // an ordered endpoint goes past an event that failed
  delivery_cursor_ahead,         // an endpoint's cursor stands behind events on their way
  retry_lost,                    // the second failure of a delivery leaves no row
  rate_ignored,                  // an endpoint is sent as much as there is
  quota_forgotten_on_restart,    // a restart gives an endpoint its day's quota again
  quota_not_stored,              // what an endpoint has used of it is not in its state
  buried_at_first_failure,       // a delivery that fails once is a dead letter
  breaker_never_opens,           // a failing receiver is not spared
  probe_forgotten,               // a new state makes a breaker forget that its probe is out

  google_token_kept_after_410,       // a refused sync token is tried again, not given up
  google_instance_keyed_by_start,    // where an instance was moved to says which it is
  google_instance_before_master,     // an instance is dropped when its master is not known yet
  google_series_after_its_end,       // its last instances put a series back that recurs no more
  google_full_pass_forgets,          // a full pass shows less of a series than is mirrored
  google_unconfirmed_kept,           // a full listing leaves parts of a series that it did not name
  google_all_day_as_instant,         // a date becomes its midnight in UTC
  google_exdate_off_the_clock,       // an instance is taken out at the hour that it has in UTC
  google_quota_gate_open,            // a used-up quota holds nobody back
  google_refresh_storm,              // who waited for an access token asks for one again
  series_deleted_without_instances,  // a deleted series tells of its master alone

  echo_taken_for_foreign,  // what a command has made is left for the next pass to find
  write_unconditional,     // a command changes whatever version there is
  write_under_new_key,     // a command that is sent again makes another event
  write_conflict_ignored,  // a command that was refused for another version is called done
  write_end_not_told,      // some commands end without an event
  write_fails_at_once,     // a command that could not be sent is not tried again
  write_refused_unfound,   // some events are said not to be there
  write_makes_again,       // a command for an event that is gone makes it anew
  write_trusted_to_stay,   // what a command has made is not asked for again
  channel_not_renewed,     // a channel is replaced when it has ended
  channel_left_behind,     // the channels of a calendar that is gone are not stopped
  push_token_unchecked,    // whoever knows a channel may speak for it
};

#if TIDEMARK_MUTATIONS
// Set once, before anything runs.
inline Mutation chosen_mutation = Mutation::none;
inline bool mutated(Mutation mutation) {
  return chosen_mutation == mutation;
}
#else
constexpr bool mutated(Mutation) {
  return false;
}
#endif

}  // namespace tidemark
