// How commands reach the data: through a running `tidemark serve`, or by opening the data directory
// themselves. Either way the same API answers, so a command has one way to work.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "app/config.h"
#include "app/runtime.h"
#include "base/json.h"
#include "base/result.h"
#include "net/http.h"

namespace tidemark::app {

using Query = std::map<std::string, std::string>;

struct ApiRequest {
  std::string method = "GET";
  std::string path;  // not encoded
  Query query{};
  HttpHeaders headers{};
  std::string body{};
  std::string segment{};    // one more segment of the path, in which a '/' is text
  bool takes_long = false;  // as long as it takes: no timeout of ours ends it
};

// What the API answered with an error: its code, and the text to show.
struct ApiFailure {
  std::string code;
  std::string message;
  int exit_code = 1;
};
template <class T>
using ApiResult = tl::expected<T, ApiFailure>;

class Backend {
 public:
  virtual ~Backend() = default;
  // Asks `serve` when its socket answers, else opens the directory for `purpose`.
  static ApiResult<std::unique_ptr<Backend>> open(const Config& config, Runtime::Purpose purpose);

  // The body of a 2xx answer. A failure carries the exit code that fits it.
  ApiResult<std::string> call(const ApiRequest& request);
  ApiResult<Json> call_json(const ApiRequest& request);

  // The pieces of a streamed answer, until it ends or the sink refuses. Only when remote().
  virtual ApiResult<void> stream(const ApiRequest& request, const BodySink& sink) = 0;
  virtual bool remote() const = 0;
  // The process's own engine; null when remote.
  virtual Runtime* runtime() { return nullptr; }

 protected:
  virtual ApiResult<HttpResponse> send(const ApiRequest& request) = 0;
};

ApiFailure to_failure(const Error& error);

}  // namespace tidemark::app
