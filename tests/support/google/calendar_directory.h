// Who has which calendars. A calendar exists once; each user who sees it has an entry for it in the
// own calendarList, whose changes have versions of their own. Not thread-safe; FakeGoogle's mutex
// guards it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tl/expected.hpp>

#include "base/clock.h"
#include "base/json.h"
#include "net/http.h"
#include "support/google/event_store.h"
#include "support/google/listing.h"

namespace tidemark::test::google {

struct CalendarSpec {
  std::string id;
  std::string summary{};
  std::string access_role = "owner";  // "owner", "writer" or "reader"
  bool primary = false;               // also reached as "primary"
  bool hidden = false;
  std::string time_zone = "UTC";
  std::string color_id = "14";
  std::string background_color = "#9fe1e7";
};

struct Calendar {
  std::string id;
  std::string summary;
  std::string time_zone;
  EventStore events;
  ListingOptions listing{};
  bool removed = false;
  bool forbidden = false;              // 403 on everything below it, for everybody
  std::uint64_t generation = 1;        // grows when it is created again under the same id
  std::uint64_t smallest_version = 0;  // sync tokens of versions below are stale
  WallTime changed{};
};

struct ListEntry {
  CalendarSpec spec;  // this user's view; summary and time zone are the calendar's
  bool deleted = false;
  std::uint64_t version = 0;
};

struct User {
  std::map<std::string, ListEntry> entries;  // by calendar id
  std::uint64_t version = 0;
  std::uint64_t smallest_version = 0;
};

struct CalendarAccess {
  Calendar* calendar = nullptr;
  std::string role;
};

class CalendarDirectory {
 public:
  // Creates the calendar when there is none; a second user of the same id gets it shared.
  void add(const std::string& user, const CalendarSpec& spec, const ListingOptions& listing);
  void remove(const std::string& id);                             // for everybody
  void withdraw(const std::string& user, const std::string& id);  // from one user
  void rename(const std::string& id, const std::string& summary);
  void set_role(const std::string& user, const std::string& id, const std::string& role);
  void set_hidden(const std::string& user, const std::string& id, bool hidden);

  User* user(const std::string& email);  // made when it is new
  Calendar* calendar(const std::string& id);
  // As the user may see it: 404 when not at all, 403 when it was made forbidden.
  tl::expected<CalendarAccess, HttpResponse> access(const std::string& user, const std::string& id);
  std::map<std::string, Calendar>& calendars() { return calendars_; }

  // A calendarListEntry.
  Json entry(const std::string& user, const std::string& id);
  ListingOptions list_options{};  // of every calendarList

 private:
  void read_only_change(const std::string& id);

  std::map<std::string, User> users_;
  std::map<std::string, Calendar> calendars_;
};

}  // namespace tidemark::test::google
