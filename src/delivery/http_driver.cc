#include "delivery/http_driver.h"

#include <algorithm>
#include <utility>

namespace tidemark::delivery {
namespace {

// Wall clocks may be set: nobody sleeps longer without looking at it again.
constexpr std::chrono::minutes kLongestSleep{1};

}  // namespace

HttpDriver::HttpDriver(const Clock& clock, std::unique_ptr<AsyncHttpClient> client)
    : clock_(clock), client_(std::move(client)) {}

HttpDriver::~HttpDriver() = default;

Result<std::unique_ptr<HttpDriver>> HttpDriver::make(const Clock& clock, const AddressGuard* guard,
                                                     std::size_t max_connections) {
  AsyncHttpOptions options;
  options.max_connections = max_connections;
  options.max_per_host = max_connections;
  options.guard = guard;
  TM_ASSIGN(auto client, AsyncHttpClient::make(std::move(options)));
  return std::unique_ptr<HttpDriver>(new HttpDriver(clock, std::move(client)));
}

void HttpDriver::send(HttpRequest request, Answered answered) {
  client_->start(std::move(request), [answered = std::move(answered)](Result<HttpResponse> response,
                                                                      const HttpTiming& timing) {
    answered(std::move(response),
             std::chrono::duration_cast<milliseconds>(timing.total - timing.waited));
  });
}

void HttpDriver::post(std::function<void()> function) {
  client_->post(std::move(function));
}

void HttpDriver::wake_at(WallTime when, std::function<void()> function) {
  const auto wait = std::max(when - clock_.now(), milliseconds{0});
  client_->run_after(std::min<milliseconds>(wait, kLongestSleep), std::move(function));
}

void HttpDriver::cancel_all() {
  client_->cancel_all();
}

std::size_t HttpDriver::running() const {
  return client_->depths().running;
}

}  // namespace tidemark::delivery
