// Which headers a user may add to messages: none that would change the shape of the request, and
// none by which a receiver tells what Tidemark itself says.
#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "delivery/json_reader.h"
#include "delivery/message_format.h"

namespace tidemark::delivery {
namespace {

// RFC 9110 section 7.6.1 (hop-by-hop) and what the client or the format sets.
constexpr std::array<std::string_view, 18> kReserved{"accept-encoding",
                                                     "connection",
                                                     "date",
                                                     "expect",
                                                     "forwarded",
                                                     "host",
                                                     "http2-settings",
                                                     "keep-alive",
                                                     "proxy-authenticate",
                                                     "proxy-authorization",
                                                     "proxy-connection",
                                                     "te",
                                                     "trailer",
                                                     "transfer-encoding",
                                                     "upgrade",
                                                     "user-agent",
                                                     "via",
                                                     "content-length"};
constexpr std::array<std::string_view, 3> kReservedPrefixes{"ce-", "content-", "webhook-"};

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_reserved(std::string_view lower_name) {
  return std::find(kReserved.begin(), kReserved.end(), lower_name) != kReserved.end() ||
         std::any_of(kReservedPrefixes.begin(), kReservedPrefixes.end(),
                     [&](std::string_view prefix) { return lower_name.starts_with(prefix); });
}

Result<void> check_name(const std::string& name, std::string_view place) {
  if (name.size() > kMaxHeaderNameBytes) {
    return fail(limit_at(
        place, "a header's name is longer than " + std::to_string(kMaxHeaderNameBytes) + " bytes"));
  }
  if (!is_token(name)) {
    return fail(problem_at(place, "a header's name is letters, digits and '-', and \"" +
                                      to_valid_utf8(name) + "\" is not"));
  }
  if (is_reserved(to_lower_ascii(name))) {
    return fail(problem_at(child_place(place, name), "is set by Tidemark itself; leave it out"));
  }
  return {};
}

Result<void> check_value(const std::string& value, const std::string& place) {
  if (value.size() > kMaxHeaderValueBytes) {
    return fail(limit_at(
        place, "its value is longer than " + std::to_string(kMaxHeaderValueBytes) + " bytes"));
  }
  const bool printable = std::all_of(value.begin(), value.end(),
                                     [](char c) { return (c >= 0x20 && c < 0x7F) || c == '\t'; });
  if (!printable || trim(value).size() != value.size()) {
    return fail(problem_at(place,
                           "its value must be printable ASCII: no line breaks, no control "
                           "characters, no blanks at its ends"));
  }
  return {};
}

}  // namespace

Result<void> check_custom_headers(const HttpHeaders& headers, std::string_view place) {
  if (headers.size() > kMaxCustomHeaders) {
    return fail(limit_at(place, "has more than " + std::to_string(kMaxCustomHeaders) + " headers"));
  }
  std::set<std::string> seen;
  std::size_t bytes = 0;
  for (const auto& [name, value] : headers) {
    TM_TRY(check_name(name, place));
    const std::string here = child_place(place, name);
    TM_TRY(check_value(value, here));
    if (!seen.insert(to_lower_ascii(name)).second) return fail(problem_at(here, "is there twice"));
    bytes += name.size() + value.size();
  }
  if (bytes <= kMaxCustomHeaderBytes) return {};
  return fail(limit_at(place, "names and values have more than " +
                                  std::to_string(kMaxCustomHeaderBytes) + " bytes together"));
}

}  // namespace tidemark::delivery
