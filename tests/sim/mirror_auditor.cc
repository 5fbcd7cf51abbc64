#include "sim/mirror_auditor.h"

#include <cstdlib>

#include "engine/journal.h"

namespace tidemark::sim {

void read_calendar_events(Stage& stage, const StoreView& view, const std::string& tenant,
                          const std::function<void(const Event&)>& take) {
  FeedFilter filter{.tenant = tenant, .type_glob = "calendar.event.*", .limit = 500};
  for (bool more = true; more && !stage.violation;) {
    const auto page = read_feed(view, filter);
    if (!page) return stage.violated("feed", page.error().message);
    for (const auto& item : page->items) take(item.event);
    filter.after = page->next;
    more = page->more;
  }
}

std::string title_of(const std::string& tenant, std::uint64_t version) {
  return tenant + " v" + std::to_string(version);
}

std::uint64_t version_of(const std::string& title, const std::string& tenant) {
  const std::string prefix = tenant + " v";
  if (!title.starts_with(prefix)) return 0;
  return std::strtoull(title.c_str() + prefix.size(), nullptr, 10);
}

}  // namespace tidemark::sim
