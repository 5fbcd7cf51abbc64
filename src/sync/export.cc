// The mirror as bytes: the whole calendar as one file, quarantined resources, raw resources.
#include <map>

#include "base/sha256.h"
#include "engine/journal.h"
#include "sync/calendar_state.h"
#include "sync/event_scan.h"
#include "sync/icalendar/icalendar.h"
#include "sync/mirror.h"
#include "sync/rows.h"

namespace tidemark {
namespace {

InstanceId instance_of(const CalendarStatus& calendar) {
  return sync::calendar_instance(calendar.tenant, calendar.account, calendar.id);
}

// Rows of one letter, ascending by href; an error of the visitor ends the scan and is returned.
Result<void> for_each_row(
    const StoreView& view, const InstanceId& instance, char letter,
    const std::function<Result<bool>(std::string_view href, std::string_view value)>& visitor) {
  std::optional<Error> error;
  const std::string prefix(1, letter);
  TM_TRY(
      scan_rows(view, instance, prefix, prefix, [&](std::string_view key, std::string_view value) {
        const auto going = visitor(key.substr(1), value);
        if (!going) error = going.error();
        return going && *going;
      }));
  if (error) return fail(*error);
  return {};
}

}  // namespace

Result<std::string> export_calendar(const StoreView& view, const CalendarStatus& calendar) {
  icalendar::CalendarWriter writer(calendar.name);
  const InstanceId instance = instance_of(calendar);
  TM_TRY(for_each_row(view, instance, sync::kBodyRow,
                      [&](std::string_view href, std::string_view value) -> Result<bool> {
                        TM_ASSIGN(const auto bytes, sync::decode_body(value));
                        if (icalendar::is_icalendar(bytes)) {
                          writer.add(bytes);
                        } else {
                          TM_ASSIGN(const auto events, sync::resource_events(view, instance, href));
                          writer.add(icalendar::write_events(events));
                        }
                        return true;
                      }));
  return std::move(writer).finish();
}

Result<std::string> export_etag(const StoreView& view, const CalendarStatus& calendar) {
  TM_ASSIGN(const auto bytes, read_state(view, instance_of(calendar)));
  if (!bytes) {
    return fail(Errc::not_found, "calendar " + calendar.id + " is not mirrored any more");
  }
  TM_ASSIGN(const auto state, sync::decode_calendar_state(*bytes));
  const std::string content = std::to_string(state.content) + "\n" + calendar.name;
  return "\"" + to_hex(sha256(content)).substr(0, 32) + "\"";
}

Result<std::vector<QuarantinedResource>> list_quarantined(const StoreView& view,
                                                          const CalendarStatus& calendar,
                                                          std::size_t limit) {
  std::vector<QuarantinedResource> resources;
  TM_TRY(for_each_row(view, instance_of(calendar), sync::kQuarantineRow,
                      [&](std::string_view href, std::string_view value) -> Result<bool> {
                        if (resources.size() >= limit) return false;
                        TM_ASSIGN(auto row, sync::decode_quarantine_row(value));
                        resources.push_back({std::string(href), std::move(row.reason),
                                             std::move(row.etag), std::move(row.bytes)});
                        return true;
                      }));
  return resources;
}

Result<void> for_each_resource(
    const StoreView& view, const CalendarStatus& calendar,
    const std::function<bool(std::string_view href, std::string_view etag, std::string_view bytes)>&
        visitor) {
  const InstanceId instance = instance_of(calendar);
  return for_each_row(
      view, instance, sync::kIndexRow,
      [&](std::string_view href, std::string_view value) -> Result<bool> {
        TM_ASSIGN(const auto index, sync::decode_index_row(value));
        if (index.quarantined) {
          TM_ASSIGN(const auto row,
                    read_row(view, instance, sync::href_key(sync::kQuarantineRow, href)));
          if (!row) return true;
          TM_ASSIGN(const auto kept, sync::decode_quarantine_row(*row));
          return visitor(href, kept.etag, kept.bytes);
        }
        TM_ASSIGN(const auto row, read_row(view, instance, sync::href_key(sync::kBodyRow, href)));
        if (!row) return true;
        TM_ASSIGN(const auto bytes, sync::decode_body(*row));
        return visitor(href, index.etag, bytes);
      });
}

}  // namespace tidemark
