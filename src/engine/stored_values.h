// The small values the engine stores beside the journal. Each starts with a format byte, 1 today;
// numbers are big-endian as in keys.
//
//   instance   u8 1, u64 sequence of its last record, raw(state)
//   dedupe     u8 1, u64 sequence, i64 expiry in ms, raw(correlation id)
//   timer 1    u8 1, u64 sequence that set it, i64 time of that record in ms, u8 new cause,
//              raw(correlation id)
//   timer 2    u8 1, i64 due in ms
//   outbox     u8 1, CBOR map: at, correlation_id, instance, payload, type (messages only)
//   input      u8 1, raw(payload)
//   row        u64 sequence of the record that gave it this value, 0 when an older version wrote
//   it;
//              raw(the machine's own bytes): their format is the machine's, by kind and version
//   history    u8 1, u8 1 and raw(the row as it was stored before); or u8 1, u8 2 and u64 the
//              sequence it had: its value has been erased
//   history start  u8 1, u64 sequence: rows as of it and later are known
//   secret     raw(the sealed bytes): their format is the sealer's, src/vault/sealed_values.h
//
// Numbers of fixed width instead of CBOR: these are read and written by every step.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "engine/machine.h"

namespace tidemark::engine {

struct InstanceValue {
  Sequence last = 0;
  std::string state;
};
std::string encode(const InstanceValue& value);
Result<InstanceValue> decode_instance(std::string_view bytes);

struct DedupeValue {
  Sequence sequence = 0;
  WallTime expires{};
  std::string correlation_id;
};
std::string encode(const DedupeValue& value);
Result<DedupeValue> decode_dedupe(std::string_view bytes);

struct TimerValue {
  Sequence set_by = 0;
  WallTime set_at{};
  bool new_cause = false;
  std::string correlation_id;
};
std::string encode(const TimerValue& value);
Result<TimerValue> decode_timer(std::string_view bytes);
std::string encode_due(WallTime due);
Result<WallTime> decode_due(std::string_view bytes);

// An effect (executor not empty) or a message (executor empty; host is the target instance).
struct OutboxEntry {
  Position position;
  std::string executor;
  std::string host;
  InstanceId instance;  // who asked: the results go there. For a message: the sender
  std::string correlation_id;
  WallTime at{};     // of the record that asked
  std::string type;  // a message's input type
  std::string payload;

  bool is_message() const { return executor.empty(); }
};
std::string encode(const OutboxEntry& entry);
Result<OutboxEntry> decode_outbox(std::string_view key, std::string_view bytes);

// The value refers to the bytes given.
struct StoredRow {
  Sequence written = 0;
  std::string_view value;
};
std::string encode(const StoredRow& row);
Result<StoredRow> decode_row(std::string_view bytes);
// The value of a row as it was read, if there was one.
Result<std::optional<std::string>> value_of_row(std::optional<std::string> bytes);

// What a row was when a step replaced it.
struct ReplacedRow {
  Sequence written = 0;
  std::optional<std::string_view> stored;  // as in the table; nothing: erased
};
std::string encode_history(std::string_view stored_row);
std::string encode_erased_history(Sequence written);
Result<ReplacedRow> decode_history(std::string_view bytes);
std::string encode_history_start(Sequence sequence);
Result<Sequence> decode_history_start(std::string_view bytes);

std::string encode_input(std::string_view payload);
Result<std::string> decode_input_value(std::string_view bytes);

}  // namespace tidemark::engine
