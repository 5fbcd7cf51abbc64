#include "net/url.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <utility>

#include "base/text.h"

namespace tidemark {
namespace {

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using UrlHandle = std::unique_ptr<CURLU, UrlDeleter>;

constexpr std::size_t kLongSegment = 24;
constexpr std::size_t kShownOfLongSegment = 8;

std::optional<std::string> part(const UrlHandle& url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url.get(), which, &text, flags) != CURLUE_OK) return std::nullopt;
  std::string value(text);
  curl_free(text);
  return value;
}

tl::unexpected<Error> refused(CURLUcode code) {
  return fail(Errc::invalid_argument,
              std::string("not a usable http(s) URL: ") + curl_url_strerror(code));
}

bool has_control_characters(std::string_view text) {
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte < 0x20 || byte == 0x7f) return true;
  }
  return false;
}

Result<void> check_text(std::string_view text) {
  if (text.size() > kMaxUrlBytes) {
    return fail(Errc::invalid_argument,
                "the URL is longer than " + std::to_string(kMaxUrlBytes) + " bytes");
  }
  if (has_control_characters(text)) {
    return fail(Errc::invalid_argument, "the URL contains control characters");
  }
  // libcurl forgives "https:///calendar" and takes "calendar" for the host.
  const std::size_t scheme_end = std::min(text.find_first_of(":/?#"), text.size());
  if (text.substr(scheme_end).starts_with(":///")) {
    return fail(Errc::invalid_argument, "the URL names no host");
  }
  return {};
}

// libcurl undoes percent-encoding in a host after it has looked for numbers in it, so that
// "%31%32%37.030.1" becomes "127.030.1", which is 127.24.0.1 to whoever reads it next. What has two
// readings is no host.
Result<void> check_host(const Url& url) {
  const UrlHandle again(curl_url());
  if (!again) return fail(Errc::internal, "out of memory");
  const CURLUcode code = curl_url_set(again.get(), CURLUPART_URL, url.origin().c_str(), 0);
  if (code != CURLUE_OK) return refused(code);
  if (to_lower_ascii(part(again, CURLUPART_HOST).value_or("")) == url.host) return {};
  return fail(Errc::invalid_argument,
              "the URL's host can be read in two ways: write it without '%' and plain numbers");
}

Result<Url> take_apart(const UrlHandle& handle) {
  Url url;
  url.scheme = to_lower_ascii(part(handle, CURLUPART_SCHEME).value_or(""));
  if (url.scheme != "http" && url.scheme != "https") {
    return fail(Errc::invalid_argument,
                "the URL's scheme is \"" + url.scheme.substr(0, 16) + "\"; use http or https");
  }
  url.host = to_lower_ascii(part(handle, CURLUPART_HOST).value_or(""));
  if (url.host.empty()) return fail(Errc::invalid_argument, "the URL names no host");
  const auto port = part(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT).value_or("");
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (error != std::errc() || end != port.data() + port.size() || url.port == 0) {
    return fail(Errc::invalid_argument, "the URL's port is not a number from 1 to 65535");
  }
  TM_TRY(check_host(url));
  url.path = part(handle, CURLUPART_PATH).value_or("/");
  if (url.path.empty()) url.path = "/";
  url.query = part(handle, CURLUPART_QUERY).value_or("");
  return url;
}

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

void append_encoded(std::string& out, char character) {
  const auto byte = static_cast<unsigned char>(character);
  out += '%';
  out += kHexDigits[byte >> 4];
  out += kHexDigits[byte & 0xf];
}

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

bool is_alphanumeric(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9');
}

std::string percent_encode(std::string_view text, std::string_view also_allowed) {
  std::string out;
  out.reserve(text.size());
  for (const char character : text) {
    if (is_alphanumeric(character) || also_allowed.find(character) != std::string_view::npos) {
      out += character;
    } else {
      append_encoded(out, character);
    }
  }
  return out;
}

// Servers put raw spaces, UTF-8 and quotes into hrefs. They are not URI characters, but what they
// mean is never in doubt.
std::string encode_stray_bytes(std::string_view reference) {
  std::string out;
  out.reserve(reference.size());
  for (const char character : reference) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte <= 0x20 || byte >= 0x7f ||
        std::string_view("\"<>\\^`{|}").find(character) != std::string_view::npos) {
      append_encoded(out, character);
    } else {
      out += character;
    }
  }
  return out;
}

}  // namespace

std::string Url::origin() const {
  std::string text = scheme + "://" + host;
  if (port != (scheme == "https" ? 443 : 80)) text += ":" + std::to_string(port);
  return text;
}

std::string Url::to_string() const {
  std::string text = origin() + path;
  if (!query.empty()) text += "?" + query;
  return text;
}

std::string Url::for_messages() const {
  std::string text = host + ":" + std::to_string(port);
  for (const std::string& segment : split(std::string_view(path).substr(1), '/')) {
    text += '/';
    // Private calendar addresses carry their secret as a long path segment.
    if (segment.starts_with("private-")) {
      text += "private-...";
    } else if (segment.size() > kLongSegment) {
      text += segment.substr(0, kShownOfLongSegment) + "...";
    } else {
      text += segment;
    }
  }
  return text;
}

Result<Url> parse_url(std::string_view text) {
  TM_TRY(check_text(text));
  if (text.find(' ') != std::string_view::npos) {
    return fail(Errc::invalid_argument, "the URL contains a space: write it as %20");
  }
  const UrlHandle handle(curl_url());
  if (!handle) return fail(Errc::internal, "out of memory");
  const std::string copy(text);
  const CURLUcode code = curl_url_set(handle.get(), CURLUPART_URL, copy.c_str(),
                                      CURLU_DISALLOW_USER | CURLU_URLENCODE);
  if (code == CURLUE_USER_NOT_ALLOWED) {
    return fail(Errc::invalid_argument,
                "the URL contains a user name or password: give them as credentials instead");
  }
  if (code != CURLUE_OK) return refused(code);
  return take_apart(handle);
}

Result<Url> resolve(const Url& base, std::string_view reference) {
  reference = trim(reference);
  TM_TRY(check_text(reference));
  if (const auto fragment = reference.find('#'); fragment != std::string_view::npos) {
    reference = reference.substr(0, fragment);
  }
  if (reference.empty()) return base;
  const UrlHandle handle(curl_url());
  if (!handle) return fail(Errc::internal, "out of memory");
  const std::string start = base.to_string();
  CURLUcode code = curl_url_set(handle.get(), CURLUPART_URL, start.c_str(), 0);
  if (code != CURLUE_OK) return refused(code);
  const std::string encoded = encode_stray_bytes(reference);
  if (encoded.size() > 3 * kMaxUrlBytes) return fail(Errc::invalid_argument, "the URL is too long");
  code = curl_url_set(handle.get(), CURLUPART_URL, encoded.c_str(), 0);
  if (code != CURLUE_OK) return refused(code);
  return take_apart(handle);
}

bool same_origin(const Url& a, const Url& b) {
  return a.scheme == b.scheme && a.host == b.host && a.port == b.port;
}

Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    const int high = at + 1 < text.size() ? hex_value(text[at + 1]) : -1;
    const int low = at + 2 < text.size() ? hex_value(text[at + 2]) : -1;
    if (high < 0 || low < 0) {
      return fail(Errc::parse_error,
                  "'%' without two hexadecimal digits at byte " + std::to_string(at));
    }
    if (high == 0 && low == 0) {
      return fail(Errc::parse_error, "%00 at byte " + std::to_string(at));
    }
    out += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return out;
}

std::string percent_encode_path(std::string_view text) {
  return percent_encode(text, "-._~!$&'()*+,;=:@/");
}

std::string percent_encode_segment(std::string_view text) {
  return percent_encode(text, "-._~!$&'()*+,;=:@");
}

}  // namespace tidemark
