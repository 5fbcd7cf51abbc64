#include "delivery/attempt.h"

#include "base/text.h"

namespace tidemark::delivery {
namespace {

constexpr std::uint8_t kFormat = 1;

std::int64_t ms_of(WallTime time) {
  return time.time_since_epoch().count();
}

WallTime read_time(ByteReader& reader) {
  return WallTime{milliseconds{reader.signed_number()}};
}

std::uint32_t read_u32(ByteReader& reader) {
  const std::uint64_t value = reader.number();
  if (value > UINT32_MAX) reader.spoil();
  return static_cast<std::uint32_t>(value);
}

}  // namespace

void write(ByteWriter& writer, const Attempt& attempt) {
  writer.signed_number(ms_of(attempt.at)).number(attempt.status).number(attempt.latency_ms);
  writer.text(attempt.error).text(attempt.answer);
}

Attempt read_attempt(ByteReader& reader) {
  Attempt attempt;
  attempt.at = read_time(reader);
  attempt.status = read_u32(reader);
  attempt.latency_ms = read_u32(reader);
  attempt.error = reader.text();
  attempt.answer = reader.text();
  return attempt;
}

Json to_json(const Attempt& attempt) {
  return {{"at", format_rfc3339(attempt.at)},
          {"status", attempt.status == 0 ? Json() : Json(attempt.status)},
          {"latency_ms", attempt.latency_ms},
          {"error", attempt.error.empty() ? Json() : Json(to_valid_utf8(attempt.error))},
          {"answer", attempt.answer.empty() ? Json() : Json(to_valid_utf8(attempt.answer))}};
}

std::string encode(const Delivery& delivery) {
  ByteWriter writer;
  writer.u8(kFormat).number(delivery.position.sequence).number(delivery.position.index);
  writer.text(delivery.event_id).text(delivery.event_type).number(delivery.attempts_done);
  writer.signed_number(ms_of(delivery.next_attempt)).signed_number(ms_of(delivery.died_at));
  writer.number(delivery.attempts.size());
  for (const auto& attempt : delivery.attempts) write(writer, attempt);
  return std::move(writer).str();
}

Result<Delivery> decode_delivery(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.u8() != kFormat) reader.spoil();
  Delivery delivery;
  delivery.position.sequence = reader.number();
  const std::uint64_t index = reader.number();
  if (index > UINT16_MAX) reader.spoil();
  delivery.position.index = static_cast<std::uint16_t>(index);
  delivery.event_id = reader.text();
  delivery.event_type = reader.text();
  delivery.attempts_done = read_u32(reader);
  delivery.next_attempt = read_time(reader);
  delivery.died_at = read_time(reader);
  const std::size_t count = reader.count();
  for (std::size_t i = 0; i < count && reader.ok(); ++i) {
    delivery.attempts.push_back(read_attempt(reader));
  }
  if (!reader.done()) return fail(Errc::corrupt, "a stored delivery cannot be decoded");
  return delivery;
}

}  // namespace tidemark::delivery
