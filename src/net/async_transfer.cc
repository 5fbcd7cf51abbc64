#include "net/async_transfer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <utility>

#include "net/curl_errors.h"

namespace tidemark::net {
namespace {

using std::chrono::microseconds;
using Steady = std::chrono::steady_clock;

microseconds time_of(CURL* easy, CURLINFO what) {
  curl_off_t time = 0;
  curl_easy_getinfo(easy, what, &time);
  return microseconds(time);
}

}  // namespace

AsyncTransfer::AsyncTransfer(const Shared& shared, std::string ca_file)
    : shared_(shared), ca_file_(std::move(ca_file)), easy_(curl_easy_init()) {
  if (easy_ == nullptr) {
    option_error_ = CURLE_OUT_OF_MEMORY;
    return;
  }
  set_up();
  set_up_tls();
}

AsyncTransfer::~AsyncTransfer() {
  if (easy_ != nullptr) curl_easy_cleanup(easy_);
}

void AsyncTransfer::set_up() {
  set(CURLOPT_PRIVATE, static_cast<void*>(this));
  set(CURLOPT_ERRORBUFFER, reason_);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOPROXY, "*");
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_NOSIGNAL, 1L);
  // Giving up on a name must not wait for the resolver's own patience: all others would wait, too.
  set(CURLOPT_QUICK_EXIT, 1L);
  if (shared_.resolve != nullptr) set(CURLOPT_RESOLVE, shared_.resolve);
  set(CURLOPT_OPENSOCKETFUNCTION, &AsyncTransfer::on_open);
  set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
  set(CURLOPT_CLOSESOCKETFUNCTION, &AsyncTransfer::on_close);
  set(CURLOPT_CLOSESOCKETDATA, static_cast<void*>(&shared_.loop));
  set(CURLOPT_HEADERFUNCTION, &AsyncTransfer::on_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_WRITEFUNCTION, &AsyncTransfer::on_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
}

void AsyncTransfer::set_up_tls() {
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  char* system_file = nullptr;
  curl_easy_getinfo(easy_, CURLINFO_CAINFO, &system_file);
  if (!ca_file_.empty()) set(CURLOPT_CAINFO, ca_file_.c_str());
  // Certificates of one file are parsed once for all connections, those of a directory for each.
  if (!ca_file_.empty() || (system_file != nullptr && ::access(system_file, R_OK) == 0)) {
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
}

AsyncTransfer& AsyncTransfer::of(CURL* easy) {
  char* self = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
  return *reinterpret_cast<AsyncTransfer*>(self);
}

Result<void> AsyncTransfer::prepare(QueuedRequest&& queued) {
  queued_ = std::move(queued);
  begun_ = Steady::now();
  const HttpRequest& request = queued_.request;
  if (easy_ == nullptr || !headers_.add_all(request)) {
    return fail(Errc::overloaded, where() + ": out of memory for another request");
  }
  reader_.emplace(request);
  any_address_ = shared_.guard == nullptr || shared_.guard->allows_name(queued_.url.host);
  reason_[0] = '\0';
  set(CURLOPT_URL, queued_.url.to_string().c_str());
  if (option_error_ == CURLE_OK) option_error_ = set_method(easy_, request);
  set(CURLOPT_HTTPHEADER, headers_.first);
  set(CURLOPT_CONNECTTIMEOUT_MS, to_milliseconds(request.connect_timeout));
  set(CURLOPT_TIMEOUT_MS, to_milliseconds(request.total_timeout));
  const bool may_stall = request.stall_timeout < request.total_timeout;
  const auto patience = std::chrono::ceil<std::chrono::seconds>(request.stall_timeout).count();
  set(CURLOPT_LOW_SPEED_LIMIT, may_stall ? 1L : 0L);
  set(CURLOPT_LOW_SPEED_TIME,
      may_stall ? static_cast<long>(std::max<std::int64_t>(patience, 1)) : 0L);
  // Before a second connection is opened it is worth knowing whether the first can carry both.
  set(CURLOPT_PIPEWAIT, queued_.url.scheme == "https" ? 1L : 0L);
  if (option_error_ != CURLE_OK) {
    return fail(Errc::internal,
                where() + ": libcurl refuses an option: " + curl_easy_strerror(option_error_));
  }
  return {};
}

Result<HttpResponse> AsyncTransfer::result(CURLcode code) {
  if (stopped_by_) return fail(*stopped_by_);
  if (reader_->stopped_by()) return fail(in_context(where(), *reader_->stopped_by()));
  if (code == CURLE_OK || reader_->has_enough()) return std::move(reader_->response());
  // With several addresses, one that was allowed but did not answer tells more.
  if (code == CURLE_COULDNT_CONNECT && refused_ && !socket_opened_) {
    return fail(in_context(where(), *refused_));
  }
  return fail(curl_error(code, {.where = where(),
                                .reason = reason_,
                                .ca_file = ca_file_,
                                .unix_socket = {},
                                .connected = time_of(easy_, CURLINFO_CONNECT_TIME_T).count() > 0}));
}

HttpTiming AsyncTransfer::timing() const {
  HttpTiming timing;
  timing.waited = std::chrono::duration_cast<microseconds>(begun_ - queued_.asked);
  timing.total = std::chrono::duration_cast<microseconds>(Steady::now() - queued_.asked);
  if (!usable()) return timing;
  long connections = 0;
  curl_easy_getinfo(easy_, CURLINFO_NUM_CONNECTS, &connections);
  timing.new_connection = connections > 0;
  if (timing.new_connection) {
    timing.connected = std::max(time_of(easy_, CURLINFO_CONNECT_TIME_T),
                                time_of(easy_, CURLINFO_APPCONNECT_TIME_T));
  }
  timing.first_byte = time_of(easy_, CURLINFO_STARTTRANSFER_TIME_T);
  return timing;
}

Error AsyncTransfer::cancelled() const {
  return {Errc::cancelled, where() + ": cancelled: shutting down", std::nullopt};
}

QueuedRequest AsyncTransfer::release() {
  // The handle outlives the request: nothing in it may point there any more.
  if (easy_ != nullptr) {
    set(CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
    set(CURLOPT_POSTFIELDS, static_cast<const char*>(nullptr));
  }
  headers_.clear();
  reader_.reset();
  socket_opened_ = false;
  refused_.reset();
  stopped_by_.reset();
  return std::exchange(queued_, QueuedRequest{});
}

std::string AsyncTransfer::where() const {
  return queued_.request.method + " " + queued_.url.for_messages();
}

int AsyncTransfer::open_socket(const curl_sockaddr& address) {
  if (!any_address_) {
    if (auto allowed = shared_.guard->check_address(address.addr, queued_.url.host); !allowed) {
      refused_ = std::move(allowed).error();
      return CURL_SOCKET_BAD;
    }
  }
  const int socket = ::socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
  if (socket < 0) return CURL_SOCKET_BAD;
  socket_opened_ = true;
  shared_.loop.adopt(socket);
  return socket;
}

// Nothing may be thrown through libcurl's frames: they are C.
curl_socket_t AsyncTransfer::on_open(void* self, curlsocktype purpose, curl_sockaddr* address) {
  auto& transfer = *static_cast<AsyncTransfer*>(self);
  if (purpose != CURLSOCKTYPE_IPCXN) return CURL_SOCKET_BAD;
  try {
    return transfer.open_socket(*address);
  } catch (const std::exception& error) {
    transfer.stopped_by_ = Error{Errc::internal, error.what(), std::nullopt};
    return CURL_SOCKET_BAD;
  }
}

int AsyncTransfer::on_close(void* loop, curl_socket_t socket) {
  static_cast<EventLoop*>(loop)->forget(socket);
  return ::close(socket);
}

std::size_t AsyncTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<AsyncTransfer*>(self);
  try {
    const std::string_view line(data, size * count);
    return transfer.reader_->take_header(line, response_code(transfer.easy_)) ? line.size() : 0;
  } catch (const std::exception& error) {
    transfer.stopped_by_ = Error{Errc::internal, error.what(), std::nullopt};
    return 0;
  }
}

std::size_t AsyncTransfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<AsyncTransfer*>(self);
  if (count == 0) return 0;
  try {
    const std::string_view piece(data, size * count);
    return transfer.reader_->take_body(piece) ? piece.size() : 0;
  } catch (const std::exception& error) {
    transfer.stopped_by_ = Error{Errc::internal, error.what(), std::nullopt};
    return 0;
  }
}

}  // namespace tidemark::net
