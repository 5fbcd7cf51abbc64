// Small text helpers that the standard library lacks.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace tidemark {

std::string to_lower_ascii(std::string_view text);
std::string_view trim(std::string_view text);  // spaces, tabs, CR, LF at both ends
std::vector<std::string> split(std::string_view text, char separator);

// Shell globs: '*' any run, '?' one character, everything else itself. Never backtracks more than
// once per '*': O(pattern * text).
bool glob_match(std::string_view pattern, std::string_view text);

bool is_valid_utf8(std::string_view text);
// Every byte that is not part of valid UTF-8 becomes U+FFFD.
std::string to_valid_utf8(std::string_view text);

// RFC 3339 with milliseconds and Z: "2025-12-16T12:00:00.000Z".
std::string format_rfc3339(WallTime time);
// Accepts any RFC 3339 offset and fraction; a date alone means midnight UTC. Refuses what an offset
// moves out of the years 0 to 9999 in UTC: format_rfc3339 could not write it.
Result<WallTime> parse_rfc3339(std::string_view text);

// "90s", "5m", "2h", "1d", "250ms"; no sign, no fraction, one unit.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
std::string format_duration(std::chrono::milliseconds duration);  // the shortest exact of the above
// "64MiB", "1GiB", "512KiB", "100B".
Result<std::uint64_t> parse_size(std::string_view text);
std::string format_size(std::uint64_t bytes);  // "1.5 MiB", for people

}  // namespace tidemark
