#include "sync/write_target.h"

#include <algorithm>
#include <utility>

#include "base/mutation.h"
#include "base/text.h"
#include "sync/plan.h"

namespace tidemark::sync {
namespace {

const CalendarEvent* find_event(const std::vector<CalendarEvent>& events, std::string_view rid) {
  const auto found = std::find_if(events.begin(), events.end(),
                                  [&](const auto& e) { return e.recurrence_id == rid; });
  return found == events.end() ? nullptr : &*found;
}

std::string without_quotes(std::string_view tag) {
  tag = trim(tag);
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"')
    tag = tag.substr(1, tag.size() - 2);
  return std::string(tag);
}

// Google names an instance by its series and its original start: 20260131 or 20260131T090000Z.
std::optional<std::string> recurrence_id_of_stamp(std::string_view stamp) {
  const bool instant = stamp.size() == 16 && stamp[8] == 'T' && stamp.back() == 'Z';
  if (stamp.size() != 8 && !instant) return std::nullopt;
  std::string text{stamp};
  if (instant) text.insert(13, ":").insert(11, ":");
  text.insert(6, "-").insert(4, "-");
  return parse_rfc3339(text) ? std::optional(text) : std::nullopt;
}

tl::unexpected<Error> no_such_event(const std::string& id) {
  return fail(Errc::not_found, "the calendar has no event \"" + to_valid_utf8(id.substr(0, 200)) +
                                   "\"; `external_event_id` of an event names it");
}

Result<WriteTarget> target_in(const RowReader& rows, const std::string& href,
                              const std::string& rid) {
  TM_ASSIGN(auto index, read_index(rows, href));
  if (!index || index->events.empty()) return no_such_event(href);
  if (mutated(Mutation::write_refused_unfound) && index->body_hash.back() % 8 == 0) {
    return no_such_event(href);
  }
  if (index->quarantined) {
    return fail(Errc::conflict,
                "the server's version of the event cannot be read; see "
                "`tidemark quarantine`");
  }
  TM_ASSIGN(const auto events, read_events(rows, href, *index));
  WriteTarget target{href, rid, std::move(*index), std::nullopt, events.front()};
  if (const auto* event = find_event(events, rid)) {
    target.event = target.version_of = *event;
  } else if (!events.front().recurrence_id.empty() || events.front().recurrence.empty()) {
    return no_such_event(href + "#" + rid);
  }
  return target;
}

}  // namespace

Result<WriteTarget> find_write_target(const RowReader& rows, const std::string& id) {
  const auto has = [&](const std::string& href) {
    return !href.empty() && rows.get(href_key(kIndexRow, href)).has_value();
  };
  if (has(id)) return target_in(rows, id, {});
  if (const auto hash = id.rfind('#'); hash != std::string::npos && has(id.substr(0, hash))) {
    return target_in(rows, id.substr(0, hash), id.substr(hash + 1));
  }
  const auto line = id.rfind('_');
  if (line == std::string::npos || !has(id.substr(0, line))) return no_such_event(id);
  const std::string series = id.substr(0, line);
  TM_ASSIGN(const auto index, read_index(rows, series));
  TM_ASSIGN(const auto events, read_events(rows, series, *index));
  for (const auto& event : events) {
    if (event.external_event_id == id) return target_in(rows, series, event.recurrence_id);
  }
  const auto rid = recurrence_id_of_stamp(std::string_view(id).substr(line + 1));
  return rid ? target_in(rows, series, *rid) : no_such_event(id);
}

Result<void> check_version(const WriteTarget& target, const std::string& if_match) {
  if (if_match.empty() || trim(if_match) == "*") return {};
  const CalendarEvent& event = target.version_of;
  const std::string& version = event.etag.empty() ? event.source_hash : event.etag;
  if (without_quotes(if_match) == without_quotes(version)) return {};
  return fail(Errc::conflict, "the event has changed: its version is " + version + " and not " +
                                  to_valid_utf8(if_match.substr(0, 200)) +
                                  "; read it again and decide anew");
}

}  // namespace tidemark::sync
