#include "engine/keys.h"

#include <algorithm>

#include "base/mutation.h"
#include "store/key.h"

namespace tidemark::engine {
namespace {

enum TimerKind : std::uint8_t { kTimerByDue = 1, kTimerByName = 2 };
enum IndexKind : std::uint8_t {
  kByCorrelation = 1,
  kByInstance = 2,
  kEventsOfTenant = 3,
  kRecordsOfTenant = 4,
  kTreeNode = 5,
  kRowHistory = 8,
  kHistoryStart = 9
};
enum SecretKind : std::uint8_t { kSecretByName = 1 };
constexpr std::size_t kPositionBytes = 10;
constexpr std::size_t kSequenceBytes = 8;
constexpr std::size_t kPartitionBytes = 2;

KeyWriter begin() {
  KeyWriter key;
  key.u16(kPartition);
  return key;
}

std::string index_prefix(IndexKind kind, std::string_view value) {
  return begin().u8(kind).text(value).str();
}

constexpr char kZero = 0x00;
constexpr char kEscaped = static_cast<char>(0xFF);
constexpr char kRowEnd = 0x01;

std::string escaped(std::string_view row_key) {
  std::string out;
  out.reserve(row_key.size() + 2);
  for (const char c : row_key) {
    out += c;
    if (c == kZero) out += kEscaped;
  }
  return out;
}

WallTime time_at(std::int64_t ms) {
  return WallTime{milliseconds{ms}};
}

}  // namespace

std::string partition_prefix() {
  return begin().str();
}

std::string sequence_key(Sequence sequence) {
  return begin().u64(sequence).str();
}

std::optional<Sequence> parse_sequence_key(std::string_view key) {
  KeyReader reader(key);
  reader.u16();
  const auto sequence = reader.u64();
  if (!reader.ok() || !reader.rest().empty()) return std::nullopt;
  return sequence;
}

std::string event_key(Position position) {
  return begin().u64(position.sequence).u16(position.index).str();
}

std::optional<Position> parse_event_key(std::string_view key) {
  KeyReader reader(key);
  reader.u16();
  Position position;
  position.sequence = reader.u64();
  position.index = reader.u16();
  if (!reader.ok() || !reader.rest().empty()) return std::nullopt;
  return position;
}

std::string instance_key(std::string_view instance) {
  return begin().raw(instance).str();
}

std::string_view instance_of_key(std::string_view key) {
  return key.substr(std::min(key.size(), kPartitionBytes));
}

std::string row_prefix(std::string_view instance) {
  return begin().text(instance).str();
}

std::string row_key(std::string_view instance, std::string_view key) {
  return begin().text(instance).raw(key).str();
}

std::string timer_due_prefix() {
  return begin().u8(kTimerByDue).str();
}

std::string timer_due_from(WallTime due) {
  return begin().u8(kTimerByDue).i64(due.time_since_epoch().count()).str();
}

std::string timer_due_key(WallTime due, std::string_view instance, std::string_view name) {
  return begin().u8(kTimerByDue).i64(due.time_since_epoch().count()).text(instance).raw(name).str();
}

std::optional<TimerKey> parse_timer_due_key(std::string_view key) {
  KeyReader reader(key);
  reader.u16();
  const bool by_due = reader.u8() == kTimerByDue;
  TimerKey timer;
  timer.due = time_at(reader.i64());
  timer.instance = reader.text();
  timer.name = reader.rest();
  if (!reader.ok() || !by_due) return std::nullopt;
  return timer;
}

std::string timer_name_prefix(std::string_view instance) {
  return begin().u8(kTimerByName).text(instance).str();
}

std::string timer_name_key(std::string_view instance, std::string_view name) {
  return begin().u8(kTimerByName).text(instance).raw(name).str();
}

std::string outbox_prefix(std::string_view executor, std::string_view host) {
  return begin().text(executor).text(host).str();
}

std::string outbox_key(std::string_view executor, std::string_view host, Position position) {
  return begin().text(executor).text(host).u64(position.sequence).u16(position.index).str();
}

std::optional<OutboxKey> parse_outbox_key(std::string_view key) {
  KeyReader reader(key);
  reader.u16();
  OutboxKey parsed;
  parsed.executor = reader.text();
  parsed.host = reader.text();
  parsed.position.sequence = reader.u64();
  parsed.position.index = reader.u16();
  if (!reader.ok() || !reader.rest().empty()) return std::nullopt;
  return parsed;
}

std::string_view outbox_prefix_of(std::string_view key) {
  return key.substr(0, key.size() < kPositionBytes ? 0 : key.size() - kPositionBytes);
}

std::string dedupe_key(std::string_view tenant, std::string_view key) {
  if (mutated(Mutation::dedupe_without_tenant)) tenant = "all";
  return begin().text(tenant).raw(key).str();
}

std::string secret_prefix(std::string_view tenant) {
  return begin().u8(kSecretByName).text(tenant).str();
}

std::string secret_key(std::string_view tenant, std::string_view name) {
  return begin().u8(kSecretByName).text(tenant).raw(name).str();
}

std::string by_correlation_prefix(std::string_view correlation_id) {
  return index_prefix(kByCorrelation, correlation_id);
}

std::string by_instance_prefix(std::string_view instance) {
  return index_prefix(kByInstance, instance);
}

std::string by_instances_prefix() {
  return begin().u8(kByInstance).str();
}

std::string_view instance_of_index_key(std::string_view key) {
  KeyReader reader(key);
  reader.u16();
  reader.u8();
  return reader.text();
}

std::string events_of_tenant_prefix(std::string_view tenant) {
  if (mutated(Mutation::feed_of_all_tenants)) tenant = "all";
  return index_prefix(kEventsOfTenant, tenant);
}

std::string records_of_tenant_prefix(std::string_view tenant) {
  return index_prefix(kRecordsOfTenant, tenant);
}

std::string tenants_prefix() {
  return begin().u8(kRecordsOfTenant).str();
}

std::string tenant_of_index_key(std::string_view key) {
  KeyReader reader(key.substr(std::min(key.size(), kPartitionBytes + 1)));
  return std::string(reader.text());
}

std::string behind_index_prefix(std::string prefix) {
  return index_key(std::move(prefix), ~Sequence{0}).append(1, '\0');
}

std::string index_key(std::string prefix, Sequence sequence) {
  return prefix.append(KeyWriter().u64(sequence).str());
}

std::optional<Sequence> sequence_of_index_key(std::string_view key) {
  if (key.size() < kSequenceBytes) return std::nullopt;
  return KeyReader(key.substr(key.size() - kSequenceBytes)).u64();
}

std::string history_prefix(std::string_view instance) {
  return index_prefix(kRowHistory, instance);
}

std::string history_rows_from(std::string_view instance, std::string_view row_key) {
  return history_prefix(instance).append(escaped(row_key));
}

std::string history_row_prefix(std::string_view instance, std::string_view row_key) {
  std::string prefix = history_rows_from(instance, row_key);
  prefix += kZero;
  prefix += kRowEnd;
  return prefix;
}

std::string history_key(std::string_view instance, std::string_view row_key, Sequence sequence) {
  return index_key(history_row_prefix(instance, row_key), sequence);
}

std::optional<std::string> row_of_history_key(std::string_view instance, std::string_view key) {
  const auto prefix = history_prefix(instance);
  if (!key.starts_with(prefix)) return std::nullopt;
  key.remove_prefix(prefix.size());
  std::string row_key;
  for (std::size_t i = 0; i + 1 < key.size(); ++i) {
    row_key += key[i];
    if (key[i] != kZero) continue;
    ++i;
    if (key[i] == kEscaped) continue;
    row_key.pop_back();
    const bool whole = key[i] == kRowEnd && key.size() == i + 1 + kSequenceBytes;
    return whole ? std::optional(std::move(row_key)) : std::nullopt;
  }
  return std::nullopt;
}

std::string history_start_key() {
  return begin().u8(kHistoryStart).str();
}

std::string tree_level_prefix(unsigned level) {
  return begin().u8(kTreeNode).u8(static_cast<std::uint8_t>(level)).str();
}

std::string tree_key(unsigned level, std::uint64_t index) {
  return begin().u8(kTreeNode).u8(static_cast<std::uint8_t>(level)).u64(index).str();
}

std::optional<std::uint64_t> index_of_tree_key(std::string_view key) {
  return sequence_of_index_key(key);
}

}  // namespace tidemark::engine
