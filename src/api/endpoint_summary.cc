#include "api/endpoint_summary.h"

#include <array>

namespace tidemark {
namespace {

using delivery::EndpointStatus;
using delivery::EndpointView;

constexpr auto kWaiting = "tidemark_endpoint_waiting";
constexpr auto kDead = "tidemark_endpoint_dead";
constexpr auto kStatus = "tidemark_endpoint_status";
constexpr auto kByStatus = "tidemark_endpoints";
constexpr std::array kStatuses{EndpointStatus::enabled, EndpointStatus::paused,
                               EndpointStatus::disabled, EndpointStatus::removing};
constexpr std::size_t kMostInText = 10;

std::string trouble_of(const EndpointView& endpoint) {
  if (endpoint.state.status == EndpointStatus::disabled) {
    return "disabled: " + endpoint.state.reason;
  }
  if (endpoint.hold.reason != delivery::Hold::Reason::no_key) return {};
  return "cannot sign: " + (endpoint.hold.detail.empty() ? std::string("its secret cannot be read")
                                                         : endpoint.hold.detail);
}

}  // namespace

EndpointSummary summarize(const std::vector<EndpointView>& endpoints) {
  EndpointSummary summary;
  for (const auto status : kStatuses) summary.by_status[status] = 0;
  for (const auto& endpoint : endpoints) {
    ++summary.by_status[endpoint.state.status];
    summary.waiting += endpoint.state.counts.waiting;
    summary.dead += endpoint.state.counts.dead;
    auto trouble = trouble_of(endpoint);
    if (trouble.empty()) continue;
    ++summary.troubled_count;
    if (summary.troubled.size() == kMostTroubledNamed) continue;
    summary.troubled.push_back({endpoint.tenant, endpoint.state.config.id, std::move(trouble)});
  }
  return summary;
}

Json to_json(const EndpointSummary& summary) {
  Json value = {{"waiting", summary.waiting}, {"dead", summary.dead}};
  for (const auto& [status, count] : summary.by_status) {
    value[std::string(delivery::to_text(status))] = count;
  }
  Json troubled = Json::array();
  for (const auto& one : summary.troubled) {
    troubled.push_back({{"tenant", one.tenant}, {"id", one.id}, {"reason", one.reason}});
  }
  value["troubled"] = std::move(troubled);
  return value;
}

std::string trouble_text(const EndpointSummary& summary) {
  if (summary.troubled_count == 0) return {};
  std::uint64_t all = 0;
  for (const auto& [status, count] : summary.by_status) all += count;
  std::string text = std::to_string(summary.troubled_count) + " of " + std::to_string(all) +
                     " endpoints need attention: ";
  for (std::size_t i = 0; i < summary.troubled.size() && i < kMostInText; ++i) {
    const auto& one = summary.troubled[i];
    text += (i == 0 ? "" : "; ") + one.tenant + "/" + one.id + ": " + one.reason;
  }
  return summary.troubled_count > kMostInText ? text + "; ..." : text;
}

void EndpointGauges::describe(Metrics& metrics) {
  metrics.describe(kWaiting, "Deliveries that wait for their next attempt, by endpoint");
  metrics.describe(kDead, "Dead letters, by endpoint");
  metrics.describe(kStatus, "An endpoint is 0 enabled, 1 paused, 2 disabled, 3 being removed");
  metrics.describe(kByStatus, "Endpoints by status");
}

void EndpointGauges::collect(const std::vector<EndpointView>& endpoints, Metrics& metrics) {
  std::set<Metrics::Labels> seen;
  double waiting_beyond = 0;
  double dead_beyond = 0;
  for (const auto& endpoint : endpoints) {
    const auto waiting = static_cast<double>(endpoint.state.counts.waiting);
    const auto dead = static_cast<double>(endpoint.state.counts.dead);
    if (seen.size() == kMostEndpointSeries) {
      waiting_beyond += waiting;
      dead_beyond += dead;
      continue;
    }
    const Metrics::Labels labels{{"tenant", endpoint.tenant},
                                 {"endpoint", endpoint.state.config.id}};
    metrics.set(kWaiting, labels, waiting);
    metrics.set(kDead, labels, dead);
    metrics.set(kStatus, labels, static_cast<double>(endpoint.state.status));
    seen.insert(labels);
  }
  if (endpoints.size() > kMostEndpointSeries) {
    const Metrics::Labels beyond{{"tenant", "*"}, {"endpoint", "*"}};
    metrics.set(kWaiting, beyond, waiting_beyond);
    metrics.set(kDead, beyond, dead_beyond);
    seen.insert(beyond);
  }
  for (const auto& labels : before_) {
    if (seen.contains(labels)) continue;
    for (const char* gauge : {kWaiting, kDead, kStatus}) metrics.remove_gauge(gauge, labels);
  }
  before_ = std::move(seen);
  for (const auto& [status, count] : summarize(endpoints).by_status) {
    metrics.set(kByStatus, {{"status", std::string(delivery::to_text(status))}},
                static_cast<double>(count));
  }
}

}  // namespace tidemark
