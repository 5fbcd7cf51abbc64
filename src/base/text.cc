#include "base/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>

namespace tidemark {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Length of the valid UTF-8 sequence at the front, 0 when there is none (RFC 3629: no surrogates,
// no overlong forms, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const auto continues = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0) == 0x80; };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!continues(1) || !continues(2)) return 0;
    if (first == 0xE0 && byte(1) < 0xA0) return 0;
    if (first == 0xED && byte(1) > 0x9F) return 0;
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if (first == 0xF0 && byte(1) < 0x90) return 0;
    if (first == 0xF4 && byte(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

// Takes exactly `count` digits off the front.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text[0] != expected) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<WallTime> take_date(std::string_view& text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return WallTime{std::chrono::sys_days{date}};
}

// hh:mm:ss[.fraction]; a leap second counts as the last second of its minute.
std::optional<milliseconds> take_time(std::string_view& text) {
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59 || !take(text, ':')) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second || *second > 60) return std::nullopt;
  int millis = 0;
  if (take(text, '.')) {
    int digits = 0;
    for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; ++digits, text.remove_prefix(1)) {
      if (digits < 3) millis = millis * 10 + (text[0] - '0');
    }
    if (digits == 0) return std::nullopt;
    for (; digits < 3; ++digits) millis *= 10;
  }
  return hours{*hour} + minutes{*minute} + seconds{std::min(*second, 59)} + milliseconds{millis};
}

std::optional<minutes> take_offset(std::string_view& text) {
  if (take(text, 'Z') || take(text, 'z')) return minutes{0};
  const bool negative = !text.empty() && text[0] == '-';
  if (!take(text, '+') && !take(text, '-')) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  const minutes offset = hours{*hour} + minutes{*minute};
  return negative ? -offset : offset;
}

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// A whole number directly followed by one of the units.
std::optional<std::uint64_t> parse_with_unit(std::string_view text, const Unit* begin,
                                             const Unit* end, std::uint64_t limit) {
  std::uint64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(rest - text.data()));
  const auto* found = std::find_if(begin, end, [&](const Unit& u) { return u.name == unit; });
  if (found == end || number > limit / found->factor) return std::nullopt;
  return number * found->factor;
}

constexpr std::array<Unit, 5> kDurationUnits{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::array<Unit, 5> kSizeUnits{
    {{"TiB", 1ULL << 40}, {"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}, {"B", 1}}};
constexpr std::uint64_t kLongestDurationMs = 3650ULL * 86'400'000;
constexpr WallTime kFirstRfc3339{
    std::chrono::sys_days{std::chrono::year{0} / std::chrono::January / 1}};
constexpr WallTime kPastRfc3339{
    std::chrono::sys_days{std::chrono::year{10'000} / std::chrono::January / 1}};

}  // namespace

std::string to_lower_ascii(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  const auto first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const auto at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

bool glob_match(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t retry = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    // Nearly all text is ASCII, which eight bytes at a time can tell.
    std::uint64_t eight = 0;
    while (text.size() >= sizeof eight) {
      std::memcpy(&eight, text.data(), sizeof eight);
      if ((eight & 0x8080808080808080U) != 0) break;
      text.remove_prefix(sizeof eight);
    }
    if (text.empty()) return true;
    const auto length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string to_valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto length = utf8_length(text);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      text.remove_prefix(1);
    } else {
      out += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return out;
}

std::string format_rfc3339(WallTime time) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  const int year = static_cast<int>(date.year());
  std::string out = "0000-00-00T00:00:00.000Z";
  if (year < 0 || year > 9999) out.replace(0, 4, std::to_string(year));
  // From the end, where the places do not depend on the year's length.
  const auto write = [&](std::size_t from_end, int digits, int value) {
    for (std::size_t at = out.size() - from_end + static_cast<std::size_t>(digits); digits > 0;
         --digits, value /= 10) {
      out[--at] = static_cast<char>('0' + value % 10);
    }
  };
  if (year >= 0 && year <= 9999) write(24, 4, year);
  write(19, 2, static_cast<int>(static_cast<unsigned>(date.month())));
  write(16, 2, static_cast<int>(static_cast<unsigned>(date.day())));
  write(13, 2, static_cast<int>(clock.hours().count()));
  write(10, 2, static_cast<int>(clock.minutes().count()));
  write(7, 2, static_cast<int>(clock.seconds().count()));
  write(4, 3, static_cast<int>(clock.subseconds().count()));
  return out;
}

Result<WallTime> parse_rfc3339(std::string_view text) {
  const auto bad = [&] {
    return fail(Errc::invalid_argument, "\"" + to_valid_utf8(text.substr(0, 64)) +
                                            "\" is not a time: write RFC 3339, for example "
                                            "2025-12-16T12:00:00Z or 2025-12-16");
  };
  std::string_view rest = text;
  const auto date = take_date(rest);
  if (!date) return bad();
  if (rest.empty()) return *date;
  if (!take(rest, 'T') && !take(rest, 't') && !take(rest, ' ')) return bad();
  const auto time = take_time(rest);
  if (!time) return bad();
  const auto offset = take_offset(rest);
  if (!offset || !rest.empty()) return bad();
  const WallTime utc = *date + *time - *offset;
  // The offset may lead out of the years that have four digits, and so can be written.
  if (utc < kFirstRfc3339 || utc >= kPastRfc3339) return bad();
  return utc;
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto value =
      parse_with_unit(text, kDurationUnits.begin(), kDurationUnits.end(), kLongestDurationMs);
  if (!value) {
    return fail(Errc::invalid_argument, "\"" + to_valid_utf8(text.substr(0, 64)) +
                                            "\" is not a duration: write 250ms, 90s, 5m, 2h or 1d "
                                            "(3650 days at most)");
  }
  return milliseconds{static_cast<std::int64_t>(*value)};
}

std::string format_duration(std::chrono::milliseconds duration) {
  const auto count = static_cast<std::uint64_t>(std::max<std::int64_t>(0, duration.count()));
  if (count == 0) return "0s";
  for (const auto& unit : kDurationUnits) {
    if (count % unit.factor == 0)
      return std::to_string(count / unit.factor) + std::string(unit.name);
  }
  return std::to_string(count) + "ms";
}

Result<std::uint64_t> parse_size(std::string_view text) {
  const auto value = parse_with_unit(text, kSizeUnits.begin(), kSizeUnits.end(), 1ULL << 62);
  if (!value) {
    return fail(Errc::invalid_argument, "\"" + to_valid_utf8(text.substr(0, 64)) +
                                            "\" is not a size: write 512KiB, 64MiB, 1GiB or 100B");
  }
  return *value;
}

std::string format_size(std::uint64_t bytes) {
  for (const auto& unit : kSizeUnits) {
    if (bytes < unit.factor) continue;
    if (unit.factor == 1) break;
    std::array<char, 48> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%.1f %s",
                  static_cast<double>(bytes) / static_cast<double>(unit.factor),
                  std::string(unit.name).c_str());
    return buffer.data();
  }
  return std::to_string(bytes) + " B";
}

}  // namespace tidemark
