#include "providers/redirects.h"

#include <algorithm>
#include <ctime>

#include "base/text.h"

namespace tidemark {
namespace {

bool is_redirect(int status, std::string_view method) {
  return status == 301 || status == 302 || status == 307 || status == 308 ||
         (status == 303 && method == "GET");
}

bool has_default_port(const Url& url) {
  return url.port == (url.scheme == "https" ? 443 : 80);
}

// IMF-fixdate (RFC 9110 section 5.6.7); the obsolete forms are read as absent.
std::optional<std::int64_t> http_date_seconds(const std::string& text) {
  std::tm time{};
  const char* end = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &time);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return static_cast<std::int64_t>(timegm(&time));
}

constexpr std::int64_t kMaxRetryAfterSeconds = 86'400;

std::string words_of(std::string_view body) {
  std::string words;
  for (const char c : to_valid_utf8(trim(body.substr(0, 160)))) {
    words += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
  }
  return words;
}

}  // namespace

std::optional<std::chrono::seconds> retry_after(const HttpHeaders& headers) {
  const auto value = find_header(headers, "Retry-After");
  if (!value) return std::nullopt;
  const std::string text(trim(*value));
  if (text.empty()) return std::nullopt;
  std::int64_t seconds = 0;
  if (std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    for (const char c : text) {
      seconds = std::min(seconds * 10 + (c - '0'), kMaxRetryAfterSeconds);
    }
    return std::chrono::seconds(seconds);
  }
  const auto until = http_date_seconds(text);
  const auto date = find_header(headers, "Date");
  const auto now = date ? http_date_seconds(std::string(trim(*date))) : std::nullopt;
  if (!until || !now) return std::nullopt;
  return std::chrono::seconds(std::clamp<std::int64_t>(*until - *now, 0, kMaxRetryAfterSeconds));
}

RedirectingClient::RedirectingClient(HttpClient& http, const AccountSettings& settings)
    : http_(http), settings_(settings) {
  if (auto url = parse_url(settings.url)) configured_ = std::move(*url);
}

bool RedirectingClient::may_have_credentials(const Url& url) const {
  if (!configured_) return false;
  // Sent in clear only where the user configured it so.
  if (url.scheme == "http" && configured_->scheme == "https") return false;
  if (url.host == configured_->host &&
      (url.port == configured_->port ||
       (has_default_port(url) && has_default_port(*configured_)))) {
    return true;
  }
  const std::string with_port = url.host + ":" + std::to_string(url.port);
  return std::any_of(settings_.allowed_hosts.begin(), settings_.allowed_hosts.end(),
                     [&](const std::string& allowed) {
                       const std::string host = to_lower_ascii(allowed);
                       return host == url.host || host == with_port;
                     });
}

Result<RedirectedAnswer> RedirectingClient::send(HttpRequest request, const Url& url,
                                                 const BodySink& sink) const {
  request.tls = settings_.tls;
  request.total_timeout = settings_.timeout;
  request.max_body_bytes = std::min(request.max_body_bytes, settings_.max_body_bytes);
  Url at = url;
  for (int followed = 0;; ++followed) {
    request.url = at.to_string();
    const bool trusted = may_have_credentials(at);
    request.credentials = trusted ? settings_.credentials : std::nullopt;
    auto response = http_.send(request, sink);
    if (!response) return fail(in_context(at.for_messages(), std::move(response).error()));
    if (!is_redirect(response->status, request.method)) {
      return RedirectedAnswer{std::move(*response), at, settings_.credentials && !trusted};
    }
    const auto location = find_header(response->headers, "Location");
    if (!location) {
      return fail(Errc::protocol_error, at.for_messages() + ": HTTP " +
                                            std::to_string(response->status) +
                                            " without a Location: the server redirects nowhere");
    }
    if (followed == kMaxRedirects) {
      return fail(Errc::protocol_error, url.for_messages() + ": more than " +
                                            std::to_string(kMaxRedirects) +
                                            " redirects; check the configured URL");
    }
    auto next = resolve(at, trim(*location));
    if (!next) {
      return fail(Errc::protocol_error,
                  at.for_messages() + ": redirects to something that is no http(s) URL");
    }
    if (at.scheme == "https" && next->scheme == "http") {
      return fail(Errc::protocol_error, at.for_messages() +
                                            ": redirects from https to plain http (" +
                                            next->for_messages() + "), which is refused");
    }
    at = std::move(*next);
  }
}

Error status_error(const AccountSettings& settings, const RedirectedAnswer& answer,
                   std::string_view doing) {
  const int status = answer.response.status;
  const std::string where = "account " + settings.id + ": " + std::string(doing) + " " +
                            answer.url.for_messages() + ": HTTP " + std::to_string(status);
  Error error{Errc::protocol_error, where, retry_after(answer.response.headers)};
  switch (status) {
    case 401:
    case 407:
      error.code = Errc::unauthorized;
      error.message +=
          answer.credentials_withheld
              ? "; the credentials were not sent, because this is not the configured host: add \"" +
                    answer.url.host + "\" to allowed_hosts if it belongs to the account"
          : settings.credentials
              ? ", the server refuses these credentials; check username and password"
              : ", the server asks for credentials; set username and password";
      return error;
    case 403:
      error.code = Errc::forbidden;
      error.message += ", the server refuses access; check the account's rights there";
      return error;
    case 404:
    case 410:
      error.code = Errc::not_found;
      error.message += ", there is nothing at this address (any more)";
      return error;
    case 408: error.code = Errc::timeout; return error;
    case 413: error.code = Errc::limit_exceeded; return error;
    case 429:
      error.code = Errc::unavailable;
      error.message += ", the server asks for fewer requests";
      return error;
    case 501:
    case 505: error.message += ", the server does not support this request"; return error;
    default: break;
  }
  if (status >= 500 && status <= 599) {
    error.code = Errc::unavailable;
    error.message += ", the server has trouble of its own";
    return error;
  }
  error.message += ", an answer this request should not have";
  if (const std::string words = words_of(answer.response.body); !words.empty()) {
    error.message += " (\"" + words + "\")";
  }
  return error;
}

}  // namespace tidemark
