#include "delivery/endpoint_inputs.h"

#include "base/bytes.h"
#include "base/json.h"
#include "engine/machine.h"

namespace tidemark::delivery {
namespace {

constexpr std::uint8_t kFormat = 1;

std::string stored(const Json& value) {
  return std::string(1, static_cast<char>(kFormat)) + to_cbor(value);
}

tl::unexpected<Error> unreadable(std::string_view type) {
  return fail(Errc::invalid_argument, std::string(type) + ": the input cannot be read");
}

Result<Json> read_stored(std::string_view type, std::string_view bytes) {
  if (bytes.empty() || static_cast<std::uint8_t>(bytes.front()) != kFormat) return unreadable(type);
  auto value = from_cbor(bytes.substr(1));
  if (!value || !value->is_object()) return unreadable(type);
  return std::move(*value);
}

std::string text_of(const Json& value, const char* field) {
  const auto found = value.find(field);
  return found != value.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool flag_of(const Json& value, const char* field) {
  const auto found = value.find(field);
  return found != value.end() && found->is_boolean() && found->get<bool>();
}

milliseconds duration_of(const Json& value, const char* field) {
  const auto found = value.find(field);
  const bool there = found != value.end() && found->is_number_unsigned();
  return milliseconds{there ? static_cast<std::int64_t>(found->get<std::uint64_t>()) : 0};
}

void write_position(ByteWriter& writer, Position position) {
  writer.number(position.sequence).number(position.index);
}

Position read_position(ByteReader& reader) {
  Position position;
  position.sequence = reader.number();
  const std::uint64_t index = reader.number();
  if (index > UINT16_MAX) reader.spoil();
  position.index = static_cast<std::uint16_t>(index);
  return position;
}

std::string encode_positions(const std::vector<Position>& positions, milliseconds spacing,
                             milliseconds offset) {
  ByteWriter writer;
  writer.u8(kFormat).signed_number(spacing.count()).signed_number(offset.count());
  writer.number(positions.size());
  for (const Position position : positions) write_position(writer, position);
  return std::move(writer).str();
}

struct Positions {
  milliseconds spacing{};
  milliseconds offset{};
  std::vector<Position> list;
};

Result<Positions> decode_positions(std::string_view type, std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.u8() != kFormat) reader.spoil();
  Positions positions;
  positions.spacing = milliseconds{reader.signed_number()};
  positions.offset = milliseconds{reader.signed_number()};
  const std::size_t count = reader.count();
  if (count > kMaxPositions) reader.spoil();
  for (std::size_t i = 0; i < count && reader.ok(); ++i) {
    positions.list.push_back(read_position(reader));
  }
  if (!reader.done()) return unreadable(type);
  return positions;
}

void write_result(ByteWriter& writer, const AttemptResult& result) {
  writer.u8(static_cast<std::uint8_t>(result.kind)).u8(result.probe ? 1 : 0);
  write_position(writer, result.position);
  writer.text(result.event_id).text(result.event_type);
  writer.signed_number(result.due.time_since_epoch().count());
  write(writer, result.attempt);
  writer.number(result.retry_after ? static_cast<std::uint64_t>(result.retry_after->count()) + 1
                                   : 0);
}

AttemptResult read_result(ByteReader& reader) {
  AttemptResult result;
  const std::uint8_t kind = reader.u8();
  if (kind > static_cast<std::uint8_t>(AttemptResult::Kind::deferred)) reader.spoil();
  result.kind = static_cast<AttemptResult::Kind>(kind);
  result.probe = reader.u8() != 0;
  result.position = read_position(reader);
  result.event_id = reader.text();
  result.event_type = reader.text();
  result.due = WallTime{milliseconds{reader.signed_number()}};
  result.attempt = read_attempt(reader);
  const std::uint64_t retry_after = reader.number();
  if (retry_after > 0) {
    result.retry_after = std::chrono::seconds{static_cast<std::int64_t>(retry_after - 1)};
  }
  return result;
}

Result<EndpointInput> decode_results(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.u8() != kFormat) reader.spoil();
  DeliveryResults results;
  results.generation = reader.number();
  results.cursor = read_position(reader);
  results.filtered = reader.number();
  results.bucket = TokenBucket::read(reader);
  results.quota = DailyQuota::read(reader);
  const std::size_t count = reader.count();
  for (std::size_t i = 0; i < count && reader.ok(); ++i) {
    results.attempts.push_back(read_result(reader));
  }
  if (!reader.done()) return unreadable(input_type::kResults);
  return results;
}

Result<EndpointInput> decode_put(const Json& value) {
  PutEndpoint input;
  TM_ASSIGN(input.config, endpoint_config_from_json(value.value("config", Json())));
  input.declared = flag_of(value, "declared");
  input.must_be_new = flag_of(value, "must_be_new");
  input.secret = text_of(value, "secret");
  return input;
}

Result<EndpointInput> decode_rewind(const Json& value) {
  const auto sequence = value.find("sequence");
  const auto index = value.find("index");
  if (sequence == value.end() || !sequence->is_number_unsigned() || index == value.end() ||
      !index->is_number_unsigned() || index->get<std::uint64_t>() > UINT16_MAX) {
    return unreadable(input_type::kRewind);
  }
  return RewindEndpoint{{sequence->get<Sequence>(), index->get<std::uint16_t>()}};
}

}  // namespace

std::string encode(const PutEndpoint& input) {
  return stored({{"config", to_json(input.config)},
                 {"declared", input.declared},
                 {"must_be_new", input.must_be_new},
                 {"secret", input.secret}});
}

std::string encode(const PauseEndpoint& input) {
  return stored({{"reason", input.reason}});
}

std::string encode(const RotateSecret& input) {
  return stored(
      {{"secret", input.secret}, {"overlap", static_cast<std::uint64_t>(input.overlap.count())}});
}

std::string encode(const RewindEndpoint& input) {
  return stored({{"sequence", input.to.sequence}, {"index", input.to.index}});
}

std::string encode(const DeliveryResults& input) {
  ByteWriter writer;
  writer.u8(kFormat).number(input.generation);
  write_position(writer, input.cursor);
  writer.number(input.filtered);
  input.bucket.write(writer);
  input.quota.write(writer);
  writer.number(input.attempts.size());
  for (const auto& result : input.attempts) write_result(writer, result);
  return std::move(writer).str();
}

std::string encode(const RetryDeliveries& input) {
  return encode_positions(input.positions, input.spacing, input.offset);
}

std::string encode(const CancelDeliveries& input) {
  return encode_positions(input.positions, milliseconds{0}, milliseconds{0});
}

std::string encode(const DropDeadLetters& input) {
  return encode_positions(input.positions, milliseconds{0}, milliseconds{0});
}

Result<EndpointInput> decode_endpoint_input(std::string_view type, std::string_view payload) {
  if (type == kTimerFired) return EndpointTimer{};
  if (type == input_type::kResults) return decode_results(payload);
  if (type == input_type::kResume) return ResumeEndpoint{};
  if (type == input_type::kRemove) return RemoveEndpoint{};
  if (type == input_type::kContinue) return EndpointContinue{};
  if (type == input_type::kNoticed) return EndpointNoticed{};
  if (type == input_type::kRetry || type == input_type::kCancel || type == input_type::kDrop) {
    TM_ASSIGN(auto positions, decode_positions(type, payload));
    if (type == input_type::kCancel) return CancelDeliveries{std::move(positions.list)};
    if (type == input_type::kDrop) return DropDeadLetters{std::move(positions.list)};
    return RetryDeliveries{std::move(positions.list), positions.spacing, positions.offset};
  }
  TM_ASSIGN(const Json value, read_stored(type, payload));
  if (type == input_type::kPut) return decode_put(value);
  if (type == input_type::kPause) return PauseEndpoint{text_of(value, "reason")};
  if (type == input_type::kRotate) {
    return RotateSecret{text_of(value, "secret"), duration_of(value, "overlap")};
  }
  if (type == input_type::kRewind) return decode_rewind(value);
  return fail(Errc::invalid_argument, "an endpoint knows no input \"" + std::string(type) + "\"");
}

}  // namespace tidemark::delivery
