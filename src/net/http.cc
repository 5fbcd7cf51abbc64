#include "net/http.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace tidemark {
namespace {

constexpr std::chrono::seconds kLongestRetryAfter = std::chrono::hours(24 * 7);

char lower(char character) {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a')
                                              : character;
}

}  // namespace

std::optional<std::string> find_header(const HttpHeaders& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (std::equal(key.begin(), key.end(), name.begin(), name.end(),
                   [](char a, char b) { return lower(a) == lower(b); })) {
      return value;
    }
  }
  return std::nullopt;
}

std::optional<std::chrono::seconds> retry_after(const HttpHeaders& headers, WallTime now) {
  const auto value = find_header(headers, "Retry-After");
  if (!value) return std::nullopt;
  const std::string text(trim(*value));
  if (text.empty()) return std::nullopt;
  std::chrono::seconds wait{};
  if (text.find_first_not_of("0123456789") == std::string::npos) {
    std::int64_t seconds = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
    // Out of range is a number too: a very long wait.
    wait = parsed.ec == std::errc()
               ? std::chrono::seconds(std::min(seconds, kLongestRetryAfter.count()))
               : kLongestRetryAfter;
  } else {
    if (text.size() > 64 || text.find(',') == std::string::npos) return std::nullopt;
    const std::time_t when = curl_getdate(text.c_str(), nullptr);
    if (when < 0) return std::nullopt;
    wait = std::chrono::seconds(when) -
           std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  }
  return std::clamp(wait, std::chrono::seconds(0), kLongestRetryAfter);
}

}  // namespace tidemark
