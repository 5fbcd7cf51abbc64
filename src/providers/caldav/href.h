// Hrefs as CalDAV servers spell them, made comparable. Pure functions.
//
// Servers disagree on what they escape ("@" and "%40", raw spaces, raw UTF-8), on absolute and
// relative forms, and one repeats its own origin inside the path. So hrefs are compared decoded and
// requested encoded. A decoded path keeps "%2F" and "%00" as they are, and the "%25" of a
// percent sign that two hex digits follow, because decoding them would name another resource;
// everything else is decoded exactly once.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "net/url.h"

namespace tidemark::caldav {

inline constexpr std::size_t kMaxHrefBytes = 8192;

// The comparison key of an href found in an answer for `base`: its decoded path. The origin is left
// out: behind a proxy, servers report the origin they believe to have.
// Errc::protocol_error: empty, or longer than kMaxHrefBytes.
Result<std::string> href_key(const Url& base, std::string_view href);

// The URL an href names (principal, home set, collection); it may be of another origin.
Result<Url> href_url(const Url& base, std::string_view href);

// The inverse of href_key: a path that can be sent in a request line.
std::string encode_key(std::string_view key);
// The same as a reference, for an href element: a path that begins with "//" would name a host
// there (RFC 3986 section 4.2).
std::string encode_href(std::string_view key);
std::string decode_path(std::string_view path);

// True when both name the same collection, with or without the trailing slash.
bool same_collection(std::string_view key_a, std::string_view key_b);

// The URL in its one spelling, with a trailing slash: RemoteCalendar::id.
Url normalised_collection(Url url);

}  // namespace tidemark::caldav
