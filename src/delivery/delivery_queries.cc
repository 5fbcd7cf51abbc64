// What the delivery service tells: lists of deliveries, why one was not sent, bulk changes.
#include <algorithm>
#include <utility>

#include "base/text.h"
#include "delivery/delivery_rows.h"
#include "delivery/delivery_service_impl.h"
#include "engine/journal.h"

namespace tidemark::delivery {
namespace {

constexpr std::size_t kMaxPage = 1000;
constexpr std::size_t kMaxRowsExamined = 10'000;  // of one page
constexpr std::string_view kMasked = "***";

Json time_or_null(const std::optional<WallTime>& time) {
  return time ? Json(format_rfc3339(*time)) : Json();
}

Json position_json(Position position) {
  return {{"sequence", position.sequence}, {"index", position.index}};
}

WallTime last_time(const Delivery& delivery) {
  return delivery.attempts.empty() ? delivery.next_attempt : delivery.attempts.back().at;
}

Json attempts_json(const Delivery& delivery) {
  Json attempts = Json::array();
  for (const auto& attempt : delivery.attempts) attempts.push_back(to_json(attempt));
  return attempts;
}

Json summary(const Delivery& delivery, DeliveryState state) {
  Json value{
      {"event_id", delivery.event_id},
      {"event_type", delivery.event_type},
      {"state", to_text(state)},
      {"attempts", delivery.attempts_done},
      {"last_attempt", delivery.attempts.empty() ? Json() : to_json(delivery.attempts.back())}};
  if (state == DeliveryState::waiting) {
    value["next_attempt_at"] = format_rfc3339(delivery.next_attempt);
  } else {
    value["died_at"] = format_rfc3339(delivery.died_at);
  }
  return value;
}

bool fits(const Delivery& delivery, const DeliveryFilter& filter) {
  if (!filter.type_glob.empty() && !glob_match(filter.type_glob, delivery.event_type)) return false;
  const WallTime time = last_time(delivery);
  return (!filter.since || time >= *filter.since) && (!filter.until || time < *filter.until);
}

// A page is named by the last row's key, in hex.
Result<std::string> row_after(const std::string& page) {
  if (page.empty()) return std::string();
  std::string key;
  if (page.size() % 2 != 0 || page.size() > 64) {
    return fail(Errc::invalid_argument, "page: not as an answer gave it");
  }
  for (std::size_t i = 0; i < page.size(); i += 2) {
    const auto digit = [&](char c) -> int {
      if (c >= '0' && c <= '9') return c - '0';
      return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    };
    const int high = digit(page[i]);
    const int low = digit(page[i + 1]);
    if (high < 0 || low < 0) return fail(Errc::invalid_argument, "page: not as an answer gave it");
    key.push_back(static_cast<char>(high * 16 + low));
  }
  return key;
}

std::string page_name(std::string_view key) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string page;
  for (const char c : key) {
    page.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    page.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
  return page;
}

// The event's id is its position and its time; the id of an event that never was has neither.
std::string event_id_at(const StoreView& store, Position position) {
  const Position from =
      position.index > 0
          ? Position{position.sequence, static_cast<std::uint16_t>(position.index - 1)}
          : Position{position.sequence - 1, kRecordIndex};
  const auto page = read_feed_lines(store, {.after = from, .limit = 1});
  if (!page || page->items.empty() || page->items.front().position != position) return {};
  return page->items.front().id;
}

Json delivered_json(const StoreView& store, const Delivered& one) {
  return {{"event_id", event_id_at(store, one.position)},
          {"state", to_text(DeliveryState::delivered)},
          {"attempts", one.attempt},
          {"last_attempt",
           {{"at", format_rfc3339(one.at)},
            {"status", one.status},
            {"latency_ms", one.latency_ms},
            {"error", nullptr},
            {"answer", nullptr}}}};
}

}  // namespace

std::string_view to_text(DeliveryState state) {
  switch (state) {
    case DeliveryState::waiting: return "waiting";
    case DeliveryState::dead: return "dead";
    case DeliveryState::delivered: return "delivered";
  }
  return "waiting";
}

Json to_json(const EndpointView& endpoint) {
  const EndpointState& state = endpoint.state;
  Json value = to_json(state.config);
  for (auto& header : value["headers"]) header = kMasked;
  Json secrets = Json::array();
  for (const auto& secret : state.secrets) {
    secrets.push_back({{"created_at", format_rfc3339(secret.created)},
                       {"expires_at", time_or_null(secret.expires)}});
  }
  value["tenant"] = endpoint.tenant;
  value["declared"] = state.declared;
  value["status"] = to_text(state.status);
  value["reason"] = state.reason.empty() ? Json() : Json(state.reason);
  value["created_at"] = format_rfc3339(state.created);
  value["changed_at"] = format_rfc3339(state.changed);
  value["cursor"] = position_json(state.cursor);
  value["replaying_until"] = state.replay_until ? position_json(*state.replay_until) : Json();
  value["breaker"] = to_text(state.breaker.phase());
  value["hold"] = endpoint.hold.reason == Hold::Reason::none
                      ? Json()
                      : Json{{"reason", to_text(endpoint.hold.reason)},
                             {"until", time_or_null(endpoint.hold.until)},
                             {"detail", to_valid_utf8(endpoint.hold.detail)}};
  value["counts"] = {{"delivered", state.counts.delivered},
                     {"failed_attempts", state.counts.failed_attempts},
                     {"filtered", state.counts.filtered},
                     {"waiting", state.counts.waiting},
                     {"dead", state.counts.dead}};
  value["last_success_at"] = time_or_null(state.last_success);
  value["last_failure_at"] = time_or_null(state.last_failure);
  value["last_error"] = state.last_error.empty() ? Json() : Json(to_valid_utf8(state.last_error));
  value["secrets"] = std::move(secrets);
  return value;
}

Result<std::vector<EndpointView>> DeliveryService::endpoints(std::string_view tenant) const {
  std::string prefix = std::string(kEndpointKind) + "/";
  if (!tenant.empty()) prefix += std::string(tenant) + "/";
  TM_ASSIGN(const auto instances, list_instances(impl_->store, prefix));
  std::vector<EndpointView> views;
  for (const auto& instance : instances) {
    const auto id = endpoint_of(instance);
    if (!id) continue;
    auto state = impl_->find(instance.tenant(), *id);
    if (!state) {
      if (state.error().code == Errc::not_found) continue;
      return fail(std::move(state).error());
    }
    views.push_back({std::string(instance.tenant()), std::move(*state),
                     impl_->deliverer ? impl_->deliverer->hold_of(instance) : Hold{}});
  }
  return views;
}

Result<EndpointView> DeliveryService::endpoint(std::string_view tenant, std::string_view id) const {
  TM_ASSIGN(auto state, impl_->find(tenant, id));
  const auto instance = endpoint_instance(tenant, id);
  return EndpointView{std::string(tenant), std::move(state),
                      impl_->deliverer ? impl_->deliverer->hold_of(instance) : Hold{}};
}

namespace {

Result<DeliveryPage> delivered_page(const StoreView& store, const InstanceId& instance,
                                    const DeliveryFilter& filter, std::string before,
                                    std::size_t limit) {
  // Newest first: the log's rows from the end, whole rows at a time.
  std::vector<std::pair<std::string, DeliveredLog>> rows;
  std::optional<Error> damaged;
  TM_TRY(scan_rows(store, instance, {&kLogRow, 1}, {},
                   [&](std::string_view key, std::string_view value) {
                     if (!before.empty() && key >= before) return false;
                     auto log = decode_delivered_log(value);
                     if (!log) {
                       damaged = std::move(log).error();
                       return false;
                     }
                     rows.emplace_back(std::string(key), std::move(*log));
                     return true;
                   }));
  if (damaged) return fail(std::move(*damaged));
  DeliveryPage page;
  for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
    if (page.items.size() >= limit) {
      page.next_page = page_name(std::prev(row)->first);
      break;
    }
    for (auto one = row->second.rbegin(); one != row->second.rend(); ++one) {
      if (filter.since && one->at < *filter.since) continue;
      if (filter.until && one->at >= *filter.until) continue;
      page.items.push_back(delivered_json(store, *one));
    }
  }
  return page;
}

}  // namespace

Result<DeliveryPage> DeliveryService::deliveries(const DeliveryFilter& filter) const {
  TM_TRY(impl_->find(filter.tenant, filter.endpoint));
  const auto instance = endpoint_instance(filter.tenant, filter.endpoint);
  const std::size_t limit = std::clamp<std::size_t>(filter.limit, 1, kMaxPage);
  TM_ASSIGN(std::string after, row_after(filter.page));
  if (filter.state == DeliveryState::delivered) {
    return delivered_page(impl_->store, instance, filter, std::move(after), limit);
  }
  const char letter = filter.state == DeliveryState::dead ? kDeadRow : kWaitingRow;
  DeliveryPage page;
  std::optional<Error> damaged;
  std::size_t examined = 0;
  std::string last;
  if (!after.empty()) after.push_back('\0');  // the first key behind it
  TM_TRY(scan_rows(impl_->store, instance, {&letter, 1}, after,
                   [&](std::string_view key, std::string_view value) {
                     if (page.items.size() >= limit || examined == kMaxRowsExamined) {
                       page.next_page = page_name(last);
                       return false;
                     }
                     ++examined;
                     last = key;
                     auto delivery = decode_delivery(value);
                     if (!delivery) {
                       damaged = std::move(delivery).error();
                       return false;
                     }
                     if (fits(*delivery, filter)) {
                       page.items.push_back(summary(*delivery, filter.state));
                     }
                     return true;
                   }));
  if (damaged) return fail(std::move(*damaged));
  return page;
}

Result<Json> DeliveryService::explain(std::string_view tenant, std::string_view endpoint,
                                      std::string_view event_id) const {
  TM_ASSIGN(const auto view, this->endpoint(tenant, endpoint));
  const auto instance = endpoint_instance(tenant, endpoint);
  const auto position = parse_id(kEventPrefix, event_id);
  const auto unknown = [&] {
    return fail(Errc::not_found, "there is no event " + to_valid_utf8(event_id.substr(0, 64)));
  };
  if (!position) return unknown();
  const auto lines = read_feed_lines(
      impl_->store,
      {.tenant = std::string(tenant),
       .after = position->index > 0
                    ? Position{position->sequence, static_cast<std::uint16_t>(position->index - 1)}
                    : Position{position->sequence - 1, kRecordIndex},
       .limit = 1});
  if (!lines) return fail(lines.error());
  if (lines->items.empty() || lines->items.front().id != event_id) return unknown();
  const FeedLine& line = lines->items.front();
  Json value{
      {"event_id", event_id}, {"event_type", line.type}, {"endpoint", endpoint},     {"state", ""},
      {"reason", nullptr},    {"until", nullptr},        {"attempts", Json::array()}};
  for (const auto& [key, state] : {std::pair(waiting_key(*position), DeliveryState::waiting),
                                   std::pair(dead_key(*position), DeliveryState::dead)}) {
    TM_ASSIGN(const auto bytes, read_row(impl_->store, instance, key));
    if (!bytes) continue;
    TM_ASSIGN(const auto delivery, decode_delivery(*bytes));
    value["state"] = to_text(state);
    value["attempts"] = attempts_json(delivery);
    if (state == DeliveryState::waiting) {
      const bool held = view.hold.reason != Hold::Reason::none;
      value["reason"] = held ? std::string(to_text(view.hold.reason))
                             : "attempt " + std::to_string(delivery.attempts_done + 1) + " is due";
      value["until"] = format_rfc3339(delivery.next_attempt);
    } else {
      value["reason"] = "all " + std::to_string(delivery.attempts_done) + " attempts failed";
      value["died_at"] = format_rfc3339(delivery.died_at);
    }
    return value;
  }
  const auto& state = view.state;
  const auto selected = selects(state.config.types, state.config.filter, line.type, line.json);
  if (*position > state.cursor) {
    value["state"] = selected.value_or(false) ? "pending" : "filtered";
    const auto status =
        state.status == EndpointStatus::enabled ? to_text(view.hold.reason) : to_text(state.status);
    value["reason"] =
        view.hold.reason == Hold::Reason::none && state.status == EndpointStatus::enabled
            ? "it is not its turn yet"
            : std::string(status);
    value["until"] = time_or_null(view.hold.until);
    if (!selected.value_or(false)) value["reason"] = "the endpoint's types or filter leave it out";
    return value;
  }
  std::optional<Delivered> found;
  TM_TRY(scan_rows(impl_->store, instance, {&kLogRow, 1}, {},
                   [&](std::string_view, std::string_view bytes) {
                     const auto log = decode_delivered_log(bytes);
                     if (!log) return true;
                     for (const auto& one : *log) {
                       if (one.position == *position) found = one;
                     }
                     return true;
                   }));
  if (found) {
    value["state"] = "delivered";
    value["attempts"] = Json::array({delivered_json(impl_->store, *found)["last_attempt"]});
    value["attempt"] = found->attempt;
    return value;
  }
  if (*position <= Position{state.cursor} && !selected.value_or(false)) {
    value["state"] = "filtered";
    value["reason"] = "the endpoint's types or filter leave it out";
  } else {
    value["state"] = "settled";
    value["reason"] =
        "it happened before the endpoint was made, was cancelled or dropped, or was "
        "delivered so long ago that nothing more is known";
  }
  return value;
}

Result<DeliveryService::Impl::Match> DeliveryService::Impl::dead_positions(
    const DeliveryFilter& filter, const std::set<std::string>& ids, Position after,
    std::size_t limit) const {
  Match match;
  std::string from = dead_key(after);
  if (after != Position{}) from.push_back('\0');
  std::optional<Error> damaged;
  TM_TRY(scan_rows(store, endpoint_instance(filter.tenant, filter.endpoint), {&kDeadRow, 1}, from,
                   [&](std::string_view, std::string_view value) {
                     if (match.positions.size() == limit) {
                       match.more = true;
                       return false;
                     }
                     auto delivery = decode_delivery(value);
                     if (!delivery) {
                       damaged = std::move(delivery).error();
                       return false;
                     }
                     const bool named = ids.empty() || ids.contains(delivery->event_id);
                     if (named && fits(*delivery, filter)) {
                       match.positions.push_back(delivery->position);
                     }
                     return true;
                   }));
  if (damaged) return fail(std::move(*damaged));
  return match;
}

Result<Receipt> DeliveryService::retry(std::string_view tenant, std::string_view endpoint,
                                       std::string_view event_id) {
  TM_ASSIGN(const Json known, explain(tenant, endpoint, event_id));
  const auto state = known.at("state").get<std::string>();
  if (state != "waiting" && state != "dead") {
    return fail(Errc::conflict, "the delivery is " + state +
                                    ": only one that waits or is dead can "
                                    "be retried");
  }
  return impl_->submit(tenant, endpoint, input_type::kRetry,
                       encode(RetryDeliveries{{*parse_id(kEventPrefix, event_id)}, {}, {}}));
}

Result<Receipt> DeliveryService::cancel(std::string_view tenant, std::string_view endpoint,
                                        std::string_view event_id) {
  TM_ASSIGN(const Json known, explain(tenant, endpoint, event_id));
  const auto state = known.at("state").get<std::string>();
  if (state != "waiting") {
    return fail(Errc::conflict, "the delivery is " + state +
                                    ": only one that waits can be "
                                    "cancelled");
  }
  return impl_->submit(tenant, endpoint, input_type::kCancel,
                       encode(CancelDeliveries{{*parse_id(kEventPrefix, event_id)}}));
}

namespace {

// In pieces that each fit a step; what a piece changed is not found again by the next.
template <class Change>
Result<DeadLetterCount> change_dead(
    const DeadLetterChange& change, const Change& submit,
    const std::function<Result<std::vector<Position>>(Position after, bool& more)>& next) {
  DeadLetterCount count;
  Position after;
  for (bool more = true; more;) {
    TM_ASSIGN(const auto positions, next(after, more));
    if (positions.empty()) break;
    after = positions.back();
    count.matched += positions.size();
    if (change.dry_run) continue;
    TM_TRY(submit(positions, count.changed));
    count.changed += positions.size();
  }
  return count;
}

}  // namespace

Result<DeadLetterCount> DeliveryService::replay_dead(const DeadLetterChange& change) {
  TM_TRY(impl_->find(change.filter.tenant, change.filter.endpoint));
  if (!(change.per_second > 0) || change.per_second > 10'000) {
    return fail(Errc::invalid_argument, "per_second: must be above 0 and at most 10000");
  }
  const std::set<std::string> ids(change.event_ids.begin(), change.event_ids.end());
  const auto spacing = milliseconds(static_cast<std::int64_t>(1000.0 / change.per_second));
  return change_dead(
      change,
      [&](const std::vector<Position>& positions, std::uint64_t begun) -> Result<void> {
        TM_TRY(impl_->submit(change.filter.tenant, change.filter.endpoint, input_type::kRetry,
                             encode(RetryDeliveries{positions, spacing,
                                                    spacing * static_cast<std::int64_t>(begun)})));
        return {};
      },
      [&](Position after, bool& more) -> Result<std::vector<Position>> {
        TM_ASSIGN(auto match, impl_->dead_positions(change.filter, ids, after, kMaxPositions));
        more = match.more;
        return std::move(match.positions);
      });
}

Result<DeadLetterCount> DeliveryService::drop_dead(const DeadLetterChange& change) {
  TM_TRY(impl_->find(change.filter.tenant, change.filter.endpoint));
  const std::set<std::string> ids(change.event_ids.begin(), change.event_ids.end());
  return change_dead(
      change,
      [&](const std::vector<Position>& positions, std::uint64_t) -> Result<void> {
        TM_TRY(impl_->submit(change.filter.tenant, change.filter.endpoint, input_type::kDrop,
                             encode(DropDeadLetters{positions})));
        return {};
      },
      [&](Position after, bool& more) -> Result<std::vector<Position>> {
        TM_ASSIGN(auto match, impl_->dead_positions(change.filter, ids, after, kMaxPositions));
        more = match.more;
        return std::move(match.positions);
      });
}

}  // namespace tidemark::delivery
