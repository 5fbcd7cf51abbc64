#include "providers/caldav/href.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace tidemark::caldav {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The byte that the escape at `at` stands for; nothing when there is no whole escape.
std::optional<unsigned char> escape_at(std::string_view text, std::size_t at) {
  if (at + 2 >= text.size() || text[at] != '%') return std::nullopt;
  const int high = hex_value(text[at + 1]);
  const int low = hex_value(text[at + 2]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<unsigned char>(high * 16 + low);
}

// Escapes that a key keeps: those of '/' and NUL, which change what a path means.
bool is_kept_escape(std::string_view text, std::size_t at) {
  const auto byte = escape_at(text, at);
  return byte && (*byte == '/' || *byte == 0);
}

// "%252F" stands for the characters "%2F": its first escape must stay, or it would turn into one.
bool is_escaped_percent_before_hex(std::string_view text, std::size_t at) {
  const auto byte = escape_at(text, at);
  return byte && *byte == '%' && at + 4 < text.size() && hex_value(text[at + 3]) >= 0 &&
         hex_value(text[at + 4]) >= 0;
}

std::string upper_escape(std::string_view escape) {
  std::string upper(escape);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

struct SplitHref {
  std::string origin;  // "http://host:port", or "//host"; empty when there is none
  std::string path;
};

// Xandikos writes "http%3A//host%3Aport/path": the origin is decoded before it is looked for.
SplitHref split_origin(std::string_view href) {
  const std::string start = to_lower_ascii(href.substr(0, 10));
  std::size_t after_slashes = 0;
  for (const std::string_view prefix :
       {std::string_view("http://"), std::string_view("https://"), std::string_view("http%3a//"),
        std::string_view("https%3a//"), std::string_view("//")}) {
    if (start.starts_with(prefix)) {
      after_slashes = prefix.size();
      break;
    }
  }
  if (after_slashes == 0) return {{}, std::string(href)};
  const std::size_t path_at = std::min(href.find('/', after_slashes), href.size());
  return {decode_path(href.substr(0, path_at)), std::string(href.substr(path_at))};
}

std::string authority_of(std::string_view origin) {
  const std::size_t slashes = origin.find("//");
  return to_lower_ascii(slashes == std::string_view::npos ? origin : origin.substr(slashes + 2));
}

// "/http://host/path" on host itself: the origin was put in front of a path that had it already.
std::string drop_repeated_origin(const Url& base, std::string path) {
  for (int times = 0; times < 2 && path.size() > 1 && path[0] == '/'; ++times) {
    SplitHref inner = split_origin(std::string_view(path).substr(1));
    if (inner.origin.empty() || inner.origin.starts_with("//")) break;
    if (authority_of(inner.origin) != authority_of(base.origin())) break;
    path = inner.path.empty() ? "/" : inner.path;
  }
  return path;
}

// An absolute path that means itself: nothing in it is escaped, to be escaped, or to be resolved.
// Most hrefs of most servers are, and a listing has one for each resource.
bool is_plain_path(std::string_view href) {
  if (!href.starts_with('/') || href.size() > kMaxHrefBytes) return false;
  for (std::size_t i = 1; i < href.size(); ++i) {
    const char c = href[i];
    const bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (is_word) continue;
    // "//" and "/." may mean another host or another folder.
    if ((c == '/' || c == '.') && href[i - 1] != '/') continue;
    return false;
  }
  return true;
}

}  // namespace

std::string decode_path(std::string_view path) {
  std::string decoded;
  decoded.reserve(path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    const auto byte = escape_at(path, i);
    if (!byte) {
      decoded += path[i];
      continue;
    }
    if (is_kept_escape(path, i) || is_escaped_percent_before_hex(path, i)) {
      decoded += upper_escape(path.substr(i, 3));
    } else {
      decoded += static_cast<char>(*byte);
    }
    i += 2;
  }
  return decoded;
}

std::string encode_key(std::string_view key) {
  std::string encoded;
  std::size_t plain_from = 0;
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (!is_kept_escape(key, i) && !is_escaped_percent_before_hex(key, i)) continue;
    encoded += percent_encode_path(key.substr(plain_from, i - plain_from));
    encoded += key.substr(i, 3);
    i += 2;
    plain_from = i + 1;
  }
  return encoded + percent_encode_path(key.substr(std::min(plain_from, key.size())));
}

std::string encode_href(std::string_view key) {
  return (key.starts_with("//") ? "/." : "") + encode_key(key);
}

Result<Url> href_url(const Url& base, std::string_view href) {
  const std::string_view text = trim(href);
  if (text.empty()) return fail(Errc::protocol_error, "the server sent an empty href");
  if (text.size() > kMaxHrefBytes) {
    return fail(Errc::protocol_error, "the server sent an href of " + std::to_string(text.size()) +
                                          " bytes; the limit is " + std::to_string(kMaxHrefBytes));
  }
  SplitHref split = split_origin(text);
  Url origin = base;
  if (!split.origin.empty()) {
    auto other = resolve(base, split.origin + "/");
    if (!other) {
      return fail(Errc::protocol_error,
                  "the server sent an href that is no URL: " + to_valid_utf8(text.substr(0, 200)));
    }
    origin = std::move(*other);
    if (split.path.empty()) split.path = "/";
  }
  const std::string path = drop_repeated_origin(origin, std::move(split.path));
  std::string reference = encode_href(decode_path(path));
  // A relative path whose first segment has a colon would be taken for a scheme (RFC 3986 4.2).
  if (reference.substr(0, reference.find('/')).find(':') != std::string::npos) {
    reference.insert(0, "./");
  }
  auto url = resolve(origin, reference);
  if (!url) return fail(Errc::protocol_error, "the server sent an href that cannot be resolved");
  url->query.clear();
  return url;
}

Result<std::string> href_key(const Url& base, std::string_view href) {
  if (is_plain_path(href)) return std::string(href);
  TM_ASSIGN(const Url url, href_url(base, href));
  return decode_path(url.path);
}

bool same_collection(std::string_view key_a, std::string_view key_b) {
  while (key_a.ends_with('/')) key_a.remove_suffix(1);
  while (key_b.ends_with('/')) key_b.remove_suffix(1);
  return key_a == key_b;
}

Url normalised_collection(Url url) {
  url.path = encode_key(decode_path(url.path));
  if (!url.path.ends_with('/')) url.path += '/';
  url.query.clear();
  return url;
}

}  // namespace tidemark::caldav
