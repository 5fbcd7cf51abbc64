#include "engine/stored_values.h"

#include "base/json.h"
#include "engine/cbor_writer.h"
#include "engine/keys.h"
#include "store/key.h"

namespace tidemark::engine {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::uint8_t kKept = 1;  // of a row's history
constexpr std::uint8_t kErased = 2;

tl::unexpected<Error> damaged(std::string_view what) {
  return fail(Errc::corrupt, "a stored " + std::string(what) +
                                 " cannot be read: run `tidemark doctor` on the data directory");
}

WallTime time_at(std::int64_t ms) {
  return WallTime{milliseconds{ms}};
}
std::int64_t ms_of(WallTime time) {
  return time.time_since_epoch().count();
}

}  // namespace

std::string encode(const InstanceValue& value) {
  return KeyWriter().u8(kFormat).u64(value.last).raw(value.state).str();
}

Result<InstanceValue> decode_instance(std::string_view bytes) {
  KeyReader reader(bytes);
  const auto format = reader.u8();
  InstanceValue value;
  value.last = reader.u64();
  value.state = reader.rest();
  if (!reader.ok() || format != kFormat) return damaged("instance");
  return value;
}

std::string encode(const DedupeValue& value) {
  return KeyWriter()
      .u8(kFormat)
      .u64(value.sequence)
      .i64(ms_of(value.expires))
      .raw(value.correlation_id)
      .str();
}

Result<DedupeValue> decode_dedupe(std::string_view bytes) {
  KeyReader reader(bytes);
  const auto format = reader.u8();
  DedupeValue value;
  value.sequence = reader.u64();
  value.expires = time_at(reader.i64());
  value.correlation_id = reader.rest();
  if (!reader.ok() || format != kFormat) return damaged("dedupe mark");
  return value;
}

std::string encode(const TimerValue& value) {
  return KeyWriter()
      .u8(kFormat)
      .u64(value.set_by)
      .i64(ms_of(value.set_at))
      .u8(value.new_cause ? 1 : 0)
      .raw(value.correlation_id)
      .str();
}

Result<TimerValue> decode_timer(std::string_view bytes) {
  KeyReader reader(bytes);
  const auto format = reader.u8();
  TimerValue value;
  value.set_by = reader.u64();
  value.set_at = time_at(reader.i64());
  value.new_cause = reader.u8() != 0;
  value.correlation_id = reader.rest();
  if (!reader.ok() || format != kFormat) return damaged("timer");
  return value;
}

std::string encode_due(WallTime due) {
  return KeyWriter().u8(kFormat).i64(ms_of(due)).str();
}

Result<WallTime> decode_due(std::string_view bytes) {
  KeyReader reader(bytes);
  const auto format = reader.u8();
  const auto due = time_at(reader.i64());
  if (!reader.ok() || format != kFormat) return damaged("timer");
  return due;
}

std::string encode(const OutboxEntry& entry) {
  std::string bytes(1, static_cast<char>(kFormat));
  CborWriter cbor(bytes);
  cbor.map(entry.is_message() ? 5 : 4);
  cbor.text("at");
  cbor.integer(ms_of(entry.at));
  cbor.pair("correlation_id", entry.correlation_id);
  cbor.pair("instance", entry.instance.value);
  cbor.pair_bytes("payload", entry.payload);
  if (entry.is_message()) cbor.pair("type", entry.type);
  return bytes;
}

Result<OutboxEntry> decode_outbox(std::string_view key, std::string_view bytes) {
  auto parsed = parse_outbox_key(key);
  if (!parsed || bytes.empty() || bytes[0] != kFormat) return damaged("outbox entry");
  const auto cbor = from_cbor(bytes.substr(1));
  if (!cbor) return damaged("outbox entry");
  try {
    OutboxEntry entry;
    entry.position = parsed->position;
    entry.executor = std::move(parsed->executor);
    entry.host = std::move(parsed->host);
    entry.at = time_at(cbor->at("at").get<std::int64_t>());
    entry.correlation_id = cbor->at("correlation_id").get<std::string>();
    entry.instance.value = cbor->at("instance").get<std::string>();
    const auto& payload = cbor->at("payload").get_binary();
    entry.payload.assign(payload.begin(), payload.end());
    if (entry.is_message()) entry.type = cbor->at("type").get<std::string>();
    return entry;
  } catch (const Json::exception&) {
    return damaged("outbox entry");
  }
}

std::string encode(const StoredRow& row) {
  return KeyWriter().u64(row.written).raw(row.value).str();
}

Result<StoredRow> decode_row(std::string_view bytes) {
  KeyReader reader(bytes);
  StoredRow row;
  row.written = reader.u64();
  row.value = reader.rest();
  if (!reader.ok()) return damaged("row");
  return row;
}

Result<std::optional<std::string>> value_of_row(std::optional<std::string> bytes) {
  if (!bytes) return std::nullopt;
  TM_ASSIGN(const auto row, decode_row(*bytes));
  bytes->erase(0, bytes->size() - row.value.size());
  return bytes;
}

std::string encode_history(std::string_view stored_row) {
  return KeyWriter().u8(kFormat).u8(kKept).raw(stored_row).str();
}

std::string encode_erased_history(Sequence written) {
  return KeyWriter().u8(kFormat).u8(kErased).u64(written).str();
}

Result<ReplacedRow> decode_history(std::string_view bytes) {
  KeyReader reader(bytes);
  const auto format = reader.u8();
  const auto kind = reader.u8();
  const auto stored = reader.rest();
  const auto row = decode_row(stored);
  if (!reader.ok() || format != kFormat || !row) return damaged("row's history");
  if (kind == kKept) return ReplacedRow{row->written, stored};
  if (kind == kErased && row->value.empty()) return ReplacedRow{row->written, std::nullopt};
  return damaged("row's history");
}

std::string encode_history_start(Sequence sequence) {
  return KeyWriter().u8(kFormat).u64(sequence).str();
}

Result<Sequence> decode_history_start(std::string_view bytes) {
  KeyReader reader(bytes);
  const auto format = reader.u8();
  const auto sequence = reader.u64();
  if (!reader.ok() || format != kFormat) return damaged("beginning of history");
  return sequence;
}

std::string encode_input(std::string_view payload) {
  return KeyWriter().u8(kFormat).raw(payload).str();
}

Result<std::string> decode_input_value(std::string_view bytes) {
  if (bytes.empty() || bytes[0] != kFormat) return damaged("input");
  return std::string(bytes.substr(1));
}

}  // namespace tidemark::engine
