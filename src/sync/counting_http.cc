#include "sync/counting_http.h"

namespace tidemark::sync {
namespace {

constexpr auto kRequests = "tidemark_upstream_requests_total";
constexpr auto kErrors = "calendar_errors_total";
constexpr int kFirstError = 400;

}  // namespace

Result<HttpResponse> CountingHttpClient::send(const HttpRequest& request, const BodySink& sink) {
  auto response = client_.send(request, sink);
  // Without an answer, why there is none stands for its status.
  const Metrics::Labels labels{{"provider", provider_},
                               {"status", response ? std::to_string(response->status)
                                                   : std::string(name(response.error().code))}};
  metrics_.add(kRequests, labels);
  if (!response || response->status >= kFirstError) metrics_.add(kErrors, labels);
  return response;
}

void describe_http_metrics(Metrics& metrics) {
  metrics.describe(kRequests,
                   "Requests to the servers of calendars, by provider and status of the answer.");
  metrics.describe(kErrors, "Those of them that were refused or not answered.");
}

}  // namespace tidemark::sync
