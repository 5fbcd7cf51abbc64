#include "sim/google_site.h"

#include "providers/google/google_provider.h"
#include "sim/google_reading.h"
#include "support/google/google_error.h"

namespace tidemark::sim {

GoogleSite::GoogleSite(Stage& stage, std::string tenant, GoogleTraffic& traffic)
    : stage_(stage),
      tenant_(std::move(tenant)),
      traffic_(traffic),
      google_([&stage] { return stage.clock.true_time(); },
              static_cast<std::uint32_t>(stage.random.next())) {
  google_.with_oauth([&](auto& oauth, WallTime) {
    oauth.add_client({.id = "client", .secret = "hush"});
    oauth.add_user(user());
  });
}

HttpResponse GoogleSite::answer(const HttpRequest& request) {
  const bool of_api = request.url.find("/calendar/v3/") != std::string::npos;
  if (of_api && stage_.faults.strikes(Fault::quota_used_up)) return quota_used_up();
  return google_.handle(request);
}

HttpResponse GoogleSite::quota_used_up() const {
  namespace fake = test::google;
  auto& random = stage_.random;
  static const std::vector<std::string> kReasons{"userRateLimitExceeded", "rateLimitExceeded",
                                                 "quotaExceeded"};
  auto response =
      random.chance(200) ? fake::too_many_requests() : fake::quota(random.pick(kReasons));
  if (random.chance(500)) return response;
  return fake::with_retry_after(std::move(response), std::chrono::seconds(random.below(120)));
}

void GoogleSite::show(GoogleCalendar& calendar) {
  google_.add_calendar(user(),
                       {.id = calendar.id, .summary = calendar.name, .access_role = calendar.role});
  google_.set_forbidden(calendar.id, false);
  calendar.listed = true;
  record(calendar);
}

std::string GoogleSite::grant() {
  return google_.with_oauth([&](auto& oauth, WallTime now) {
    return oauth.issue_refresh_token(user(), "client", std::string(google::kReadOnlyScope), now);
  });
}

std::vector<Json> GoogleSite::items(const GoogleCalendar& calendar) const {
  return calendar.listed ? google_.events(calendar.id) : std::vector<Json>();
}

void GoogleSite::record(GoogleCalendar& calendar) const {
  std::map<std::string, std::string> now;
  for (const Json& item : items(calendar)) now.emplace(item.at("id"), reading_of_item(item));
  for (auto& [id, states] : calendar.history) {
    if (now.contains(id) || states.back().empty()) continue;
    states.emplace_back();
    stage_.say(tenant_ + "/" + calendar.id + ": " + id + " is gone");
  }
  for (auto& [id, state] : now) {
    auto& states = calendar.history[id];
    if (!states.empty() && states.back() == state) continue;
    stage_.say(tenant_ + "/" + calendar.id + ": " + id + " is " + state);
    states.push_back(std::move(state));
  }
}

}  // namespace tidemark::sim
