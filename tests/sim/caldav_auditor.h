// Holds mirror and feed to what a CalDAV server really had.
#pragma once

#include <map>
#include <string>

#include "base/json.h"
#include "sim/calendar_server.h"
#include "sim/mirror_auditor.h"

namespace tidemark::sim {

class CalDavAuditor final : public MirrorAuditor {
 public:
  CalDavAuditor(Stage& stage, const CalendarServer& server) : stage_(stage), server_(server) {}

  std::optional<std::string> difference(const StoreView& view) const override;
  void check_feed(const StoreView& view) override;
  void check_tenant(const StoreView& view) const override;

 private:
  struct Told {
    std::uint64_t version = 0;  // 0: it is not there
    std::size_t reached = 0;    // in its history
  };
  // By the address of the event. A UID may be at two addresses for a while: a server that does not
  // tell of deletions shows a move as a second one, until everything is compared.
  using Places = std::map<std::string, Told>;
  void follow(const std::string& type, const Json& payload);
  void check_ends() const;
  const ServedCalendar* calendar_of(const std::string& public_id) const;
  std::string public_id(const ServedCalendar& calendar) const;

  Stage& stage_;
  const CalendarServer& server_;
  std::map<std::pair<std::string, std::string>, Places> told_;  // calendar's public id, UID
};

}  // namespace tidemark::sim
