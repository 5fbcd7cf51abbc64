#include "engine/journal_tree.h"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include "engine/journal_codec.h"
#include "engine/keys.h"

namespace tidemark::engine {
namespace {

constexpr char kFormat = 1;
constexpr std::size_t kNodeBytes = 1 + std::tuple_size_v<Sha256>;
constexpr std::uint64_t kLeavesPerCommit = 1U << 20;

Error missing(Sequence sequence) {
  return {Errc::not_found, "record " + std::to_string(sequence) + " is not in the journal"};
}

// The leaf hashes of records [first, first + count).
Result<void> scan_leaves(const StoreView& view, Sequence first, std::uint64_t count,
                         const std::function<void(const Sha256&)>& visitor) {
  Sequence expected = first;
  std::optional<Error> failure;
  TM_TRY(view.scan(Table::journal, partition_prefix(), sequence_key(first),
                   [&](std::string_view key, std::string_view value) {
                     if (parse_sequence_key(key) != expected) return false;
                     const auto leaf = stored_leaf_hash(value);
                     if (!leaf) {
                       failure = leaf.error();
                       return false;
                     }
                     visitor(*leaf);
                     return ++expected < first + count;
                   }));
  if (failure) return fail(*std::move(failure));
  if (expected < first + count) return fail(missing(expected));
  return {};
}

// A node below the stored ones, or one that is not stored.
Result<Sha256> node_of_leaves(const StoreView& view, merkle::Node node) {
  merkle::Frontier frontier;
  const std::uint64_t count = std::uint64_t{1} << node.level;
  TM_TRY(scan_leaves(view, node.index * count + 1, count,
                     [&](const Sha256& leaf) { frontier.append(leaf); }));
  return frontier.root();
}

// How many tiles are stored, from the first one on without a gap.
Result<std::uint64_t> stored_tiles(const StoreView& view) {
  std::uint64_t tiles = 0;
  TM_TRY(view.scan_reverse(Table::journal_index, tree_level_prefix(kTileLevel), {},
                           [&](std::string_view key, std::string_view) {
                             tiles = index_of_tree_key(key).value_or(0) + 1;
                             return false;
                           }));
  return tiles;
}

}  // namespace

std::string encode_node(const Sha256& hash) {
  std::string bytes(1, kFormat);
  bytes += as_bytes(hash);
  return bytes;
}

Result<Sha256> decode_node(std::string_view bytes) {
  if (bytes.size() != kNodeBytes || bytes.front() != kFormat) {
    return fail(Errc::corrupt, "a stored node of the journal's tree is damaged");
  }
  Sha256 hash{};
  std::copy(bytes.begin() + 1, bytes.end(), hash.begin());
  return hash;
}

Result<Sha256> read_node(const StoreView& view, merkle::Node node) {
  if (node.level < kTileLevel) {
    auto computed = node_of_leaves(view, node);
    if (computed || computed.error().code != Errc::not_found) return computed;
    TM_ASSIGN(const auto kept, view.get(Table::journal_index, tree_key(node.level, node.index)));
    if (kept) return decode_node(*kept);
    return computed;
  }
  TM_ASSIGN(const auto bytes, view.get(Table::journal_index, tree_key(node.level, node.index)));
  if (bytes) return decode_node(*bytes);
  if (node.level == kTileLevel) return node_of_leaves(view, node);
  TM_ASSIGN(const Sha256 left, read_node(view, {node.level - 1, 2 * node.index}));
  TM_ASSIGN(const Sha256 right, read_node(view, {node.level - 1, 2 * node.index + 1}));
  return merkle::parent(left, right);
}

merkle::NodeReader journal_nodes(const StoreView& view) {
  return [&view](merkle::Node node) { return read_node(view, node); };
}

Result<std::vector<std::pair<merkle::Node, Sha256>>> path_in_tile(const StoreView& view,
                                                                  std::uint64_t index) {
  std::vector<std::pair<merkle::Node, Sha256>> path;
  for (unsigned level = 0; level < kTileLevel; ++level) {
    for (const std::uint64_t beside : {0, 1}) {
      const merkle::Node node{level, (index >> level) ^ beside};
      TM_ASSIGN(const Sha256 hash, read_node(view, node));
      path.emplace_back(node, hash);
    }
  }
  return path;
}

Result<void> complete_tree(Store& store) {
  const Sequence last = store.last_sequence();
  TM_ASSIGN(const std::uint64_t stored, stored_tiles(store));
  if (stored >= last / kTileLeaves) return {};
  TreeWriter writer;
  TM_TRY(writer.recover(store, stored * kTileLeaves));
  WriteBatch batch;
  Sequence sequence = stored * kTileLeaves;
  const Sequence end = last / kTileLeaves * kTileLeaves;
  const auto put = [&](merkle::Node node, const Sha256& hash) {
    batch.put(Table::journal_index, tree_key(node.level, node.index), encode_node(hash));
  };
  while (sequence < end) {
    const std::uint64_t count = std::min(end - sequence, kLeavesPerCommit);
    TM_TRY(scan_leaves(store, sequence + 1, count,
                       [&](const Sha256& leaf) { writer.append(++sequence, leaf, put); }));
    TM_TRY(store.commit(std::exchange(batch, WriteBatch()), last));
  }
  return {};
}

Result<void> TreeWriter::recover(const StoreView& view, Sequence last) {
  for (unsigned level = kTileLevel; last >> level != 0; ++level) {
    const std::uint64_t complete = last >> level;
    if ((complete & 1) == 0) continue;  // the next one on this level has no left neighbour to wait
    const merkle::Node node{level, complete - 1};
    TM_ASSIGN(const Sha256 hash, read_node(view, node));
    remember_node(node, hash);
  }
  const Sequence tile_begins = last / kTileLeaves * kTileLeaves;
  if (last == tile_begins) return {};
  std::uint64_t index = tile_begins;
  return scan_leaves(view, tile_begins + 1, last - tile_begins,
                     [&](const Sha256& leaf) { remember_leaf(index++, leaf); });
}

Sha256 TreeWriter::tile_root(std::uint64_t tile) const {
  merkle::Frontier frontier;
  for (std::uint64_t i = 0; i < kTileLeaves; ++i) {
    frontier.append(leaves_[(tile * kTileLeaves + i) % kLeaves]);
  }
  return frontier.root();
}

}  // namespace tidemark::engine
