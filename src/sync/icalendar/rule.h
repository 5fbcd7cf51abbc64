// Recurrence rules (RFC 5545 3.3.10) that always come to an end: every step is counted against a
// budget, and a rule that cannot happen is recognised instead of waited for.
//
// libical reads the rule; the iteration is ours. libical's own iterator does not return for some
// rules with an hourly or finer frequency, forgets INTERVAL when BYHOUR is given, and cannot be
// interrupted; where both can answer, the tests compare them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sync/icalendar/times.h"

namespace tidemark::icalendar {

struct RuleStart {
  LocalSeconds local = 0;  // DTSTART on its own clock
  bool is_date = false;
};

struct Rule {
  enum class Frequency { secondly, minutely, hourly, daily, weekly, monthly, yearly };
  struct Day {
    int weekday = 0;  // 0 is Sunday
    int ordinal = 0;  // 2 for the second, -1 for the last, 0 for every
  };

  Frequency frequency = Frequency::yearly;
  std::int64_t interval = 1;
  std::optional<std::int64_t> count;
  std::optional<TimeValue> until;  // as written: is_utc says it is not on the clock of DTSTART
  int week_start = 1;              // weekday
  // RSCALE, or an INTERVAL or COUNT beyond what can matter: not to be iterated.
  bool unsupported = false;
  std::vector<int> seconds, minutes, hours, month_days, year_days, week_numbers, months, positions;
  std::vector<Day> days;

  // Nothing when the text is no rule.
  static std::optional<Rule> parse(std::string_view text);
};

// Ascending local times of one rule, from DTSTART on. Two iterators share nothing.
class RuleIterator {
 public:
  // Times before `not_before` may be left out when the rule allows to jump there. `until` is
  // inclusive, on the clock of DTSTART, and stands in for the rule's own.
  RuleIterator(const Rule& rule, RuleStart start, LocalSeconds not_before,
               std::optional<LocalSeconds> until, std::uint64_t max_steps);

  // The next time; nothing after the last, after year 9999, after 400 years (a whole cycle of the
  // calendar) without one, or when the budget is used up.
  std::optional<LocalSeconds> next();

  bool exhausted() const { return exhausted_; }   // the budget ended it, not the rule
  std::uint64_t steps() const { return steps_; }  // days and times looked at

 private:
  struct Date {
    int year, month, day, weekday, year_day, month_length, year_length;
  };

  void set_defaults();
  void jump(LocalSeconds not_before);
  bool fill_next_period();
  bool load_days(LocalSeconds first, LocalSeconds last);
  bool load_within_day();
  LocalSeconds period_start(std::int64_t index) const;
  void skip_to(LocalSeconds local);
  void select_positions();
  bool matches(LocalSeconds midnight) const;
  bool matches_weekday(const Date& date) const;
  bool spend();

  Rule rule_;
  RuleStart start_;
  LocalSeconds last_;
  std::uint64_t max_steps_;
  std::uint64_t steps_ = 0;
  std::int64_t returned_ = 0;
  bool exhausted_ = false;
  bool ended_ = false;
  bool one_per_period_ = false;  // no filter: the nth time is in the nth period

  LocalSeconds origin_ = 0;        // start of the period that holds DTSTART
  std::int64_t unit_seconds_ = 0;  // length of one period; 0 for months and years
  std::int64_t period_ = 0;        // index of the next period to fill
  LocalSeconds barren_since_ = 0;

  std::vector<LocalSeconds> offsets_;  // times within a base
  std::vector<LocalSeconds> bases_;    // of the current period
  std::vector<std::size_t> chosen_;    // BYSETPOS: indexes into bases x offsets
  std::size_t position_ = 0;
  std::size_t size_ = 0;
};

}  // namespace tidemark::icalendar
