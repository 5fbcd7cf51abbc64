// How single events did at all of a tenant's endpoints.
#include <algorithm>
#include <map>
#include <utility>

#include "delivery/delivery_rows.h"
#include "delivery/delivery_service_impl.h"
#include "engine/journal.h"
#include "store/key.h"

namespace tidemark::delivery {
namespace {

using Wanted = std::map<Position, std::optional<FeedLine>>;

Position before(Position position) {
  if (position.index == 0) return {position.sequence - 1, kRecordIndex};
  return {position.sequence, static_cast<std::uint16_t>(position.index - 1)};
}

Result<Wanted> read_events(const StoreView& view, std::string_view tenant,
                           const std::vector<Position>& events) {
  Wanted wanted;
  for (const Position position : events) {
    TM_ASSIGN(auto lines,
              read_feed_lines(
                  view, {.tenant = std::string(tenant), .after = before(position), .limit = 1}));
    auto& line = wanted[position];
    const bool there = !lines.items.empty() && lines.items.front().position == position;
    if (there) line = std::move(lines.items.front());
  }
  return wanted;
}

class EndpointHistory {
 public:
  EndpointHistory(const StoreView& view, const EndpointView& endpoint, const Wanted& wanted)
      : view_(view),
        endpoint_(endpoint),
        wanted_(wanted),
        instance_(endpoint_instance(endpoint.tenant, endpoint.state.config.id)) {}

  Result<std::vector<EventDelivery>> read() && {
    TM_TRY(read_log());
    for (const auto& [position, line] : wanted_) {
      TM_TRY(read_row_at(position, waiting_key(position), DeliveryState::waiting));
      TM_TRY(read_row_at(position, dead_key(position), DeliveryState::dead));
      if (!found_.contains(position) && line) note_pending(position, *line);
    }
    std::vector<EventDelivery> deliveries;
    for (auto& [position, delivery] : found_) deliveries.push_back(std::move(delivery));
    return deliveries;
  }

 private:
  EventDelivery& begin(Position position, std::string_view state) {
    EventDelivery& delivery = found_[position];
    delivery = {position, endpoint_.state.config.id, std::string(state)};
    return delivery;
  }

  Result<void> read_log() {
    std::optional<Error> damaged;
    TM_TRY(scan_rows(view_, instance_, {&kLogRow, 1}, {},
                     [&](std::string_view key, std::string_view bytes) {
                       const auto log = decode_delivered_log(bytes);
                       if (!log) {
                         damaged = log.error();
                         return false;
                       }
                       for (const auto& one : *log) {
                         if (wanted_.contains(one.position)) note_delivered(one, key);
                       }
                       return true;
                     }));
    if (damaged) return fail(*std::move(damaged));
    return {};
  }

  void note_delivered(const Delivered& one, std::string_view key) {
    EventDelivery& delivery = begin(one.position, to_text(DeliveryState::delivered));
    delivery.record = KeyReader(key.substr(1)).u64();
    delivery.attempt = one.attempt;
    delivery.attempts.push_back(to_json(Attempt{one.at, one.status, one.latency_ms, {}, {}}));
  }

  // What waits or is dead now says more than that it was delivered once: it is being repeated.
  Result<void> read_row_at(Position position, const std::string& key, DeliveryState state) {
    TM_ASSIGN(const auto bytes, read_row(view_, instance_, key));
    if (!bytes) return {};
    TM_ASSIGN(const auto stored, decode_delivery(*bytes));
    EventDelivery& delivery = begin(position, to_text(state));
    delivery.attempt = stored.attempts_done;
    for (const auto& attempt : stored.attempts) delivery.attempts.push_back(to_json(attempt));
    return {};
  }

  void note_pending(Position position, const FeedLine& line) {
    const auto& state = endpoint_.state;
    if (position <= state.cursor) return;
    const auto wants = selects(state.config.types, state.config.filter, line.type, line.json);
    if (wants.value_or(false)) begin(position, "pending");
  }

  const StoreView& view_;
  const EndpointView& endpoint_;
  const Wanted& wanted_;
  const InstanceId instance_;
  std::map<Position, EventDelivery> found_;
};

}  // namespace

Result<std::vector<EventDelivery>> DeliveryService::history(
    std::string_view tenant, const std::vector<Position>& events) const {
  std::vector<EventDelivery> all;
  TM_ASSIGN(auto endpoints, this->endpoints(tenant));
  if (endpoints.empty()) return all;
  if (endpoints.size() > kMaxHistoryEndpoints) endpoints.resize(kMaxHistoryEndpoints);
  TM_ASSIGN(const Wanted wanted, read_events(impl_->store, tenant, events));
  for (const auto& endpoint : endpoints) {
    TM_ASSIGN(auto deliveries, EndpointHistory(impl_->store, endpoint, wanted).read());
    std::move(deliveries.begin(), deliveries.end(), std::back_inserter(all));
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& left, const auto& right) {
    return left.position < right.position;
  });
  return all;
}

}  // namespace tidemark::delivery
