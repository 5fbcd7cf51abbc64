// Time zones as immutable tables of transitions, made of the system's zone files.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "zones/local_time.h"

namespace tidemark {

// Immutable, hence thread-safe. Exact from the first observance to the end of 2199; later years
// keep the last offset.
class Zone {
 public:
  struct Transition {
    std::int64_t utc = 0;  // seconds; from here on offset_to holds
    std::int32_t offset_from = 0;
    std::int32_t offset_to = 0;
  };

  static Zone fixed(std::int32_t offset);
  // Sorted by utc, at least one.
  explicit Zone(std::vector<Transition> transitions);

  // A time that a clock change skips or repeats is read with the offset before the change
  // (RFC 5545 3.3.5).
  std::int64_t to_utc(LocalSeconds local) const;
  LocalSeconds to_local(std::int64_t utc) const;

 private:
  std::vector<Transition> transitions_;
};

using ZonePtr = std::shared_ptr<const Zone>;

// The IANA zone of exactly that name; null when the system has none. Thread-safe, cached.
ZonePtr iana_zone(const std::string& name);

// Calendar rule 17. Resolves a TZID without looking at embedded definitions: IANA (aliases too),
// Windows names by CLDR, "/prefix/Area/City" stripped. Nothing when unknown.
std::optional<std::string> resolve_tzid(std::string_view tzid);

}  // namespace tidemark
