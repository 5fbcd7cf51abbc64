// One resource of the mirror: a single event, or a series with the instances that were changed or
// cancelled. Google sends these one by one, in any order and on any page (calendar rule 9); here
// they come together, so that a deleted master takes its instances with it and a series is expanded
// as one.
//
// Its bytes: {"items": [what Google sent of the master, then of the instances by recurrence id]},
// and while a full listing goes on "unconfirmed": the recurrence ids of parts it has not named yet.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "domain/calendar_event.h"
#include "providers/google/event_json.h"

namespace tidemark::google {

struct SeriesPart {
  ItemKey key;
  std::string text;  // as sent
  Json value;        // the same, read
};

class Series {
 public:
  Series() = default;
  // What bytes() wrote; Errc::corrupt for anything else.
  static Result<Series> parse(std::string_view bytes);

  // Null when there is none of that recurrence id; empty: the master.
  const SeriesPart* find(const std::string& recurrence_id) const;
  // Replaces the part of the same recurrence id, and confirms it.
  void put(SeriesPart part);
  // A full listing begins to name this series: what it does not name is gone.
  void doubt_all();
  void drop_unconfirmed();
  bool has_unconfirmed() const { return !unconfirmed_.empty(); }

  std::string bytes() const;
  // The master first; a cancelled instance is an EXDATE of the master. None while only cancelled
  // instances are known. An error is the reason to quarantine the series.
  Result<std::vector<CalendarEvent>> events() const;

 private:
  std::map<std::string, SeriesPart> parts_;  // by recurrence id; empty: the master
  std::set<std::string> unconfirmed_;
};

// The bytes of a resource that is this one item.
std::string bytes_of(std::string_view item);

}  // namespace tidemark::google
