#include "sync/writes.h"

#include <variant>

#include "base/text.h"
#include "engine/journal.h"
#include "sync/calendar_state.h"
#include "sync/rows.h"
#include "sync/write_rows.h"

namespace tidemark {
namespace {

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

InstanceId instance_of(const CalendarStatus& calendar) {
  return sync::calendar_instance(calendar.tenant, calendar.account, calendar.id);
}

// The command under way; 0: none.
Result<Sequence> under_way(const StoreView& view, const InstanceId& instance) {
  TM_ASSIGN(const auto bytes, read_state(view, instance));
  if (!bytes) return Sequence{0};
  TM_ASSIGN(const auto state, sync::decode_calendar_state(*bytes));
  const auto* writing = std::get_if<sync::Writing>(&state.phase);
  return writing == nullptr ? Sequence{0} : writing->write;
}

Result<WriteStatus> waiting(Sequence write, Sequence sending, std::string_view bytes) {
  TM_ASSIGN(const auto row, sync::decode_waiting_write(bytes));
  WriteStatus status{sync::write_id(row.accepted, write), write == sending ? "sending" : "accepted",
                     std::string(to_text(row.kind)), row.correlation_id, row.accepted};
  status.external_event_id = row.event_id;
  if (row.kind != sync::WriteKind::remove) status.ours = to_json(row.changes);
  status.error_code = row.error_code;
  status.error = row.error;
  return status;
}

Result<WriteStatus> finished(Sequence write, std::string_view bytes) {
  TM_ASSIGN(auto row, sync::decode_finished_write(bytes));
  WriteStatus status{sync::write_id(row.accepted, write),
                     std::string(to_text(row.end)),
                     std::string(to_text(row.kind)),
                     row.correlation_id,
                     row.accepted,
                     row.finished,
                     row.event_id,
                     std::move(row.ours)};
  (row.end == sync::WriteEnd::conflict ? status.theirs : status.event) = std::move(row.event);
  status.error_code = row.error_code;
  status.error = row.error;
  return status;
}

}  // namespace

Json to_json(const WriteStatus& status) {
  return Json{
      {"id", status.id},
      {"status", status.status},
      {"kind", status.kind},
      {"correlation_id", status.correlation_id},
      {"accepted_at", format_rfc3339(status.accepted)},
      {"finished_at", status.finished ? Json(format_rfc3339(*status.finished)) : Json(nullptr)},
      {"external_event_id", text_or_null(status.external_event_id)},
      {"ours", status.ours},
      {"event", status.event},
      {"theirs", status.theirs},
      {"error_code", text_or_null(status.error_code)},
      {"error", text_or_null(status.error)}};
}

Result<WriteStatus> find_write(const StoreView& view, const CalendarStatus& calendar,
                               const std::string& id) {
  const InstanceId instance = instance_of(calendar);
  if (const auto write = sync::parse_write_id(id)) {
    // Finished is looked for last: a command may end between the two looks.
    TM_ASSIGN(const Sequence sending, under_way(view, instance));
    TM_ASSIGN(const auto waits,
              read_row(view, instance, sync::write_key(sync::kWaitingWriteRow, *write)));
    if (waits) return waiting(*write, sending, *waits);
    TM_ASSIGN(const auto ended,
              read_row(view, instance, sync::write_key(sync::kFinishedWriteRow, *write)));
    if (ended) return finished(*write, *ended);
  }
  return fail(Errc::not_found, "nothing is known of a write \"" + to_valid_utf8(id.substr(0, 64)) +
                                   "\" of this calendar; those that ended long ago are forgotten");
}

Result<std::vector<WriteStatus>> list_writes(const StoreView& view, const CalendarStatus& calendar,
                                             std::size_t limit) {
  const InstanceId instance = instance_of(calendar);
  TM_ASSIGN(const Sequence sending, under_way(view, instance));
  std::vector<WriteStatus> all;
  std::optional<Error> error;
  for (const char letter : {sync::kWaitingWriteRow, sync::kFinishedWriteRow}) {
    const std::string prefix(1, letter);
    TM_TRY(scan_rows(
        view, instance, prefix, prefix, [&](std::string_view key, std::string_view value) {
          if (all.size() >= limit) return false;
          const Sequence write = sync::sequence_of_write_key(key);
          auto status = letter == sync::kWaitingWriteRow ? waiting(write, sending, value)
                                                         : finished(write, value);
          if (!status) {
            error = status.error();
            return false;
          }
          all.push_back(std::move(*status));
          return true;
        }));
    if (error) return fail(*error);
  }
  return all;
}

}  // namespace tidemark
