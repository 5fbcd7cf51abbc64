// What the tests of AsyncHttpClient have in common.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>

#include "net/async_http_client.h"

namespace tidemark::test {

struct Outcome {
  Result<HttpResponse> response;
  HttpTiming timing;
};

inline std::unique_ptr<AsyncHttpClient> make_client(AsyncHttpOptions options = {}) {
  auto client = AsyncHttpClient::make(std::move(options));
  if (client) return *std::move(client);
  ADD_FAILURE() << client.error().message;
  return nullptr;
}

inline HttpRequest post_to(const std::string& url, std::string body = "{}") {
  HttpRequest request;
  request.method = "POST";
  request.url = url;
  request.body = std::move(body);
  return request;
}

// Keeps the promise that each callback comes once: a second call would throw on the driver.
inline std::future<Outcome> start(AsyncHttpClient& client, HttpRequest request) {
  auto promise = std::make_shared<std::promise<Outcome>>();
  auto future = promise->get_future();
  client.start(std::move(request), [promise](Result<HttpResponse> response, const auto& timing) {
    promise->set_value({std::move(response), timing});
  });
  return future;
}

inline Outcome send(AsyncHttpClient& client, HttpRequest request) {
  return start(client, std::move(request)).get();
}

// Waits until the driver has done everything that was posted before.
inline void drain(AsyncHttpClient& client) {
  const auto done = std::make_shared<std::promise<void>>();
  auto future = done->get_future();
  client.post([done] { done->set_value(); });
  future.wait();
}

}  // namespace tidemark::test
