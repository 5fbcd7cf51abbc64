// URLs as Tidemark uses them: http and https only, RFC 3986, without exceptions. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemark {

inline constexpr std::size_t kMaxUrlBytes = 16U << 10;

// A parsed absolute URL. It has no fragment, which never goes to a server, and no user name or
// password: those travel in HttpRequest::credentials only.
struct Url {
  std::string scheme;      // "http" or "https"
  std::string host;        // lower case; an IPv6 address keeps its brackets: "[::1]"
  std::uint16_t port = 0;  // the scheme's default when the text named none
  std::string path;        // raw (still percent-encoded), dot segments removed, starts with '/'
  std::string query;       // raw, without the '?'; empty: none

  bool operator==(const Url&) const = default;

  std::string origin() const;     // "https://host" or "https://host:8443": no default port
  std::string to_string() const;  // origin, path and query
  // "host:port/path": for messages and logs; never the query, which may hold a secret.
  std::string for_messages() const;
};

// Errc::invalid_argument: not absolute, not http(s), no host, too long, control characters or
// spaces in it, or a user name or password in it. The message does not repeat the text.
Result<Url> parse_url(std::string_view text);

// RFC 3986 section 5.2: what `reference` (absolute URL, "//host/x", "/path", "sibling", "?query",
// "") means when found in a document fetched from `base`. Userinfo in the reference is dropped.
// The result may be of another origin: ask same_origin() before credentials are sent there.
Result<Url> resolve(const Url& base, std::string_view reference);

// Scheme, host and port are equal (RFC 6454 section 4).
bool same_origin(const Url& a, const Url& b);

// "%2F" and the like become bytes; '+' stays '+'. Errc::parse_error on "%" without two hex digits
// and on "%00".
Result<std::string> percent_decode(std::string_view text);

// Encodes what may not stand in a path: everything but RFC 3986's pchar and '/'. A '%' is encoded
// too: give it decoded text. percent_encode_segment also encodes '/'.
std::string percent_encode_path(std::string_view text);
std::string percent_encode_segment(std::string_view text);

}  // namespace tidemark
