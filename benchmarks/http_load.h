// As many requests running as there are connections, all of one body, sent from the driver thread
// itself: what the asynchronous client can do when nobody asks anything else of it.
#pragma once

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <utility>

#include "net/async_http_client.h"
#include "support.h"

namespace tidemark::bench {

class HttpLoad {
 public:
  struct Rate {
    double per_second = 0;
    double driver_us = 0;   // CPU of the driver thread, per request
    double process_us = 0;  // of the whole process
  };

  HttpLoad(AsyncHttpClient& client, std::string url, std::size_t bytes)
      : client_(client), url_(std::move(url)), body_(bytes, 'b') {}

  Rate run(std::size_t connections, double seconds) {
    const auto begun = Steady::now();
    const double process = cpu_seconds();
    const double driver = driver_cpu();
    until_ = begun +
             std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(seconds));
    running_ = connections;
    done_ = 0;
    over_ = {};
    for (std::size_t i = 0; i < connections; ++i) send();
    over_.get_future().wait();
    const auto done = static_cast<double>(done_);
    return {done / std::chrono::duration<double>(Steady::now() - begun).count(),
            (driver_cpu() - driver) * 1e6 / done, (cpu_seconds() - process) * 1e6 / done};
  }

 private:
  using Steady = std::chrono::steady_clock;

  void send() {
    HttpRequest request;
    request.method = "POST";
    request.url = url_;
    request.headers = {{"Content-Type", "application/json"},
                       {"Webhook-Id", "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"},
                       {"Webhook-Timestamp", "1674087231"},
                       {"Webhook-Signature", "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="}};
    request.body = body_;
    request.total_timeout = std::chrono::seconds(15);
    request.keep_body_bytes = 1024;
    client_.start(std::move(request), [this](Result<HttpResponse> answer, const HttpTiming&) {
      if (!answer) give_up(answer.error().message);
      ++done_;
      if (Steady::now() < until_) return send();
      if (--running_ == 0) over_.set_value();
    });
  }

  double driver_cpu() {
    std::promise<double> seconds;
    client_.post([&] { seconds.set_value(cpu_seconds(CLOCK_THREAD_CPUTIME_ID)); });
    return seconds.get_future().get();
  }

  AsyncHttpClient& client_;
  const std::string url_;
  const std::string body_;
  Steady::time_point until_;
  std::atomic<std::size_t> running_ = 0;
  std::atomic<std::size_t> done_ = 0;
  std::promise<void> over_;
};

}  // namespace tidemark::bench
