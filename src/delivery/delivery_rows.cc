#include "delivery/delivery_rows.h"

#include "base/bytes.h"
#include "store/key.h"

namespace tidemark::delivery {
namespace {

constexpr std::uint8_t kFormat = 1;

std::string position_key(char letter, Position position) {
  return KeyWriter()
      .u8(static_cast<std::uint8_t>(letter))
      .u64(position.sequence)
      .u16(position.index)
      .str();
}

}  // namespace

std::string waiting_key(Position position) {
  return position_key(kWaitingRow, position);
}

std::string dead_key(Position position) {
  return position_key(kDeadRow, position);
}

std::optional<Position> position_of_key(std::string_view key) {
  KeyReader reader(key);
  const auto letter = static_cast<char>(reader.u8());
  Position position;
  position.sequence = reader.u64();
  position.index = reader.u16();
  if (!reader.ok() || !reader.rest().empty()) return std::nullopt;
  if (letter != kWaitingRow && letter != kDeadRow) return std::nullopt;
  return position;
}

std::string due_key(WallTime due, Position position) {
  return KeyWriter()
      .u8(static_cast<std::uint8_t>(kDueRow))
      .i64(due.time_since_epoch().count())
      .u64(position.sequence)
      .u16(position.index)
      .str();
}

std::optional<DueKey> parse_due_key(std::string_view key) {
  KeyReader reader(key);
  if (reader.u8() != static_cast<std::uint8_t>(kDueRow)) return std::nullopt;
  DueKey due;
  due.due = WallTime{milliseconds{reader.i64()}};
  due.position.sequence = reader.u64();
  due.position.index = reader.u16();
  if (!reader.ok() || !reader.rest().empty()) return std::nullopt;
  return due;
}

std::string log_key(Sequence sequence) {
  return KeyWriter().u8(static_cast<std::uint8_t>(kLogRow)).u64(sequence).str();
}

std::string encode(const DeliveredLog& log) {
  ByteWriter writer;
  writer.u8(kFormat).number(log.size());
  for (const auto& one : log) {
    writer.number(one.position.sequence).number(one.position.index);
    writer.signed_number(one.at.time_since_epoch().count());
    writer.number(one.status).number(one.latency_ms).number(one.attempt);
  }
  return std::move(writer).str();
}

Result<DeliveredLog> decode_delivered_log(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.u8() != kFormat) reader.spoil();
  DeliveredLog log;
  const std::size_t count = reader.count();
  for (std::size_t i = 0; i < count && reader.ok(); ++i) {
    Delivered one;
    one.position.sequence = reader.number();
    one.position.index = static_cast<std::uint16_t>(reader.number());
    one.at = WallTime{milliseconds{reader.signed_number()}};
    one.status = static_cast<std::uint32_t>(reader.number());
    one.latency_ms = static_cast<std::uint32_t>(reader.number());
    one.attempt = static_cast<std::uint32_t>(reader.number());
    log.push_back(one);
  }
  if (!reader.done()) return fail(Errc::corrupt, "a log of deliveries cannot be decoded");
  return log;
}

}  // namespace tidemark::delivery
