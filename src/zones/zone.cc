#include "zones/zone.h"

#include <unicode/ucal.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <fstream>

#include "base/text.h"
#include "zones/memo.h"
#include "zones/tzif.h"

namespace tidemark {
namespace {

constexpr std::size_t kLongestTzid = 256;
constexpr std::size_t kLongestZoneFile = 64U << 10;
constexpr std::string_view kZoneDirectory = "/usr/share/zoneinfo/";
constexpr int kLastYear = 2199;

// Names that are safe to look up as files below the system's zoneinfo and mean the same everywhere.
bool is_zone_name(std::string_view name) {
  if (name.empty() || name.size() > 64 || name.front() == '/' || name.back() == '/') return false;
  if (name.find("..") != std::string_view::npos || name.find("//") != std::string_view::npos) {
    return false;
  }
  for (const std::string_view other : {"localtime", "posixrules", "Factory"}) {
    if (name == other) return false;
  }
  if (name.starts_with("right/") || name.starts_with("posix/")) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '+' || c == '-' || c == '/';
  });
}

ZonePtr load_iana(const std::string& name) {
  std::ifstream file(std::string(kZoneDirectory) + name, std::ios::binary);
  std::string bytes(kLongestZoneFile, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  auto transitions = parse_tzif(bytes, kLastYear);
  return transitions ? std::make_shared<const Zone>(*std::move(transitions)) : nullptr;
}

std::optional<std::string> windows_zone(const std::string& tzid) {
  const icu::UnicodeString name = icu::UnicodeString::fromUTF8(tzid);
  char16_t buffer[128];
  UErrorCode status = U_ZERO_ERROR;
  const int32_t length = ucal_getTimeZoneIDForWindowsID(name.getBuffer(), name.length(), nullptr,
                                                        buffer, std::size(buffer), &status);
  if (U_FAILURE(status) || length <= 0 || length >= static_cast<int32_t>(std::size(buffer))) {
    return std::nullopt;
  }
  std::string out;
  icu::UnicodeString(buffer, length).toUTF8String(out);
  return out;
}

// "/mozilla.org/20050126_1/Europe/Berlin": the longest end that is a zone.
std::optional<std::string> without_prefix(std::string_view tzid) {
  while (!tzid.empty()) {
    const std::size_t slash = tzid.find('/', tzid.front() == '/' ? 1 : 0);
    if (slash == std::string_view::npos) break;
    tzid.remove_prefix(slash + 1);
    std::string name{tzid};
    if (iana_zone(name) != nullptr) return name;
  }
  return std::nullopt;
}

std::optional<std::string> find_zone_name(const std::string& name) {
  if (iana_zone(name) != nullptr) return name;
  if (auto windows = windows_zone(name); windows && iana_zone(*windows) != nullptr) return windows;
  return without_prefix(name);
}

}  // namespace

Zone::Zone(std::vector<Transition> transitions) : transitions_(std::move(transitions)) {}

Zone Zone::fixed(std::int32_t offset) {
  return Zone({Transition{0, offset, offset}});
}

std::int64_t Zone::to_utc(LocalSeconds local) const {
  const auto after = std::upper_bound(transitions_.begin(), transitions_.end(), local,
                                      [](LocalSeconds value, const Transition& t) {
                                        return value < t.utc + std::max(t.offset_from, t.offset_to);
                                      });
  if (after == transitions_.begin()) return local - transitions_.front().offset_from;
  return local - std::prev(after)->offset_to;
}

LocalSeconds Zone::to_local(std::int64_t utc) const {
  const auto after =
      std::upper_bound(transitions_.begin(), transitions_.end(), utc,
                       [](std::int64_t value, const Transition& t) { return value < t.utc; });
  if (after == transitions_.begin()) return utc + transitions_.front().offset_from;
  return utc + std::prev(after)->offset_to;
}

ZonePtr iana_zone(const std::string& name) {
  static Memo<ZonePtr> cache;
  if (!is_zone_name(name)) return nullptr;
  return cache.get(name, [&] { return load_iana(name); });
}

std::optional<std::string> resolve_tzid(std::string_view tzid) {
  static Memo<std::optional<std::string>> cache;
  std::string name{trim(tzid)};
  std::erase(name, '"');
  std::erase(name, '\0');
  if (name.empty() || name.size() > kLongestTzid) return std::nullopt;
  return cache.get(name, [&] { return find_zone_name(name); });
}

}  // namespace tidemark
