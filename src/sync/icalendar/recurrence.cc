#include "sync/icalendar/recurrence.h"

#include <algorithm>

#include "base/text.h"
#include "sync/icalendar/content_lines.h"

namespace tidemark::icalendar {
namespace {

// A clock change is at most a day (Samoa skipped one).
constexpr LocalSeconds kClockChange = kSecondsPerDay;

std::int64_t difference(const CalendarTime& from, const CalendarTime& to) {
  if (from.utc && to.utc) return to_seconds(*to.utc) - to_seconds(*from.utc);
  return local_of(to) - local_of(from);
}

}  // namespace

VeventIndex::VeventIndex(const Document& document, ZoneResolver& zones) {
  for (const Component* vevent : document.all("VEVENT")) {
    const Property* id = vevent->find("RECURRENCE-ID");
    const auto time = id == nullptr ? std::nullopt : read_time(*id, id->value, zones);
    if (id != nullptr && !time) continue;
    by_recurrence_id_.emplace(time ? recurrence_key(*time) : std::string(), vevent);
  }
}

const Component* VeventIndex::find(const CalendarEvent& event, ZoneResolver& zones) const {
  const Component* found = nullptr;
  const auto [begin, end] = by_recurrence_id_.equal_range(event.recurrence_id);
  for (auto place = begin; place != end; ++place) {
    found = place->second;
    const Property* start = found->find("DTSTART");
    if (start != nullptr && read_time(*start, start->value, zones) == event.start) break;
  }
  return found;
}

Recurrence::Recurrence(const VeventIndex& index, const CalendarEvent& event, ZoneResolver& zones)
    : start_time_(event.start),
      end_time_(event.end),
      start_{local_of(event.start), event.start.kind == CalendarTime::Kind::date} {
  const Component* vevent = index.find(event, zones);
  if (vevent == nullptr || vevent->find("DTSTART") == nullptr) return;
  zone_ = zone_of(*vevent->find("DTSTART"), event.start, zones);
  const Property* end = vevent->find("DTEND");
  end_zone_ = end == nullptr ? zone_ : zone_of(*end, event.end, zones);
  read_length(*vevent);
  read_lines(*vevent, zones);
}

void Recurrence::read_length(const Component& vevent) {
  const Property* duration = vevent.find("DURATION");
  if (duration != nullptr && vevent.find("DTEND") == nullptr) {
    duration_ = parse_duration_value(duration->value);
    if (duration_ && (duration_->days < 0 || duration_->seconds < 0)) duration_ = Duration{};
  }
  exact_seconds_ = std::max<std::int64_t>(0, difference(start_time_, end_time_));
  longest_seconds_ = exact_seconds_ + (duration_ ? kClockChange : 0);
  const Property* id = vevent.find("RECURRENCE-ID");
  and_all_later_ =
      id != nullptr && equals_ignoring_case(parameter(*id, "RANGE").value_or(""), "THISANDFUTURE");
}

void Recurrence::read_lines(const Component& vevent, ZoneResolver& zones) {
  for (const Property& property : vevent.properties) {
    if (equals_ignoring_case(property.name, "RRULE")) read_rule(property, rules_);
    if (equals_ignoring_case(property.name, "EXRULE")) read_rule(property, excluded_rules_);
    if (equals_ignoring_case(property.name, "RDATE") ||
        equals_ignoring_case(property.name, "EXDATE")) {
      read_dates(property, zones);
    }
  }
}

void Recurrence::read_rule(const Property& property, std::vector<RuleInUse>& rules) const {
  auto rule = Rule::parse(property.value);
  if (!rule) return;
  std::optional<LocalSeconds> until;
  if (rule->until) {
    until = rule->until->local;
    if (rule->until->is_date && !start_.is_date) {
      *until += kSecondsPerDay - 1;  // all of its last day
    } else if (start_.is_date) {
      until = start_of_day(*until);
    } else if (rule->until->is_utc && zone_ != nullptr) {
      until = zone_->to_local(*until);
    }
  }
  rules.push_back(RuleInUse{*std::move(rule), until});
}

LocalSeconds Recurrence::on_my_clock(const CalendarTime& time) const {
  const LocalSeconds local = local_of(time);
  if (start_.is_date) return start_of_day(local);
  if (time.kind == CalendarTime::Kind::date) {
    return local + (start_.local - start_of_day(start_.local));
  }
  if (time.utc && zone_ != nullptr) return zone_->to_local(to_seconds(*time.utc));
  return local;
}

void Recurrence::read_dates(const Property& property, ZoneResolver& zones) {
  const bool excludes = equals_ignoring_case(property.name, "EXDATE");
  for (const std::string& text : split(property.value, ',')) {
    const std::string_view value = trim(text);
    const std::size_t slash = value.find('/');
    const auto time = read_time(property, value.substr(0, slash), zones);
    if (!time) continue;
    if (excludes) {
      excluded_.insert(recurrence_key(*time));
      continue;
    }
    ExtraDate extra{on_my_clock(*time), std::nullopt};
    if (slash != std::string_view::npos) {
      const std::string_view rest = value.substr(slash + 1);
      if (const auto end = read_time(property, rest, zones)) {
        extra.exact_seconds = std::max<std::int64_t>(0, difference(*time, *end));
      } else if (const auto length = parse_duration_value(rest)) {
        extra.exact_seconds =
            std::max<std::int64_t>(0, length->days * kSecondsPerDay + length->seconds);
      }
      longest_seconds_ = std::max(longest_seconds_, extra.exact_seconds.value_or(0));
    }
    extra_dates_.push_back(extra);
  }
}

std::string Recurrence::key_at(LocalSeconds local) const {
  return recurrence_key(start_at(local));
}

bool Recurrence::is_excluded(LocalSeconds local) const {
  if (excluded_.empty()) return false;
  return excluded_.contains(key_at(local)) || excluded_.contains(format_date(local));
}

CalendarTime Recurrence::start_at(LocalSeconds local) const {
  return at_local(start_time_, local, zone_.get());
}

CalendarTime Recurrence::end_at(LocalSeconds local,
                                std::optional<std::int64_t> exact_seconds) const {
  const CalendarTime start = start_at(local);
  const bool nominal = duration_ && !exact_seconds;
  const LocalSeconds days = nominal ? duration_->days * kSecondsPerDay : 0;
  const std::int64_t seconds =
      nominal ? duration_->seconds : exact_seconds.value_or(exact_seconds_);
  if (zone_ == nullptr || end_zone_ == nullptr) {
    return at_local(end_time_, local + days + seconds, nullptr);
  }
  const std::int64_t utc = zone_->to_utc(local + days) + seconds;
  CalendarTime end = at_local(end_time_, end_zone_->to_local(utc), end_zone_.get());
  end.utc = to_wall_time(utc);  // the local time may be one that occurs twice
  return end;
}

std::int64_t Recurrence::instant(const CalendarTime& time, const Zone& reader) {
  return time.utc ? to_seconds(*time.utc) : reader.to_utc(local_of(time));
}

}  // namespace tidemark::icalendar
