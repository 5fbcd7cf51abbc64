#include "sync/write_rows.h"

#include <array>

#include "base/bytes.h"
#include "store/key.h"
#include "sync/json_fields.h"

namespace tidemark::sync {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::array<std::string_view, 3> kKinds{"create", "update", "delete"};
constexpr std::array<std::string_view, 3> kEnds{"done", "conflict", "failed"};

tl::unexpected<Error> damaged() {
  return fail(Errc::corrupt, "the row of a write cannot be decoded");
}

}  // namespace

std::string_view to_text(WriteKind kind) {
  return kKinds.at(static_cast<std::size_t>(kind));
}

std::string_view to_text(WriteEnd end) {
  return kEnds.at(static_cast<std::size_t>(end));
}

std::string encode(const WaitingWrite& row) {
  ByteWriter writer;
  writer.u8(kFormat).u8(static_cast<std::uint8_t>(row.kind));
  writer.signed_number(row.accepted.time_since_epoch().count());
  writer.text(row.correlation_id).text(row.event_id).text(row.href);
  writer.text(row.recurrence_id).text(row.base_hash).u8(row.pinned ? 1 : 0);
  writer.text(row.error_code).text(row.error);
  write(writer, row.changes);
  return std::move(writer).str();
}

Result<WaitingWrite> decode_waiting_write(std::string_view bytes) {
  ByteReader reader(bytes);
  WaitingWrite row;
  if (reader.u8() != kFormat) return damaged();
  const std::uint8_t kind = reader.u8();
  if (kind >= kKinds.size()) return damaged();
  row.kind = static_cast<WriteKind>(kind);
  row.accepted = WallTime{milliseconds{reader.signed_number()}};
  row.correlation_id = reader.text();
  row.event_id = reader.text();
  row.href = reader.text();
  row.recurrence_id = reader.text();
  row.base_hash = reader.text();
  row.pinned = reader.u8() != 0;
  row.error_code = reader.text();
  row.error = reader.text();
  row.changes = read_changes(reader);
  if (!reader.done()) return damaged();
  return row;
}

std::string encode(const FinishedWrite& row) {
  return stored_json(Json{{"end", static_cast<std::uint64_t>(row.end)},
                          {"kind", static_cast<std::uint64_t>(row.kind)},
                          {"accepted", time_json(row.accepted)},
                          {"finished", time_json(row.finished)},
                          {"correlation_id", row.correlation_id},
                          {"event_id", row.event_id},
                          {"ours", row.ours},
                          {"event", row.event},
                          {"error_code", row.error_code},
                          {"error", row.error}});
}

Result<FinishedWrite> decode_finished_write(std::string_view bytes) {
  TM_ASSIGN(const Json value, read_stored_json(bytes, "finished write"));
  const JsonFields fields(value);
  FinishedWrite row;
  const std::uint64_t end = fields.number("end");
  const std::uint64_t kind = fields.number("kind");
  if (end >= kEnds.size() || kind >= kKinds.size()) return damaged();
  row.end = static_cast<WriteEnd>(end);
  row.kind = static_cast<WriteKind>(kind);
  row.accepted = fields.time("accepted").value_or(WallTime{});
  row.finished = fields.time("finished").value_or(WallTime{});
  row.correlation_id = fields.text("correlation_id");
  row.event_id = fields.text("event_id");
  row.error_code = fields.text("error_code");
  row.error = fields.text("error");
  if (!fields.ok() || !fields.has("ours") || !fields.has("event")) return damaged();
  row.ours = value["ours"];
  row.event = value["event"];
  return row;
}

std::string write_key(char letter, Sequence sequence) {
  KeyWriter writer;
  writer.u8(static_cast<std::uint8_t>(letter)).u64(sequence);
  return std::move(writer).str();
}

Sequence sequence_of_write_key(std::string_view key) {
  Sequence sequence = 0;
  for (const char byte : key.substr(1)) {
    sequence = sequence << 8U | static_cast<unsigned char>(byte);
  }
  return sequence;
}

std::string write_id(WallTime accepted, Sequence sequence) {
  return make_id(kWritePrefix, accepted, {sequence, kRecordIndex});
}

std::optional<Sequence> parse_write_id(std::string_view id) {
  const auto position = parse_id(kWritePrefix, id);
  if (!position || position->index != kRecordIndex) return std::nullopt;
  return position->sequence;
}

}  // namespace tidemark::sync
