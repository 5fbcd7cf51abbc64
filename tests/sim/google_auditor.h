// Holds mirror and feed to what a Google account really had.
#pragma once

#include <map>
#include <set>
#include <string>

#include "sim/google_reading.h"
#include "sim/google_site.h"
#include "sim/mirror_auditor.h"
#include "sync/mirror.h"

namespace tidemark::sim {

// Of a series Google tells the parts one by one, and a mirror that stands between two pages may
// show a combination that never was: so each part is held to the history of its own. A cancelled
// instance is a part like any other, told as an EXDATE of its master.
class GoogleAuditor final : public MirrorAuditor {
 public:
  GoogleAuditor(Stage& stage, const GoogleSite& site) : stage_(stage), site_(site) {}

  std::optional<std::string> difference(const StoreView& view) const override;
  void check_feed(const StoreView& view) override;
  void check_tenant(const StoreView& view) const override;

 private:
  struct Told {
    std::string state;  // "": it is not there
    std::set<std::string> taken_out;
  };
  // By event id: what is told of it; and how far in its history that is, an EXDATE counted.
  struct Believed {
    std::map<std::string, Told> events;
    std::map<std::string, std::size_t> reached;
  };
  std::optional<std::string> difference(const StoreView& view, const GoogleCalendar& calendar,
                                        const CalendarStatus& status) const;
  std::optional<std::string> raw_difference(const StoreView& view, const GoogleCalendar& calendar,
                                            const CalendarStatus& status) const;
  bool has_lost_channels(const StoreView& view, const GoogleCalendar& calendar) const;
  void follow(const Event& event);
  void take_out(Believed& believed, const GoogleCalendar& calendar, const ToldReading& told);
  bool advance(Believed& believed, const GoogleCalendar& calendar, const std::string& id,
               const std::function<bool(const std::string&)>& fits) const;
  void check_ends() const;
  const GoogleCalendar* calendar_of(const std::string& public_id) const;
  std::string public_id(const GoogleCalendar& calendar) const;
  void wrong(const std::string& what) const { stage_.violated("changes", what); }

  Stage& stage_;
  const GoogleSite& site_;
  std::map<std::string, Believed> believed_;  // by calendar id
};

}  // namespace tidemark::sim
