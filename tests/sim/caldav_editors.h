// Users who edit the calendars of a CalDAV server.
#pragma once

#include "sim/calendar_server.h"
#include "sim/editors.h"
#include "sim/stage.h"

namespace tidemark::sim {

class CalDavEditors final : public Editors {
 public:
  CalDavEditors(Stage& stage, CalendarServer& server) : stage_(stage), server_(server) {}

  void fill() override;
  void edit() override;
  void undo() override;
  void stop() override { stopped_ = true; }

 private:
  void edit(ServedCalendar& calendar);
  void add(ServedCalendar& calendar);
  void drop(ServedCalendar& calendar);

  Stage& stage_;
  CalendarServer& server_;
  std::uint64_t version_ = 0;
  std::uint64_t resource_ = 0;
  std::uint64_t note_ = 0;
  bool stopped_ = false;
};

}  // namespace tidemark::sim
