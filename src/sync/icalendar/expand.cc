#include <algorithm>
#include <map>
#include <optional>

#include "sync/icalendar/canonical.h"
#include "sync/icalendar/icalendar.h"
#include "sync/icalendar/instance_times.h"
#include "sync/icalendar/recurrence.h"

namespace tidemark::icalendar {
namespace {

// What one expansion may hold in memory, whatever its descriptions say.
constexpr std::size_t kMaxExpansionBytes = 64U << 20;

struct Override {
  const CalendarEvent* event = nullptr;
  Recurrence recurrence;
  LocalSeconds replaced = 0;  // the instance it stands for, on the master's clock
};

std::size_t weight(const CalendarEvent& event) {
  return sizeof(CalendarEvent) + event.title.size() + event.description.size() +
         event.location.size() + event.attendees.size() * sizeof(Attendee);
}

class Expander {
 public:
  Expander(const Document& document, const std::vector<CalendarEvent>& events,
           const ExpandOptions& options, ZonePtr reader)
      : options_(options), reader_(std::move(reader)), zones_(document), index_(document, zones_) {
    for (const CalendarEvent& event : events) {
      if (event.recurrence_id.empty() && master_ == nullptr) {
        master_ = &event;
        recurrence_.emplace(index_, event, zones_);
      }
    }
    for (const CalendarEvent& event : events) {
      if (event.recurrence_id.empty()) continue;
      Override change{&event, Recurrence(index_, event, zones_), 0};
      change.replaced = on_master_clock(event.recurrence_id);
      overrides_.emplace(event.recurrence_id, std::move(change));
    }
    for (const auto& [id, change] : overrides_) {
      if (change.recurrence.and_all_later()) later_.emplace(change.replaced, &change);
    }
  }

  Expansion run() {
    for (const auto& [id, change] : overrides_) {
      if (change.event->status == EventStatus::cancelled) continue;
      add(*change.event, change.event->start, change.event->end);
    }
    if (master_ != nullptr) add_instances_of_master();
    auto& instances = expansion_.instances;
    std::sort(instances.begin(), instances.end(), [](const Instance& left, const Instance& right) {
      return std::tie(left.start, left.event.recurrence_id) <
             std::tie(right.start, right.event.recurrence_id);
    });
    if (instances.size() > options_.max_instances) {
      instances.erase(instances.begin() + static_cast<std::ptrdiff_t>(options_.max_instances),
                      instances.end());
      expansion_.truncated = true;
    }
    return std::move(expansion_);
  }

 private:
  LocalSeconds on_master_clock(std::string_view recurrence_id) const {
    const bool is_utc = recurrence_id.ends_with('Z');
    if (is_utc) recurrence_id.remove_suffix(1);
    const LocalSeconds time = parse_formatted(recurrence_id).value_or(0);
    const bool has_zone = recurrence_ && recurrence_->zone() != nullptr;
    return is_utc && has_zone ? recurrence_->zone()->to_local(time) : time;
  }

  void add_instances_of_master() {
    LocalSeconds shift = 0;
    LocalSeconds length = recurrence_->longest_seconds();
    for (const auto& [replaced, change] : later_) {
      shift = std::max(shift, std::abs(local_of(change->event->start) - replaced));
      length = std::max(length, change->recurrence.longest_seconds());
    }
    const LocalSeconds first = clock_at(options_.range.from) - clock_margin() - length - shift;
    const LocalSeconds last = options_.range.to
                                  ? clock_at(*options_.range.to) + clock_margin() + shift
                                  : kLastLocalSecond;
    InstanceTimes times(*recurrence_, first, last);
    std::size_t found = 0;
    std::size_t bytes = 0;
    while (const auto time = times.next()) {
      if (is_replaced(time->start) || !add_instance(*time)) continue;
      bytes += weight(expansion_.instances.back().event);
      // One more than asked for, so that it is known whether there are more.
      if (++found > options_.max_instances) break;
      if (bytes > kMaxExpansionBytes) {
        expansion_.truncated = true;
        break;
      }
    }
    if (times.exhausted()) expansion_.truncated = true;
  }

  LocalSeconds clock_at(WallTime time) const {
    const std::int64_t utc = std::min(to_seconds(time), kLastLocalSecond);
    return recurrence_->zone() == nullptr ? utc : recurrence_->zone()->to_local(utc);
  }

  // How far the clock of DTSTART may be from clock_at: for a zone by a clock change, else by the
  // offset of the reader.
  LocalSeconds clock_margin() const {
    if (master_->start.kind == CalendarTime::Kind::utc) return 0;
    return recurrence_->zone() == nullptr ? 2 * kSecondsPerDay : kSecondsPerDay;
  }

  bool is_replaced(LocalSeconds start) const {
    if (overrides_.empty()) return false;
    return overrides_.contains(recurrence_->key_at(start)) ||
           overrides_.contains(format_date(start));
  }

  // False when it is outside the range or cancelled.
  bool add_instance(const ExtraDate& time) {
    const auto after = later_.upper_bound(time.start);
    if (after == later_.begin()) {
      return add(*master_, recurrence_->start_at(time.start),
                 recurrence_->end_at(time.start, time.exact_seconds), time.start);
    }
    const Override& change = *std::prev(after)->second;
    if (change.event->status == EventStatus::cancelled) return false;
    const LocalSeconds moved =
        local_of(change.event->start) + (time.start - std::prev(after)->first);
    return add(*change.event, change.recurrence.start_at(moved),
               change.recurrence.end_at(moved, time.exact_seconds), time.start);
  }

  bool add(const CalendarEvent& event, const CalendarTime& start, const CalendarTime& end,
           std::optional<LocalSeconds> instance = std::nullopt) {
    const std::int64_t begin = Recurrence::instant(start, *reader_);
    const std::int64_t finish = std::max(begin, Recurrence::instant(end, *reader_));
    const std::int64_t from = to_seconds(options_.range.from);
    if (begin < from && finish <= from) return false;
    if (options_.range.to && to_wall_time(begin) >= *options_.range.to) return false;
    Instance out{event, to_wall_time(begin), to_wall_time(finish)};
    out.event.start = start;
    out.event.end = end;
    out.event.recurrence.clear();
    if (instance && recurrence_->recurs()) {
      out.event.recurrence_id = recurrence_->key_at(*instance);
      out.event.recurring_event_id = master_->external_event_id;
      out.event.external_event_id = master_->external_event_id + "#" + out.event.recurrence_id;
    }
    expansion_.instances.push_back(std::move(out));
    return true;
  }

  const ExpandOptions& options_;
  ZonePtr reader_;
  ZoneResolver zones_;
  VeventIndex index_;
  const CalendarEvent* master_ = nullptr;
  std::optional<Recurrence> recurrence_;           // of the master
  std::map<std::string, Override> overrides_;      // by recurrence id
  std::map<LocalSeconds, const Override*> later_;  // RANGE=THISANDFUTURE
  Expansion expansion_;
};

}  // namespace

Result<Expansion> expand(std::string_view resource_bytes, const std::vector<CalendarEvent>& events,
                         const ExpandOptions& options) {
  const auto zone_name = resolve_tzid(options.zone);
  if (!zone_name) {
    return fail(Errc::invalid_argument, "\"" + options.zone.substr(0, 64) +
                                            "\" is no time zone: write an IANA name, for example "
                                            "Europe/Berlin");
  }
  std::string written;
  if (!is_icalendar(resource_bytes)) resource_bytes = written = write_events(events);
  TM_ASSIGN(const Document document, Document::parse(resource_bytes, Limits{}));
  return Expander(document, events, options, iana_zone(*zone_name)).run();
}

}  // namespace tidemark::icalendar
