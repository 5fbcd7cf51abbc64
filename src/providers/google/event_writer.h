// Changes of Google's events: insert, patch and delete, each on the condition that the event is
// still the one that is mirrored (If-Match). Members that Tidemark does not know stay, because a
// patch names only what changes.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "providers/calendar_writer.h"
#include "providers/google/api_client.h"
#include "providers/google/series.h"

namespace tidemark::google {

class EventWriter final : public CalendarWriter {
 public:
  // api outlives it.
  explicit EventWriter(const ApiClient& api) : api_(api) {}

  bool wants_icalendar() const override { return false; }
  Result<WriteOutcome> write(const WriteOrder& order) override;

  // What the mirror has of the part that is to be changed.
  struct Base {
    Series series{};
    std::string id{};
    std::string etag{};  // empty: an instance that is only in its master's rule
    Json stored = nullptr;
  };

 private:
  Result<bool> look_up(const WriteOrder& order, Base& base) const;
  Result<WriteOutcome> insert(const WriteOrder& order) const;
  Result<WriteOutcome> patch(const WriteOrder& order) const;
  Result<WriteOutcome> remove(const WriteOrder& order) const;
  // Nothing: it is gone.
  Result<std::optional<SeriesPart>> read(const WriteOrder& order, const std::string& id) const;
  // What the server has now, after it refused.
  Result<WriteOutcome> conflict(const WriteOrder& order, const std::string& id) const;

  ApiRequest request(const WriteOrder& order, std::string method, const std::string& id) const;
  const ApiClient& api_;
};

// The members of an event's JSON that make `before` into `after`: a merge patch (RFC 7396).
// `stored` is Google's own JSON of `before`, whose attendees keep what only Google knows of them;
// null: a new event. invalid_argument: Google has no such thing (floating times).
Result<Json> patch_of(const Json& stored, const CalendarEvent& before, const CalendarEvent& after);

}  // namespace tidemark::google
