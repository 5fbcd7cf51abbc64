#include "net/httplib_bridge.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <exception>
#include <utility>

#include "base/log.h"

namespace tidemark::net {
namespace {

// The request from memory, the response to a sink.
class BridgeStream final : public httplib::Stream {
 public:
  BridgeStream(std::string request, HttplibBridge::Sink sink)
      : request_(std::move(request)), sink_(std::move(sink)) {}

  bool is_readable() const override { return true; }
  bool is_writable() const override { return !broken_; }
  ssize_t read(char* to, std::size_t size) override {
    const std::size_t count = request_.copy(to, size, at_);
    at_ += count;
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* from, std::size_t size) override {
    if (!broken_ && !sink_({from, size})) broken_ = true;
    return broken_ ? -1 : static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  // Only compared with FD_SETSIZE, which does not concern memory.
  socket_t socket() const override { return 0; }

 private:
  std::string request_;
  std::size_t at_ = 0;
  HttplibBridge::Sink sink_;
  bool broken_ = false;
};

class ChunkWriter final : public StreamWriter {
 public:
  ChunkWriter(httplib::DataSink& sink, const std::function<bool()>& is_open)
      : sink_(sink), is_open_(is_open) {}

  bool write(std::string_view piece) override {
    // An empty chunk would end the body.
    if (piece.empty()) return open();
    good_ = good_ && is_open_() && sink_.write(piece.data(), piece.size());
    return good_;
  }
  bool open() const override { return good_ && is_open_(); }

 private:
  httplib::DataSink& sink_;
  const std::function<bool()>& is_open_;
  bool good_ = true;
};

// RFC 9110 section 5.6.7; strftime would speak the process's language.
std::string http_date(std::time_t now) {
  constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                days[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                months[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                utc.tm_min, utc.tm_sec);
  return text;
}

// cpp-httplib writes "Content-Length: 0" where RFC 9110 section 8.6 forbids it.
void drop_content_length(std::string& bytes) {
  constexpr std::string_view kField = "Content-Length: 0\r\n";
  const std::size_t at = bytes.find(kField);
  if (at != std::string::npos) bytes.erase(at, kField.size());
}

}  // namespace

HttplibBridge::HttplibBridge(const ServerLimits& limits) {
  // A server without a socket counts as one that shuts down and would cut streamed bodies short.
  svr_sock_ = 0;
  set_keep_alive_timeout(
      std::chrono::duration_cast<std::chrono::seconds>(limits.idle_timeout).count());
  set_keep_alive_max_count(1'000'000);
  set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
    fill(response, answer_(request.params));
    return HandlerResponse::Handled;
  });
}

std::string HttplibBridge::respond(const RequestHead& head, bool keep_alive, const Answer& answer) {
  int status = 0;
  answer_ = [&](const Query& query) {
    ServerResponse response = answer(query);
    status = response.status;
    return response;
  };
  // Only what matters to writing a response goes in: cpp-httplib would act on Range, Expect and
  // Accept-Encoding by itself, and knows fewer methods than there are.
  std::string out;
  BridgeStream bytes((head.method == "HEAD" ? "HEAD /" : "GET /") +
                         (head.query.empty() ? std::string() : "?" + head.query) +
                         " HTTP/1.1\r\n\r\n",
                     [&](std::string_view piece) {
                       out += piece;
                       return true;
                     });
  bool closed = false;
  process_request(bytes, !keep_alive, closed, nullptr);
  if (status == 204 || status == 304) drop_content_length(out);
  return out;
}

void HttplibBridge::stream(const ServerResponse& response, const Sink& sink,
                           const std::function<bool()>& is_open) {
  is_open_ = is_open;
  answer_ = [&](const Query&) { return response; };
  BridgeStream bytes("GET / HTTP/1.1\r\n\r\n", sink);
  bool closed = false;
  process_request(bytes, true, closed, nullptr);
}

void HttplibBridge::fill(httplib::Response& to, ServerResponse&& from) {
  to.status = from.status;
  to.set_header("Date", http_date(std::time(nullptr)));
  for (const auto& [name, value] : from.headers) to.set_header(name, value);
  if (!from.stream) {
    if (!from.body.empty()) to.set_header("Content-Type", from.content_type);
    to.body = std::move(from.body);
    return;
  }
  to.set_chunked_content_provider(from.content_type, [this, run = std::move(from.stream)](
                                                         std::size_t, httplib::DataSink& sink) {
    ChunkWriter writer(sink, is_open_);
    // Without its last chunk the client can tell a broken body from a complete one.
    try {
      run(writer);
    } catch (const std::exception& error) {
      log::error("a streamed response failed", {.error_code = "internal", .detail = error.what()});
      return false;
    } catch (...) {
      log::error("a streamed response failed", {.error_code = "internal"});
      return false;
    }
    sink.done();
    return true;
  });
}

}  // namespace tidemark::net
