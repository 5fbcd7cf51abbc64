#include "app/backend.h"

#include "api/route.h"
#include "app/exit_code.h"
#include "app/socket_path.h"
#include "net/curl_client.h"
#include "net/url.h"

namespace tidemark::app {
namespace {

constexpr std::chrono::hours kStreamTimeout{24 * 365};

// The codes of our own API are about us, not about an upstream: only what is plainly the caller's
// mistake or the store's refusal has an exit code of its own.
ApiFailure failure_of(const HttpResponse& response) {
  ApiFailure failure{"internal", "the answer is an HTTP status " + std::to_string(response.status),
                     kFailed};
  const auto problem = parse_json(response.body);
  if (!problem || !problem->is_object()) return failure;
  failure.code = problem->value("code", failure.code);
  failure.message = problem->value("detail", failure.message);
  const auto exit_code = exit_code_of_name(failure.code);
  if (exit_code == kBadUsage || exit_code == kStoreRefused) failure.exit_code = exit_code;
  return failure;
}

class LocalBackend final : public Backend {
 public:
  explicit LocalBackend(std::unique_ptr<Runtime> runtime) : runtime_(std::move(runtime)) {}

  ApiResult<void> stream(const ApiRequest&, const BodySink&) override {
    return tl::unexpected(ApiFailure{"unavailable",
                                     "nothing runs that could be followed; start "
                                     "`tidemark serve`",
                                     kFailed});
  }
  bool remote() const override { return false; }
  Runtime* runtime() override { return runtime_.get(); }

 protected:
  ApiResult<HttpResponse> send(const ApiRequest& request) override {
    ServerRequest local;
    local.method = request.method;
    local.path = request.path;
    local.query.insert(request.query.begin(), request.query.end());
    local.headers = request.headers;
    local.body = request.body;
    if (!request.segment.empty()) add_segment(request, local);
    local.peer = "unix";
    local.from_unix_socket = true;
    auto response = runtime_->api().handle(local);
    return HttpResponse{response.status, std::move(response.headers), std::move(response.body)};
  }

 private:
  // A path that is not encoded cannot show where its segments end, so the route is found for it
  // with another word in that place.
  static void add_segment(const ApiRequest& request, ServerRequest& local) {
    constexpr std::string_view kPlace = "segment";
    for (const auto& route : route_table()) {
      if (route.method != request.method) continue;
      auto captures = match_route(route.pattern, request.path + "/" + std::string(kPlace));
      if (!captures) continue;
      for (auto& [name, value] : *captures) {
        if (value == kPlace) value = request.segment;
      }
      local.route = route.pattern;
      local.captures = std::move(*captures);
      return;
    }
  }

  std::unique_ptr<Runtime> runtime_;
};

class RemoteBackend final : public Backend {
 public:
  explicit RemoteBackend(SocketPath socket) : socket_(std::move(socket)) {}

  ApiResult<void> stream(const ApiRequest& request, const BodySink& sink) override {
    auto http = to_http(request);
    http.total_timeout = kStreamTimeout;
    http.stall_timeout = kStreamTimeout;
    http.max_body_bytes = UINT64_MAX;
    auto response = client_.send(http, sink);
    if (!response) return tl::unexpected(gone(response.error()));
    if (response->status / 100 != 2) return tl::unexpected(failure_of(*response));
    return {};
  }
  bool remote() const override { return true; }

 protected:
  ApiResult<HttpResponse> send(const ApiRequest& request) override {
    auto response = client_.send(to_http(request));
    if (!response) return tl::unexpected(gone(response.error()));
    return std::move(*response);
  }

 private:
  HttpRequest to_http(const ApiRequest& request) const {
    HttpRequest http;
    http.method = request.method;
    http.url = "http://tidemark" + percent_encode_path(request.path);
    if (!request.segment.empty()) http.url += "/" + percent_encode_segment(request.segment);
    char separator = '?';
    for (const auto& [key, value] : request.query) {
      http.url += separator + percent_encode_segment(key) + "=" + encode_value(value);
      separator = '&';
    }
    http.headers = request.headers;
    http.body = request.body;
    if (!request.body.empty()) http.headers.emplace_back("Content-Type", "application/json");
    http.unix_socket = socket_.usable();
    if (request.takes_long) {
      http.total_timeout = kStreamTimeout;
      http.stall_timeout = kStreamTimeout;
    }
    http.max_body_bytes = 1ULL << 30;  // a whole calendar as one file
    return http;
  }

  // A path segment may hold '&', '=' and '+', which mean something in a query.
  static std::string encode_value(const std::string& value) {
    std::string out;
    for (char c : percent_encode_segment(value)) {
      if (c == '&') {
        out += "%26";
      } else if (c == '+') {
        out += "%2B";
      } else if (c == '=') {
        out += "%3D";
      } else {
        out += c;
      }
    }
    return out;
  }

  static ApiFailure gone(const Error& error) {
    return {std::string(name(error.code)),
            "the running `tidemark serve` did not answer: " + error.message, kFailed};
  }

  SocketPath socket_;
  CurlHttpClient client_;
};

}  // namespace

ApiFailure to_failure(const Error& error) {
  return {std::string(name(error.code)), error.message, exit_code_of(error.code)};
}

ApiResult<std::unique_ptr<Backend>> Backend::open(const Config& config, Runtime::Purpose purpose) {
  if (auto socket = SocketPath::of(config.data_dir); socket && socket->answers()) {
    return std::make_unique<RemoteBackend>(std::move(*socket));
  }
  auto runtime = Runtime::open(config, purpose);
  if (!runtime) return tl::unexpected(to_failure(runtime.error()));
  return std::make_unique<LocalBackend>(std::move(*runtime));
}

ApiResult<std::string> Backend::call(const ApiRequest& request) {
  auto response = send(request);
  if (!response) return tl::unexpected(std::move(response).error());
  if (response->status / 100 != 2) return tl::unexpected(failure_of(*response));
  return std::move(response->body);
}

ApiResult<Json> Backend::call_json(const ApiRequest& request) {
  auto body = call(request);
  if (!body) return tl::unexpected(std::move(body).error());
  auto json = parse_json(*body);
  if (!json) return tl::unexpected(to_failure(json.error()));
  return std::move(*json);
}

}  // namespace tidemark::app
