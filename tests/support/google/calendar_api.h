// The routes of Calendar API v3 that Tidemark may use, over the fake's state.
// https://developers.google.com/workspace/calendar/api/v3/reference
#pragma once

#include <string>

#include "base/clock.h"
#include "net/http.h"
#include "support/google/calendar_directory.h"
#include "support/google/google_oauth.h"
#include "support/google/google_request.h"
#include "support/google/listing.h"
#include "support/google/push_channels.h"

namespace tidemark::test::google {

// Everything the fake knows. Not thread-safe; FakeGoogle's mutex guards it.
struct State {
  explicit State(std::uint32_t seed) : oauth(seed) {}

  GoogleOAuth oauth;
  CalendarDirectory directory;
  PushChannels channels;
  Lister lister;

  // After a change of the calendar's events: its watchers are told.
  void touched(Calendar& calendar, WallTime now);
};

// The lists a sync token can belong to.
std::string events_scope(const std::string& user, const std::string& calendar);
std::string calendar_list_scope(const std::string& user);

class CalendarApi {
 public:
  CalendarApi(State& state, WallTime now) : state_(state), now_(now) {}

  // `route` as route_of() names it.
  HttpResponse handle(const Request& request, const std::string& route);

 private:
  HttpResponse list_calendars(const Request& request);
  HttpResponse channel_route(const Request& request, const std::string& route);
  HttpResponse list_events(const Request& request, const CalendarAccess& access);
  HttpResponse get(const Request& request, Calendar& calendar);
  HttpResponse insert(const Request& request, Calendar& calendar);
  HttpResponse change(const Request& request, Calendar& calendar);  // PUT and PATCH
  HttpResponse remove(const Request& request, Calendar& calendar);

  State& state_;
  WallTime now_;
  std::string user_;
};

}  // namespace tidemark::test::google
