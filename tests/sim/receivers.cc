#include "sim/receivers.h"

#include <algorithm>

#include "delivery/delivery_rows.h"
#include "delivery/endpoint_state.h"
#include "engine/journal.h"

namespace tidemark::sim {
namespace {

constexpr milliseconds kBreakerRest = std::chrono::seconds(29);  // it is open for 30
// Its window is 50 to 60 s: failures are counted in less, successes in more.
constexpr milliseconds kSurelySeen = std::chrono::seconds(45);
constexpr milliseconds kMaybeSeen = std::chrono::seconds(65);
constexpr std::ptrdiff_t kBreakerLeast = 10;
// One probe, and leniently as many as an endpoint may have on their way at once.
constexpr int kSentWhileOpen = 5;
constexpr std::int64_t kDayMs = 86'400'000;

std::int64_t day_of(WallTime now) {
  return now.time_since_epoch().count() / kDayMs;
}

}  // namespace

const std::vector<delivery::SigningKey>& signing_keys() {
  static const std::vector<delivery::SigningKey> keys{
      *delivery::parse_signing_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")};
  return keys;
}

Json EndpointPlan::config() const {
  Json config{{"id", id},
              {"url", url()},
              {"ordered", ordered},
              {"schedule", {"0s", "1s", "5s", "30s", "2m", "10m"}}};
  if (!types.empty()) config["types"] = Json::array({types + "*"});
  if (!ordered) config["concurrency"] = 4;
  if (per_second) config["rate"] = {{"per_second", *per_second}, {"burst", burst}};
  if (daily_quota) config["daily_quota"] = *daily_quota;
  return config;
}

bool EndpointPlan::wants(std::string_view type) const {
  return type.starts_with(types);
}

InstanceId Receiver::instance() const {
  return delivery::endpoint_instance(plan_.tenant, plan_.id);
}

bool Receiver::down() const {
  return !stage_.faults.ceased() && stage_.clock.world() < down_until_;
}

Receiver::Reaction Receiver::receive(const HttpRequest& request, const StoreView& store) {
  auto& faults = stage_.faults;
  ++received_;
  const auto id = find_header(request.headers, "webhook-id").value_or("");
  const auto time = find_header(request.headers, "webhook-timestamp").value_or("");
  const auto signature = find_header(request.headers, "webhook-signature").value_or("");
  const WallTime then{std::chrono::seconds{std::atoll(time.c_str())}};
  if (!delivery::verify(signing_keys(), id, time, request.body, signature, then)) {
    stage_.violated("signatures", plan_.id + " got " + id + " with a wrong signature");
  }
  check_words(id, request.body);
  if (plan_.ordered) check_order(id, store);
  if (down()) return {503, stage_.random.chance(500)};
  if (faults.strikes(Fault::receiver_error)) {
    return {500 + static_cast<int>(stage_.random.below(4)), true};
  }
  accepted_.insert(id);
  return {200, !faults.strikes(Fault::answer_lost)};
}

void Receiver::check_words(const std::string& id, const std::string& body) {
  const auto hash = std::hash<std::string>{}(body);
  const auto [word, is_new] = words_.emplace(id, hash);
  if (word->second != hash) {
    stage_.violated("deliveries", plan_.id + " got " + id + " in two wordings");
  }
  if (!is_new) return;
  const auto event = parse_json(body);
  const bool mine = event && event->value("company_id", "") == plan_.tenant &&
                    event->value("id", "") == id && plan_.wants(event->value("type", ""));
  if (!mine) {
    stage_.violated("tenants", plan_.id + " of " + plan_.tenant + " got " + body.substr(0, 300));
  }
}

bool Receiver::is_due(const ToldEvent& event) const {
  return event.position > created_ && plan_.wants(event.type) && event.from != instance().value;
}

bool Receiver::settled(const ToldEvent& event, const StoreView& store) const {
  if (accepted_.contains(event.id)) return true;
  const auto dead = read_row(store, instance(), delivery::dead_key(event.position));
  return dead && *dead;
}

// Whatever comes for the first time comes after everything before it has been accepted or given up.
void Receiver::check_order(const std::string& id, const StoreView& store) {
  const Position position = parse_id(kEventPrefix, id).value_or(Position{});
  if (position <= newest_) return;
  newest_ = position;
  const auto mine = told_.find(plan_.tenant);
  if (mine == told_.end()) return;
  for (; in_order_ < mine->second.size(); ++in_order_) {
    const auto& event = mine->second[in_order_];
    if (event.position >= position) return;
    if (!is_due(event)) continue;
    if (!settled(event, store)) {
      stage_.violated("order", plan_.id + " got " + id + " before " + event.id + " was settled");
      return;
    }
  }
}

void Receiver::process_begins(const StoreView& store, WallTime now) {
  limits_begin_anew();
  const auto bytes = read_state(store, instance());
  if (!bytes || !*bytes) return;
  const auto state = delivery::decode_endpoint_state(**bytes);
  if (!state) return stage_.violated("deliveries", "the state of " + plan_.id + " is unreadable");
  day_ = day_of(now);
  const auto used = state->quota.used(now);
  left_today_ = plan_.daily_quota.value_or(UINT64_MAX);
  left_today_ -= std::min(left_today_, used);
  if (created_.sequence != 0) return;
  // New: it gets what happens from now on.
  created_ = state->cursor;
}

void Receiver::limits_begin_anew() {
  sends_.clear();
  began_anew_ = stage_.clock.world();
  results_.clear();
  must_be_open_since_.reset();
}

void Receiver::sent(WallTime now) {
  sends_.push_back(stage_.clock.world());
  if (plan_.per_second) check_rate();
  if (plan_.daily_quota) check_quota(now);
  check_breaker();
  while (sends_.size() > 200) sends_.pop_front();
}

// Between any two of them no more than the burst, and what has flowed in since.
void Receiver::check_rate() {
  const auto last = sends_.back();
  std::uint64_t count = 0;
  for (auto send = sends_.rbegin(); send != sends_.rend(); ++send) {
    ++count;
    const auto flowed = (last - *send).count() * *plan_.per_second / 1000 + 1;
    if (count > plan_.burst + static_cast<std::uint64_t>(flowed)) {
      return stage_.violated("rates", plan_.id + " was sent " + std::to_string(count) + " in " +
                                          std::to_string((last - *send).count()) + " ms");
    }
  }
}

void Receiver::check_quota(WallTime now) {
  if (const auto day = day_of(now); day > day_) {
    day_ = day;
    left_today_ = *plan_.daily_quota;
  }
  if (left_today_ == 0) {
    stage_.violated("quotas", plan_.id + " was sent more than its quota of the day");
  }
  if (left_today_ > 0) --left_today_;
}

// Once so much has failed that it must have opened, nothing but one probe goes for a while.
void Receiver::check_breaker() {
  if (!must_be_open_since_) return;
  if (stage_.clock.world() - *must_be_open_since_ > kBreakerRest) return;
  if (++sent_while_open_ > kSentWhileOpen) {
    stage_.violated("breakers", plan_.id + " was sent more than a probe while it was failing");
  }
}

void Receiver::answered(bool good) {
  const milliseconds now = stage_.clock.world();
  if (now < began_anew_ + std::chrono::minutes(3)) return;
  results_.emplace_back(now, good);
  while (!results_.empty() && results_.front().first < now - kMaybeSeen) results_.pop_front();
  if (good) {
    // It may have closed: what failed before counts no more.
    must_be_open_since_.reset();
    std::erase_if(results_, [](const auto& result) { return !result.second; });
    return;
  }
  if (must_be_open_since_) return;
  const auto successes = std::count_if(results_.begin(), results_.end(),
                                       [](const auto& result) { return result.second; });
  const auto failures = std::count_if(results_.begin(), results_.end(), [&](const auto& result) {
    return !result.second && result.first >= now - kSurelySeen;
  });
  if (failures < kBreakerLeast || failures < successes) return;
  must_be_open_since_ = now;
  sent_while_open_ = 0;
}

std::optional<std::string> Receiver::missing(const StoreView& store) {
  const auto mine = told_.find(plan_.tenant);
  if (mine == told_.end() || plan_.daily_quota) return std::nullopt;
  for (const auto& event : mine->second) {
    if (!is_due(event) || settled(event, store)) continue;
    return plan_.id + " of " + plan_.tenant + " never got " + event.id + " (" + event.type + ")";
  }
  return std::nullopt;
}

}  // namespace tidemark::sim
