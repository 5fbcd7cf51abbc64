// A libcurl handle that carries one request after the other in a multi handle it shares.
// Inside src/net/ only.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/curl_setup.h"
#include "net/event_loop.h"
#include "net/request_queue.h"
#include "net/response_reader.h"

namespace tidemark::net {

// What does not change between requests is set once, because setting costs as much as sending.
// Belongs to the loop's thread.
class AsyncTransfer {
 public:
  // What all transfers of a client share; must outlive them and their connections.
  struct Shared {
    EventLoop& loop;
    const AddressGuard* guard;
    curl_slist* resolve;
  };

  AsyncTransfer(const Shared& shared, std::string ca_file);
  ~AsyncTransfer();
  AsyncTransfer(const AsyncTransfer&) = delete;
  AsyncTransfer& operator=(const AsyncTransfer&) = delete;

  CURL* easy() { return easy_; }
  // False: something is wrong with the handle itself, and it should be dropped.
  bool usable() const { return easy_ != nullptr && option_error_ == CURLE_OK; }
  const std::string& ca_file() const { return ca_file_; }
  static AsyncTransfer& of(CURL* easy);

  // Takes the request over and makes the handle ready to be added to a multi handle.
  Result<void> prepare(QueuedRequest&& request);
  // The answer, after the handle has been removed from the multi handle.
  Result<HttpResponse> result(CURLcode code);
  HttpTiming timing() const;
  Error cancelled() const;
  // Gives back the request and forgets it: ready for the next prepare().
  QueuedRequest release();

  std::size_t slot = 0;  // where its owner keeps it

 private:
  template <class Value>
  void set(CURLoption option, Value value) {
    const CURLcode code = curl_easy_setopt(easy_, option, value);
    if (code != CURLE_OK && option_error_ == CURLE_OK) option_error_ = code;
  }
  void set_up();
  void set_up_tls();
  std::string where() const;

  int open_socket(const curl_sockaddr& address);
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int on_close(void* loop, curl_socket_t socket);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);

  const Shared& shared_;
  const std::string ca_file_;
  CURL* easy_;
  CURLcode option_error_ = CURLE_OK;
  char reason_[CURL_ERROR_SIZE] = {};

  // Of the current request.
  QueuedRequest queued_;
  std::optional<ResponseReader> reader_;
  HeaderList headers_;
  std::chrono::steady_clock::time_point begun_;
  bool any_address_ = true;
  bool socket_opened_ = false;
  std::optional<Error> refused_;     // by the guard, the last one
  std::optional<Error> stopped_by_;  // what one of our callbacks threw
};

}  // namespace tidemark::net
