#include "sync/calendar_inputs.h"

#include "base/text.h"
#include "engine/machine.h"
#include "sync/json_fields.h"
#include "sync/page_items.h"
#include "sync/write_inputs.h"

namespace tidemark::sync {
namespace {

// Items are stored in the compact encoding of base/bytes.h: a page is decoded inside a step, which
// must be short, and an initial sync encodes and decodes every resource of a calendar once.
constexpr std::uint8_t kPageFormat = 2;
constexpr std::size_t kItemOverhead = 64;

std::size_t roughly_encoded(const std::vector<PageItem>& items) {
  std::size_t bytes = kItemOverhead;
  for (const auto& item : items) bytes += kItemOverhead + 2 * item.bytes.size();
  return bytes;
}

tl::unexpected<Error> unreadable(std::string_view type) {
  return fail(Errc::invalid_argument, std::string(type) + ": a field is missing or ill-typed");
}

// One timer syncs; those of writes carry their names (write_inputs.h).
CalendarInput decode_timer(std::string_view name) {
  if (name == kNewsTimer) return NewsTimer{};
  if (name == kWriteRetryTimer) return WriteRetry{};
  if (const auto write = parse_write_deadline(name)) return WriteDeadline{*write};
  return CalendarTimer{std::string(name)};
}

Result<CalendarInput> decode_configured(const JsonFields& fields) {
  CalendarConfigured input;
  input.identity = {fields.text("provider"),  fields.text("account"),
                    fields.text("id"),        fields.text("remote_id"),
                    fields.text("name"),      fields.text("color"),
                    fields.flag("read_only"), fields.has("write") && fields.flag("write")};
  input.schedule = {fields.flag("scheduled"), fields.duration("poll"), fields.duration("reconcile"),
                    fields.duration("confirm_after")};
  if (fields.has("sync")) {
    input.sync = pass_mode_from(fields.text("sync"));
    if (!input.sync) fields.spoil();
  }
  if (!fields.ok() || input.identity.id.empty()) return unreadable(input_type::kConfigured);
  return input;
}

Result<CalendarInput> decode_pull_done(const JsonFields& fields) {
  PullDone input{fields.number("pull"),           fields.bytes("cursor"),    fields.flag("last"),
                 fields.flag("complete_listing"), fields.flag("suspicious"), {}};
  ByteReader items(fields.bytes_view("items"));
  TM_ASSIGN(input.items, read_items(items));
  if (!fields.ok()) return unreadable(input_type::kPullDone);
  return input;
}

Result<CalendarInput> decode_page(std::string_view payload) {
  ByteReader reader(payload);
  if (reader.u8() != kPageFormat) return unreadable(input_type::kPage);
  Page input{reader.number(), {}};
  TM_ASSIGN(input.items, read_items(reader));
  return input;
}

}  // namespace

std::string encode(const CalendarConfigured& input) {
  Json value{{"provider", input.identity.provider},
             {"account", input.identity.account},
             {"id", input.identity.id},
             {"remote_id", input.identity.remote_id},
             {"name", input.identity.name},
             {"color", input.identity.color},
             {"read_only", input.identity.read_only},
             {"scheduled", input.schedule.scheduled},
             {"poll", duration_json(input.schedule.poll)},
             {"reconcile", duration_json(input.schedule.reconcile)},
             {"confirm_after", duration_json(input.schedule.confirm_after)}};
  if (input.identity.write) value["write"] = true;
  if (input.sync) value["sync"] = to_text(*input.sync);
  return stored_json(value);
}

std::string encode(const CalendarPaused& input) {
  return stored_json({{"reason", static_cast<std::uint64_t>(input.reason)}});
}

std::string encode(const CalendarRemoved& input) {
  if (!input.looked) return {};
  return stored_json({{"looked", time_json(input.looked)}});
}

std::string encode(const SyncNow& input) {
  return stored_json({{"mode", to_text(input.mode)}});
}

std::string encode(const Page& input) {
  ByteWriter writer;
  writer.reserve(roughly_encoded(input.items));
  writer.u8(kPageFormat).number(input.pull);
  write_items(writer, input.items);
  return std::move(writer).str();
}

std::string encode(const PullDone& input) {
  ByteWriter items;
  write_items(items, input.items);
  return stored_json({{"pull", input.pull},
                      {"cursor", binary_json(input.cursor)},
                      {"last", input.last},
                      {"complete_listing", input.complete_listing},
                      {"suspicious", input.suspicious},
                      {"items", binary_json(std::move(items).str())}});
}

std::string encode(const PullFailed& input) {
  return stored_json({{"pull", input.pull}, {"error", error_json(input.error)}});
}

Json error_json(const Error& error) {
  Json value{{"code", name(error.code)}, {"message", to_valid_utf8(error.message)}};
  if (error.retry_after) {
    value["retry_after"] =
        static_cast<std::uint64_t>(std::max<std::int64_t>(error.retry_after->count(), 0));
  }
  return value;
}

Errc errc_named(std::string_view text) {
  for (auto code = static_cast<int>(Errc::invalid_argument);
       code < static_cast<int>(Errc::internal); ++code) {
    if (name(static_cast<Errc>(code)) == text) return static_cast<Errc>(code);
  }
  return Errc::internal;
}

Error error_from_json(const Json& value) {
  const JsonFields fields(value);
  Error error;
  error.code = errc_named(fields.text("code"));
  error.message = fields.text("message");
  if (fields.has("retry_after")) {
    error.retry_after =
        std::chrono::seconds{static_cast<std::int64_t>(fields.number("retry_after"))};
  }
  return error;
}

Result<CalendarInput> decode_calendar_input(std::string_view type, std::string_view payload) {
  if (type == kTimerFired) return decode_timer(payload);
  if (type == input_type::kNotified) return CalendarNotified{};
  if (type == input_type::kRemoved && payload.empty()) return CalendarRemoved{};
  if (type == input_type::kPresent) return CalendarPresent{};
  if (type == input_type::kContinue) return Continue{};
  if (type == input_type::kReportDone) return ReportDone{};
  if (type == input_type::kPage) return decode_page(payload);
  if (type.starts_with(input_type::kWriteTypes)) return decode_write_input(type, payload);
  TM_ASSIGN(const Json value, read_stored_json(payload, type));
  const JsonFields fields(value);
  if (type == input_type::kConfigured) return decode_configured(fields);
  if (type == input_type::kPullDone) return decode_pull_done(fields);
  if (type == input_type::kPullFailed) {
    PullFailed input{fields.number("pull"), error_from_json(fields.object("error"))};
    if (!fields.ok()) return unreadable(type);
    return input;
  }
  if (type == input_type::kRemoved) {
    CalendarRemoved input{fields.time("looked")};
    if (!fields.ok()) return unreadable(type);
    return input;
  }
  if (type == input_type::kPaused) {
    const std::uint64_t reason = fields.number("reason");
    if (!fields.ok() || reason > static_cast<std::uint64_t>(Pause::credentials)) {
      return unreadable(type);
    }
    return CalendarPaused{static_cast<Pause>(reason)};
  }
  if (type == input_type::kSyncNow) {
    const auto mode = pass_mode_from(fields.text("mode"));
    if (!mode) return unreadable(type);
    return SyncNow{*mode};
  }
  return fail(Errc::invalid_argument, "a calendar knows no input \"" + std::string(type) + "\"");
}

std::string encode(const PullOrder& order) {
  return stored_json({{"account", order.account},
                      {"calendar", order.calendar},
                      {"remote_id", order.remote_id},
                      {"mode", to_text(order.mode)},
                      {"cursor", binary_json(order.cursor)},
                      {"generation", order.generation},
                      {"first", order.first}});
}

Result<PullOrder> decode_pull_order(std::string_view bytes) {
  TM_ASSIGN(const Json value, read_stored_json(bytes, "pull order"));
  const JsonFields fields(value);
  const auto mode = pass_mode_from(fields.text("mode"));
  PullOrder order{fields.text("account"),   fields.text("calendar"),
                  fields.text("remote_id"), mode.value_or(PassMode::initial),
                  fields.bytes("cursor"),   fields.number("generation"),
                  fields.flag("first")};
  if (!mode || !fields.ok()) return unreadable("pull order");
  return order;
}

std::string encode(const PassReport& report) {
  return stored_json({{"connector", report.connector},
                      {"calendar", report.calendar},
                      {"name", report.name},
                      {"mode", report.mode},
                      {"latency_ms", report.latency_ms},
                      {"fetched", report.fetched},
                      {"created", report.created},
                      {"updated", report.updated},
                      {"deleted", report.deleted},
                      {"resources", report.resources},
                      {"quarantined", report.quarantined}});
}

Result<PassReport> decode_pass_report(std::string_view bytes) {
  TM_ASSIGN(const Json value, read_stored_json(bytes, "pass report"));
  const JsonFields fields(value);
  PassReport report{
      fields.text("connector"),   fields.text("calendar"),     fields.text("name"),
      fields.text("mode"),        fields.number("latency_ms"), fields.number("fetched"),
      fields.number("created"),   fields.number("updated"),    fields.number("deleted"),
      fields.number("resources"), fields.number("quarantined")};
  if (!fields.ok()) return unreadable("pass report");
  return report;
}

}  // namespace tidemark::sync
