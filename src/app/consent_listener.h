// A port of this machine's own where the browser comes back to with somebody's consent (RFC 8252
// section 7.3), for as long as a command waits for it.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_server.h"

namespace tidemark::app {

// What a browser brings: a code, or why there is none.
struct ConsentAnswer {
  std::string state;
  std::string code;
  std::string error;
  bool complete() const { return !state.empty() && (!code.empty() || !error.empty()); }
};

class ConsentListener {
 public:
  // On 127.0.0.1, on any port.
  static Result<std::unique_ptr<ConsentListener>> start();
  ~ConsentListener();
  ConsentListener(const ConsentListener&) = delete;
  ConsentListener& operator=(const ConsentListener&) = delete;

  std::string redirect_uri() const;
  // What has come since it was asked the last time.
  std::optional<ConsentAnswer> take();

 private:
  ConsentListener();
  ServerResponse answer(const ServerRequest& request);

  std::unique_ptr<HttpServer> server_;
  std::mutex mutex_;
  std::optional<ConsentAnswer> answer_;
};

// What somebody pasted: the address that the browser was sent to, or the bare code. Nothing when it
// is neither.
std::optional<ConsentAnswer> pasted_answer(std::string_view text, const std::string& link);

}  // namespace tidemark::app
