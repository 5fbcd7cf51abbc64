// How what a calendar's machine is told about writes stands in the journal, and what it asks the
// executor "write" to do. Format byte 1 and CBOR.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sync/calendar_inputs.h"

namespace tidemark::sync {

inline constexpr std::string_view kWriteExecutor = "write";
inline constexpr std::string_view kWriteRetryTimer = "write.retry";
// The timer of one command: when it is given up.
std::string write_deadline_timer(Sequence write);
std::optional<Sequence> parse_write_deadline(std::string_view timer);

std::string encode(const WriteRequested& input);
std::string encode(const WriteDone& input);
std::string encode(const WriteConflicted& input);
std::string encode(const WriteFailed& input);
Result<CalendarInput> decode_write_input(std::string_view type, std::string_view payload);

// The resource itself is read from the mirror, which does not change while the order stands.
struct WriteTask {
  std::string account;
  std::string calendar;  // public id
  std::string remote_id;
  std::string key;  // the command's id
  WriteKind kind = WriteKind::create;
  WallTime accepted{};
  std::string href;
  std::string recurrence_id;
  std::string base_hash;
  EventChanges changes;
};
std::string encode(const WriteTask& task);
Result<WriteTask> decode_write_task(std::string_view bytes);

}  // namespace tidemark::sync
