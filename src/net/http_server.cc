#include "net/http_server.h"

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/log.h"
#include "net/http_syntax.h"
#include "net/httplib_bridge.h"
#include "net/router.h"
#include "net/server_reactor.h"
#include "net/server_streams.h"
#include "net/url.h"

namespace tidemark {
namespace {

using net::Connection;
using net::HttplibBridge;
using net::Refusal;
using net::Router;
using Steady = std::chrono::steady_clock;

ServerResponse plain_error(int status, std::string_view detail) {
  return {.status = status,
          .body = dump_json({{"status", status}, {"detail", detail}}),
          .content_type = "application/problem+json"};
}

// What a handler must not send: it would break the response for everybody on the connection.
bool is_well_formed(const ServerResponse& response) {
  return response.status >= 200 && response.status <= 599 &&
         net::is_header_value(response.content_type) &&
         std::all_of(response.headers.begin(), response.headers.end(), [](const auto& field) {
           return net::is_token(field.first) && net::is_header_value(field.second);
         });
}

struct Job {
  Connection* connection;
  std::optional<Refusal> refusal;
};

// At most one job per connection is ever in it, so the connection limit bounds it.
class JobQueue {
 public:
  void push(Job job) {
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(job));
    }
    ready_.notify_one();
  }

  // Nothing once closed and empty.
  std::optional<Job> pop() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
    if (jobs_.empty()) return std::nullopt;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    return job;
  }

  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    ready_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Job> jobs_;
  bool closed_ = false;
};

class EpollHttpServer final : public HttpServer {
 public:
  explicit EpollHttpServer(const ServerLimits& limits)
      : limits_(limits),
        reactor_(limits_,
                 [this](Connection& connection, std::optional<Refusal> refusal) {
                   jobs_.push({&connection, std::move(refusal)});
                 }),
        streams_(limits_, reactor_) {}

  ~EpollHttpServer() override {
    stop(std::chrono::milliseconds(0));
    streams_.stop();
    for (std::thread& worker : workers_) worker.join();
  }

  void route(std::string method, std::string pattern, RouteHandler handler) override {
    router_.add(method, pattern, std::move(handler));
  }
  void error_handler(std::function<ServerResponse(int, std::string_view)> handler) override {
    error_handler_ = std::move(handler);
  }
  void observe(std::function<void(const ServerRequest&, int, double)> observer) override {
    observer_ = std::move(observer);
  }
  Result<void> listen(const std::string& address) override {
    TM_ASSIGN(net::Listener listener, net::listen_tcp(address));
    if (port_ == 0) port_ = listener.port;
    reactor_.add(std::move(listener));
    return {};
  }
  Result<void> listen_unix(const std::string& path) override {
    TM_ASSIGN(net::Listener listener, net::listen_unix_socket(path));
    unix_paths_.push_back(path);
    reactor_.add(std::move(listener));
    return {};
  }
  std::uint16_t port() const override { return port_; }
  Result<void> start() override;
  void stop(std::chrono::milliseconds deadline) override;

 private:
  void work();
  void answer(HttplibBridge& bridge, const Job& job);
  ServerResponse respond_to(ServerRequest& request, const std::string& raw_path,
                            const std::optional<Refusal>& refusal);
  ServerResponse call(const RouteHandler& handler, const ServerRequest& request);
  ServerResponse error_response(int status, std::string_view detail);
  void report(const ServerRequest& request, int status, Steady::time_point began);

  const ServerLimits limits_;
  Router router_;
  std::function<ServerResponse(int, std::string_view)> error_handler_ = plain_error;
  std::function<void(const ServerRequest&, int, double)> observer_;
  std::vector<std::string> unix_paths_;
  std::uint16_t port_ = 0;
  bool started_ = false;
  bool stopped_ = false;
  JobQueue jobs_;
  net::Reactor reactor_;
  net::StreamThreads streams_;
  std::vector<std::thread> workers_;
};

Result<void> EpollHttpServer::start() {
  if (started_) return fail(Errc::internal, "the HTTP server was started twice");
  started_ = true;
  for (std::size_t count = 0; count < std::max<std::size_t>(limits_.threads, 1); ++count) {
    workers_.emplace_back([this] { work(); });
  }
  return reactor_.start();
}

void EpollHttpServer::stop(std::chrono::milliseconds deadline) {
  if (std::exchange(stopped_, true)) return;
  const auto until = Steady::now() + deadline;
  reactor_.stop_accepting();
  for (const std::string& path : unix_paths_) ::unlink(path.c_str());
  streams_.close_all();
  if (started_ && !reactor_.wait_until_quiet(until) && deadline.count() > 0) {
    log::warning("requests were still running when the HTTP server stopped",
                 {.error_code = "timeout"});
  }
  reactor_.stop();
  jobs_.close();
}

void EpollHttpServer::work() {
  HttplibBridge bridge(limits_);
  while (auto job = jobs_.pop()) answer(bridge, *job);
}

void EpollHttpServer::answer(HttplibBridge& bridge, const Job& job) {
  Connection& connection = *job.connection;
  const auto began = Steady::now();
  const bool keep_alive = connection.head.keep_alive && !job.refusal;
  ServerRequest request;
  std::optional<ServerResponse> streamed;
  int status = 500;
  std::string bytes =
      bridge.respond(connection.head, keep_alive, [&](const HttplibBridge::Query& query) {
        request.method = connection.head.method;
        request.path = percent_decode(connection.head.path).value_or("");
        request.query = query;
        request.headers = connection.head.headers;
        request.body = std::move(connection.body);
        request.peer = connection.peer;
        request.from_unix_socket = connection.is_unix;
        ServerResponse response = respond_to(request, connection.head.path, job.refusal);
        if (response.stream) {
          streamed = std::move(response);
          response = ServerResponse{.status = streamed->status, .headers = streamed->headers};
        }
        status = response.status;
        return response;
      });
  // A HEAD request for a stream has had all of its answer.
  if (streamed && request.method != "HEAD") {
    if (streams_.start(connection, *std::move(streamed))) return report(request, status, began);
    status = 503;
    bytes = bridge.respond(connection.head, false, [&](const HttplibBridge::Query&) {
      return error_response(status, "too many streams are open, or the server is stopping");
    });
    report(request, status, began);
    return reactor_.answer(connection, std::move(bytes), false);
  }
  // Observed before the client can see the answer: its next look at the metrics includes it.
  report(request, status, began);
  reactor_.answer(connection, std::move(bytes), keep_alive);
}

ServerResponse EpollHttpServer::respond_to(ServerRequest& request, const std::string& raw_path,
                                           const std::optional<Refusal>& refusal) {
  if (refusal) return error_response(refusal->status, refusal->detail);
  Router::Match match = router_.find(request.method, raw_path);
  request.route = match.pattern;
  request.captures = std::move(match.captures);
  if (match.handler != nullptr) return call(*match.handler, request);
  if (match.allow.empty()) return error_response(404, "there is nothing at this path");
  ServerResponse response = error_response(405, "this path does not know the method");
  response.headers.emplace_back("Allow", match.allow);
  return response;
}

ServerResponse EpollHttpServer::call(const RouteHandler& handler, const ServerRequest& request) {
  std::string problem;
  try {
    ServerResponse response = handler(request);
    if (is_well_formed(response)) return response;
    problem = "the response has an invalid status or header";
  } catch (const std::exception& error) {
    problem = error.what();
  } catch (...) {
    problem = "an exception of unknown type";
  }
  const std::string detail = request.method + " " + request.route + ": " + problem;
  log::error("a request handler failed", {.error_code = "internal", .detail = detail});
  return error_response(500, "internal error");
}

ServerResponse EpollHttpServer::error_response(int status, std::string_view detail) {
  try {
    ServerResponse response = error_handler_(status, detail);
    if (is_well_formed(response) && !response.stream) return response;
  } catch (...) {
    log::error("the error handler failed", {.error_code = "internal"});
  }
  return plain_error(status, detail);
}

void EpollHttpServer::report(const ServerRequest& request, int status, Steady::time_point began) {
  if (!observer_) return;
  try {
    observer_(request, status, std::chrono::duration<double>(Steady::now() - began).count());
  } catch (...) {
    log::error("the request observer failed", {.error_code = "internal"});
  }
}

}  // namespace

std::optional<std::string> ServerRequest::query_value(const std::string& name) const {
  const auto found = query.find(name);
  if (found == query.end()) return std::nullopt;
  return found->second;
}

std::unique_ptr<HttpServer> make_http_server(ServerLimits limits) {
  return std::make_unique<EpollHttpServer>(limits);
}

}  // namespace tidemark
