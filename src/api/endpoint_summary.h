// How all endpoints do, at a glance: for the status, the health and the metrics.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/metrics.h"
#include "base/result.h"
#include "delivery/delivery_service.h"

namespace tidemark {

inline constexpr std::size_t kMostTroubledNamed = 100;
// One series of each gauge for every endpoint, up to this many; what is beyond is told together,
// as tenant "*" and endpoint "*", so that sums stay true.
inline constexpr std::size_t kMostEndpointSeries = 1000;

struct EndpointSummary {
  struct Trouble {
    std::string tenant;
    std::string id;
    std::string reason;
  };
  std::map<delivery::EndpointStatus, std::uint64_t> by_status;
  std::uint64_t waiting = 0;
  std::uint64_t dead = 0;
  // Those that were disabled and those that cannot sign: somebody has to do something. The first
  // kMostTroubledNamed of them.
  std::vector<Trouble> troubled;
  std::uint64_t troubled_count = 0;
};

EndpointSummary summarize(const std::vector<delivery::EndpointView>& endpoints);
// {"enabled", "paused", "disabled", "removing", "waiting", "dead", "troubled": [{"tenant", "id",
// "reason"}]}
Json to_json(const EndpointSummary& summary);
// "2 of 7 endpoints need attention: acme/orders: it answered 410 Gone; ..."; empty: all is well.
std::string trouble_text(const EndpointSummary& summary);

// tidemark_endpoint_waiting, _dead and _status by tenant and endpoint, tidemark_endpoints by
// status. An endpoint that has gone takes its gauges with it. One thread at a time.
class EndpointGauges {
 public:
  static void describe(Metrics& metrics);
  void collect(const std::vector<delivery::EndpointView>& endpoints, Metrics& metrics);

 private:
  std::set<Metrics::Labels> before_;
};

}  // namespace tidemark
