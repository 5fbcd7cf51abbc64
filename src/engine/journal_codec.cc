#include "engine/journal_codec.h"

#include <algorithm>

#include "engine/cbor_writer.h"

namespace tidemark::engine {
namespace {

constexpr char kFormat = 1;
constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kHeaderBytes = 1 + kHashBytes;
constexpr std::string_view kLeafPrefix{"\x00\x01", 2};  // RFC 6962's leaf tag, then our format byte

std::int64_t ms_of(WallTime time) {
  return time.time_since_epoch().count();
}

void write_rows(CborWriter& cbor, const std::vector<JournalRecord::Row>& rows) {
  if (rows.empty()) return;
  cbor.text("rows");
  cbor.array(rows.size());
  for (const auto& row : rows) {
    cbor.map(row.value_hash ? 2 : 1);
    cbor.pair_bytes("key", row.key);
    if (row.value_hash) cbor.pair_bytes("hash", as_bytes(*row.value_hash));
  }
}

void write_events(CborWriter& cbor, const std::vector<JournalRecord::EventNote>& events) {
  if (events.empty()) return;
  cbor.text("events");
  cbor.array(events.size());
  for (const auto& event : events) {
    cbor.map(event.dedupe_key.empty() ? 3 : 4);
    cbor.pair("id", event.id);
    cbor.pair("type", event.type);
    if (!event.dedupe_key.empty()) cbor.pair("dedupe_key", event.dedupe_key);
    cbor.pair_bytes("hash", as_bytes(event.hash));
  }
}

void write_effects(CborWriter& cbor, const std::vector<EffectRequest>& effects) {
  if (effects.empty()) return;
  cbor.text("effects");
  cbor.array(effects.size());
  for (const auto& effect : effects) {
    cbor.map(effect.correlation_id.empty() ? 3 : 4);
    cbor.pair("executor", effect.executor);
    cbor.pair("host", effect.host);
    cbor.pair_bytes("payload", effect.payload);
    if (!effect.correlation_id.empty()) cbor.pair("correlation_id", effect.correlation_id);
  }
}

void write_timers(CborWriter& cbor, const std::vector<TimerChange>& timers) {
  if (timers.empty()) return;
  cbor.text("timers");
  cbor.array(timers.size());
  for (const auto& timer : timers) {
    cbor.map(1U + (timer.due ? 1U : 0U) + (timer.new_cause ? 1U : 0U));
    cbor.pair("name", timer.name);
    if (timer.due) {
      cbor.text("due");
      cbor.integer(ms_of(*timer.due));
    }
    if (timer.new_cause) {
      cbor.text("new_cause");
      cbor.boolean(true);
    }
  }
}

void write_messages(CborWriter& cbor, const std::vector<Message>& messages) {
  if (messages.empty()) return;
  cbor.text("messages");
  cbor.array(messages.size());
  for (const auto& message : messages) {
    cbor.map(3);
    cbor.pair("to", message.to.value);
    cbor.pair("type", message.type);
    cbor.pair_bytes("payload", message.payload);
  }
}

void write_names(CborWriter& cbor, std::string_view key, const std::vector<std::string>& names) {
  if (names.empty()) return;
  cbor.text(key);
  cbor.array(names.size());
  for (const auto& name : names) cbor.text(name);
}

std::size_t count_pairs(const JournalRecord& record) {
  std::size_t pairs = 12;  // those that are always there
  pairs += !record.dedupe_key.empty();
  pairs += record.effect.has_value();
  pairs += record.completes;
  pairs += !record.causation_id.empty();
  pairs += !record.rows.empty();
  pairs += !record.events.empty();
  pairs += !record.effects.empty();
  pairs += !record.timers.empty();
  pairs += !record.messages.empty();
  pairs += !record.secrets.empty();
  pairs += !record.dropped_secrets.empty();
  pairs += record.end;
  pairs += record.error.has_value();
  return pairs;
}

void write_flag(CborWriter& cbor, std::string_view key, bool value) {
  if (!value) return;
  cbor.text(key);
  cbor.boolean(true);
}

void write_record(CborWriter& cbor, const JournalRecord& record) {
  cbor.map(count_pairs(record));
  cbor.pair("sequence", record.sequence);
  cbor.text("at");
  cbor.integer(ms_of(record.at));
  cbor.pair("tenant", record.tenant);
  cbor.pair("instance", record.instance.value);
  cbor.pair("previous", record.previous);
  cbor.pair("machine_version", std::uint64_t{record.machine_version});
  cbor.pair("input_type", record.input_type);
  cbor.pair_bytes("input_hash", as_bytes(record.input_hash));
  cbor.pair("input_bytes", record.input_bytes);
  if (!record.dedupe_key.empty()) cbor.pair("dedupe_key", record.dedupe_key);
  if (record.effect) {
    cbor.text("effect");
    cbor.array(2);
    cbor.unsigned_integer(record.effect->sequence);
    cbor.unsigned_integer(record.effect->index);
  }
  write_flag(cbor, "completes", record.completes);
  cbor.pair("correlation_id", record.correlation_id);
  if (!record.causation_id.empty()) cbor.pair("causation_id", record.causation_id);
  cbor.pair_bytes("state_hash", as_bytes(record.state_hash));
  cbor.pair_bytes("state", record.state);
  write_rows(cbor, record.rows);
  write_events(cbor, record.events);
  write_effects(cbor, record.effects);
  write_timers(cbor, record.timers);
  write_messages(cbor, record.messages);
  write_names(cbor, "secrets", record.secrets);
  write_names(cbor, "dropped_secrets", record.dropped_secrets);
  write_flag(cbor, "end", record.end);
  if (record.error) {
    cbor.text("error");
    cbor.map(2);
    cbor.pair("code", name(record.error->code));
    cbor.pair("message", record.error->message);
  }
}

}  // namespace

std::string encode_record(JournalRecord& record) {
  std::string bytes(kHeaderBytes, kFormat);
  bytes.reserve(512 + record.state.size());
  CborWriter cbor(bytes);
  write_record(cbor, record);
  record.hash = sha256(kLeafPrefix, std::string_view(bytes).substr(kHeaderBytes));
  std::copy(record.hash.begin(), record.hash.end(), bytes.begin() + 1);
  return bytes;
}

std::string encode_event(const Event& event) {
  return encode_event(event, JsonText(event.payload));
}

std::string encode_event(const Event& envelope, const JsonText& payload) {
  std::string bytes = to_json_text(envelope, payload.text());
  bytes.insert(bytes.begin(), kFormat);
  return bytes;
}

Result<std::string_view> event_text(std::string_view bytes) {
  if (bytes.empty() || bytes[0] != kFormat) {
    return fail(Errc::corrupt, "a stored event has an unknown format");
  }
  return bytes.substr(1);
}

Result<Event> decode_event(std::string_view bytes) {
  TM_ASSIGN(const auto text, event_text(bytes));
  TM_ASSIGN(const auto value, parse_json(text));
  return event_from_json(value);
}

// to_json_text() writes id and type first and neither can hold a quote, so nothing needs parsing.
std::string_view envelope_field(std::string_view text, std::string_view name) {
  constexpr std::size_t kEnvelopeStart = 512;
  std::string label(1, '"');
  label.append(name).append("\":\"");
  const auto found = text.substr(0, kEnvelopeStart).find(label);
  if (found == std::string_view::npos) return {};
  const auto begin = found + label.size();
  return text.substr(begin, text.find('"', begin) - begin);
}

}  // namespace tidemark::engine
