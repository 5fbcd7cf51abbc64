#include "sim/mutations.h"

namespace tidemark::sim {

const std::vector<NamedMutation>& mutations() {
  static const std::vector<NamedMutation> all{
      {"dedupe_ignored", Mutation::dedupe_ignored},
      {"dedupe_mark_lost", Mutation::dedupe_mark_lost},
      {"dedupe_without_tenant", Mutation::dedupe_without_tenant},
      {"feed_of_all_tenants", Mutation::feed_of_all_tenants},
      {"failed_commit_answered_well", Mutation::failed_commit_answered_well},
      {"left_without_answer", Mutation::left_without_answer},
      {"previous_record_forgotten", Mutation::previous_record_forgotten},
      {"event_not_written", Mutation::event_not_written},
      {"timers_forgotten_on_recovery", Mutation::timers_forgotten_on_recovery},
      {"timer_fires_early", Mutation::timer_fires_early},
      {"timer_fires_after_step_back", Mutation::timer_fires_after_step_back},
      {"timer_not_erased", Mutation::timer_not_erased},
      {"outbox_forgotten_on_recovery", Mutation::outbox_forgotten_on_recovery},
      {"outbox_entry_kept", Mutation::outbox_entry_kept},
      {"sync_skipped", Mutation::sync_skipped},
      {"page_skipped", Mutation::page_skipped},
      {"cursor_before_bodies", Mutation::cursor_before_bodies},
      {"sweep_before_last_page", Mutation::sweep_before_last_page},
      {"no_sweep", Mutation::no_sweep},
      {"told_again", Mutation::told_again},
      {"ordered_goes_on", Mutation::ordered_goes_on},
      {"delivery_cursor_ahead", Mutation::delivery_cursor_ahead},
      {"retry_lost", Mutation::retry_lost},
      {"rate_ignored", Mutation::rate_ignored},
      {"quota_forgotten_on_restart", Mutation::quota_forgotten_on_restart},
      {"breaker_never_opens", Mutation::breaker_never_opens},
      {"probe_forgotten", Mutation::probe_forgotten},
      {"google_token_kept_after_410", Mutation::google_token_kept_after_410},
      {"google_instance_keyed_by_start", Mutation::google_instance_keyed_by_start},
      {"google_instance_before_master", Mutation::google_instance_before_master},
      {"series_deleted_without_instances", Mutation::series_deleted_without_instances},
      {"google_series_after_its_end", Mutation::google_series_after_its_end},
      {"google_full_pass_forgets", Mutation::google_full_pass_forgets},
      {"google_unconfirmed_kept", Mutation::google_unconfirmed_kept},
      {"google_all_day_as_instant", Mutation::google_all_day_as_instant},
      {"google_exdate_off_the_clock", Mutation::google_exdate_off_the_clock},
      {"google_quota_gate_open", Mutation::google_quota_gate_open},
      {"google_refresh_storm", Mutation::google_refresh_storm},
      {"echo_taken_for_foreign", Mutation::echo_taken_for_foreign},
      {"write_unconditional", Mutation::write_unconditional},
      {"write_under_new_key", Mutation::write_under_new_key},
      {"write_conflict_ignored", Mutation::write_conflict_ignored},
      {"write_end_not_told", Mutation::write_end_not_told},
      {"write_trusted_to_stay", Mutation::write_trusted_to_stay},
      {"channel_not_renewed", Mutation::channel_not_renewed},
      {"channel_left_behind", Mutation::channel_left_behind},
      {"push_token_unchecked", Mutation::push_token_unchecked},
  };
  return all;
}

}  // namespace tidemark::sim
