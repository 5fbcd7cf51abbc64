// From a provider's items to page items: parses, places events in time, splits calendar files by
// UID, quarantines what cannot be read. Runs on the executor's threads, before the engine.
#pragma once

#include <functional>
#include <string>

#include "providers/calendar_provider.h"
#include "sync/calendar_inputs.h"
#include "sync/icalendar/icalendar.h"
#include "sync/known_rows.h"

namespace tidemark::sync {

class ItemDecoder {
 public:
  using Taker = std::function<Result<void>(PageItem&&)>;

  ItemDecoder(const KnownRows& known, std::uint64_t max_resource_bytes, Taker taker);

  // Hands one item on, or many for a calendar file. parse_error: a file that is no calendar at all,
  // which must not pass for an emptied one.
  Result<void> decode(RemoteItem&& item);

 private:
  Result<void> decode_file(const RemoteItem& file);
  Result<PageItem> decode_body(RemoteItem&& item) const;
  Result<std::vector<CalendarEvent>> reverted_instances(
      const std::string& href, std::string_view bytes,
      const std::vector<CalendarEvent>& events) const;

  const KnownRows& known_;
  icalendar::Limits limits_;
  Taker taker_;
};

// Where each event of a resource lies in time.
std::vector<PlacedEvent> place_events(std::string_view bytes, std::vector<CalendarEvent> events);

// Milliseconds since 1970; floating and all-day times read as UTC, nothing when there is none.
std::optional<std::int64_t> instant_ms(const CalendarTime& time);

}  // namespace tidemark::sync
