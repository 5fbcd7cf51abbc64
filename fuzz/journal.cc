// Journal records and the engine's other stored values: read from hostile bytes, and written from
// any values and read back.
#include "engine/journal_codec.h"
#include "engine/keys.h"
#include "engine/stored_values.h"
#include "target.h"

namespace tidemark::fuzz {
namespace {

Sha256 hash_of(Source& source) {
  return sha256(source.take(4));
}
WallTime time_of(Source& source) {
  return WallTime{milliseconds{static_cast<std::int64_t>(source.u64() >> 16U)}};
}
Position position_of(Source& source) {
  return {source.u64(), static_cast<std::uint16_t>(source.u64())};
}

JournalRecord record_of(Source& source) {
  JournalRecord record;
  record.sequence = source.u64();
  record.at = time_of(source);
  record.tenant = source.text();
  record.instance = {source.text()};
  record.previous = source.u64();
  record.machine_version = source.u8();
  record.input_type = source.text();
  record.input_hash = hash_of(source);
  record.input_bytes = source.u64();
  record.dedupe_key = source.text();
  if (source.flag()) record.effect = position_of(source);
  record.completes = source.flag();
  record.correlation_id = source.text();
  record.causation_id = source.text();
  record.state_hash = hash_of(source);
  record.state = source.text();
  for (auto n = source.below(4); n > 0; --n) {
    std::optional<Sha256> value;
    if (source.flag()) value = hash_of(source);
    record.rows.push_back({source.text(), value});
  }
  for (auto n = source.below(4); n > 0; --n) {
    record.events.push_back({source.text(), source.text(), source.text(), hash_of(source)});
  }
  for (auto n = source.below(4); n > 0; --n) {
    record.effects.push_back({source.text(), source.text(), source.text()});
  }
  for (auto n = source.below(4); n > 0; --n) {
    std::optional<WallTime> due;
    if (source.flag()) due = time_of(source);
    record.timers.push_back({source.text(), due, source.flag()});
  }
  for (auto n = source.below(4); n > 0; --n) {
    record.messages.push_back({{source.text()}, source.text(), source.text()});
  }
  for (auto n = source.below(3); n > 0; --n) record.secrets.push_back(source.text());
  for (auto n = source.below(3); n > 0; --n) record.dropped_secrets.push_back(source.text());
  record.end = source.flag();
  if (source.flag()) record.error = Error{Errc::conflict, source.text(), std::nullopt};
  return record;
}

void check_built_record(Source source) {
  JournalRecord record = record_of(source);
  const std::string stored = engine::encode_record(record);
  auto read = engine::decode_record(stored);
  require(read.has_value(), "a record that was written can be read");
  require(read->hash == record.hash, "its hash is its own");
  require(read->sequence == record.sequence && read->instance == record.instance &&
              read->rows.size() == record.rows.size() &&
              read->events.size() == record.events.size() &&
              read->effects.size() == record.effects.size() &&
              read->timers.size() == record.timers.size() &&
              read->messages.size() == record.messages.size() && read->error == record.error &&
              read->effect == record.effect && read->state == record.state,
          "it holds what was written");
  require(engine::sequence_of_record(stored) == record.sequence, "its sequence can be had alone");
  require(engine::encode_record(*read) == stored, "it is written the same again");
  static_cast<void>(dump_json(to_json(*read)));

  // Whatever changes in it is noticed.
  std::string changed = stored;
  const std::size_t at = (source.u64() & 0xFFFFU) % changed.size();
  changed[at] = static_cast<char>(changed[at] ^ (1U << source.below(8)));
  require(!engine::decode_record(changed), "a changed record is refused");
  require(!engine::checked_leaf_hash(changed), "and its hash, too");
}

// Bytes that claim to be a record, with a hash that is right.
void check_claimed_record(std::string_view content) {
  const auto stored = engine::record_of_content(content);
  if (!stored) return;
  require(engine::leaf_content(*stored) == std::string(content), "the content comes back");
  auto record = engine::decode_record(*stored);
  if (!record) return;
  require(engine::sequence_of_record(*stored) == record->sequence, "both readers agree");
  const std::string written = engine::encode_record(*record);
  auto again = engine::decode_record(written);
  require(again && engine::encode_record(*again) == written, "what was read can be written");
  static_cast<void>(dump_json(to_json(*record)));
}

void check_values(std::string_view bytes) {
  const auto encode = [](const auto& value) { return engine::encode(value); };
  require_stable(bytes, engine::decode_instance, encode);
  require_stable(bytes, engine::decode_row, encode);
  require_stable(bytes, engine::decode_history, [](const engine::ReplacedRow& replaced) {
    return replaced.stored ? engine::encode_history(*replaced.stored)
                           : engine::encode_erased_history(replaced.written);
  });
  require_stable(bytes, engine::decode_dedupe, encode);
  require_stable(bytes, engine::decode_timer, encode);
  require_stable(bytes, engine::decode_due, engine::encode_due);
  require_stable(bytes, engine::decode_input_value, engine::encode_input);
  const std::string key = engine::outbox_key("caldav", "host", {7, 1});
  require_stable(
      bytes, [&](std::string_view value) { return engine::decode_outbox(key, value); }, encode);
  if (const auto event = engine::decode_event(bytes)) {
    const auto again = engine::decode_event(engine::encode_event(*event));
    require(again && *again == *event, "an event comes back");
  }
  if (const auto text = engine::event_text(bytes)) {
    static_cast<void>(engine::envelope_field(*text, "id"));
    static_cast<void>(engine::envelope_field(*text, "type"));
  }
}

void check_keys(std::string_view key) {
  static_cast<void>(engine::instance_of_key(key));
  static_cast<void>(engine::sequence_of_index_key(key));
  static_cast<void>(engine::index_of_tree_key(key));
  if (!key.starts_with(engine::partition_prefix())) return;
  if (const auto sequence = engine::parse_sequence_key(key)) {
    require(engine::sequence_key(*sequence) == key, "a sequence key comes back");
  }
  if (const auto position = engine::parse_event_key(key)) {
    require(engine::event_key(*position) == key, "an event key comes back");
  }
  if (const auto timer = engine::parse_timer_due_key(key)) {
    require(engine::timer_due_key(timer->due, timer->instance, timer->name) == key,
            "a timer's key comes back");
  }
  if (const auto outbox = engine::parse_outbox_key(key)) {
    require(engine::outbox_key(outbox->executor, outbox->host, outbox->position) == key,
            "an outbox key comes back");
    require(engine::outbox_prefix_of(key) == engine::outbox_prefix(outbox->executor, outbox->host),
            "and its prefix");
  }
}

}  // namespace

TIDEMARK_FUZZ_TARGET(journal) {
  check_built_record(Source(bytes));
  check_claimed_record(bytes);
  check_values(bytes);
  check_keys(bytes);
}

}  // namespace tidemark::fuzz
