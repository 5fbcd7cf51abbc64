// Sends a request and follows its redirects, so that method, body and safety survive them.
//
// Credentials go to the configured host and to AccountSettings::allowed_hosts, nowhere else; a
// redirect from https to http is refused. Thread-safe as the HttpClient is.
#pragma once

#include <string>

#include "base/result.h"
#include "net/http.h"
#include "net/url.h"
#include "providers/calendar_provider.h"

namespace tidemark {

struct RedirectedAnswer {
  HttpResponse response;
  Url url;                            // where the answer came from
  bool credentials_withheld = false;  // there are some, but they may not go to that host
};

class RedirectingClient {
 public:
  static constexpr int kMaxRedirects = 5;

  RedirectingClient(HttpClient& http, const AccountSettings& settings);

  // Follows 301, 302, 307, 308 (and 303 of a GET), at most kMaxRedirects of them, keeping method
  // and body. request.url, credentials, tls and timeout come from `url` and the settings, whose
  // max_body_bytes bounds the request's.
  Result<RedirectedAnswer> send(HttpRequest request, const Url& url, const BodySink& sink) const;

  bool may_have_credentials(const Url& url) const;
  const AccountSettings& settings() const { return settings_; }

 private:
  HttpClient& http_;
  AccountSettings settings_;
  std::optional<Url> configured_;
};

// The error that an answer's status stands for, said for people: what was refused, where, what to
// do. `doing`: "reading calendar", ...
Error status_error(const AccountSettings& settings, const RedirectedAnswer& answer,
                   std::string_view doing);

// Retry-After as seconds (RFC 9110 section 10.2.3), at most a day; a date is read relative to the
// answer's own Date.
std::optional<std::chrono::seconds> retry_after(const HttpHeaders& headers);

}  // namespace tidemark
