// Holds the mirror and the feed to what the calendar servers really had.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/json.h"
#include "sim/calendar_server.h"
#include "sim/stage.h"
#include "store/store.h"

namespace tidemark::sim {

class MirrorAuditor {
 public:
  MirrorAuditor(Stage& stage, const std::string& account, const CalendarServer& server)
      : stage_(stage), account_(account), server_(server) {}

  // What differs between server and mirror; nothing when they are equal.
  std::optional<std::string> difference(const StoreView& view) const;
  // Every event of the feed is one step along the history of its UID, and the last one is where
  // that history ends.
  void check_feed(const StoreView& view);
  // Nobody's mirror holds what is another tenant's.
  void check_tenant(const StoreView& view) const;

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
  const std::string account_;
  const CalendarServer& server_;
  std::map<std::pair<std::string, std::string>, Places> told_;  // calendar's public id, UID
};

}  // namespace tidemark::sim
