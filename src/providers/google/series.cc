#include "providers/google/series.h"

#include <algorithm>
#include <utility>

#include "providers/google/page_reader.h"

namespace tidemark::google {
namespace {

constexpr std::size_t kMaxStoredItemBytes = 64U << 20;

tl::unexpected<Error> damaged(const std::string& why) {
  return fail(Errc::corrupt, "a mirrored series cannot be read: " + why);
}

}  // namespace

Result<Series> Series::parse(std::string_view bytes) {
  Series series;
  PageReader reader(
      [&](std::string_view text) -> Result<void> {
        TM_ASSIGN(Json value, parse_json(text));
        TM_ASSIGN(ItemKey key, read_key(value));
        series.put({std::move(key), std::string(text), std::move(value)});
        return {};
      },
      kMaxStoredItemBytes);
  if (const auto fed = reader.feed(bytes); !fed) return damaged(fed.error().message);
  const auto rest = reader.finish();
  if (!rest) return damaged(rest.error().message);
  if (const auto doubted = rest->find("unconfirmed"); doubted != rest->end()) {
    for (const Json& id : *doubted) {
      if (id.is_string()) series.unconfirmed_.insert(id.get<std::string>());
    }
  }
  return series;
}

const SeriesPart* Series::find(const std::string& recurrence_id) const {
  const auto found = parts_.find(recurrence_id);
  return found == parts_.end() ? nullptr : &found->second;
}

void Series::put(SeriesPart part) {
  const std::string id = part.key.recurrence_id;
  unconfirmed_.erase(id);
  parts_.insert_or_assign(id, std::move(part));
}

void Series::doubt_all() {
  for (const auto& [id, part] : parts_) unconfirmed_.insert(id);
}

void Series::drop_unconfirmed() {
  for (const auto& id : unconfirmed_) parts_.erase(id);
  unconfirmed_.clear();
}

std::string Series::bytes() const {
  std::string out = R"({"items":[)";
  for (const auto& [id, part] : parts_) {
    if (out.back() != '[') out += ',';
    out += part.text;
  }
  out += ']';
  if (!unconfirmed_.empty()) out += R"(,"unconfirmed":)" + dump_json(Json(unconfirmed_));
  return out + '}';
}

Result<std::vector<CalendarEvent>> Series::events() const {
  std::vector<CalendarEvent> events;
  for (const auto& [id, part] : parts_) {
    if (part.key.cancelled) continue;
    TM_ASSIGN(CalendarEvent event, read_event(part.value, part.key));
    events.push_back(std::move(event));
  }
  const bool has_master = !events.empty() && events.front().recurrence_id.empty();
  if (has_master && !events.front().recurrence.empty()) {
    auto& lines = events.front().recurrence;
    for (const auto& [id, part] : parts_) {
      if (!part.key.cancelled) continue;
      std::string line = exdate_line(events.front(), id);
      if (std::find(lines.begin(), lines.end(), line) == lines.end()) {
        lines.push_back(std::move(line));
      }
    }
  }
  for (auto& event : events) event.source_hash = content_hash(event);
  return events;
}

std::string bytes_of(std::string_view item) {
  std::string out = R"({"items":[)";
  out.reserve(out.size() + item.size() + 2);
  return out.append(item).append("]}");
}

}  // namespace tidemark::google
