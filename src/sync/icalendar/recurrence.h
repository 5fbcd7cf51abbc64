// The recurrence of one event, read on the clock of its DTSTART.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sync/icalendar/canonical.h"
#include "sync/icalendar/rule.h"

namespace tidemark::icalendar {

struct RuleInUse {
  Rule rule;
  std::optional<LocalSeconds> until;  // inclusive, on the clock of DTSTART
};

// One RDATE, with a length of its own when it is a PERIOD.
struct ExtraDate {
  LocalSeconds start = 0;
  std::optional<std::int64_t> exact_seconds;
};

// Finds the VEVENT an event came from. Borrows the document.
class VeventIndex {
 public:
  VeventIndex(const Document& document, ZoneResolver& zones);
  // Of two revisions with one identity the one with the event's start; null when there is none.
  const Component* find(const CalendarEvent& event, ZoneResolver& zones) const;

 private:
  std::multimap<std::string, const Component*> by_recurrence_id_;
};

class Recurrence {
 public:
  // `event` came from the indexed document.
  Recurrence(const VeventIndex& index, const CalendarEvent& event, ZoneResolver& zones);

  RuleStart start() const { return start_; }
  const Zone* zone() const { return zone_.get(); }  // null: floating, all-day or unknown
  const std::vector<RuleInUse>& rules() const { return rules_; }
  const std::vector<RuleInUse>& excluded_rules() const { return excluded_rules_; }
  const std::vector<ExtraDate>& extra_dates() const { return extra_dates_; }
  bool recurs() const { return !rules_.empty() || !extra_dates_.empty(); }
  bool and_all_later() const { return and_all_later_; }  // RANGE=THISANDFUTURE

  // The key of an instance, see recurrence_key().
  std::string key_at(LocalSeconds local) const;
  bool is_excluded(LocalSeconds local) const;  // by EXDATE; a date excludes all of that day

  // Start and end of the instance at that local time. DTEND gives an exact length, DURATION a
  // nominal one (RFC 5545 3.8.5.3).
  CalendarTime start_at(LocalSeconds local) const;
  CalendarTime end_at(LocalSeconds local, std::optional<std::int64_t> exact_seconds) const;
  // No instance is longer than this, on any clock.
  LocalSeconds longest_seconds() const { return longest_seconds_; }

  // Seconds since 1970 for ordering; what has no instant is read in `reader`.
  static std::int64_t instant(const CalendarTime& time, const Zone& reader);

 private:
  void read_length(const Component& vevent);
  void read_lines(const Component& vevent, ZoneResolver& zones);
  void read_rule(const Property& property, std::vector<RuleInUse>& rules) const;
  void read_dates(const Property& property, ZoneResolver& zones);
  LocalSeconds on_my_clock(const CalendarTime& time) const;

  CalendarTime start_time_;
  CalendarTime end_time_;
  RuleStart start_;
  ZonePtr zone_;
  ZonePtr end_zone_;
  std::optional<Duration> duration_;  // nominal; absent: exact_seconds_
  std::int64_t exact_seconds_ = 0;
  LocalSeconds longest_seconds_ = 0;
  bool and_all_later_ = false;
  std::vector<RuleInUse> rules_;
  std::vector<RuleInUse> excluded_rules_;
  std::vector<ExtraDate> extra_dates_;
  std::set<std::string> excluded_;  // keys, and dates
};

}  // namespace tidemark::icalendar
