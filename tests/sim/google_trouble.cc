#include "sim/google_trouble.h"

#include <iterator>
#include <utility>

namespace tidemark::sim {

GoogleTrouble::GoogleTrouble(Stage& stage, GoogleSite& site, AccountSettings settings,
                             Reconfigure reconfigure)
    : stage_(stage),
      site_(site),
      settings_(std::move(settings)),
      reconfigure_(std::move(reconfigure)) {
  auto& random = stage_.random;
  auto& google = site_.google();
  google.with_oauth([&](auto& oauth, WallTime) {
    test::google::OAuthOptions options;
    // Some so short that a token does not outlive a slow pass.
    if (random.chance(400)) options.access_token_lifetime = std::chrono::seconds(90);
    oauth.set_options(options);
  });
  test::ListingOptions of_calendars;
  of_calendars.read_only_changes_listed = random.chance(900);
  of_calendars.empty_pages_between = random.chance(300);
  if (random.chance(300)) of_calendars.largest_page = 1;
  google.set_calendar_list_options(of_calendars);
  list_differently();
}

const std::string& GoogleTrouble::any_calendar() const {
  auto calendar = site_.calendars().begin();
  const auto count = site_.calendars().size();
  std::advance(calendar, static_cast<std::ptrdiff_t>(stage_.random.below(count)));
  return calendar->first;
}

void GoogleTrouble::strike() {
  auto& faults = stage_.faults;
  auto& google = site_.google();
  if (faults.strikes(Fault::sync_token_gone)) lose_sync_token();
  if (faults.strikes(Fault::page_tokens_forgotten)) google.forget_page_tokens();
  if (faults.strikes(Fault::access_tokens_expired)) {
    google.with_oauth([](auto& oauth, WallTime) { oauth.expire_access_tokens(); });
  }
  if (faults.strikes(Fault::calendar_forbidden)) forbid();
  if (faults.strikes(Fault::grant_revoked)) revoke();
  if (stage_.random.chance(100)) list_differently();
}

void GoogleTrouble::lose_sync_token() {
  auto& random = stage_.random;
  auto& google = site_.google();
  static const std::vector<std::string> kReasons{"fullSyncRequired", "updatedMinTooLongAgo",
                                                 "deleted"};
  const int page = 1 + static_cast<int>(random.below(4));
  const auto dice = random.below(10);
  if (dice < 2) return google.expire_calendar_list_token(site_.user());
  if (dice < 3) return google.answer_gone_at(site_.user(), "", page);
  const auto& id = any_calendar();
  if (dice < 7) return google.answer_gone_at(site_.user(), id, page, random.pick(kReasons));
  if (site_.calendars().at(id).listed) google.expire_sync_tokens(id);
}

void GoogleTrouble::forbid() {
  const std::string id = any_calendar();
  if (!site_.calendars().at(id).listed) return;
  site_.google().set_forbidden(id, true);
  site_.note_closed(id);
  stage_.agenda.after(stage_.random.delay(std::chrono::minutes(20)), Agenda::Of::world,
                      [this, id] { permit(id); });
}

void GoogleTrouble::permit(const std::string& id) {
  // A calendar that was deleted meanwhile is not forbidden any more.
  if (site_.calendars().at(id).listed) site_.google().set_forbidden(id, false);
}

void GoogleTrouble::revoke() {
  site_.google().with_oauth([&](auto& oauth, WallTime) { oauth.revoke_user(site_.user()); });
  if (std::exchange(revoked_, true)) return;
  stage_.agenda.after(stage_.random.delay(std::chrono::minutes(30)), Agenda::Of::world,
                      [this] { authorize_again(); });
}

void GoogleTrouble::authorize_again() {
  if (!std::exchange(revoked_, false)) return;
  settings_.oauth->refresh_token = Secret(site_.grant());
  reconfigure_(settings_);
}

void GoogleTrouble::cease() {
  authorize_again();
  for (const auto& [id, calendar] : site_.calendars()) permit(id);
}

// All that Google is free to do.
void GoogleTrouble::list_differently() {
  auto& random = stage_.random;
  test::ListingOptions options;
  options.order = static_cast<test::ListingOptions::Order>(random.below(3));
  if (random.chance(700)) options.largest_page = 1 + random.below(9);
  if (random.chance(400)) options.seed = static_cast<std::uint32_t>(random.next());
  options.empty_pages_between = random.chance(300);
  options.bare_tombstones = random.chance(500);
  options.cascade_listed = random.chance(500);
  if (random.chance(400)) options.tombstone_lifetime = std::chrono::minutes(5 + random.below(60));
  site_.google().set_listing(options);
}

}  // namespace tidemark::sim
