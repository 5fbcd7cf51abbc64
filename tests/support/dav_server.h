// A scripted CalDAV server on loopback: says what a test wrote for it, and records what was asked.
// For the dialects of servers that cannot be started here.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "support/raw_http_server.h"

namespace tidemark::test {

struct DavReply {
  int status = 207;
  std::string body{};
  std::string headers{};  // "Name: value\r\n" each
};

class DavServer {
 public:
  using Handler = std::function<DavReply(const RawRequest&)>;

  DavServer();

  // What the path answers to this method, until it is told otherwise; anything else is 404.
  void on(const std::string& method, const std::string& path, Handler handler);
  void on(const std::string& method, const std::string& path, DavReply reply);

  std::string url(const std::string& path = "/") const { return server_.url(path); }
  std::uint16_t port() const { return server_.port(); }
  std::vector<RawRequest> requests() const { return server_.requests(); }
  std::size_t count(const std::string& method, const std::string& body_part = {}) const;

 private:
  void answer(const RawRequest& request, RawConnection& connection);

  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Handler> handlers_;
  RawHttpServer server_;
};

// Pieces of multistatus documents.
std::string resource_row(const std::string& href, const std::string& etag,
                         const std::string& data = {});
std::string status_row(const std::string& href, int status);
// "There is more": the row that RFC 6578 section 3.6 puts beside the first rows.
std::string truncation_row(const std::string& collection);
std::string property_row(const std::string& href, const std::string& properties);
std::string multistatus(const std::string& rows, const std::string& sync_token = {});
DavReply refusal(int status, const std::string& condition = {});

}  // namespace tidemark::test
