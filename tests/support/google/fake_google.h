// Google in the process: Calendar API v3, OAuth 2.0 and push channels, as far as Tidemark uses
// them. Deterministic: its time is the test's, its random choices come from seeds. Thread-safe.
//
//   FakeGoogle google([&] { return clock.now(); });
//   google.add_calendar("ada@example.com", {.id = "team", .summary = "Team"});
//   google.insert_event("team", timed_event("Standup", "2026-01-05T09:00:00Z",
//   "2026-01-05T09:15:00Z")); FakeGoogleClient client(google);  // or a FakeGoogleServer on
//   loopback
//
// handle() is what clients see. The rest is "the other user" and Google itself, for tests to act
// as. A mistake of the test (an unknown calendar or event) is a test failure.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "net/http.h"
#include "support/google/calendar_api.h"
#include "support/google/google_error.h"

namespace tidemark::test {

using google::CalendarSpec;
using google::ListingOptions;

struct LoggedRequest {
  std::string route;  // "events.list"
  std::string method;
  std::string url;
  HttpHeaders headers;
  std::string body;
  WallTime time{};
  int status = 0;
};

class FakeGoogle {
 public:
  explicit FakeGoogle(std::function<WallTime()> now, std::uint32_t seed = 1);

  // Any origin: the path decides.
  HttpResponse handle(const HttpRequest& request);

  // Who has what. Users come into being with their first calendar.
  void add_user(const std::string& email);
  void add_calendar(const std::string& user, const CalendarSpec& spec);
  void remove_calendar(const std::string& id);  // 404 from now on; watchers hear `not_exists`
  void withdraw_calendar(const std::string& user, const std::string& id);
  void rename_calendar(const std::string& id, const std::string& summary);
  void set_forbidden(const std::string& id, bool forbidden);
  void set_access_role(const std::string& user, const std::string& id, const std::string& role);
  void set_hidden(const std::string& user, const std::string& id, bool hidden);

  // The other user's edits. Times are Google's JSON: {"date": ...} or {"dateTime": ...}. An event
  // with "recurrence" is a series. Changes merge as in PATCH (RFC 7396).
  std::string insert_event(const std::string& calendar, const Json& event);
  void patch_event(const std::string& calendar, const std::string& id, const Json& changes);
  void delete_event(const std::string& calendar, const std::string& id);  // a series with all of it
  void undelete_event(const std::string& calendar, const std::string& id);
  std::string change_instance(const std::string& calendar, const std::string& series,
                              const Json& original_start, const Json& changes);
  std::string cancel_instance(const std::string& calendar, const std::string& series,
                              const Json& original_start);
  // "This and following": the new series' id. `occurrences_before` only matters to rules with
  // COUNT.
  std::string split_series(const std::string& calendar, const std::string& series,
                           const Json& original_start, const Json& changes,
                           int occurrences_before = 0);
  void move_event(const std::string& from, const std::string& id, const std::string& to);

  // The truth, for oracles: an event as events.get shows it; all that a full list shows.
  std::optional<Json> event(const std::string& calendar, const std::string& id);
  std::vector<Json> events(const std::string& calendar);

  // How lists behave from now on: of every calendar, of one, and calendarList.
  void set_listing(const ListingOptions& options);
  void set_listing(const std::string& calendar, const ListingOptions& options);
  void set_calendar_list_options(const ListingOptions& options);
  // Sync tokens given out so far are stale.
  void expire_sync_tokens(const std::string& calendar);
  void expire_calendar_list_token(const std::string& user);
  // The user's next pass over the calendar that asks for this page, from 1, is answered 410, once.
  // An empty calendar: the pass over calendarList.
  void answer_gone_at(const std::string& user, const std::string& calendar, int page,
                      const std::string& reason = "fullSyncRequired");
  void forget_page_tokens();

  // Access tokens without the browser, for calendar scope unless said otherwise.
  std::string access_token(const std::string& user,
                           const std::string& scope = google::kCalendarScope);
  // Everything else of OAuth, under the lock; gets the time, too.
  template <class Use>
  auto with_oauth(Use use) {
    const std::lock_guard lock(mutex_);
    return use(state_.oauth, now_());
  }

  // Push: what is due to be delivered now, `sync` messages first in their channels' lives.
  std::vector<HttpRequest> take_pushes();
  std::vector<google::Channel> live_channels(const std::string& calendar);
  void set_longest_channel_life(std::chrono::milliseconds life);
  void accept_http_channels(bool accept);  // else addresses must be https

  // Faults. The hook is asked first and may answer instead; it runs without the lock, so it may
  // also change things between two requests. Then come the queued answers: one a request of the
  // route.
  using Fault = std::function<std::optional<HttpResponse>(const HttpRequest&)>;
  void set_fault(Fault fault);
  void fail_next(const std::string& route, const HttpResponse& response, int times = 1);

  // What was asked, by route ("events.list", "oauth.token") or grant type; faults count as well.
  int count(const std::string& route) const;
  int token_requests(const std::string& grant_type) const;
  int refreshes() const { return token_requests("refresh_token"); }
  std::vector<LoggedRequest> requests() const;  // the last thousand
  void clear_counts();

 private:
  HttpResponse answer(const google::Request& request, const std::string& route);
  std::optional<HttpResponse> planned_fault(const std::string& route);
  void log(const HttpRequest& request, const std::string& route, int status);
  // With the lock held. Does it and tells the watchers; `use` says whether there was such a thing.
  void edit(const std::string& calendar,
            const std::function<bool(google::EventStore&, WallTime)>& use);

  const std::function<WallTime()> now_;
  mutable std::mutex mutex_;
  google::State state_;
  ListingOptions listing_;
  Fault fault_;
  std::map<std::string, std::deque<HttpResponse>> planned_;
  std::map<std::string, int> counts_;
  std::map<std::string, int> grants_;
  std::deque<LoggedRequest> log_;
};

// Events for insert_event().
Json timed_event(const std::string& summary, const std::string& start, const std::string& end,
                 const std::string& time_zone = "UTC");
Json all_day_event(const std::string& summary, const std::string& first_day,
                   const std::string& day_after_the_last);
Json recurring(Json event, const std::string& rule);  // "RRULE:FREQ=DAILY;COUNT=5"

}  // namespace tidemark::test
