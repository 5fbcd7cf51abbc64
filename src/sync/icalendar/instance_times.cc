#include "sync/icalendar/instance_times.h"

#include <algorithm>

namespace tidemark::icalendar {
namespace {

constexpr std::uint64_t kStepsPerRule = 500'000;

}  // namespace

InstanceTimes::InstanceTimes(const Recurrence& recurrence, LocalSeconds first, LocalSeconds last)
    : recurrence_(recurrence), last_(last), single_(recurrence.extra_dates()) {
  single_.push_back(ExtraDate{recurrence.start().local, std::nullopt});
  std::stable_sort(
      single_.begin(), single_.end(),
      [](const ExtraDate& left, const ExtraDate& right) { return left.start < right.start; });
  const auto open = [&](const std::vector<RuleInUse>& rules, std::vector<Source>& sources) {
    for (const RuleInUse& one : rules) {
      const LocalSeconds until = std::min(one.until.value_or(last), last);
      RuleIterator iterator(one.rule, recurrence.start(), first, until, kStepsPerRule);
      const auto time = iterator.next();
      sources.push_back(Source{std::move(iterator), time});
    }
  };
  open(recurrence.rules(), rules_);
  open(recurrence.excluded_rules(), excluded_rules_);
}

std::optional<ExtraDate> InstanceTimes::next_unfiltered() {
  std::optional<ExtraDate> smallest;
  if (next_single_ < single_.size()) smallest = single_[next_single_];
  for (const Source& source : rules_) {
    if (source.time && (!smallest || *source.time < smallest->start)) {
      smallest = ExtraDate{*source.time, std::nullopt};
    }
  }
  if (!smallest || smallest->start > last_) return std::nullopt;
  // The same time from several sources is one instance.
  while (next_single_ < single_.size() && single_[next_single_].start == smallest->start) {
    ++next_single_;
  }
  for (Source& source : rules_) {
    if (source.time == smallest->start) source.time = source.iterator.next();
  }
  return smallest;
}

bool InstanceTimes::is_excluded(LocalSeconds time) {
  bool excluded = recurrence_.is_excluded(time);
  for (Source& source : excluded_rules_) {
    while (source.time && *source.time < time) source.time = source.iterator.next();
    excluded = excluded || source.time == time;
  }
  return excluded;
}

std::optional<ExtraDate> InstanceTimes::next() {
  while (const auto time = next_unfiltered()) {
    if (!is_excluded(time->start)) return time;
  }
  return std::nullopt;
}

bool InstanceTimes::exhausted() const {
  const auto gave_up = [](const Source& source) { return source.iterator.exhausted(); };
  return std::any_of(rules_.begin(), rules_.end(), gave_up) ||
         std::any_of(excluded_rules_.begin(), excluded_rules_.end(), gave_up);
}

}  // namespace tidemark::icalendar
