// Users of a Google account: they edit events and series, and rearrange their calendars.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/editors.h"
#include "sim/google_site.h"
#include "sim/stage.h"

namespace tidemark::sim {

class GoogleEditors final : public Editors {
 public:
  GoogleEditors(Stage& stage, GoogleSite& site) : stage_(stage), site_(site) {}

  void fill() override;
  void edit() override;
  void stop() override { stopped_ = true; }

 private:
  // What happens to a calendar's events, and what to a series of it.
  void edit_events(GoogleCalendar& calendar);
  void edit_series(GoogleCalendar& calendar);
  void add(GoogleCalendar& calendar);
  void add_series(GoogleCalendar& calendar);
  void insert(GoogleCalendar& calendar, const Json& event);
  void change(GoogleCalendar& calendar);
  void change_kind(GoogleCalendar& calendar);  // a single event recurs, a series no more
  void remove(GoogleCalendar& calendar);
  void remove_all(GoogleCalendar& calendar);
  void restore(GoogleCalendar& calendar);
  void recreate(GoogleCalendar& calendar);
  void move(GoogleCalendar& calendar);
  void rearrange(GoogleCalendar& calendar);
  void take_away(GoogleCalendar& calendar);

  // A day and hour, in one of the world's zones, or a whole day.
  Json any_event();
  Json spelled(const Json& time) const;
  // An occurrence of the series, or what was one before it was moved.
  Json occurrence(const Json& series) const;
  std::string title();
  std::optional<Json> any(const GoogleCalendar& calendar,
                          const std::function<bool(const Json&)>& wanted) const;
  GoogleCalendar* other_than(const GoogleCalendar& calendar);

  Stage& stage_;
  GoogleSite& site_;
  std::vector<std::pair<std::string, std::string>> deleted_;  // calendar and event
  std::uint64_t version_ = 0;
  bool stopped_ = false;
};

}  // namespace tidemark::sim
