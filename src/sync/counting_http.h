// Counts what is asked of an account's server, by provider and status.
#pragma once

#include <string>

#include "base/metrics.h"
#include "net/http.h"

namespace tidemark::sync {

// As thread-safe as the client behind it, which must outlive it.
class CountingHttpClient final : public HttpClient {
 public:
  CountingHttpClient(HttpClient& client, Metrics& metrics, std::string provider)
      : client_(client), metrics_(metrics), provider_(std::move(provider)) {}

  Result<HttpResponse> send(const HttpRequest& request, const BodySink& sink) override;

 private:
  HttpClient& client_;
  Metrics& metrics_;
  const std::string provider_;
};

void describe_http_metrics(Metrics& metrics);

}  // namespace tidemark::sync
