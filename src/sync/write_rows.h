// The commands of a calendar that write events, as rows of its machine's instance.
//
// key                 value
// 'w' u64 sequence    a command that waits or is under way, see WaitingWrite (base/bytes.h)
// 'o' u64 sequence    one that has ended: format byte 1 and CBOR, see FinishedWrite
//
// The sequence is that of the record that accepted the command; its id is "wrt_" and the ULID of
// that record. A letter, once used, is never reused; those of the mirror are in rows.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "base/json.h"
#include "base/result.h"
#include "sync/event_changes.h"

namespace tidemark::sync {

inline constexpr char kWaitingWriteRow = 'w';
inline constexpr char kFinishedWriteRow = 'o';
inline constexpr std::string_view kWritePrefix = "wrt_";
inline constexpr std::uint64_t kMaxWaitingWrites = 1'000;   // of one calendar
inline constexpr std::uint64_t kMaxFinishedWrites = 1'000;  // remembered

enum class WriteKind : std::uint8_t { create, update, remove };
std::string_view to_text(WriteKind kind);

struct WaitingWrite {
  WriteKind kind = WriteKind::create;
  WallTime accepted{};
  std::string correlation_id;
  std::string event_id;       // the event's external id as the caller named it; create: empty
  std::string href;           // update, remove: the resource
  std::string recurrence_id;  // this instance only; empty: all of it
  std::string base_hash;      // the body that is to be changed (IndexRow::body_hash)
  // The caller named the version. Otherwise the command follows the calendar's own earlier ones.
  bool pinned = false;
  std::string error_code;  // of the last attempt; empty: none, or it is under way
  std::string error;
  EventChanges changes;
  bool operator==(const WaitingWrite&) const = default;
};
// u8 format, u8 kind, signed ms, texts in order with u8 pinned among them, changes.
std::string encode(const WaitingWrite& row);
Result<WaitingWrite> decode_waiting_write(std::string_view bytes);

enum class WriteEnd : std::uint8_t { done, conflict, failed };
std::string_view to_text(WriteEnd end);

struct FinishedWrite {
  WriteEnd end = WriteEnd::done;
  WriteKind kind = WriteKind::create;
  WallTime accepted{};
  WallTime finished{};
  std::string correlation_id;
  std::string event_id;    // done: of the event as it now is, where there is one
  Json ours = nullptr;     // the members that were asked for; null: a deletion
  Json event = nullptr;    // done: as the server has it; conflict: the server's. null: none
  std::string error_code;  // conflict, failed
  std::string error;
};
std::string encode(const FinishedWrite& row);
Result<FinishedWrite> decode_finished_write(std::string_view bytes);

std::string write_key(char letter, Sequence sequence);
Sequence sequence_of_write_key(std::string_view key);
// "wrt_..." of the record that accepted the command.
std::string write_id(WallTime accepted, Sequence sequence);
std::optional<Sequence> parse_write_id(std::string_view id);

}  // namespace tidemark::sync
