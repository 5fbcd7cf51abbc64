#include "net/curl_transfer.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/text.h"
#include "net/curl_errors.h"
#include "net/curl_setup.h"

namespace tidemark::net {
namespace {

using Steady = std::chrono::steady_clock;

}  // namespace

Transfer::Transfer(CurlHandle& handle, const CurlPool& pool, const HttpRequest& request,
                   const Url& url, const BodySink& sink, unsigned long auth)
    : handle_(handle),
      pool_(pool),
      request_(request),
      url_(url),
      sink_(sink),
      auth_(auth),
      url_text_(url.to_string()),
      reader_(request, sink != nullptr) {}

Transfer::~Transfer() {
  // The handle outlives us in the pool: nothing in it may point here any more.
  CURL* easy = handle_.easy();
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, nullptr);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, nullptr);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, nullptr);
}

Result<void> Transfer::set_up() {
  set(CURLOPT_ERRORBUFFER, reason_);
  set(CURLOPT_URL, url_text_.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOPROXY, "*");
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
  set(CURLOPT_MAXCONNECTS, 2L);
  set(CURLOPT_UNIX_SOCKET_PATH,
      request_.unix_socket.empty() ? nullptr : request_.unix_socket.c_str());
  set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  if (option_error_ == CURLE_OK) option_error_ = set_method(handle_.easy(), request_);
  set_up_limits();
  set_up_tls();
  if (request_.credentials) {
    set(CURLOPT_USERNAME, request_.credentials->username.c_str());
    set(CURLOPT_PASSWORD, request_.credentials->password.reveal().c_str());
    set(CURLOPT_HTTPAUTH, static_cast<long>(auth_));
  }
  TM_TRY(set_up_headers());
  if (option_error_ != CURLE_OK) {
    return fail(Errc::internal,
                where() + ": libcurl refuses an option: " + curl_easy_strerror(option_error_));
  }
  return {};
}

void Transfer::set_up_limits() {
  set(CURLOPT_CONNECTTIMEOUT_MS, to_milliseconds(request_.connect_timeout));
  set(CURLOPT_TIMEOUT_MS, to_milliseconds(request_.total_timeout));
}

void Transfer::set_up_tls() {
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (request_.tls.ca_file.empty()) return;
  // A private CA replaces the system's: the account then trusts that CA and nobody else.
  set(CURLOPT_CAINFO, request_.tls.ca_file.c_str());
  set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
}

Result<void> Transfer::set_up_headers() {
  if (!headers_.add_all(request_)) return fail(Errc::internal, where() + ": out of memory");
  set(CURLOPT_HTTPHEADER, headers_.first);
  return {};
}

Result<HttpResponse> Transfer::run() {
  TM_TRY(set_up());
  if (curl_multi_add_handle(handle_.multi(), handle_.easy()) != CURLM_OK) {
    return fail(Errc::internal, where() + ": libcurl cannot start the transfer");
  }
  auto done = drive();
  curl_multi_remove_handle(handle_.multi(), handle_.easy());
  if (!done && (stopped_by_ || !reader_.has_enough() || pool_.cancelled())) {
    return fail(std::move(done).error());
  }
  return std::move(reader_.response());
}

Result<void> Transfer::drive() {
  mark_time_ = Steady::now();
  int running = 1;
  while (true) {
    if (pool_.cancelled()) return fail(Errc::cancelled, where() + ": cancelled: shutting down");
    CURLMcode code = curl_multi_perform(handle_.multi(), &running);
    if (code == CURLM_OK && running == 0) break;
    TM_TRY(check_stall());
    // Short enough to notice a stall soon after it is one; libcurl's own timers cut it shorter.
    const auto patience = std::clamp<std::int64_t>(request_.stall_timeout.count() / 4, 5, 1000);
    if (code == CURLM_OK) {
      code = curl_multi_poll(handle_.multi(), nullptr, 0, static_cast<int>(patience), nullptr);
    }
    if (code != CURLM_OK) {
      return fail(Errc::internal, where() + ": " + curl_multi_strerror(code));
    }
  }
  int left = 0;
  const CURLMsg* message = curl_multi_info_read(handle_.multi(), &left);
  if (message == nullptr) return fail(Errc::internal, where() + ": libcurl lost the transfer");
  const CURLcode code = message->data.result;
  if (stopped_by_) return fail(*stopped_by_);
  if (reader_.stopped_by()) return fail(in_context(where(), *reader_.stopped_by()));
  if (code != CURLE_OK) return fail(error_of(code));
  reusable_ = true;
  return {};
}

// The mark moves up while bytes flow at 1 byte/s or more; a mark that gets too old is a stall.
Result<void> Transfer::check_stall() {
  curl_off_t uploaded = 0;
  curl_easy_getinfo(handle_.easy(), CURLINFO_SIZE_UPLOAD_T, &uploaded);
  const std::uint64_t bytes = received_bytes_ + static_cast<std::uint64_t>(uploaded);
  const auto elapsed = Steady::now() - mark_time_;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(elapsed).count();
  // An authentication retry starts to count the upload again, hence the comparison both ways.
  if (bytes < mark_bytes_ ||
      bytes - mark_bytes_ >= static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 1))) {
    mark_time_ = Steady::now();
    mark_bytes_ = bytes;
    return {};
  }
  if (elapsed < request_.stall_timeout) return {};
  return fail(Errc::timeout,
              where() + ": the server went silent for " + format_duration(request_.stall_timeout));
}

unsigned long Transfer::offered_auth() const {
  long offered = 0;
  curl_easy_getinfo(handle_.easy(), CURLINFO_HTTPAUTH_AVAIL, &offered);
  return static_cast<unsigned long>(offered);
}

std::string Transfer::where() const {
  return request_.method + " " + url_.for_messages();
}

Error Transfer::error_of(CURLcode code) const {
  curl_off_t connected_after = 0;
  curl_easy_getinfo(handle_.easy(), CURLINFO_CONNECT_TIME_T, &connected_after);
  return curl_error(code, {.where = where(),
                           .reason = reason_,
                           .ca_file = request_.tls.ca_file,
                           .unix_socket = request_.unix_socket,
                           .connected = connected_after > 0});
}

std::size_t Transfer::take_header(std::string_view line) {
  received_bytes_ += line.size();
  return reader_.take_header(line, response_code(handle_.easy())) ? line.size() : 0;
}

std::size_t Transfer::take_body(std::string_view piece) {
  received_bytes_ += piece.size();
  if (!reader_.take_body(piece)) return 0;
  if (!sink_ || !is_success(reader_.response().status)) return piece.size();
  if (auto taken = sink_(piece); !taken) {
    stopped_by_ = std::move(taken).error();
    return 0;
  }
  return piece.size();
}

// Nothing may be thrown through libcurl's frames: they are C.
std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  try {
    return transfer.take_header({data, size * count});
  } catch (const std::exception& error) {
    transfer.stopped_by_ = Error{Errc::internal, transfer.where() + ": " + error.what()};
    return 0;
  }
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (count == 0) return 0;
  try {
    return transfer.take_body({data, size * count});
  } catch (const std::exception& error) {
    transfer.stopped_by_ = Error{Errc::internal, transfer.where() + ": " + error.what()};
    return 0;
  }
}

}  // namespace tidemark::net
