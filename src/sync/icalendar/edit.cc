#include "sync/icalendar/edit.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <vector>

#include "base/text.h"
#include "sync/icalendar/canonical.h"
#include "sync/icalendar/component_lines.h"
#include "sync/icalendar/content_lines.h"
#include "sync/icalendar/prescan.h"
#include "sync/icalendar/property_text.h"
#include "sync/icalendar/zones.h"

namespace tidemark::icalendar {
namespace {

constexpr std::string_view kRecurrenceNames[] = {"RRULE", "EXRULE", "RDATE", "EXDATE"};

// Parameters and value of a line.
struct LineParts {
  std::string params;
  std::string value;
};

LineParts parts_of(std::string_view line) {
  bool quoted = false;
  std::size_t colon = line.size();
  for (std::size_t i = 0; i < line.size() && colon == line.size(); ++i) {
    if (line[i] == '"') quoted = !quoted;
    if (line[i] == ':' && !quoted) colon = i;
  }
  const std::string_view head = line.substr(0, colon);
  const std::size_t params = std::min(head.find(';'), head.size());
  return {std::string(head.substr(params)),
          std::string(line.substr(std::min(colon + 1, line.size())))};
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

// The bytes as one text, its components, and how it names zones.
class Source {
 public:
  static Result<std::unique_ptr<Source>> read(std::string_view bytes) {
    auto source = std::make_unique<Source>();
    source->text_ = decode_input(bytes, source->storage_);
    TM_ASSIGN(source->document_, Document::parse(source->text_, Limits{}));
    source->zones_.emplace(*source->document_);
    return source;
  }

  std::string_view text() const { return text_; }
  ZoneResolver& zones() { return *zones_; }

  const Component* master() {
    for (const Component* vevent : document_->all("VEVENT")) {
      if (vevent->find("RECURRENCE-ID") == nullptr) return vevent;
    }
    return nullptr;
  }

  // All VEVENTs of that identity; two revisions may share one.
  Result<std::vector<std::pair<const Component*, CalendarEvent>>> events(
      std::string_view recurrence_id) {
    std::vector<std::pair<const Component*, CalendarEvent>> found;
    for (const Component* vevent : document_->all("VEVENT")) {
      TM_ASSIGN(auto event, to_canonical(*vevent, {}, *zones_, Limits{}));
      if (event.recurrence_id == recurrence_id) found.emplace_back(vevent, std::move(event));
    }
    return found;
  }

  // As the bytes name that zone, so that their own definition of it stays in use.
  std::string tzid_of(const std::string& zone) {
    for (const Component* definition : document_->all("VTIMEZONE")) {
      const Property* tzid = definition->find("TZID");
      if (tzid == nullptr) continue;
      const std::string name{trim(tzid->value)};
      if (name == zone || zones_->resolve(name).name == zone) return name;
    }
    return zone;
  }

  std::string time(CalendarTime time) {
    if (time.kind == CalendarTime::Kind::zoned) time.zone = tzid_of(time.zone);
    return time_text(time);
  }

  // An instance on the clock of its master's DTSTART, as RECURRENCE-ID and EXDATE want it.
  std::string instance(const Component& of, std::string_view recurrence_id) {
    const Property* start = of.find("DTSTART");
    const auto tzid = start == nullptr ? std::nullopt : parameter(*start, "TZID");
    const ZonePtr zone = tzid ? zones_->resolve(*tzid).zone : nullptr;
    if (!recurrence_id.ends_with('Z') || zone == nullptr) {
      return recurrence_id_text(recurrence_id);
    }
    const auto instant = parse_rfc3339(recurrence_id);
    if (!instant) return recurrence_id_text(recurrence_id);
    return ";TZID=" + parameter_text(*tzid) + ":" +
           compact(format_date_time(zone->to_local(to_seconds(*instant))));
  }

  // The text with this component replaced; an empty replacement takes it out.
  std::string with(const Component& component, const std::string& replacement) const {
    const auto begin = static_cast<std::size_t>(component.raw.data() - text_.data());
    return std::string(text_.substr(0, begin)) + replacement +
           std::string(text_.substr(begin + component.raw.size()));
  }

 private:
  std::string storage_;
  std::string_view text_;
  std::optional<Document> document_;
  std::optional<ZoneResolver> zones_;
};

class EventEdit {
 public:
  EventEdit(Source& source, std::string_view raw) : source_(source), lines_(raw) {}

  void apply(const CalendarEvent& before, const CalendarEvent& after) {
    if (before.title != after.title) set_text("SUMMARY", after.title);
    if (before.description != after.description) set_text("DESCRIPTION", after.description);
    if (before.location != after.location) set_text("LOCATION", after.location);
    if (before.status != after.status) {
      set("STATUS", ":" + upper(std::string(to_text(after.status))));
    }
    if (before.start != after.start) set("DTSTART", source_.time(after.start));
    if (before.start != after.start || before.end != after.end) set_end(before, after);
    if (before.attendees != after.attendees) set_attendees(before, after);
    if (before.organizer != after.organizer) set_organizer(before, after);
    if (before.recurrence != after.recurrence) set_recurrence(after.recurrence);
  }

  void set(std::string_view name, const std::string& rest) {
    lines_.replace(name, {std::string(name) + rest});
  }
  void remove(std::string_view name) { lines_.replace(name, {}); }
  void add_exdate(const std::string& rest) {
    auto lines = lines_.all("EXDATE");
    lines.push_back("EXDATE" + rest);
    lines_.replace("EXDATE", lines);
  }
  void set_recurrence(const std::vector<std::string>& recurrence) {
    for (const auto name : kRecurrenceNames) {
      std::vector<std::string> lines;
      for (const auto& line : recurrence) {
        if (equals_ignoring_case(line_name(line), name)) lines.push_back(line);
      }
      lines_.replace(name, lines);
    }
  }

  // The mark of a new revision.
  void stamp(WallTime at) {
    std::int64_t sequence = 0;
    if (const auto old = lines_.all("SEQUENCE"); !old.empty()) {
      const std::string value(trim(parts_of(old.front()).value));
      std::from_chars(value.data(), value.data() + value.size(), sequence);
    }
    set("SEQUENCE", ":" + std::to_string(std::max<std::int64_t>(sequence, 0) + 1));
    set("DTSTAMP", instant_text(at));
    set("LAST-MODIFIED", instant_text(at));
  }

  std::string text() const { return lines_.text(); }

 private:
  // LANGUAGE and the like stay; another representation (ALTREP) would be of the old text.
  void set_text(std::string_view name, const std::string& value) {
    if (value.empty()) return remove(name);
    const auto old = lines_.all(name);
    std::string params;
    if (!old.empty()) params = with_parameter(parts_of(old.front()).params, "ALTREP", {});
    if (upper(params).find(";ENCODING=") != std::string::npos) params.clear();
    set(name, params + ":" + escape_text(value));
  }

  // An end that only followed from the old start is written out.
  void set_end(const CalendarEvent& before, const CalendarEvent& after) {
    const bool stays = before.end == after.end && !lines_.all("DTEND").empty();
    if (stays) return;
    remove("DURATION");
    // RFC 5545 3.8.2.2: DTEND is later than DTSTART; without it the event takes no time.
    if (after.end.kind == CalendarTime::Kind::none || after.end == after.start) {
      return remove("DTEND");
    }
    set("DTEND", source_.time(after.end));
  }

  static std::string person_line(std::string_view name, const std::string& old,
                                 const Attendee& before, const Attendee& after) {
    auto parts = parts_of(old);
    if (before.name != after.name) {
      parts.params =
          with_parameter(parts.params, "CN", after.name.empty() ? "" : in_quotes(after.name));
    }
    if (before.response != after.response) {
      parts.params =
          with_parameter(parts.params, "PARTSTAT", parameter_text(upper(after.response)));
    }
    return std::string(name) + parts.params + ":" + parts.value;
  }

  // Who stays keeps ROLE, CUTYPE, RSVP and whatever else their line says.
  void set_attendees(const CalendarEvent& before, const CalendarEvent& after) {
    const auto old = lines_.all("ATTENDEE");
    std::vector<std::string> lines;
    for (const auto& person : after.attendees) {
      const auto same =
          std::find_if(before.attendees.begin(), before.attendees.end(),
                       [&](const Attendee& one) { return one.email == person.email; });
      const auto index = static_cast<std::size_t>(same - before.attendees.begin());
      if (same != before.attendees.end() && index < old.size()) {
        lines.push_back(*same == person ? old[index]
                                        : person_line("ATTENDEE", old[index], *same, person));
      } else {
        lines.push_back("ATTENDEE" + person_text(person));
      }
    }
    lines_.replace("ATTENDEE", lines);
  }

  void set_organizer(const CalendarEvent& before, const CalendarEvent& after) {
    if (!after.organizer) return remove("ORGANIZER");
    const auto old = lines_.all("ORGANIZER");
    const bool same = before.organizer && before.organizer->email == after.organizer->email;
    if (same && !old.empty()) {
      lines_.replace("ORGANIZER",
                     {person_line("ORGANIZER", old.front(), *before.organizer, *after.organizer)});
    } else {
      set("ORGANIZER", person_text(*after.organizer));
    }
  }

  Source& source_;
  ComponentLines lines_;
};

tl::unexpected<Error> not_there(std::string_view recurrence_id) {
  return fail(Errc::conflict,
              recurrence_id.empty()
                  ? std::string("the resource does not hold the event that is to be changed")
                  : "the resource does not hold the instance " + std::string(recurrence_id));
}

// A copy of the master, as the instance that `before` is.
std::string add_override(Source& source, const Component& master, const CalendarEvent& before,
                         const CalendarEvent& after, WallTime at) {
  EventEdit edit(source, master.raw);
  edit.set_recurrence({});
  edit.set("RECURRENCE-ID", source.instance(master, before.recurrence_id));
  edit.set("DTSTART", source.time(before.start));
  edit.remove("DURATION");
  edit.remove("DTEND");
  if (before.end != before.start) edit.set("DTEND", source.time(before.end));
  edit.apply(before, after);
  edit.stamp(at);
  // The master's own text must end in a line end before another component follows.
  return source.with(master, ComponentLines(master.raw).text() + edit.text());
}

}  // namespace

std::string new_resource(const CalendarEvent& event, WallTime at) {
  CalendarEvent stamped = event;
  stamped.updated_at = at;
  if (stamped.end == stamped.start) stamped.end = {};
  return write_events({stamped});
}

Result<std::string> edit_event(std::string_view bytes, const CalendarEvent& before,
                               const CalendarEvent& after, WallTime at) {
  TM_ASSIGN(const auto source, Source::read(bytes));
  TM_ASSIGN(const auto events, source->events(before.recurrence_id));
  const std::string hash = content_hash(before);
  for (const auto& [vevent, event] : events) {
    if (event.source_hash != hash) continue;
    EventEdit edit(*source, vevent->raw);
    edit.apply(before, after);
    edit.stamp(at);
    return source->with(*vevent, edit.text());
  }
  const Component* master = source->master();
  if (!events.empty() || before.recurrence_id.empty() || master == nullptr) {
    return not_there(before.recurrence_id);
  }
  return add_override(*source, *master, before, after, at);
}

Result<std::string> remove_instance(std::string_view bytes, std::string_view recurrence_id,
                                    WallTime at) {
  TM_ASSIGN(const auto source, Source::read(bytes));
  const Component* master = source->master();
  if (master == nullptr) return not_there(recurrence_id);
  EventEdit edit(*source, master->raw);
  edit.add_exdate(source->instance(*master, recurrence_id));
  edit.stamp(at);
  std::string text = source->with(*master, edit.text());
  // Its own VEVENTs, found anew in the changed text.
  for (;;) {
    TM_ASSIGN(const auto rest, Source::read(text));
    TM_ASSIGN(const auto events, rest->events(recurrence_id));
    if (events.empty()) return text;
    text = rest->with(*events.front().first, {});
  }
}

}  // namespace tidemark::icalendar
