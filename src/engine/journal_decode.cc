#include <algorithm>
#include <iterator>
#include <optional>

#include "engine/cbor_reader.h"
#include "engine/journal_codec.h"

namespace tidemark::engine {
namespace {

constexpr char kFormat = 1;
constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kHeaderBytes = 1 + kHashBytes;
constexpr std::string_view kLeafPrefix{"\x00\x01", 2};

Sha256 hash_of(CborReader& reader) {
  const auto bytes = reader.bytes();
  Sha256 hash{};
  if (bytes.size() != hash.size()) {
    reader.spoil();
  } else {
    std::copy(bytes.begin(), bytes.end(), hash.begin());
  }
  return hash;
}

WallTime time_of(CborReader& reader) {
  return WallTime{milliseconds{reader.integer()}};
}

// The next key of a map is this one; all keys come in the order the writer gives them.
void expect(CborReader& reader, std::string_view key) {
  if (reader.text() != key) reader.spoil();
}

// How many pairs a map has: `most`, or so many fewer as it has optional ones.
std::size_t pairs(CborReader& reader, std::size_t least, std::size_t most) {
  const std::size_t count = reader.map();
  if (count < least || count > most) reader.spoil();
  return count;
}

template <class T, class Read>
std::vector<T> list_of(CborReader& reader, Read read) {
  std::vector<T> items;
  const std::size_t count = reader.array();
  items.reserve(count);
  for (std::size_t left = count; left > 0 && reader.ok(); --left) items.push_back(read(reader));
  return items;
}

JournalRecord::Row read_row_note(CborReader& reader) {
  JournalRecord::Row row;
  const std::size_t count = pairs(reader, 1, 2);
  expect(reader, "key");
  row.key = reader.bytes();
  if (count == 2) {
    expect(reader, "hash");
    row.value_hash = hash_of(reader);
  }
  return row;
}

JournalRecord::EventNote read_event_note(CborReader& reader) {
  JournalRecord::EventNote event;
  const std::size_t count = pairs(reader, 3, 4);
  expect(reader, "id");
  event.id = reader.text();
  expect(reader, "type");
  event.type = reader.text();
  if (count == 4) {
    expect(reader, "dedupe_key");
    event.dedupe_key = reader.text();
  }
  expect(reader, "hash");
  event.hash = hash_of(reader);
  return event;
}

EffectRequest read_effect(CborReader& reader) {
  EffectRequest effect;
  const std::size_t count = pairs(reader, 3, 4);
  expect(reader, "executor");
  effect.executor = reader.text();
  expect(reader, "host");
  effect.host = reader.text();
  expect(reader, "payload");
  effect.payload = reader.bytes();
  if (count == 4) {
    expect(reader, "correlation_id");
    effect.correlation_id = reader.text();
  }
  return effect;
}

TimerChange read_timer(CborReader& reader) {
  TimerChange timer;
  const std::size_t count = pairs(reader, 1, 3);
  expect(reader, "name");
  timer.name = reader.text();
  for (std::size_t i = 1; i < count && reader.ok(); ++i) {
    const auto key = reader.text();
    if (key == "due") {
      timer.due = time_of(reader);
    } else if (key == "new_cause") {
      timer.new_cause = reader.boolean();
    } else {
      reader.spoil();
    }
  }
  return timer;
}

Message read_message(CborReader& reader) {
  Message message;
  pairs(reader, 3, 3);
  expect(reader, "to");
  message.to.value = reader.text();
  expect(reader, "type");
  message.type = reader.text();
  expect(reader, "payload");
  message.payload = reader.bytes();
  return message;
}

Position read_position(CborReader& reader) {
  if (reader.array() != 2) reader.spoil();
  Position position;
  position.sequence = reader.unsigned_integer();
  position.index = static_cast<std::uint16_t>(reader.unsigned_integer());
  return position;
}

Errc code_named(std::string_view text) {
  for (int code = 0; code <= static_cast<int>(Errc::internal); ++code) {
    if (name(static_cast<Errc>(code)) == text) return static_cast<Errc>(code);
  }
  return Errc::internal;
}

Error read_error(CborReader& reader) {
  Error error;
  pairs(reader, 2, 2);
  expect(reader, "code");
  error.code = code_named(reader.text());
  expect(reader, "message");
  error.message = reader.text();
  return error;
}

using ReadField = void (*)(CborReader& reader, JournalRecord& record);
struct Field {
  std::string_view name;
  bool required;
  ReadField read;
};
constexpr Field kFields[] = {
    {"sequence", true, [](auto& from, auto& to) { to.sequence = from.unsigned_integer(); }},
    {"at", true, [](auto& from, auto& to) { to.at = time_of(from); }},
    {"tenant", true, [](auto& from, auto& to) { to.tenant = from.text(); }},
    {"instance", true, [](auto& from, auto& to) { to.instance.value = from.text(); }},
    {"previous", true, [](auto& from, auto& to) { to.previous = from.unsigned_integer(); }},
    {"machine_version", true,
     [](auto& from, auto& to) {
       to.machine_version = static_cast<std::uint32_t>(from.unsigned_integer());
     }},
    {"input_type", true, [](auto& from, auto& to) { to.input_type = from.text(); }},
    {"input_hash", true, [](auto& from, auto& to) { to.input_hash = hash_of(from); }},
    {"input_bytes", true, [](auto& from, auto& to) { to.input_bytes = from.unsigned_integer(); }},
    {"dedupe_key", false, [](auto& from, auto& to) { to.dedupe_key = from.text(); }},
    {"effect", false, [](auto& from, auto& to) { to.effect = read_position(from); }},
    {"completes", false, [](auto& from, auto& to) { to.completes = from.boolean(); }},
    {"correlation_id", true, [](auto& from, auto& to) { to.correlation_id = from.text(); }},
    {"causation_id", false, [](auto& from, auto& to) { to.causation_id = from.text(); }},
    {"state_hash", true, [](auto& from, auto& to) { to.state_hash = hash_of(from); }},
    {"state", true, [](auto& from, auto& to) { to.state = from.bytes(); }},
    {"rows", false,
     [](auto& from, auto& to) { to.rows = list_of<JournalRecord::Row>(from, read_row_note); }},
    {"events", false,
     [](auto& from, auto& to) {
       to.events = list_of<JournalRecord::EventNote>(from, read_event_note);
     }},
    {"effects", false,
     [](auto& from, auto& to) { to.effects = list_of<EffectRequest>(from, read_effect); }},
    {"timers", false,
     [](auto& from, auto& to) { to.timers = list_of<TimerChange>(from, read_timer); }},
    {"messages", false,
     [](auto& from, auto& to) { to.messages = list_of<Message>(from, read_message); }},
    {"secrets", false,
     [](auto& from, auto& to) {
       to.secrets = list_of<std::string>(from, [](CborReader& r) { return r.text_copy(); });
     }},
    {"dropped_secrets", false,
     [](auto& from, auto& to) {
       to.dropped_secrets = list_of<std::string>(from, [](CborReader& r) { return r.text_copy(); });
     }},
    {"end", false, [](auto& from, auto& to) { to.end = from.boolean(); }},
    {"error", false, [](auto& from, auto& to) { to.error = read_error(from); }},
};

// Nothing when it is no record. The fields come in the order of the table, which is the writer's.
std::optional<JournalRecord> read_fields(std::string_view bytes) {
  CborReader reader(bytes);
  JournalRecord record;
  const auto* field = std::begin(kFields);
  for (std::size_t left = reader.map(); left > 0 && reader.ok(); --left) {
    const auto name = reader.text();
    while (field != std::end(kFields) && field->name != name) {
      if (field->required) return std::nullopt;
      ++field;
    }
    if (field == std::end(kFields)) return std::nullopt;
    (field++)->read(reader, record);
  }
  for (; field != std::end(kFields); ++field) {
    if (field->required) return std::nullopt;
  }
  if (!reader.done()) return std::nullopt;
  return record;
}

}  // namespace

Result<Sha256> stored_leaf_hash(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || bytes[0] != kFormat) {
    return fail(Errc::corrupt, "a journal record has an unknown format");
  }
  Sha256 hash{};
  std::copy_n(bytes.begin() + 1, kHashBytes, hash.begin());
  return hash;
}

Result<Sha256> checked_leaf_hash(std::string_view bytes) {
  TM_ASSIGN(const Sha256 stored, stored_leaf_hash(bytes));
  const Sha256 hash = sha256(kLeafPrefix, bytes.substr(kHeaderBytes));
  if (hash != stored) {
    return fail(Errc::corrupt,
                "a journal record's bytes do not match its hash: restore a backup, or run "
                "`tidemark doctor`");
  }
  return hash;
}

// write_record() puts it first.
std::optional<Sequence> sequence_of_record(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes) return std::nullopt;
  CborReader reader(bytes.substr(kHeaderBytes));
  reader.map();
  expect(reader, kFields[0].name);
  const Sequence sequence = reader.unsigned_integer();
  if (!reader.ok()) return std::nullopt;
  return sequence;
}

Result<std::string> leaf_content(std::string_view bytes) {
  TM_TRY(stored_leaf_hash(bytes));
  std::string content(1, kFormat);
  return content.append(bytes.substr(kHeaderBytes));
}

Result<std::string> record_of_content(std::string_view content) {
  if (content.empty() || content[0] != kFormat) {
    return fail(Errc::corrupt, "a journal record has an unknown format");
  }
  const auto body = content.substr(1);
  std::string bytes(1, kFormat);
  bytes.append(as_bytes(sha256(kLeafPrefix, body))).append(body);
  return bytes;
}

Result<JournalRecord> decode_record(std::string_view bytes) {
  TM_ASSIGN(const Sha256 hash, checked_leaf_hash(bytes));
  auto record = read_fields(bytes.substr(kHeaderBytes));
  if (!record) return fail(Errc::corrupt, "a journal record cannot be read");
  record->hash = hash;
  return *std::move(record);
}

}  // namespace tidemark::engine
