// The events of one calendar, as Google's JSON, with the order of their last changes: what sync
// tokens count in. Not thread-safe; FakeGoogle's mutex guards it.
//
// A deletion leaves a tombstone that keeps the event, so that it can be un-deleted. A cancelled
// instance is no tombstone: it is an exception of a live series whose status is "cancelled".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace tidemark::test::google {

enum class RowState : std::uint8_t {
  live,
  deleted,
  deleted_with_series,  // comes back when its master does
};

struct EventRow {
  Json event;
  RowState state = RowState::live;
  std::uint64_t version = 0;  // of the last change; unique in the calendar
  WallTime updated{};
};

class EventStore {
 public:
  // The ids it makes up are those of no other calendar and no other generation of this one. The
  // owner is organizer and creator of what is written here without saying whose it is.
  EventStore(std::string calendar_id, std::uint64_t generation, std::string owner)
      : calendar_id_(std::move(calendar_id)), generation_(generation), owner_(std::move(owner)) {}

  const EventRow* find(const std::string& id) const;
  // The event an instance's id names although nobody has changed it yet: made from its master.
  // Nothing when there is no such live series or the id is of the other kind of day.
  std::optional<Json> instance(const std::string& id) const;
  const std::map<std::string, EventRow>& rows() const { return rows_; }
  std::uint64_t version() const { return version_; }
  // Ids of what changed after that version, oldest change first; 0: everything.
  std::vector<std::string> changed_after(std::uint64_t version) const;

  // Mutations. Each gives every row it touches a new version, etag, updated and sequence.
  // Gives the event the fields Google adds; an empty id is replaced by one made up.
  std::string insert(Json event, const std::string& id, WallTime now);
  // Replaces what is stored there, tombstone or not, by a live event. A series that stops being one
  // loses its exceptions. The id, its time of creation
  // and what ties an instance to its series cannot be changed. An instance's id makes an exception.
  void write(const std::string& id, Json event, WallTime now);
  // One instance of a live series, by its original start as the caller spells it; merges `changes`.
  // The exception's id; empty when there is no such series.
  std::string change_instance(const std::string& master, const Json& original_start,
                              const Json& changes, WallTime now);
  // An instance becomes a cancelled exception; a master takes its exceptions along.
  void remove(const std::string& id, WallTime now);
  void restore(const std::string& id, WallTime now);
  // "This and following": the id of the new series. Exceptions from there on are deleted.
  std::string split_series(const std::string& master, const Json& original_start,
                           const Json& changes, int occurrences_before, WallTime now);
  // Tombstones here, the same ids and iCalUIDs there. A series takes its exceptions along.
  void move(const std::string& id, EventStore& target, WallTime now);
  // Forgets tombstones that are at least so old.
  void purge(WallTime now, std::chrono::milliseconds lifetime);

  // Burns a version: what was handed out so far is older than what is handed out from now on.
  std::uint64_t skip_version() { return ++version_; }

 private:
  std::vector<std::string> exceptions_of(const std::string& master) const;
  void stamp(const std::string& id, EventRow& row, WallTime now);
  void bury(const std::string& id, RowState state, WallTime now);
  void add_standard_fields(Json& event, const std::string& id, WallTime now) const;
  std::string new_id();

  std::string calendar_id_;
  std::uint64_t generation_;
  std::string owner_;
  std::uint64_t version_ = 0;
  std::uint64_t made_up_ids_ = 0;
  std::map<std::string, EventRow> rows_;
  std::map<std::uint64_t, std::string> changes_;  // version -> id, one a row
};

// As a list shows the row: cancelled instances and tombstones keep little. `bare` leaves a
// tombstone only what Google guarantees.
Json listed(const EventRow& row, bool bare);
// As events.get answers: everything, with the status it has now.
Json whole(const EventRow& row);
bool is_exception(const Json& event);
bool is_series(const Json& event);

}  // namespace tidemark::test::google
