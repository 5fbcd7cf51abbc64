#include "sync/calendar_inputs.h"

#include "base/text.h"
#include "engine/machine.h"
#include "sync/event_codec.h"
#include "sync/json_fields.h"

namespace tidemark::sync {
namespace {

// Items are stored in the compact encoding of base/bytes.h: a page is decoded inside a step, which
// must be short, and an initial sync encodes and decodes every resource of a calendar once.
constexpr std::uint8_t kPageFormat = 2;
constexpr std::size_t kItemOverhead = 64;
constexpr std::size_t kMaxItemsReserved = 1024;

void write_events(ByteWriter& writer, const PageItem& item) {
  writer.text(item.body_hash).number(item.events.size());
  for (const auto& placed : item.events) {
    writer.signed_number(placed.start_ms).signed_number(placed.end_ms);
    writer.text(encode_event(placed.event));
  }
  writer.number(item.reverted.size());
  for (const auto& event : item.reverted) writer.text(encode_event(event));
}

CalendarEvent read_nested_event(ByteReader& reader) {
  auto event = decode_event(reader.text());
  if (event) return std::move(*event);
  reader.spoil();
  return {};
}

void read_events(ByteReader& reader, PageItem& item) {
  item.body_hash = reader.text();
  const std::size_t events = reader.count();
  for (std::size_t i = 0; i < events && reader.ok(); ++i) {
    PlacedEvent placed;
    placed.start_ms = reader.signed_number();
    placed.end_ms = reader.signed_number();
    placed.event = read_nested_event(reader);
    item.events.push_back(std::move(placed));
  }
  const std::size_t reverted = reader.count();
  for (std::size_t i = 0; i < reverted && reader.ok(); ++i) {
    item.reverted.push_back(read_nested_event(reader));
  }
}

std::size_t roughly_encoded(const std::vector<PageItem>& items) {
  std::size_t bytes = kItemOverhead;
  for (const auto& item : items) bytes += kItemOverhead + 2 * item.bytes.size();
  return bytes;
}

void write_items(ByteWriter& writer, const std::vector<PageItem>& items) {
  writer.number(items.size());
  for (const auto& item : items) {
    writer.u8(static_cast<std::uint8_t>(item.kind));
    writer.text(item.href).text(item.etag).text(item.bytes).text(item.reason);
    if (item.kind == PageItem::Kind::body) write_events(writer, item);
  }
}

PageItem read_item(ByteReader& reader) {
  PageItem item;
  const std::uint8_t kind = reader.u8();
  if (kind > static_cast<std::uint8_t>(PageItem::Kind::quarantined)) reader.spoil();
  item.kind = static_cast<PageItem::Kind>(kind);
  item.href = reader.text();
  item.etag = reader.text();
  item.bytes = reader.text();
  item.reason = reader.text();
  if (item.href.empty()) reader.spoil();
  if (item.kind == PageItem::Kind::body) read_events(reader, item);
  return item;
}

Result<std::vector<PageItem>> read_items(ByteReader& reader) {
  std::vector<PageItem> items;
  const std::size_t count = reader.count();
  items.reserve(std::min(count, kMaxItemsReserved));
  for (std::size_t i = 0; i < count && reader.ok(); ++i) items.push_back(read_item(reader));
  if (!reader.done()) {
    return fail(Errc::invalid_argument, "a page holds an item that cannot be read");
  }
  return items;
}

tl::unexpected<Error> unreadable(std::string_view type) {
  return fail(Errc::invalid_argument, std::string(type) + ": a field is missing or ill-typed");
}

Result<CalendarInput> decode_configured(const JsonFields& fields) {
  CalendarConfigured input;
  input.identity = {fields.text("provider"),  fields.text("account"), fields.text("id"),
                    fields.text("remote_id"), fields.text("name"),    fields.text("color"),
                    fields.flag("read_only")};
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
  if (input.sync) value["sync"] = to_text(*input.sync);
  return stored_json(value);
}

std::string encode(const CalendarPaused& input) {
  return stored_json({{"reason", static_cast<std::uint64_t>(input.reason)}});
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
  if (type == kTimerFired && payload == kNewsTimer) return NewsTimer{};
  if (type == kTimerFired) return CalendarTimer{std::string(payload)};
  if (type == input_type::kNotified) return CalendarNotified{};
  if (type == input_type::kRemoved) return CalendarRemoved{};
  if (type == input_type::kPresent) return CalendarPresent{};
  if (type == input_type::kContinue) return Continue{};
  if (type == input_type::kReportDone) return ReportDone{};
  if (type == input_type::kPage) return decode_page(payload);
  TM_ASSIGN(const Json value, read_stored_json(payload, type));
  const JsonFields fields(value);
  if (type == input_type::kConfigured) return decode_configured(fields);
  if (type == input_type::kPullDone) return decode_pull_done(fields);
  if (type == input_type::kPullFailed) {
    PullFailed input{fields.number("pull"), error_from_json(fields.object("error"))};
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
