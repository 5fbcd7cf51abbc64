// Holds the mirror and the feed of one tenant to what the server of its calendars really had.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "domain/event.h"
#include "sim/stage.h"
#include "store/store.h"

namespace tidemark::sim {

class MirrorAuditor {
 public:
  virtual ~MirrorAuditor() = default;
  // What differs between server and mirror; nothing when they are equal.
  virtual std::optional<std::string> difference(const StoreView& view) const = 0;
  // Every event of the feed is one step along the server's history of what it tells of, and the
  // last one is where that history ends.
  virtual void check_feed(const StoreView& view) = 0;
  // Nobody's mirror holds what is another tenant's.
  virtual void check_tenant(const StoreView& view) const = 0;
};

// The tenant's calendar events, in the feed's order, until something is wrong.
void read_calendar_events(Stage& stage, const StoreView& view, const std::string& tenant,
                          const std::function<void(const Event&)>& take);
// What everything is called: "acme v17". 0 for what is not this tenant's.
std::string title_of(const std::string& tenant, std::uint64_t version);
std::uint64_t version_of(const std::string& title, const std::string& tenant);

}  // namespace tidemark::sim
