// WebDAV requests: sends one, streams its multistatus, says what came.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/result.h"
#include "providers/caldav/multistatus.h"
#include "providers/redirects.h"

namespace tidemark::caldav {

struct DavRequest {
  std::string method;  // PROPFIND, REPORT
  std::string depth = "0";
  std::string body;
  std::string doing;  // for messages: "listing"
  // Beside the account's own limit; what lists no resources may be held shorter.
  std::uint64_t max_body_bytes = std::numeric_limits<std::uint64_t>::max();
};

struct DavAnswer {
  int status = 0;                         // 207, or what the server said instead
  std::string sync_token{};               // of a multistatus
  Url url{};                              // where it came from, after redirects
  std::string etag{};                     // of what change() made; empty: none or weak
  std::vector<std::string> conditions{};  // of an error answer: "valid-sync-token"
  Error error{};                          // what a status other than 207 means

  bool ok() const { return status == 207; }
  bool has_condition(std::string_view name) const;
};

// Thread-safe as the HttpClient is.
class DavClient {
 public:
  DavClient(HttpClient& http, const AccountSettings& settings);

  // Rows go to `handler` while the download goes on. Any HTTP status is a success here. Errors are
  // the HTTP client's, the handler's, and the parser's (multistatus.h).
  Result<DavAnswer> send(const DavRequest& request, const Url& url,
                         const RowHandler& handler) const;

  // One resource's bytes; DavAnswer::status is 200 when `bytes` and `etag` were set.
  Result<DavAnswer> get(const Url& url, std::string& bytes, std::string& etag) const;

  // PUT or DELETE of one resource on a condition ("If-Match" or "If-None-Match"); DavAnswer::status
  // is the server's, `error` what one other than 2xx means. No retry, no redirect loses the body.
  Result<DavAnswer> change(const std::string& method, const Url& url, const HttpHeaders& condition,
                           const std::string& icalendar) const;

  const AccountSettings& settings() const { return client_.settings(); }

 private:
  RedirectingClient client_;
};

// A strong ETag as sent; empty for a weak or missing one.
std::string strong_etag(std::string_view etag);

}  // namespace tidemark::caldav
