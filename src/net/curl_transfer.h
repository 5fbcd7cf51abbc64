// One request and its answer on one libcurl handle. Inside src/net/ only.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/curl_pool.h"
#include "net/curl_setup.h"
#include "net/http.h"
#include "net/response_reader.h"
#include "net/url.h"

namespace tidemark::net {

class Transfer {
 public:
  // All references must outlive the transfer. `auth` is a set of CURLAUTH_ bits.
  Transfer(CurlHandle& handle, const CurlPool& pool, const HttpRequest& request, const Url& url,
           const BodySink& sink, unsigned long auth);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  Result<HttpResponse> run();

  // What the server offered in a 401 during run(): CURLAUTH_ bits, 0 when it never asked.
  unsigned long offered_auth() const;
  // True when the connection may be used again.
  bool reusable() const { return reusable_; }

 private:
  Result<void> set_up();
  void set_up_limits();
  void set_up_tls();
  Result<void> set_up_headers();
  Result<void> drive();
  Result<void> check_stall();
  Error error_of(CURLcode code) const;
  std::string where() const;

  std::size_t take_header(std::string_view line);
  std::size_t take_body(std::string_view piece);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);

  template <class Value>
  void set(CURLoption option, Value value) {
    const CURLcode code = curl_easy_setopt(handle_.easy(), option, value);
    if (code != CURLE_OK && option_error_ == CURLE_OK) option_error_ = code;
  }

  CurlHandle& handle_;
  const CurlPool& pool_;
  const HttpRequest& request_;
  const Url& url_;
  const BodySink& sink_;
  const unsigned long auth_;

  std::string url_text_;
  HeaderList headers_;
  char reason_[CURL_ERROR_SIZE] = {};
  CURLcode option_error_ = CURLE_OK;

  ResponseReader reader_;
  std::optional<Error> stopped_by_;  // what the sink said, or threw
  bool reusable_ = false;
  std::uint64_t received_bytes_ = 0;

  std::chrono::steady_clock::time_point mark_time_;
  std::uint64_t mark_bytes_ = 0;
};

}  // namespace tidemark::net
