#include "sim/google_site.h"

#include <algorithm>

#include "net/url.h"
#include "providers/google/google_provider.h"
#include "sim/google_reading.h"
#include "sim/mirror_auditor.h"
#include "support/google/google_error.h"

namespace tidemark::sim {
namespace {

constexpr std::string_view kCalendars = "/calendar/v3/calendars/";

bool is_watch(const HttpRequest& request) {
  return request.method == "POST" && request.url.ends_with("/events/watch");
}

bool is_stop(const HttpRequest& request) {
  return request.method == "POST" && request.url.ends_with("/channels/stop");
}

bool is_write(const HttpRequest& request) {
  return request.method != "GET" && !is_watch(request) &&
         request.url.find(kCalendars) != std::string::npos;
}

std::string calendar_of(const HttpRequest& request) {
  const auto begin = request.url.find(kCalendars) + kCalendars.size();
  const auto end = request.url.find('/', begin);
  return percent_decode(request.url.substr(begin, end - begin)).value_or("");
}

// The event that a write is about; a new one names itself.
std::string event_named(const HttpRequest& request) {
  if (request.method == "POST") {
    const auto body = parse_json(request.body);
    return body && body->is_object() ? body->value("id", "") : std::string();
  }
  const std::string path = request.url.substr(0, request.url.find('?'));
  return percent_decode(path.substr(path.rfind('/') + 1)).value_or("");
}

std::uint64_t version_sent(const HttpRequest& request, const std::string& tenant) {
  const auto body = parse_json(request.body);
  if (!body || !body->is_object()) return 0;
  return version_of(body->value("summary", ""), tenant);
}

}  // namespace

GoogleSite::GoogleSite(Stage& stage, std::string tenant, GoogleTraffic& traffic,
                       const PushSettings& push, bool writable)
    : stage_(stage),
      tenant_(std::move(tenant)),
      traffic_(traffic),
      writable_(writable),
      google_([&stage] { return stage.clock.true_time(); },
              static_cast<std::uint32_t>(stage.random.next())),
      push_(stage, google_, push) {
  google_.with_oauth([&](auto& oauth, WallTime) {
    oauth.add_client({.id = "client", .secret = "hush"});
    oauth.add_user(user());
  });
}

HttpResponse GoogleSite::answer(const HttpRequest& request) {
  const bool of_api = request.url.find("/calendar/v3/") != std::string::npos;
  if (of_api && stage_.faults.strikes(Fault::quota_used_up)) return quota_used_up();
  if (is_watch(request)) return take_watch(request);
  if (is_stop(request)) return take_stop(request);
  return is_write(request) ? take_write(request) : google_.handle(request);
}

HttpResponse GoogleSite::take_watch(const HttpRequest& request) {
  const std::string id = calendar_of(request);
  push_.before_watch(id);
  auto response = google_.handle(request);
  push_.after_watch(id, response.status == 200);
  push_.collect();
  return response;
}

HttpResponse GoogleSite::take_stop(const HttpRequest& request) {
  push_.before_stop();
  auto response = google_.handle(request);
  push_.after_stop();
  return response;
}

HttpResponse GoogleSite::take_write(const HttpRequest& request) {
  if (!writable_) stage_.violated("writes", tenant_ + " writes without being allowed to");
  if (request.method != "POST" && !find_header(request.headers, "If-Match")) {
    stage_.violated("writes", tenant_ + " changes whatever is at " + request.url);
  }
  auto response = google_.handle(request);
  const std::string event = event_named(request);
  for (auto& [id, calendar] : calendars_) {
    record(calendar, event);
    if (!calendar.listed) record_unlisted(calendar);
  }
  stage_.say(tenant_ + ": " + request.method + " " + request.url + " " + request.body + ": " +
             std::to_string(response.status));
  return response;
}

void GoogleSite::ended(const HttpRequest& request, const Result<HttpResponse>& outcome) {
  traffic_.ended(tenant_, request, outcome);
  if (is_write(request) && outcome && outcome->status < 300) {
    note_heard(version_sent(request, tenant_));
  }
}

void GoogleSite::asked(const HttpRequest& request) {
  traffic_.asked(tenant_, request);
  if (is_write(request)) note_sent(version_sent(request, tenant_));
}

std::vector<Appearance> GoogleSite::appearances(std::uint64_t version) const {
  const std::string wanted = title_of(tenant_, version) + "|";
  std::vector<Appearance> found;
  for (const auto& [calendar_id, calendar] : calendars_) {
    for (const auto& [id, states] : calendar.history) {
      for (std::size_t i = 0; i < states.size(); ++i) {
        if (!states[i].starts_with(wanted)) continue;
        found.push_back({id, i == 0 ? 0 : version_of(states[i - 1], tenant_)});
        break;
      }
    }
  }
  return found;
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
    return oauth.issue_refresh_token(user(), "client", scope(), now);
  });
}

std::string GoogleSite::scope() const {
  const std::string reading(google::kReadOnlyScope);
  return writable_ ? reading + " " + std::string(google::kWriteScope) : reading;
}

std::vector<Json> GoogleSite::items(const GoogleCalendar& calendar) const {
  return calendar.listed ? google_.events(calendar.id) : std::vector<Json>();
}

// Whoever knows its id may still write to a calendar that the list does not name any more.
void GoogleSite::record_unlisted(GoogleCalendar& calendar) const {
  for (const Json& item : google_.events(calendar.id)) {
    auto& states = calendar.history[item.at("id")];
    auto state = reading_of_item(item);
    if (std::find(states.begin(), states.end(), state) != states.end()) continue;
    states.push_back(std::move(state));
    states.emplace_back();
  }
}

void GoogleSite::log_changes(GoogleCalendar& calendar, const std::map<std::string, Json>& now,
                             const std::string& ours) {
  const auto version_at = [&](const std::string& id) -> std::uint64_t {
    const auto known = calendar.history.find(id);
    return known == calendar.history.end() ? 0 : version_of(known->second.back(), tenant_);
  };
  std::map<std::string, std::string> etags;
  for (const auto& [id, item] : now) {
    const std::string etag = item.value("etag", "");
    etags.emplace(id, etag);
    const auto before = calendar.etags.find(id);
    if (before != calendar.etags.end() && before->second == etag) continue;
    const auto after = version_of(reading_of_item(item), tenant_);
    changes_.add(id, {version_at(id), after, id == ours});
  }
  for (const auto& [id, etag] : calendar.etags) {
    if (!etags.contains(id)) changes_.add(id, {version_at(id), 0, id == ours});
  }
  calendar.etags = std::move(etags);
}

void GoogleSite::record(GoogleCalendar& calendar, const std::string& ours) {
  push_.collect();
  std::map<std::string, Json> found;
  for (const Json& item : items(calendar)) found.emplace(item.at("id"), item);
  log_changes(calendar, found, ours);
  std::map<std::string, std::string> now;
  for (const auto& [id, item] : found) now.emplace(id, reading_of_item(item));
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
