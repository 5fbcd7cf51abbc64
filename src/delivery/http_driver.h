// The driver that deliveries run on in a process: one thread with all its connections.
#pragma once

#include <memory>

#include "base/clock.h"
#include "delivery/deliverer.h"
#include "net/async_http_client.h"

namespace tidemark::delivery {

class HttpDriver final : public DeliveryDriver {
 public:
  // The guard may be null; both outlive the driver.
  static Result<std::unique_ptr<HttpDriver>> make(const Clock& clock, const AddressGuard* guard,
                                                  std::size_t max_connections);
  ~HttpDriver() override;

  void send(HttpRequest request, Answered answered) override;
  void post(std::function<void()> function) override;
  void wake_at(WallTime when, std::function<void()> function) override;

  // Ends every request with Errc::cancelled.
  void cancel_all();
  std::size_t running() const;

 private:
  HttpDriver(const Clock& clock, std::unique_ptr<AsyncHttpClient> client);

  const Clock& clock_;
  std::unique_ptr<AsyncHttpClient> client_;
};

}  // namespace tidemark::delivery
