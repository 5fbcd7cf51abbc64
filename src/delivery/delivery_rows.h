// The rows of an endpoint's instance. A first letter tells them apart; positions are u64 sequence,
// u16 index, times i64 milliseconds, all as src/store/key.h writes them.
//
//   'w' position         a delivery that waits for its next attempt   Delivery
//   't' due, position    the same by time: the earliest comes first   nothing
//   'd' position         a dead letter                                Delivery
//   'l' sequence         what one step saw delivered                  DeliveredLog
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"

namespace tidemark::delivery {

inline constexpr char kWaitingRow = 'w';
inline constexpr char kDueRow = 't';
inline constexpr char kDeadRow = 'd';
inline constexpr char kLogRow = 'l';

std::string waiting_key(Position position);
std::string dead_key(Position position);
std::optional<Position> position_of_key(std::string_view key);  // of a waiting or a dead row

struct DueKey {
  WallTime due{};
  Position position;
};
std::string due_key(WallTime due, Position position);
std::optional<DueKey> parse_due_key(std::string_view key);

std::string log_key(Sequence sequence);

// Deliveries that succeeded: enough to answer "when, how long did it take, at which attempt".
struct Delivered {
  Position position;
  WallTime at{};
  std::uint32_t status = 0;
  std::uint32_t latency_ms = 0;
  std::uint32_t attempt = 1;
};
using DeliveredLog = std::vector<Delivered>;
// u8 format 1, count, then the fields of each.
std::string encode(const DeliveredLog& log);
Result<DeliveredLog> decode_delivered_log(std::string_view bytes);

}  // namespace tidemark::delivery
