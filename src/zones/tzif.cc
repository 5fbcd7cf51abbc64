#include "zones/tzif.h"

#include <algorithm>

namespace tidemark {
namespace {

constexpr std::size_t kHeaderBytes = 44;
constexpr std::size_t kMostTransitions = 10'000;

std::int64_t big_endian(std::string_view bytes) {
  std::uint64_t value = (bytes[0] & 0x80) != 0 ? ~std::uint64_t{0} : 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(value);
}

struct Header {
  std::size_t ut_count, standard_count, leap_count, time_count, type_count, char_count;

  static std::optional<Header> parse(std::string_view bytes) {
    if (bytes.size() < kHeaderBytes || !bytes.starts_with("TZif") || bytes[4] < '2') {
      return std::nullopt;
    }
    const auto count = [&](std::size_t index) {
      return static_cast<std::size_t>(big_endian(bytes.substr(20 + 4 * index, 4)) & 0xFFFFFFFF);
    };
    const Header header{count(0), count(1), count(2), count(3), count(4), count(5)};
    const auto largest = std::max({header.ut_count, header.standard_count, header.leap_count,
                                   header.time_count, header.type_count, header.char_count});
    if (largest > kMostTransitions || header.type_count == 0) return std::nullopt;
    return header;
  }

  std::size_t data_bytes(std::size_t time_bytes) const {
    return time_count * (time_bytes + 1) + type_count * 6 + char_count +
           leap_count * (time_bytes + 4) + standard_count + ut_count;
  }
};

// One change of a POSIX TZ rule: "M3.2.0/2", "J60", "59".
struct YearlyChange {
  char kind = 'M';  // M, J (1 to 365, never 29 February) or D (0 to 365)
  int month = 0, week = 0, day = 0;
  LocalSeconds time = 7'200;

  LocalSeconds in(int year) const {
    const std::chrono::year y{year};
    LocalSeconds midnight = at_midnight(y / 1 / 1);
    if (kind == 'D') {
      midnight += day * kSecondsPerDay;
    } else if (kind == 'J') {
      midnight += (day - 1 + (y.is_leap() && day > 59 ? 1 : 0)) * kSecondsPerDay;
    } else {
      const std::chrono::month m{static_cast<unsigned>(month)};
      const std::chrono::weekday weekday{static_cast<unsigned>(day)};
      midnight =
          week == 5
              ? at_midnight(std::chrono::sys_days{y / m / weekday[std::chrono::last]})
              : at_midnight(std::chrono::sys_days{y / m / weekday[static_cast<unsigned>(week)]});
    }
    return midnight + time;
  }
};

// "<-03>3<-02>,M3.4.0/-2,M10.4.0/-1": what holds after the last transition of the file.
class PosixRule {
 public:
  static std::optional<PosixRule> parse(std::string_view text) {
    PosixRule rule;
    rule.rest_ = text;
    if (!rule.read()) return std::nullopt;
    return rule;
  }

  void extend(std::vector<Zone::Transition>& transitions, std::int64_t after, int last_year) const {
    if (!has_summer_) return;
    const int first_year = static_cast<int>(date_of(std::max<std::int64_t>(after, 0)).year());
    for (int year = first_year; year <= last_year; ++year) {
      const Zone::Transition begin{begin_.in(year)-standard_, standard_, summer_};
      const Zone::Transition end{end_.in(year)-summer_, summer_, standard_};
      const bool north = begin.utc < end.utc;
      for (const auto& change : {north ? begin : end, north ? end : begin}) {
        if (change.utc > after) transitions.push_back(change);
      }
    }
  }

 private:
  bool read() {
    if (!skip_name()) return false;
    const auto standard = read_clock();
    if (!standard) return false;
    standard_ = static_cast<std::int32_t>(-*standard);
    if (rest_.empty()) return true;
    if (!skip_name()) return false;
    summer_ = standard_ + 3600;
    if (!rest_.empty() && rest_.front() != ',') {
      const auto summer = read_clock();
      if (!summer) return false;
      summer_ = static_cast<std::int32_t>(-*summer);
    }
    has_summer_ = true;
    return read_change(begin_) && read_change(end_) && rest_.empty();
  }

  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool skip_name() {
    std::size_t end = 0;
    if (take('<')) {
      end = rest_.find('>');
      if (end == std::string_view::npos) return false;
      ++end;
    } else {
      while (end < rest_.size() && ((rest_[end] | 0x20) >= 'a' && (rest_[end] | 0x20) <= 'z'))
        ++end;
    }
    rest_.remove_prefix(end);
    return end != 0;
  }

  std::optional<int> read_number() {
    std::size_t digits = 0;
    int value = 0;
    while (digits < rest_.size() && digits < 4 && rest_[digits] >= '0' && rest_[digits] <= '9') {
      value = value * 10 + (rest_[digits++] - '0');
    }
    rest_.remove_prefix(digits);
    return digits == 0 ? std::nullopt : std::optional(value);
  }

  // [+-]hh[:mm[:ss]]
  std::optional<LocalSeconds> read_clock() {
    const bool negative = take('-');
    if (!negative) take('+');
    LocalSeconds total = 0;
    for (const LocalSeconds unit : {3600, 60, 1}) {
      if (unit != 3600 && !take(':')) break;
      const auto number = read_number();
      if (!number) return std::nullopt;
      total += *number * unit;
    }
    return negative ? -total : total;
  }

  bool read_change(YearlyChange& change) {
    if (!take(',')) return false;
    const auto read_into = [&](int& value) {
      const auto number = read_number();
      value = number.value_or(-1);
      return number.has_value();
    };
    if (take('M')) {
      if (!read_into(change.month) || !take('.') || !read_into(change.week) || !take('.') ||
          !read_into(change.day) || change.month < 1 || change.month > 12 || change.week < 1 ||
          change.week > 5 || change.day > 6) {
        return false;
      }
    } else {
      change.kind = take('J') ? 'J' : 'D';
      if (!read_into(change.day) || change.day > 365) return false;
    }
    if (!take('/')) return true;
    const auto time = read_clock();
    change.time = time.value_or(0);
    return time.has_value();
  }

  std::string_view rest_;
  std::int32_t standard_ = 0;
  std::int32_t summer_ = 0;
  bool has_summer_ = false;
  YearlyChange begin_, end_;
};

}  // namespace

std::optional<std::vector<Zone::Transition>> parse_tzif(std::string_view bytes, int last_year) {
  const auto narrow = Header::parse(bytes);
  if (!narrow || bytes.size() < kHeaderBytes + narrow->data_bytes(4)) return std::nullopt;
  bytes.remove_prefix(kHeaderBytes + narrow->data_bytes(4));
  const auto header = Header::parse(bytes);
  if (!header || bytes.size() < kHeaderBytes + header->data_bytes(8)) return std::nullopt;
  bytes.remove_prefix(kHeaderBytes);
  const std::string_view times = bytes.substr(0, header->time_count * 8);
  const std::string_view indexes = bytes.substr(times.size(), header->time_count);
  const std::string_view types =
      bytes.substr(times.size() + indexes.size(), header->type_count * 6);

  const auto offset_of = [&](std::size_t type) {
    return static_cast<std::int32_t>(big_endian(types.substr(type * 6, 4)));
  };
  std::int32_t before = offset_of(0);
  std::vector<Zone::Transition> transitions{{-(std::int64_t{1} << 40), before, before}};
  for (std::size_t i = 0; i < header->time_count; ++i) {
    const auto type = static_cast<std::size_t>(static_cast<unsigned char>(indexes[i]));
    if (type >= header->type_count) return std::nullopt;
    const std::int32_t after = offset_of(type);
    transitions.push_back({big_endian(times.substr(i * 8, 8)), before, after});
    before = after;
  }
  std::string_view footer = bytes.substr(header->data_bytes(8));
  if (footer.starts_with('\n')) footer.remove_prefix(1);
  footer = footer.substr(0, footer.find('\n'));
  if (const auto rule = PosixRule::parse(footer)) {
    rule->extend(transitions, transitions.back().utc, last_year);
  }
  return transitions;
}

}  // namespace tidemark
