#include "sim/receivers.h"

#include <algorithm>
#include <utility>

#include "delivery/delivery_rows.h"
#include "delivery/endpoint_state.h"
#include "engine/journal.h"

namespace tidemark::sim {
namespace {

// Its cool-down doubles with each failed probe.
constexpr milliseconds kFirstRest = std::chrono::seconds(30);
constexpr milliseconds kLongestRest = std::chrono::minutes(10);
// Its window is six slots of ten seconds: what is younger than 50 s is in it, what is 60 s old not.
constexpr milliseconds kSurelySeen = std::chrono::seconds(50);
constexpr milliseconds kMaybeSeen = std::chrono::seconds(60);
constexpr std::ptrdiff_t kBreakerLeast = 10;
constexpr std::int64_t kDayMs = 86'400'000;
const Json& schedule() {
  static const Json kSchedule{"0s", "1s", "5s", "30s", "2m", "10m"};
  return kSchedule;
}

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
  Json config{{"id", id}, {"url", url()}, {"ordered", ordered}, {"schedule", schedule()}};
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
  accepted_.emplace(id, attempts_[id].day);
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

// Nothing is given up before all its attempts have been made.
bool Receiver::settled(const ToldEvent& event, const StoreView& store) {
  if (accepted_.contains(event.id)) return true;
  const auto dead = read_row(store, instance(), delivery::dead_key(event.position));
  if (!dead || !*dead) return false;
  const auto times = static_cast<std::size_t>(attempts_[event.id].count);
  if (times < schedule().size()) {
    stage_.violated("deliveries", plan_.id + " was sent " + event.id + " " + std::to_string(times) +
                                      " times, and it is a dead letter");
  }
  return true;
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
  check_quota_is_kept(*state, now);
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
  last_send_.reset();
  time_is_uncertain_ = true;
  forget_failures();
}

// The breaker may have begun anew: what failed counts no more, what succeeded still may.
void Receiver::forget_failures() {
  std::erase_if(results_, [](const Ended& result) { return !result.good; });
  for (auto& result : results_) result.certain = false;
  must_be_open_since_.reset();
}

// What was sent today and is settled, was counted when that was stored.
void Receiver::check_quota_is_kept(const delivery::EndpointState& state, WallTime now) {
  const auto mine = told_.find(plan_.tenant);
  if (mine == told_.end() || !plan_.daily_quota || stage_.clock.was_ever_wrong()) return;
  std::uint64_t settled_today = 0;
  for (const auto& event : mine->second) {
    if (event.position > state.cursor) break;
    const auto accepted = accepted_.find(event.id);
    if (accepted != accepted_.end() && accepted->second == day_of(now)) ++settled_today;
  }
  const auto used = state.quota.used(now);
  if (used >= settled_today) return;
  stage_.violated("quotas", plan_.id + " has got " + std::to_string(settled_today) +
                                " today, and counts " + std::to_string(used));
}

Receiver::Sent Receiver::sent(const std::string& id, WallTime now) {
  auto& attempts = attempts_[id];
  ++attempts.count;
  attempts.day = day_of(now);
  const milliseconds world = stage_.clock.world();
  sends_.push_back(world);
  if (plan_.per_second) check_rate();
  if (plan_.daily_quota) check_quota(now);
  check_breaker();
  while (sends_.size() > 200) sends_.pop_front();
  const auto before = std::exchange(last_send_, world);
  if (must_be_open_since_) return Sent::probe;
  return !before || world - *before >= kFirstRest ? Sent::maybe_probe : Sent::plain;
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

// Once so much has failed that it must have opened, nothing goes until its cool-down is over, and
// then one probe. It may have opened earlier than is certain: so one may go at once. When a probe
// is known to have failed, the next cool-down is known, and nothing goes in it.
void Receiver::check_breaker() {
  if (!must_be_open_since_) return;
  const int doublings = std::min(failed_probes_, 5);
  const auto rest = std::min(kFirstRest * (1 << doublings), kLongestRest);
  if (stage_.clock.world() - *must_be_open_since_ >= rest) return;
  if (++sent_while_open_ > (failed_probes_ == 0 ? 1 : 0)) {
    stage_.violated("breakers", plan_.id + " was sent more than a probe while it was failing");
  }
}

void Receiver::answered(Sent as, bool good) {
  const milliseconds now = stage_.clock.world();
  if (as == Sent::probe && must_be_open_since_ && !good) {
    must_be_open_since_ = now;
    ++failed_probes_;
    sent_while_open_ = 0;
    return;
  }
  // They are as old as when the breaker counted last, and go on ageing from now on.
  if (std::exchange(time_is_uncertain_, false)) {
    for (auto& result : results_) result.at = now;
  }
  while (!results_.empty() && results_.front().at <= now - kMaybeSeen) results_.pop_front();
  results_.push_back({now, good});
  if (good && as != Sent::plain) forget_failures();
  if (must_be_open_since_) return;
  std::ptrdiff_t failures = 0;
  std::ptrdiff_t successes = 0;
  std::ptrdiff_t attempts = 0;
  for (const auto& result : results_) {
    const bool surely = result.certain && result.at > now - kSurelySeen;
    successes += result.good ? 1 : 0;
    failures += !result.good && surely ? 1 : 0;
    attempts += surely ? 1 : 0;
  }
  if (good || attempts < kBreakerLeast || failures < successes) return;
  must_be_open_since_ = now;
  failed_probes_ = 0;
  sent_while_open_ = 0;
}

std::optional<std::string> Receiver::missing(const StoreView& store) {
  const auto mine = told_.find(plan_.tenant);
  if (mine == told_.end() || (plan_.daily_quota && left_today_ == 0)) return std::nullopt;
  for (const auto& event : mine->second) {
    if (!is_due(event) || settled(event, store)) continue;
    return plan_.id + " of " + plan_.tenant + " never got " + event.id + " (" + event.type + ")";
  }
  return std::nullopt;
}

}  // namespace tidemark::sim
