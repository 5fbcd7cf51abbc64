// Many small requests at once from one thread: the client behind outgoing webhooks.
//
// One thread of its own, the driver, runs all connections (libcurl's multi interface over epoll)
// and calls back. Connections are kept and reused; over TLS HTTP/2 is used where the server speaks
// it, many requests on one connection. As in CurlHttpClient, redirects are not followed, and there
// are no proxies, no .netrc, no cookies, only http and https, and certificates are always checked.
//
// With a guard, the text of the host is checked before a request is accepted, and the address of
// every socket before it is connected: a name that changes its address after it was checked (DNS
// rebinding) gets nowhere.
//
//   client->start(std::move(request), [&](Result<HttpResponse> answer, const HttpTiming& timing) {
//     // On the driver thread.
//   });
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/address_guard.h"
#include "net/http.h"

namespace tidemark {

struct AsyncHttpOptions {
  // Requests on their way at once, in all and to one host, and so the most connections in use.
  // Further ones wait; hosts take turns.
  std::size_t max_connections = 256;
  std::size_t max_per_host = 64;
  std::size_t max_waiting = 65'536;     // more are refused as overloaded
  const AddressGuard* guard = nullptr;  // must outlive the client; null: any address
  TlsSettings tls{};                    // for requests that name no ca_file of their own
  // "name:port:address": the address of a name without asking DNS, as in /etc/hosts.
  std::vector<std::string> resolve{};
};

// All measured from where the request began to be sent, but for `waited` and `total`.
struct HttpTiming {
  std::chrono::microseconds waited{};      // from start() until it was its turn
  std::chrono::microseconds connected{};   // DNS, TCP and TLS done; 0 on an open connection
  std::chrono::microseconds first_byte{};  // of the answer; 0 when there was none
  std::chrono::microseconds total{};       // from start() until the callback
  bool new_connection = false;
};

// Any thread may call any function, callbacks included; only the destructor and the driver thread
// exclude each other. Whatever runs on the driver thread must be short and must not throw:
// everything else waits meanwhile.
class AsyncHttpClient {
 public:
  using Done = std::function<void(Result<HttpResponse>, const HttpTiming&)>;
  using Function = std::function<void()>;

  // Errc::invalid_argument for limits of 0, io_error when the system gives no thread or descriptor.
  static Result<std::unique_ptr<AsyncHttpClient>> make(AsyncHttpOptions options);
  // As cancel_all(); then runs what has been posted and ends the thread. Timers are dropped.
  ~AsyncHttpClient();
  AsyncHttpClient(const AsyncHttpClient&) = delete;
  AsyncHttpClient& operator=(const AsyncHttpClient&) = delete;

  // Returns at once; `done` is called exactly once, on the driver thread and never from within
  // start(). Errors are those of HttpClient, the guard's when it refuses, and overloaded. The
  // timeouts begin when it is the request's turn; stall_timeout is rounded up to seconds.
  // HttpRequest::credentials and unix_socket are not for this client: invalid_argument.
  // Compression is not asked for.
  void start(HttpRequest request, Done done);

  // Ends every request, and every later one, with Errc::cancelled. Does not wait for the callbacks.
  void cancel_all();

  // Runs a function on the driver thread, in the order given; with this, state can live there
  // without locks. Timers are never early, and about a millisecond late.
  void post(Function function);
  void run_at(std::chrono::steady_clock::time_point when, Function function);
  void run_after(std::chrono::steady_clock::duration delay, Function function);
  bool on_driver_thread() const;

  struct Depths {
    std::size_t running = 0;
    std::size_t waiting = 0;
  };
  Depths depths() const;

 private:
  class Impl;
  explicit AsyncHttpClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidemark
