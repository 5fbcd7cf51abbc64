// Every key the engine writes, in one place; golden files under tests/data/keys/ hold an example of
// each. All keys start with the partition (u16), so that one partition is one range of every table.
// Numbers are big-endian, i64 with its sign bit flipped; text(x) is a u16 length and the bytes;
// raw(x) is the bytes alone and always last.
//
//   journal        u16 partition, u64 sequence
//   input          u16 partition, u64 sequence
//   event          u16 partition, u64 sequence, u16 index
//   instance       u16 partition, raw(instance id)
//   row            u16 partition, text(instance id), raw(row key)
//   timer    1     u16 partition, u8 1, i64 due in ms, text(instance id), raw(name)
//            2     u16 partition, u8 2, text(instance id), raw(name)
//   outbox         u16 partition, text(executor), text(host), u64 sequence, u16 index
//                  A message between instances has executor "" and its target as host.
//   dedupe         u16 partition, text(tenant), raw(dedupe key)
//   secret   1     u16 partition, u8 1, text(tenant), raw(name)
//   journal_index 1  u16 partition, u8 1, text(correlation id), u64 sequence
//                 2  u16 partition, u8 2, text(instance id), u64 sequence
//                 3  u16 partition, u8 3, text(tenant), u64 sequence   only records with events
//                 4  u16 partition, u8 4, text(tenant), u64 sequence   every record
//                 5  u16 partition, u8 5, u8 level, u64 index          a node of the journal's tree
//                 8  u16 partition, u8 8, text(instance id), row(row key), u64 sequence
//                                                                      a row as it was before
//                 9  u16 partition, u8 9                               where that history begins
//
// row(x) is x with 0x00 written as 0x00 0xFF, and 0x00 0x01 behind it: it sorts as x does, and no
// row's history lies within another's.
//
// The outbox is grouped by executor and host, not by sequence alone, so that what waits for one
// host is one range: a host that is down is skipped in one seek, however much waits for it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"

namespace tidemark::engine {

inline constexpr std::uint16_t kPartition = 0;

std::string partition_prefix();

std::string sequence_key(Sequence sequence);  // journal and input
std::optional<Sequence> parse_sequence_key(std::string_view key);

std::string event_key(Position position);
std::optional<Position> parse_event_key(std::string_view key);

std::string instance_key(std::string_view instance);
std::string_view instance_of_key(std::string_view key);  // empty when there is none

std::string row_prefix(std::string_view instance);
std::string row_key(std::string_view instance, std::string_view key);

struct TimerKey {
  WallTime due{};
  std::string instance;
  std::string name;
};
std::string timer_due_prefix();
std::string timer_due_from(WallTime due);
std::string timer_due_key(WallTime due, std::string_view instance, std::string_view name);
std::optional<TimerKey> parse_timer_due_key(std::string_view key);
std::string timer_name_prefix(std::string_view instance);
std::string timer_name_key(std::string_view instance, std::string_view name);

struct OutboxKey {
  std::string executor;
  std::string host;
  Position position;
};
std::string outbox_prefix(std::string_view executor, std::string_view host);
std::string outbox_key(std::string_view executor, std::string_view host, Position position);
std::optional<OutboxKey> parse_outbox_key(std::string_view key);
// The outbox_prefix() that a key starts with.
std::string_view outbox_prefix_of(std::string_view key);

std::string dedupe_key(std::string_view tenant, std::string_view key);

std::string secret_prefix(std::string_view tenant);
std::string secret_key(std::string_view tenant, std::string_view name);

std::string by_correlation_prefix(std::string_view correlation_id);
std::string by_instance_prefix(std::string_view instance);
std::string events_of_tenant_prefix(std::string_view tenant);
std::string records_of_tenant_prefix(std::string_view tenant);
// Of every instance, and which one a key of theirs is about.
std::string by_instances_prefix();
std::string_view instance_of_index_key(std::string_view key);
// The tenants that have records, one after the other: the prefix of all, the tenant of a key, and
// the first key behind all keys of a prefix above.
std::string tenants_prefix();
std::string tenant_of_index_key(std::string_view key);
std::string behind_index_prefix(std::string prefix);
// One of the prefixes above with the sequence behind it, and back.
std::string index_key(std::string prefix, Sequence sequence);
std::optional<Sequence> sequence_of_index_key(std::string_view key);

std::string history_prefix(std::string_view instance);
// Of one row; and of all rows of which the key starts like this.
std::string history_row_prefix(std::string_view instance, std::string_view row_key);
std::string history_rows_from(std::string_view instance, std::string_view row_key);
std::string history_key(std::string_view instance, std::string_view row_key, Sequence sequence);
// The row key within a history key of this instance; nothing when it is not one.
std::optional<std::string> row_of_history_key(std::string_view instance, std::string_view key);
std::string history_start_key();

std::string tree_level_prefix(unsigned level);
std::string tree_key(unsigned level, std::uint64_t index);
std::optional<std::uint64_t> index_of_tree_key(std::string_view key);

}  // namespace tidemark::engine
