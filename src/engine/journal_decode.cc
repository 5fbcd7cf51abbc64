#include <algorithm>

#include "engine/journal_codec.h"

namespace tidemark::engine {
namespace {

constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kHeaderBytes = 1 + kHashBytes;
constexpr std::string_view kLeafPrefix{"\x00\x01", 2};

// All of these throw Json::exception on a missing or ill-typed field; decode_record catches it.

std::string bytes_of(const Json& value) {
  const auto& binary = value.get_binary();
  return {binary.begin(), binary.end()};
}

Sha256 hash_of(const Json& value) {
  const auto& binary = value.get_binary();
  if (binary.size() != kHashBytes) throw Json::other_error::create(501, "not a hash", &value);
  Sha256 hash{};
  std::copy(binary.begin(), binary.end(), hash.begin());
  return hash;
}

WallTime time_of(const Json& value) {
  return WallTime{milliseconds{value.get<std::int64_t>()}};
}

std::string text_of(const Json& map, const char* key) {
  const auto found = map.find(key);
  return found == map.end() ? std::string() : found->get<std::string>();
}

bool flag_of(const Json& map, const char* key) {
  const auto found = map.find(key);
  return found != map.end() && found->get<bool>();
}

template <class T, class Read>
std::vector<T> list_of(const Json& map, const char* key, Read read) {
  std::vector<T> items;
  const auto found = map.find(key);
  if (found == map.end()) return items;
  items.reserve(found->size());
  for (const auto& item : *found) items.push_back(read(item));
  return items;
}

JournalRecord::Row read_row_note(const Json& item) {
  JournalRecord::Row row{bytes_of(item.at("key")), std::nullopt};
  if (item.contains("hash")) row.value_hash = hash_of(item.at("hash"));
  return row;
}

JournalRecord::EventNote read_event_note(const Json& item) {
  return {item.at("id").get<std::string>(), item.at("type").get<std::string>(),
          text_of(item, "dedupe_key"), hash_of(item.at("hash"))};
}

EffectRequest read_effect(const Json& item) {
  return {item.at("executor").get<std::string>(), item.at("host").get<std::string>(),
          bytes_of(item.at("payload"))};
}

TimerChange read_timer(const Json& item) {
  TimerChange timer{item.at("name").get<std::string>(), std::nullopt, flag_of(item, "new_cause")};
  if (item.contains("due")) timer.due = time_of(item.at("due"));
  return timer;
}

Message read_message(const Json& item) {
  return {InstanceId{item.at("to").get<std::string>()}, item.at("type").get<std::string>(),
          bytes_of(item.at("payload"))};
}

Errc code_named(const std::string& text) {
  for (int code = 0; code <= static_cast<int>(Errc::internal); ++code) {
    if (name(static_cast<Errc>(code)) == text) return static_cast<Errc>(code);
  }
  return Errc::internal;
}

JournalRecord read_fields(const Json& map) {
  JournalRecord record;
  record.sequence = map.at("sequence").get<Sequence>();
  record.at = time_of(map.at("at"));
  record.tenant = map.at("tenant").get<std::string>();
  record.instance.value = map.at("instance").get<std::string>();
  record.previous = map.at("previous").get<Sequence>();
  record.machine_version = map.at("machine_version").get<std::uint32_t>();
  record.input_type = map.at("input_type").get<std::string>();
  record.input_hash = hash_of(map.at("input_hash"));
  record.input_bytes = map.at("input_bytes").get<std::uint64_t>();
  record.dedupe_key = text_of(map, "dedupe_key");
  if (const auto effect = map.find("effect"); effect != map.end()) {
    record.effect = Position{effect->at(0).get<Sequence>(), effect->at(1).get<std::uint16_t>()};
  }
  record.completes = flag_of(map, "completes");
  record.correlation_id = map.at("correlation_id").get<std::string>();
  record.causation_id = text_of(map, "causation_id");
  record.state_hash = hash_of(map.at("state_hash"));
  record.state = bytes_of(map.at("state"));
  record.rows = list_of<JournalRecord::Row>(map, "rows", read_row_note);
  record.events = list_of<JournalRecord::EventNote>(map, "events", read_event_note);
  record.effects = list_of<EffectRequest>(map, "effects", read_effect);
  record.timers = list_of<TimerChange>(map, "timers", read_timer);
  record.messages = list_of<Message>(map, "messages", read_message);
  const auto name = [](const Json& item) { return item.get<std::string>(); };
  record.secrets = list_of<std::string>(map, "secrets", name);
  record.dropped_secrets = list_of<std::string>(map, "dropped_secrets", name);
  record.end = flag_of(map, "end");
  if (const auto error = map.find("error"); error != map.end()) {
    record.error = Error{code_named(text_of(*error, "code")), text_of(*error, "message"), {}};
  }
  return record;
}

}  // namespace

Result<JournalRecord> decode_record(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || bytes[0] != 1) {
    return fail(Errc::corrupt, "a journal record has an unknown format");
  }
  const auto body = bytes.substr(kHeaderBytes);
  const Sha256 hash = sha256(kLeafPrefix, body);
  if (as_bytes(hash) != bytes.substr(1, kHashBytes)) {
    return fail(Errc::corrupt,
                "a journal record's bytes do not match its hash: restore a backup, or run "
                "`tidemark doctor`");
  }
  TM_ASSIGN(const auto map, from_cbor(body));
  try {
    auto record = read_fields(map);
    record.hash = hash;
    return record;
  } catch (const Json::exception& e) {
    return fail(Errc::corrupt, std::string("a journal record cannot be read: ") + e.what());
  }
}

}  // namespace tidemark::engine
