#include "api/api.h"

#include <chrono>
#include <set>

#include "api/authentication.h"
#include "api/endpoint_summary.h"
#include "api/handlers.h"
#include "api/problem.h"
#include "api/route.h"
#include "api/suggest.h"
#include "api/sync_progress.h"
#include "base/log.h"
#include "base/text.h"
#include "sync/mirror.h"

namespace tidemark {
namespace {

constexpr auto kAccounts = "tidemark_accounts";
constexpr auto kRequests = "tidemark_http_requests_total";
constexpr auto kSeconds = "tidemark_http_request_seconds";

std::string_view type_fault(const Parameter& parameter, const std::string& value) {
  switch (parameter.type) {
    case ParameterType::text: {
      if (value.size() > 1024) return "is longer than 1024 bytes";
      if (!is_valid_utf8(value)) return "is not UTF-8";
      if (parameter.allowed.empty()) return {};
      for (const auto& allowed : parameter.allowed) {
        if (allowed == value) return {};
      }
      return "is not one of the values allowed";
    }
    case ParameterType::integer: {
      const bool digits = !value.empty() && value.size() <= 18 &&
                          value.find_first_not_of("0123456789") == std::string::npos;
      return digits ? "" : "must be a whole number";
    }
    case ParameterType::time:
      return parse_rfc3339(value) ? "" : "must be a time such as 2025-12-16T12:00:00Z";
    case ParameterType::boolean:
      return value.empty() || value == "true" || value == "false" ? "" : "must be true or false";
  }
  return {};
}

std::optional<Problem> parameter_problem(const Route& route, const ServerRequest& request) {
  const auto bad = [](const std::string& message) {
    return Problem{400, std::string(name(Errc::invalid_argument)), message};
  };
  for (auto entry = request.query.begin(); entry != request.query.end();) {
    const std::string& key = entry->first;
    const std::string shown = "query parameter \"" + to_valid_utf8(key.substr(0, 64)) + "\" ";
    if (request.query.count(key) > 1) return bad(shown + "is given more than once");
    const Parameter* parameter = nullptr;
    std::vector<std::string> known{"tenant"};
    for (const auto& candidate : route.parameters) {
      if (candidate.name == key) parameter = &candidate;
      known.emplace_back(candidate.name);
    }
    if (parameter == nullptr && key != "tenant") {
      return bad(shown + "is unknown here" + suggestion(key, known));
    }
    if (parameter != nullptr) {
      const auto fault = type_fault(*parameter, entry->second);
      if (!fault.empty()) return bad(shown + std::string(fault));
      if (parameter->type == ParameterType::integer && parameter->most > 0 &&
          std::stoll(entry->second) > parameter->most) {
        return bad(shown + "is at most " + std::to_string(parameter->most));
      }
    }
    ++entry;
  }
  return std::nullopt;
}

// What went wrong inside is the operator's business: it may name files or other tenants.
ServerResponse error_response(const Call& call, const Route& route, const Error& error) {
  const int status = http_status(error.code);
  if (status < 500) return problem_response(error);
  log::error("request failed",
             {.error_code = name(error.code), .detail = call.is_operator() ? error.message : ""});
  if (call.is_operator()) return problem_response(error);
  Error hidden = error;
  hidden.message = std::string(route.operation) + " failed; the operator's log says why";
  return problem_response(hidden);
}

ServerResponse method_not_allowed(const std::set<std::string>& allowed) {
  std::string list;
  for (const auto& method : allowed) list += (list.empty() ? "" : ", ") + method;
  auto response = problem_response(405, "this path takes " + list);
  response.headers.emplace_back("Allow", list);
  return response;
}

ServerResponse answer(const ApiParts& parts, const Route& route, const ServerRequest& request,
                      std::map<std::string, std::string> captures) {
  auto principal = authenticate(parts, route, request);
  if (!principal) return problem_response(principal.error());
  if (auto problem = parameter_problem(route, request)) return problem_response(*problem);
  const Call call(request, std::move(captures), principal->is_operator,
                  std::move(principal->tenant));
  auto response = route.handler(parts, call);
  if (!response) return error_response(call, route, response.error());
  return std::move(*response);
}

void describe_metrics(Metrics& metrics) {
  metrics.describe(kRequests, "HTTP requests answered, by route and status");
  metrics.describe_histogram(kSeconds, "Time to answer an HTTP request, streams aside",
                             {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                              0.25, 0.5, 1, 2.5, 5, 10, 30});
  metrics.describe("tidemark_calendar_lag_seconds", "Time since the last pass that ended well");
  metrics.describe("tidemark_calendar_failures", "Passes that failed in a row");
  metrics.describe("tidemark_calendar_resources", "Resources mirrored");
  metrics.describe("tidemark_calendar_quarantined", "Resources that cannot be read");
  metrics.describe("tidemark_store_disk_bytes", "Size of the store on disk");
  metrics.describe("tidemark_store_wal_bytes", "Size of the write-ahead log");
  metrics.describe("tidemark_store_memory_bytes", "Memory of caches and write buffers");
  metrics.describe("tidemark_store_keys", "Keys by table, estimated");
  metrics.describe("tidemark_store_last_sequence", "The newest journal record");
  metrics.describe("tidemark_store_faulty", "1 while commits fail");
  metrics.describe(kAccounts, "Accounts by provider and state");
  describe_backup_metrics(metrics);
  EndpointGauges::describe(metrics);
}

void collect_store(const ApiParts& parts, Metrics& metrics) {
  const StoreStats stats = parts.store.stats();
  metrics.set("tidemark_store_disk_bytes", {}, static_cast<double>(stats.disk_bytes));
  metrics.set("tidemark_store_wal_bytes", {}, static_cast<double>(stats.wal_bytes));
  metrics.set("tidemark_store_memory_bytes", {}, static_cast<double>(stats.memory_bytes));
  metrics.set("tidemark_store_last_sequence", {}, static_cast<double>(stats.last_sequence));
  metrics.set("tidemark_store_faulty", {}, parts.store.fault() ? 1 : 0);
  for (const auto& [table, keys] : stats.table_keys) {
    metrics.set("tidemark_store_keys", {{"table", table}}, static_cast<double>(keys));
  }
}

// How many accounts are in which state; a pair that nobody is in any more says 0.
class AccountGauges {
 public:
  void collect(const ApiParts& parts, Metrics& metrics) {
    const auto accounts = list_accounts(parts.store, "");
    if (!accounts) return;
    for (auto& [labels, count] : counts_) count = 0;
    for (const auto& account : *accounts) {
      if (account.error_code == "not_configured") continue;
      ++counts_[Metrics::Labels{{"provider", account.provider}, {"state", account.state}}];
    }
    for (const auto& [labels, count] : counts_) {
      metrics.set(kAccounts, labels, static_cast<double>(count));
    }
  }

 private:
  std::map<Metrics::Labels, std::size_t> counts_;
};

// A calendar that has gone takes its gauges with it.
class CalendarGauges {
 public:
  void collect(const ApiParts& parts, Metrics& metrics) {
    const auto calendars = list_calendars(parts.store, "");
    if (!calendars) return;
    std::map<std::string, Metrics::Labels> seen;
    for (const auto& calendar : *calendars) {
      const Metrics::Labels labels{
          {"tenant", calendar.tenant}, {"account", calendar.account}, {"calendar", calendar.id}};
      seen.emplace(calendar.id, labels);
      if (calendar.last_sync) {
        const std::chrono::duration<double> lag = parts.clock.now() - *calendar.last_sync;
        metrics.set("tidemark_calendar_lag_seconds", labels, lag.count());
      }
      metrics.set("tidemark_calendar_failures", labels, calendar.failures);
      metrics.set("tidemark_calendar_resources", labels, static_cast<double>(calendar.resources));
      metrics.set("tidemark_calendar_quarantined", labels,
                  static_cast<double>(calendar.quarantined));
    }
    for (const auto& [id, labels] : before_) {
      if (seen.contains(id)) continue;
      for (const char* gauge : {"tidemark_calendar_lag_seconds", "tidemark_calendar_failures",
                                "tidemark_calendar_resources", "tidemark_calendar_quarantined"}) {
        metrics.remove_gauge(gauge, labels);
      }
    }
    before_ = std::move(seen);
  }

 private:
  std::map<std::string, Metrics::Labels> before_;
};

// The server has matched already, and knows which slashes were encoded; a request from the command
// line has only its path.
std::optional<std::map<std::string, std::string>> captures_of(const Route& route,
                                                              const ServerRequest& request) {
  if (request.route.empty()) return match_route(route.pattern, request.path);
  return route.pattern == request.route ? std::optional(request.captures) : std::nullopt;
}

}  // namespace

Api::Api(ApiParts parts) : parts_(std::move(parts)) {
  parts_.progress = std::make_shared<SyncProgressReader>();
  describe_metrics(parts_.metrics);
  parts_.running_tests = std::make_shared<std::atomic<int>>(0);
  parts_.running_consents = std::make_shared<std::atomic<int>>(0);
  parts_.metrics.on_collect([this, accounts = AccountGauges(), calendars = CalendarGauges(),
                             endpoint_gauges = EndpointGauges()](Metrics& metrics) mutable {
    collect_store(parts_, metrics);
    collect_backup_metrics(parts_, metrics);
    accounts.collect(parts_, metrics);
    calendars.collect(parts_, metrics);
    const auto endpoints = parts_.delivery.endpoints("");
    if (endpoints) endpoint_gauges.collect(*endpoints, metrics);
  });
}

ServerResponse Api::handle(const ServerRequest& request) const {
  const auto started = std::chrono::steady_clock::now();
  std::set<std::string> allowed;
  for (const auto& route : route_table()) {
    auto captures = captures_of(route, request);
    if (!captures) continue;
    if (route.method != request.method && !(route.method == "GET" && request.method == "HEAD")) {
      allowed.emplace(route.method);
      continue;
    }
    auto response = answer(parts_, route, request, std::move(*captures));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
    const Metrics::Labels labels{{"route", std::string(route.pattern)}};
    if (!response.stream) parts_.metrics.observe(kSeconds, labels, took.count());
    parts_.metrics.add(kRequests, {{"route", std::string(route.pattern)},
                                   {"status", std::to_string(response.status)}});
    return response;
  }
  if (!allowed.empty()) return method_not_allowed(allowed);
  return problem_response(404, "there is nothing at this path; see /v1/openapi.json");
}

void Api::mount(HttpServer& server) const {
  for (const auto& route : route_table()) {
    server.route(std::string(route.method), std::string(route.pattern),
                 [this](const ServerRequest& request) { return handle(request); });
  }
  server.error_handler(
      [](int status, std::string_view detail) { return problem_response(status, detail); });
}

}  // namespace tidemark
