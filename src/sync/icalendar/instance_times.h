// The start times of a recurring event in order: DTSTART, RRULE and RDATE without EXDATE and
// EXRULE.
#pragma once

#include <optional>
#include <vector>

#include "sync/icalendar/recurrence.h"

namespace tidemark::icalendar {

class InstanceTimes {
 public:
  // Times of at least `first` (DTSTART and RDATEs may come earlier) and at most `last`, both on the
  // clock of DTSTART. Borrows the recurrence.
  InstanceTimes(const Recurrence& recurrence, LocalSeconds first, LocalSeconds last);

  std::optional<ExtraDate> next();
  // Some rule used up its steps: later times may be missing.
  bool exhausted() const;

 private:
  struct Source {
    RuleIterator iterator;
    std::optional<LocalSeconds> time;
  };

  std::optional<ExtraDate> next_unfiltered();
  bool is_excluded(LocalSeconds time);

  const Recurrence& recurrence_;
  LocalSeconds last_;
  std::vector<ExtraDate> single_;  // DTSTART and RDATEs, ascending
  std::size_t next_single_ = 0;
  std::vector<Source> rules_;
  std::vector<Source> excluded_rules_;
};

}  // namespace tidemark::icalendar
