// The journal as a Merkle tree: leaf i is record i + 1, by its leaf hash (engine/journal_codec.h).
//
// Complete nodes from level 8 on are stored under kind 5 of the journal index, in the commit of the
// record that completes them, so that a root or a proof of a long history reads some dozens of
// values. Everything else is computed: lower nodes from the records, and higher ones that an older
// version did not store, from lower ones.
//
// Records may be dropped in whole tiles of 256 (audit/retention.h). Of a tile in which a checkpoint
// ends, the lower nodes that the checkpoint's proofs need are stored before.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/sha256.h"
#include "engine/merkle.h"
#include "store/store.h"

namespace tidemark::engine {

inline constexpr unsigned kTileLevel = 8;
inline constexpr std::uint64_t kTileLeaves = std::uint64_t{1} << kTileLevel;

std::string encode_node(const Sha256& hash);
Result<Sha256> decode_node(std::string_view bytes);

// Errc::not_found when a record of it is not there.
Result<Sha256> read_node(const StoreView& view, merkle::Node node);
// For the functions of merkle.h; must not outlive the view.
merkle::NodeReader journal_nodes(const StoreView& view);

// Of a whole tile: the lower nodes along the path of leaf `index` and beside it, 16 of them. What
// proofs about a tree of index + 1 leaves need once the tile's records are gone.
Result<std::vector<std::pair<merkle::Node, Sha256>>> path_in_tile(const StoreView& view,
                                                                  std::uint64_t index);

// Stores the nodes that a store lacks, because an older version wrote its last records.
Result<void> complete_tree(Store& store);

// What appending needs of the tree: the last leaves and nodes. It remembers more of them than can
// be stepped and undone again, so undoing costs nothing: what is appended anew takes their place.
class TreeWriter {
 public:
  // How many records may be undone at once: the batch in flight and the one stepped on top of it.
  static constexpr std::size_t kMostUndone = 1024;

  // At open, of a complete tree.
  Result<void> recover(const StoreView& view, Sequence last);
  // The record behind the last one, or behind an earlier one that is undone. Calls put(node, hash)
  // for each node it completes.
  template <class Put>
  void append(Sequence sequence, const Sha256& leaf, const Put& put) {
    remember_leaf(sequence - 1, leaf);
    if (sequence % kTileLeaves != 0) return;
    merkle::Node node{kTileLevel, sequence / kTileLeaves - 1};
    Sha256 hash = tile_root(node.index);
    for (;;) {
      remember_node(node, hash);
      put(node, hash);
      if ((node.index & 1) == 0) return;
      hash = merkle::parent(node_at({node.level, node.index - 1}), hash);
      node = {node.level + 1, node.index / 2};
    }
  }

 private:
  // What may be undone, and the tile it lies in.
  static constexpr std::size_t kLeaves = 2 * kMostUndone;
  static constexpr std::size_t kNodes = kLeaves / kTileLeaves;
  static constexpr std::size_t kLevels = 64 - kTileLevel;

  void remember_leaf(std::uint64_t index, const Sha256& hash) { leaves_[index % kLeaves] = hash; }
  void remember_node(merkle::Node node, const Sha256& hash) {
    nodes_[node.level - kTileLevel][node.index % kNodes] = hash;
  }
  const Sha256& node_at(merkle::Node node) const {
    return nodes_[node.level - kTileLevel][node.index % kNodes];
  }
  Sha256 tile_root(std::uint64_t tile) const;

  std::array<Sha256, kLeaves> leaves_{};
  std::array<std::array<Sha256, kNodes>, kLevels> nodes_{};
};

}  // namespace tidemark::engine
