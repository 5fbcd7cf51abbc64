#include "sync/icalendar/rule.h"

#include <gmock/gmock.h>
#include <libical/ical.h>

#include <memory>
#include <random>

#include "tests/sync/icalendar/fixtures.h"

namespace tidemark::icalendar::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint64_t kSteps = 500'000;

RuleStart starting(std::string_view text) {
  const auto value = parse_time_value(text);
  EXPECT_TRUE(value.has_value()) << text;
  return RuleStart{value->local, value->is_date};
}

struct Iteration {
  std::vector<std::string> times;
  std::uint64_t steps = 0;
  bool exhausted = false;
};

Iteration iterate(std::string_view text, std::string_view start, std::size_t most,
                  std::string_view not_before = "", std::uint64_t max_steps = kSteps) {
  const auto rule = Rule::parse(text);
  EXPECT_TRUE(rule.has_value()) << text;
  if (!rule) return {};
  const RuleStart begin = starting(start);
  const LocalSeconds first = not_before.empty() ? begin.local : starting(not_before).local;
  std::optional<LocalSeconds> until;
  if (rule->until) until = rule->until->local;
  RuleIterator iterator(*rule, begin, first, until, max_steps);
  Iteration out;
  while (out.times.size() < most) {
    const auto time = iterator.next();
    if (!time) break;
    if (*time >= first) out.times.push_back(format_date_time(*time));
  }
  out.steps = iterator.steps();
  out.exhausted = iterator.exhausted();
  return out;
}

TEST(Rule, FollowsTheExamplesOfRfc5545) {
  EXPECT_THAT(iterate("FREQ=MONTHLY;BYDAY=-1FR", "19970926T090000", 3).times,
              ElementsAre("1997-09-26T09:00:00", "1997-10-31T09:00:00", "1997-11-28T09:00:00"));
  EXPECT_THAT(iterate("FREQ=YEARLY;BYDAY=20MO", "19970519T090000", 3).times,
              ElementsAre("1997-05-19T09:00:00", "1998-05-18T09:00:00", "1999-05-17T09:00:00"));
  EXPECT_THAT(iterate("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "19970512T090000", 3).times,
              ElementsAre("1997-05-12T09:00:00", "1998-05-11T09:00:00", "1999-05-17T09:00:00"));
  EXPECT_THAT(iterate("FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
                      "19961105T090000", 3)
                  .times,
              ElementsAre("1996-11-05T09:00:00", "2000-11-07T09:00:00", "2004-11-02T09:00:00"));
  EXPECT_THAT(iterate("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", "19970929T090000", 3).times,
              ElementsAre("1997-09-29T09:00:00", "1997-10-30T09:00:00", "1997-11-27T09:00:00"));
  EXPECT_THAT(
      iterate("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "19970805T090000", 9).times,
      ElementsAre("1997-08-05T09:00:00", "1997-08-10T09:00:00", "1997-08-19T09:00:00",
                  "1997-08-24T09:00:00"));
  EXPECT_THAT(
      iterate("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "19970805T090000", 9).times,
      ElementsAre("1997-08-05T09:00:00", "1997-08-17T09:00:00", "1997-08-19T09:00:00",
                  "1997-08-31T09:00:00"));
  EXPECT_THAT(iterate("FREQ=MINUTELY;INTERVAL=90;COUNT=3", "19970902T090000", 9).times,
              ElementsAre("1997-09-02T09:00:00", "1997-09-02T10:30:00", "1997-09-02T12:00:00"));
  EXPECT_THAT(iterate("FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000Z", "19970902T090000", 9).times,
              ElementsAre("1997-09-02T09:00:00", "1997-09-02T12:00:00", "1997-09-02T15:00:00"));
  EXPECT_THAT(iterate("FREQ=YEARLY", "20240229T090000", 2).times,
              ElementsAre("2024-02-29T09:00:00", "2028-02-29T09:00:00"));
  EXPECT_THAT(iterate("FREQ=MONTHLY", "20250131", 3).times,
              ElementsAre("2025-01-31T00:00:00", "2025-03-31T00:00:00", "2025-05-31T00:00:00"));
}

TEST(Rule, KeepsTheIntervalOfAnHourlyRuleWithByHour) {
  EXPECT_THAT(iterate("FREQ=HOURLY;INTERVAL=2;BYHOUR=9,10,11", "20250101T100000", 3).times,
              ElementsAre("2025-01-01T10:00:00", "2025-01-02T10:00:00", "2025-01-03T10:00:00"));
}

TEST(Rule, RecognisesRulesThatNeverHappen) {
  for (const std::string_view text :
       {"FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=31", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTH=4;BYMONTHDAY=31", "FREQ=DAILY;BYMONTH=6;BYMONTHDAY=31",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTH=2", "FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=WEEKLY;BYSETPOS=9", "FREQ=HOURLY;INTERVAL=24;BYHOUR=3",
        "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=1", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6"}) {
    const Iteration done = iterate(text, "20250304T100000", 1);
    EXPECT_THAT(done.times, IsEmpty()) << text;
    EXPECT_FALSE(done.exhausted) << text << " took " << done.steps;
  }
}

TEST(Rule, FindsRareTimesInFewSteps) {
  const Iteration monday =
      iterate("FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", "20250101T100000", 1);
  EXPECT_THAT(monday.times, ElementsAre("2044-02-29T00:00:00"));
  EXPECT_LT(monday.steps, 10'000U);
  const Iteration leap =
      iterate("FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=29;BYHOUR=23;BYMINUTE=59;BYSECOND=58",
              "20250101T100000", 2);
  EXPECT_THAT(leap.times, ElementsAre("2028-02-29T23:59:58", "2032-02-29T23:59:58"));
}

TEST(Rule, JumpsToTheRangeThatIsAskedFor) {
  const Iteration seconds = iterate("FREQ=SECONDLY", "19700101T000000", 2, "20250601T120000");
  EXPECT_THAT(seconds.times, ElementsAre("2025-06-01T12:00:00", "2025-06-01T12:00:01"));
  EXPECT_LT(seconds.steps, 10U);
  const Iteration counted =
      iterate("FREQ=SECONDLY;COUNT=100000000", "19700101T000000", 9, "19730303T094636");
  EXPECT_THAT(counted.times, ElementsAre("1973-03-03T09:46:36", "1973-03-03T09:46:37",
                                         "1973-03-03T09:46:38", "1973-03-03T09:46:39"));
}

TEST(Rule, GivesUpWhenTheBudgetIsSpent) {
  const Iteration done = iterate("FREQ=SECONDLY;COUNT=100000000;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12",
                                 "19700101T000000", 1, "20250101T000000", 10'000);
  EXPECT_THAT(done.times, IsEmpty());
  EXPECT_TRUE(done.exhausted);
  EXPECT_LE(done.steps, 10'001U);
}

TEST(Rule, EndsWithYear9999) {
  EXPECT_THAT(iterate("FREQ=YEARLY", "99970101T000000", 9).times,
              ElementsAre("9997-01-01T00:00:00", "9998-01-01T00:00:00", "9999-01-01T00:00:00"));
  EXPECT_THAT(iterate("FREQ=YEARLY;INTERVAL=32767", "20250101T000000", 9).times,
              ElementsAre("2025-01-01T00:00:00"));
  EXPECT_THAT(iterate("FREQ=YEARLY;INTERVAL=500;BYMONTH=1", "20250101T000000", 3).times,
              ElementsAre("2025-01-01T00:00:00", "2525-01-01T00:00:00", "3025-01-01T00:00:00"));
}

TEST(Rule, DoesNotIterateWhatItDoesNotSupport) {
  for (const std::string_view text :
       {"RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L", "FREQ=DAILY;INTERVAL=99999999",
        "FREQ=DAILY;COUNT=99999999999", "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD"}) {
    EXPECT_THAT(iterate(text, "20250101T000000", 3).times, IsEmpty()) << text;
  }
}

TEST(Rule, RefusesWhatIsNoRule) {
  for (const std::string& text :
       {std::string(), std::string("FREQ=SOMETIMES"), std::string("COUNT=3"),
        std::string("FREQ=DAILY;COUNT=x"), std::string("FREQ=DAILY;INTERVAL=0"),
        std::string("FREQ=DAILY;UNTIL=20251399"), std::string("FREQ=DAILY;BYHOUR=99"),
        "FREQ=DAILY;BYDAY=" + std::string(10'000, 'M')}) {
    EXPECT_FALSE(Rule::parse(text).has_value()) << text.substr(0, 64);
  }
}

class RandomRules {
 public:
  explicit RandomRules(unsigned seed) : random_(seed) {}

  int pick(int low, int high) { return std::uniform_int_distribution(low, high)(random_); }
  bool chance(int percent) { return pick(1, 100) <= percent; }

  std::string list(int low, int high, bool negative, int most) {
    std::string out;
    for (int i = pick(1, most); i > 0; --i) {
      int value = pick(low, high);
      if (negative && value != 0 && chance(25)) value = -value;
      out += (out.empty() ? "" : ",") + std::to_string(value);
    }
    return out;
  }

  std::string weekdays(bool ordinals) {
    constexpr const char* kDays[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
    std::string out;
    // Each day once: libical returns a repeated one twice.
    for (int day = pick(0, 6); out.empty() || (day < 7 && chance(50)); day += pick(1, 3)) {
      if (!out.empty()) out += ",";
      if (ordinals && chance(40)) out += std::to_string(pick(1, 5) * (chance(30) ? -1 : 1));
      out += kDays[day];
    }
    return out;
  }

  // Any mixture the grammar allows.
  std::string any() {
    constexpr const char* kFrequencies[] = {"SECONDLY", "MINUTELY", "HOURLY", "DAILY",
                                            "WEEKLY",   "MONTHLY",  "YEARLY"};
    const int frequency = pick(0, 6);
    std::string out = std::string("FREQ=") + kFrequencies[frequency];
    if (chance(30)) out += ";INTERVAL=" + std::to_string(chance(20) ? pick(1, 32'767) : pick(1, 9));
    if (chance(15)) out += ";COUNT=" + std::to_string(chance(50) ? pick(1, 9) : 100'000'000);
    if (chance(30)) out += ";BYMONTH=" + list(1, 12, false, 3);
    if (frequency != 4 && chance(25)) out += ";BYMONTHDAY=" + list(1, 31, true, 3);
    if (frequency == 6 && chance(15)) out += ";BYYEARDAY=" + list(1, 366, true, 3);
    if (frequency == 6 && chance(15)) out += ";BYWEEKNO=" + list(1, 53, true, 3);
    if (chance(25)) out += ";BYDAY=" + weekdays(frequency >= 5);
    if (chance(20)) out += ";BYHOUR=" + list(0, 23, false, 4);
    if (chance(15)) out += ";BYMINUTE=" + list(0, 59, false, 4);
    if (chance(15)) out += ";BYSECOND=" + list(0, 59, false, 4);
    if (chance(15)) out += ";BYSETPOS=" + list(1, 366, true, 2);
    return out;
  }

  // What libical iterates correctly too.
  std::string common() {
    switch (pick(0, 3)) {
      case 0:
        return "FREQ=DAILY;INTERVAL=" + std::to_string(pick(1, 40)) +
               (chance(40) ? ";BYMONTH=" + list(1, 12, false, 3) : "") +
               (chance(40) ? ";BYDAY=" + weekdays(false) : "");
      case 1:
        // With the day of DTSTART: libical starts late otherwise when the first day is a Sunday.
        return "FREQ=WEEKLY;INTERVAL=" + std::to_string(pick(1, 6)) + ";BYDAY=TU" +
               (chance(50) ? ",TH" : "") + (chance(50) ? ",SU" : "") +
               (chance(50) ? ";WKST=SU" : "");
      case 2:
        return "FREQ=MONTHLY;INTERVAL=" + std::to_string(pick(1, 5)) +
               (chance(50) ? ";BYMONTHDAY=" + list(1, 31, true, 3) : ";BYDAY=" + weekdays(true));
      default:
        return "FREQ=YEARLY;INTERVAL=" + std::to_string(pick(1, 4)) +
               ";BYMONTH=" + list(1, 12, false, 3) +
               (chance(50) ? ";BYMONTHDAY=" + list(1, 28, true, 3) : ";BYDAY=" + weekdays(true));
    }
  }

 private:
  std::mt19937 random_;
};

TEST(Rule, StaysWithinItsBudgetForTwoThousandRandomRules) {
  RandomRules random(20'251'216);
  std::uint64_t most = 0;
  int parsed = 0;
  for (int i = 0; i < 2'000; ++i) {
    const std::string text = random.any();
    const auto rule = Rule::parse(text);
    if (!rule) continue;
    ++parsed;
    const RuleStart start = starting("20250304T101112");
    const LocalSeconds from = start.local + random.pick(0, 4'000) * kSecondsPerDay;
    RuleIterator iterator(*rule, start, from, std::nullopt, 100'000);
    LocalSeconds before = -1;
    for (int found = 0; found < 50; ++found) {
      const auto time = iterator.next();
      if (!time) break;
      ASSERT_GT(*time, before) << text;
      before = *time;
    }
    ASSERT_LE(iterator.steps(), 100'001U) << text;
    most = std::max(most, iterator.steps());
  }
  EXPECT_GT(parsed, 1'500) << "the generator writes mostly rules";
  RecordProperty("most_steps", static_cast<int>(most));
}

TEST(Rule, AgreesWithLibicalWhereLibicalCanIterate) {
  RandomRules random(7);
  for (int i = 0; i < 1'000; ++i) {
    const std::string text = random.common();
    struct icaltimetype start = icaltime_from_string("20250304T100000");
    const std::unique_ptr<icalrecur_iterator, void (*)(icalrecur_iterator*)> theirs(
        icalrecur_iterator_new(icalrecurrencetype_from_string(text.c_str()), start),
        icalrecur_iterator_free);
    ASSERT_NE(theirs, nullptr) << text;
    const auto rule = Rule::parse(text);
    ASSERT_TRUE(rule.has_value()) << text;
    const RuleStart begin = starting("20250304T100000");
    RuleIterator ours(*rule, begin, begin.local, std::nullopt, kSteps);
    for (int found = 0; found < 25; ++found) {
      const struct icaltimetype time = icalrecur_iterator_next(theirs.get());
      const auto mine = ours.next();
      if (icaltime_is_null_time(time)) break;
      const auto expected = parse_time_value(icaltime_as_ical_string(time));
      ASSERT_TRUE(expected.has_value());
      ASSERT_TRUE(mine.has_value()) << text;
      ASSERT_EQ(format_date_time(*mine), format_date_time(expected->local)) << text;
    }
  }
}

}  // namespace
}  // namespace tidemark::icalendar::test
