#include "delivery/endpoint_state.h"

#include <array>
#include <functional>
#include <memory>

#include "base/bytes.h"
#include "base/json.h"
#include "base/text.h"

namespace tidemark::delivery {
namespace {

constexpr std::uint8_t kFormat = 1;

void write_time(ByteWriter& writer, WallTime time) {
  writer.signed_number(time.time_since_epoch().count());
}

WallTime read_time(ByteReader& reader) {
  return WallTime{milliseconds{reader.signed_number()}};
}

void write_time(ByteWriter& writer, const std::optional<WallTime>& time) {
  writer.u8(time ? 1 : 0);
  if (time) write_time(writer, *time);
}

std::optional<WallTime> read_optional_time(ByteReader& reader) {
  if (reader.u8() == 0) return std::nullopt;
  return read_time(reader);
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

void write_counts(ByteWriter& writer, const EndpointCounts& counts) {
  writer.number(counts.delivered).number(counts.failed_attempts).number(counts.filtered);
  writer.number(counts.waiting).number(counts.dead).number(counts.log_rows);
}

EndpointCounts read_counts(ByteReader& reader) {
  EndpointCounts counts;
  counts.delivered = reader.number();
  counts.failed_attempts = reader.number();
  counts.filtered = reader.number();
  counts.waiting = reader.number();
  counts.dead = reader.number();
  counts.log_rows = reader.number();
  return counts;
}

// A configuration is read with every step of its endpoint and changes hardly ever: parsing it was
// most of what a step cost. A slot holds the text that was parsed last, and what it says.
struct KnownConfig {
  std::string text;
  EndpointConfig config;
};
constexpr std::size_t kKnownConfigs = 64;

Result<EndpointConfig> read_config(std::string_view text) {
  // Not in the thread's own storage, which every thread would have, needed or not.
  static thread_local const auto all = std::make_unique<std::array<KnownConfig, kKnownConfigs>>();
  auto& known = (*all)[std::hash<std::string_view>{}(text) % kKnownConfigs];
  if (!text.empty() && known.text == text) return known.config;
  TM_ASSIGN(const Json json, parse_json(text));
  TM_ASSIGN(auto config, endpoint_config_from_json(json));
  known = {std::string(text), config};
  return config;
}

}  // namespace

std::string_view to_text(EndpointStatus status) {
  switch (status) {
    case EndpointStatus::enabled: return "enabled";
    case EndpointStatus::paused: return "paused";
    case EndpointStatus::disabled: return "disabled";
    case EndpointStatus::removing: return "removing";
  }
  return "enabled";
}

BreakerPolicy EndpointState::breaker_policy() const {
  BreakerPolicy policy;
  policy.disable_after = config.disable_after;
  return policy;
}

InstanceId endpoint_instance(std::string_view tenant, std::string_view endpoint) {
  return make_instance_id(kEndpointKind, tenant, endpoint);
}

std::optional<std::string> endpoint_of(const InstanceId& instance) {
  const auto parts = split(instance.value, '/');
  if (parts.size() != 3 || parts[0] != kEndpointKind) return std::nullopt;
  return parts[2];
}

std::string endpoint_secret_name(std::string_view endpoint, std::uint64_t number) {
  return "endpoint/" + std::string(endpoint) + "/" + std::to_string(number);
}

std::string encode(const EndpointState& state) {
  ByteWriter writer;
  writer.u8(kFormat).text(dump_json(to_json(state.config))).u8(state.declared ? 1 : 0);
  writer.u8(static_cast<std::uint8_t>(state.status)).text(state.reason);
  write_time(writer, state.created);
  write_time(writer, state.changed);
  writer.number(state.generation);
  write_position(writer, state.cursor);
  writer.u8(state.replay_until ? 1 : 0);
  if (state.replay_until) write_position(writer, *state.replay_until);
  state.breaker.write(writer);
  state.bucket.write(writer);
  state.quota.write(writer);
  write_counts(writer, state.counts);
  write_time(writer, state.last_success);
  write_time(writer, state.last_failure);
  writer.text(state.last_error).number(state.secrets.size());
  for (const auto& secret : state.secrets) {
    writer.text(secret.name);
    write_time(writer, secret.created);
    write_time(writer, secret.expires);
  }
  writer.number(state.next_secret);
  return std::move(writer).str();
}

Result<EndpointState> decode_endpoint_state(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.u8() != kFormat) reader.spoil();
  EndpointState state;
  TM_ASSIGN(state.config, read_config(reader.text()));
  state.declared = reader.u8() != 0;
  const std::uint8_t status = reader.u8();
  if (status > static_cast<std::uint8_t>(EndpointStatus::removing)) reader.spoil();
  state.status = static_cast<EndpointStatus>(status);
  state.reason = reader.text();
  state.created = read_time(reader);
  state.changed = read_time(reader);
  state.generation = reader.number();
  state.cursor = read_position(reader);
  if (reader.u8() != 0) state.replay_until = read_position(reader);
  state.breaker = Breaker::read(reader);
  state.bucket = TokenBucket::read(reader);
  state.quota = DailyQuota::read(reader);
  state.counts = read_counts(reader);
  state.last_success = read_optional_time(reader);
  state.last_failure = read_optional_time(reader);
  state.last_error = reader.text();
  const std::size_t secrets = reader.count();
  for (std::size_t i = 0; i < secrets && reader.ok(); ++i) {
    SecretRef secret;
    secret.name = reader.text();
    secret.created = read_time(reader);
    secret.expires = read_optional_time(reader);
    state.secrets.push_back(std::move(secret));
  }
  state.next_secret = reader.number();
  if (!reader.done()) return fail(Errc::corrupt, "a stored endpoint cannot be decoded");
  return state;
}

}  // namespace tidemark::delivery
