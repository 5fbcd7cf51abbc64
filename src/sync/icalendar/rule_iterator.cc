// How a period is walked: the days of a period that match (or the hour, minute or second itself)
// are its bases, the times within a base its offsets. The product is never built: an index into it
// names a time, so BYSETPOS and BYHOUR x BYMINUTE x BYSECOND cost nothing.
#include <algorithm>

#include "sync/icalendar/rule.h"

namespace tidemark::icalendar {
namespace {

using Frequency = Rule::Frequency;

constexpr LocalSeconds kCalendarCycle = 146'097 * kSecondsPerDay;  // 400 years

bool contains(const std::vector<int>& values, int value) {
  return std::binary_search(values.begin(), values.end(), value);
}

int weekday_of(LocalSeconds midnight) {
  const auto days = midnight / kSecondsPerDay;  // midnight is a whole number of days
  return static_cast<int>(((days + 4) % 7 + 7) % 7);
}

std::int64_t floor_div(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

int year_length(int year) {
  return std::chrono::year{year}.is_leap() ? 366 : 365;
}

// Number of the first day (from 0) of week 1 of a year, that is the first with four days in it.
int first_week_day(int first_weekday, int week_start) {
  const int before = (first_weekday - week_start + 7) % 7;
  return before <= 3 ? -before : 7 - before;
}

int weeks_in_year(int first_weekday, int days, int week_start) {
  const int begin = first_week_day(first_weekday, week_start);
  const int next_first = (first_weekday + days) % 7;
  return (days + first_week_day(next_first, week_start) - begin) / 7;
}

bool matches_week(const std::vector<int>& numbers, int year_day, int weekday, int year,
                  int week_start) {
  const int first_weekday = ((weekday - (year_day - 1)) % 7 + 7) % 7;
  const int days = year_length(year);
  int week = 0;
  int weeks = weeks_in_year(first_weekday, days, week_start);
  const int offset = year_day - 1 - first_week_day(first_weekday, week_start);
  if (offset < 0) {  // belongs to the last week of the year before
    const int earlier = year_length(year - 1);
    weeks = weeks_in_year(((first_weekday - earlier) % 7 + 7) % 7, earlier, week_start);
    week = weeks;
  } else {
    week = offset / 7 + 1;
    if (week > weeks) {
      week = 1;
      const int next_first = (first_weekday + days) % 7;
      weeks = weeks_in_year(next_first, year_length(year + 1), week_start);
    }
  }
  return contains(numbers, week) || contains(numbers, week - weeks - 1);
}

}  // namespace

RuleIterator::RuleIterator(const Rule& rule, RuleStart start, LocalSeconds not_before,
                           std::optional<LocalSeconds> until, std::uint64_t max_steps)
    : rule_(rule),
      start_(start),
      last_(std::min(until.value_or(kLastLocalSecond), kLastLocalSecond)),
      max_steps_(max_steps),
      ended_(rule.unsupported) {
  set_defaults();
  barren_since_ = start_.local;
  jump(not_before);
}

// What DTSTART says where the rule is silent (RFC 5545 3.3.10).
void RuleIterator::set_defaults() {
  one_per_period_ = rule_.frequency <= Frequency::weekly && rule_.seconds.empty() &&
                    rule_.minutes.empty() && rule_.hours.empty() && rule_.month_days.empty() &&
                    rule_.year_days.empty() && rule_.week_numbers.empty() && rule_.months.empty() &&
                    rule_.positions.empty() && rule_.days.empty();
  const LocalSeconds midnight = start_of_day(start_.local);
  const auto clock = static_cast<int>(start_.local - midnight);
  const auto date = date_of(midnight);
  const bool by_day_number = !rule_.month_days.empty() || !rule_.year_days.empty();
  if (rule_.frequency >= Frequency::weekly && rule_.days.empty() && !by_day_number) {
    if (rule_.frequency == Frequency::weekly || !rule_.week_numbers.empty()) {
      rule_.days.push_back(Rule::Day{weekday_of(midnight), 0});
    } else {
      rule_.month_days.push_back(static_cast<int>(static_cast<unsigned>(date.day())));
      if (rule_.frequency == Frequency::yearly && rule_.months.empty()) {
        rule_.months.push_back(static_cast<int>(static_cast<unsigned>(date.month())));
      }
    }
  }

  const std::vector<int> hours = rule_.hours.empty() ? std::vector{clock / 3600} : rule_.hours;
  const std::vector<int> minutes =
      rule_.minutes.empty() ? std::vector{clock / 60 % 60} : rule_.minutes;
  const std::vector<int> seconds = rule_.seconds.empty() ? std::vector{clock % 60} : rule_.seconds;
  constexpr int kNone = 0;
  const auto product = [&](const std::vector<int>& h, const std::vector<int>& m,
                           const std::vector<int>& s) {
    for (const int hour : h) {
      for (const int minute : m) {
        for (const int second : s) {
          offsets_.push_back(hour * 3600 + minute * 60 + std::min(second, 59));
        }
      }
    }
    offsets_.erase(std::unique(offsets_.begin(), offsets_.end()), offsets_.end());
  };
  origin_ = midnight;
  unit_seconds_ = kSecondsPerDay;
  switch (rule_.frequency) {
    case Frequency::secondly:
      unit_seconds_ = 1;
      origin_ = start_.local;
      product({kNone}, {kNone}, {kNone});
      break;
    case Frequency::minutely:
      unit_seconds_ = 60;
      origin_ = start_.local - clock % 60;
      product({kNone}, {kNone}, seconds);
      break;
    case Frequency::hourly:
      unit_seconds_ = 3600;
      origin_ = start_.local - clock % 3600;
      product({kNone}, minutes, seconds);
      break;
    case Frequency::weekly:
      unit_seconds_ = 7 * kSecondsPerDay;
      origin_ = midnight - (weekday_of(midnight) - rule_.week_start + 7) % 7 * kSecondsPerDay;
      break;
    case Frequency::monthly:
      unit_seconds_ = 0;
      origin_ = at_midnight(date.year() / date.month() / 1);
      break;
    case Frequency::yearly:
      unit_seconds_ = 0;
      origin_ = at_midnight(date.year() / 1 / 1);
      break;
    case Frequency::daily: break;
  }
  if (start_.is_date && rule_.frequency >= Frequency::daily) {
    offsets_.assign(1, 0);
  } else if (rule_.frequency >= Frequency::daily) {
    product(hours, minutes, seconds);
  }
}

LocalSeconds RuleIterator::period_start(std::int64_t index) const {
  if (unit_seconds_ != 0) return origin_ + index * rule_.interval * unit_seconds_;
  const auto first = date_of(origin_);
  const std::int64_t step = index * rule_.interval;
  // A step past year 9999 would leave the range of std::chrono::year.
  if (step > 12 * 10'000) return kLastLocalSecond + 1;
  const auto date =
      rule_.frequency == Frequency::monthly
          ? first + std::chrono::months{static_cast<int>(step)}
          : first + std::chrono::years{static_cast<int>(std::min<std::int64_t>(step, 10'000))};
  return at_midnight(date);
}

void RuleIterator::jump(LocalSeconds not_before) {
  if (not_before <= start_.local || (rule_.count && !one_per_period_)) return;
  not_before = std::min(not_before, kLastLocalSecond);
  std::int64_t units = 0;
  if (unit_seconds_ != 0) {
    units = floor_div(not_before - origin_, unit_seconds_);
  } else {
    const auto from = date_of(origin_);
    const auto to = date_of(not_before);
    units = static_cast<int>(to.year()) - static_cast<int>(from.year());
    if (rule_.frequency == Frequency::monthly) {
      units = units * 12 + static_cast<int>(static_cast<unsigned>(to.month())) -
              static_cast<int>(static_cast<unsigned>(from.month()));
    }
  }
  period_ = std::max<std::int64_t>(0, units / rule_.interval);
  if (rule_.count) returned_ = std::min(period_, *rule_.count);
  barren_since_ = std::max(barren_since_, period_start(period_));
}

void RuleIterator::skip_to(LocalSeconds local) {
  const std::int64_t length = rule_.interval * unit_seconds_;
  period_ = std::max(period_, floor_div(local - origin_ + length - 1, length));
}

bool RuleIterator::spend() {
  if (++steps_ <= max_steps_) return true;
  exhausted_ = true;
  return false;
}

std::optional<LocalSeconds> RuleIterator::next() {
  while (!ended_) {
    if (position_ == size_ && !fill_next_period()) {
      ended_ = true;
      break;
    }
    if (position_ == size_) continue;
    const std::size_t index = chosen_.empty() ? position_ : chosen_[position_];
    ++position_;
    const LocalSeconds time = bases_[index / offsets_.size()] + offsets_[index % offsets_.size()];
    if (time > last_ || !spend()) {
      ended_ = true;
      break;
    }
    if (time < start_.local) continue;
    barren_since_ = time;
    if (rule_.count && ++returned_ > *rule_.count) {
      ended_ = true;
      break;
    }
    return time;
  }
  return std::nullopt;
}

// False when there are no more periods; an empty one is fine.
bool RuleIterator::fill_next_period() {
  position_ = size_ = 0;
  bases_.clear();
  chosen_.clear();
  const LocalSeconds begin = period_start(period_);
  if (begin > last_ || begin - barren_since_ > kCalendarCycle) {
    // One period may itself be longer than the cycle: it has been looked at once then.
    if (begin > last_ || period_start(1) - origin_ < kCalendarCycle) return false;
  }
  if (!spend()) return false;
  if (rule_.frequency < Frequency::daily) {
    if (!load_within_day()) return true;
  } else {
    LocalSeconds end = begin + kSecondsPerDay;
    if (rule_.frequency == Frequency::weekly) end = begin + 7 * kSecondsPerDay;
    if (rule_.frequency == Frequency::monthly) {
      end = at_midnight(date_of(begin) + std::chrono::months{1});
    }
    if (rule_.frequency == Frequency::yearly) {
      end = at_midnight(date_of(begin) + std::chrono::years{1});
    }
    ++period_;
    if (!load_days(begin, end)) return false;
  }
  size_ = bases_.size() * offsets_.size();
  if (!rule_.positions.empty() && size_ != 0) select_positions();
  return true;
}

bool RuleIterator::load_days(LocalSeconds first, LocalSeconds last) {
  for (LocalSeconds day = first; day < last; day += kSecondsPerDay) {
    if (!spend()) return false;
    if (matches(day)) {
      bases_.push_back(day);
    } else if (!rule_.months.empty()) {
      const auto date = date_of(day);
      if (!contains(rule_.months, static_cast<int>(static_cast<unsigned>(date.month())))) {
        day = at_midnight(date.year() / date.month() / std::chrono::last);
      }
    }
  }
  return true;
}

// The hour, minute or second of the current period; skips to where the next one can match.
bool RuleIterator::load_within_day() {
  const LocalSeconds begin = period_start(period_++);
  const LocalSeconds midnight = start_of_day(begin);
  if (!matches(midnight)) {
    skip_to(midnight + kSecondsPerDay);
    return false;
  }
  const auto clock = static_cast<int>(begin - midnight);
  if (!rule_.hours.empty() && !contains(rule_.hours, clock / 3600)) {
    skip_to(begin - clock % 3600 + 3600);
    return false;
  }
  if (rule_.frequency < Frequency::hourly && !rule_.minutes.empty() &&
      !contains(rule_.minutes, clock / 60 % 60)) {
    skip_to(begin - clock % 60 + 60);
    return false;
  }
  if (rule_.frequency == Frequency::secondly && !rule_.seconds.empty() &&
      !contains(rule_.seconds, clock % 60)) {
    return false;
  }
  bases_.push_back(begin);
  return true;
}

void RuleIterator::select_positions() {
  for (const int position : rule_.positions) {
    const std::int64_t index =
        position > 0 ? position - 1 : static_cast<std::int64_t>(size_) + position;
    if (position != 0 && index >= 0 && index < static_cast<std::int64_t>(size_)) {
      chosen_.push_back(static_cast<std::size_t>(index));
    }
  }
  std::sort(chosen_.begin(), chosen_.end());
  chosen_.erase(std::unique(chosen_.begin(), chosen_.end()), chosen_.end());
  size_ = chosen_.size();
}

bool RuleIterator::matches(LocalSeconds midnight) const {
  if (rule_.months.empty() && rule_.month_days.empty() && rule_.year_days.empty() &&
      rule_.week_numbers.empty() && rule_.days.empty()) {
    return true;
  }
  const auto ymd = date_of(midnight);
  Date date{};
  date.year = static_cast<int>(ymd.year());
  date.month = static_cast<int>(static_cast<unsigned>(ymd.month()));
  if (!rule_.months.empty() && !contains(rule_.months, date.month)) return false;
  date.day = static_cast<int>(static_cast<unsigned>(ymd.day()));
  date.month_length =
      static_cast<int>(static_cast<unsigned>((ymd.year() / ymd.month() / std::chrono::last).day()));
  if (!rule_.month_days.empty() && !contains(rule_.month_days, date.day) &&
      !contains(rule_.month_days, date.day - date.month_length - 1)) {
    return false;
  }
  date.year_length = year_length(date.year);
  date.year_day =
      static_cast<int>((midnight - at_midnight(ymd.year() / 1 / 1)) / kSecondsPerDay) + 1;
  if (!rule_.year_days.empty() && !contains(rule_.year_days, date.year_day) &&
      !contains(rule_.year_days, date.year_day - date.year_length - 1)) {
    return false;
  }
  date.weekday = weekday_of(midnight);
  if (!rule_.week_numbers.empty() &&
      !matches_week(rule_.week_numbers, date.year_day, date.weekday, date.year, rule_.week_start)) {
    return false;
  }
  return rule_.days.empty() || matches_weekday(date);
}

// An ordinal counts within the month for MONTHLY and for YEARLY with BYMONTH, else within the year;
// RFC 5545 gives it no meaning for other frequencies or beside BYWEEKNO, so there it is passed
// over.
bool RuleIterator::matches_weekday(const Date& date) const {
  const bool in_month = rule_.frequency == Frequency::monthly ||
                        (rule_.frequency == Frequency::yearly && !rule_.months.empty());
  const bool has_meaning = rule_.frequency >= Frequency::monthly && rule_.week_numbers.empty();
  const int day = in_month ? date.day : date.year_day;
  const int length = in_month ? date.month_length : date.year_length;
  return std::any_of(rule_.days.begin(), rule_.days.end(), [&](const Rule::Day& wanted) {
    if (wanted.weekday != date.weekday) return false;
    if (wanted.ordinal == 0 || !has_meaning) return true;
    return wanted.ordinal == (day - 1) / 7 + 1 || wanted.ordinal == -((length - day) / 7 + 1);
  });
}

}  // namespace tidemark::icalendar
