#include "sync/write_inputs.h"

#include <charconv>
#include <type_traits>

#include "sync/json_fields.h"
#include "sync/page_items.h"

namespace tidemark::sync {
namespace {

constexpr std::string_view kDeadlinePrefix = "write.deadline/";

tl::unexpected<Error> unreadable(std::string_view what) {
  return fail(Errc::invalid_argument, std::string(what) + ": a field is missing or ill-typed");
}

Json changes_json(const EventChanges& changes) {
  ByteWriter writer;
  write(writer, changes);
  return binary_json(std::move(writer).str());
}

EventChanges changes_in(const JsonFields& fields) {
  ByteReader reader(fields.bytes_view("changes"));
  auto changes = read_changes(reader);
  if (!reader.done()) fields.spoil();
  return changes;
}

WriteKind kind_in(const JsonFields& fields) {
  const std::uint64_t kind = fields.number("kind");
  if (kind > static_cast<std::uint64_t>(WriteKind::remove)) fields.spoil();
  return fields.ok() ? static_cast<WriteKind>(kind) : WriteKind::create;
}

Json result_json(Sequence effect, const PageItem& item) {
  ByteWriter items;
  write_items(items, {item});
  return {{"effect", effect}, {"item", binary_json(std::move(items).str())}};
}

template <class Input>
Result<CalendarInput> decode_result(const JsonFields& fields, std::string_view type) {
  ByteReader reader(fields.bytes_view("item"));
  TM_ASSIGN(auto items, read_items(reader));
  Input input{fields.number("effect"), {}};
  if (!fields.ok() || items.size() != 1) return unreadable(type);
  input.item = std::move(items.front());
  if constexpr (std::is_same_v<Input, WriteDone>) input.mixed = fields.has("mixed");
  return input;
}

}  // namespace

std::string write_deadline_timer(Sequence write) {
  return std::string(kDeadlinePrefix) + std::to_string(write);
}

std::optional<Sequence> parse_write_deadline(std::string_view timer) {
  if (!timer.starts_with(kDeadlinePrefix)) return std::nullopt;
  timer.remove_prefix(kDeadlinePrefix.size());
  Sequence write = 0;
  const auto read = std::from_chars(timer.data(), timer.data() + timer.size(), write);
  if (read.ec != std::errc() || read.ptr != timer.data() + timer.size()) return std::nullopt;
  return write;
}

std::string encode(const WriteRequested& input) {
  return stored_json({{"kind", static_cast<std::uint64_t>(input.kind)},
                      {"event", input.event},
                      {"if_match", input.if_match},
                      {"changes", changes_json(input.changes)}});
}

std::string encode(const WriteDone& input) {
  Json value = result_json(input.effect, input.item);
  if (input.mixed) value["mixed"] = true;  // records of before have no such member
  return stored_json(value);
}

std::string encode(const WriteConflicted& input) {
  return stored_json(result_json(input.effect, input.item));
}

std::string encode(const WriteFailed& input) {
  return stored_json({{"effect", input.effect}, {"error", error_json(input.error)}});
}

Result<CalendarInput> decode_write_input(std::string_view type, std::string_view payload) {
  TM_ASSIGN(const Json value, read_stored_json(payload, type));
  const JsonFields fields(value);
  if (type == input_type::kWriteDone) return decode_result<WriteDone>(fields, type);
  if (type == input_type::kWriteConflicted) return decode_result<WriteConflicted>(fields, type);
  if (type == input_type::kWriteFailed) {
    WriteFailed input{fields.number("effect"), error_from_json(fields.object("error"))};
    if (!fields.ok()) return unreadable(type);
    return input;
  }
  if (type == input_type::kWriteRequested) {
    WriteRequested input{kind_in(fields), fields.text("event"), fields.text("if_match"),
                         changes_in(fields)};
    if (!fields.ok()) return unreadable(type);
    return input;
  }
  return fail(Errc::invalid_argument, "a calendar knows no input \"" + std::string(type) + "\"");
}

std::string encode(const WriteTask& task) {
  return stored_json({{"account", task.account},
                      {"calendar", task.calendar},
                      {"remote_id", task.remote_id},
                      {"key", task.key},
                      {"kind", static_cast<std::uint64_t>(task.kind)},
                      {"accepted", time_json(task.accepted)},
                      {"href", task.href},
                      {"recurrence_id", task.recurrence_id},
                      {"base_hash", binary_json(task.base_hash)},
                      {"changes", changes_json(task.changes)}});
}

Result<WriteTask> decode_write_task(std::string_view bytes) {
  TM_ASSIGN(const Json value, read_stored_json(bytes, "write task"));
  const JsonFields fields(value);
  WriteTask task{fields.text("account"),    fields.text("calendar"),
                 fields.text("remote_id"),  fields.text("key"),
                 kind_in(fields),           fields.time("accepted").value_or(WallTime{}),
                 fields.text("href"),       fields.text("recurrence_id"),
                 fields.bytes("base_hash"), changes_in(fields)};
  if (!fields.ok()) return unreadable("write task");
  return task;
}

}  // namespace tidemark::sync
