// Merkle trees over a list of leaf hashes, as in RFC 9162 section 2.1 (the hashing of RFC 6962):
// the root of n leaves, proofs that a leaf is in the tree and that one tree is the beginning of
// another, and their verification. Pure functions; a tree itself is whatever can name its nodes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/result.h"
#include "base/sha256.h"

namespace tidemark::merkle {

// A complete subtree: over the leaves from index * 2^level on, 2^level of them. Leaves are level 0.
struct Node {
  unsigned level = 0;
  std::uint64_t index = 0;

  auto operator<=>(const Node&) const = default;
};

// Hashes from the leaf's side to the root's. At most 64, or 65 for consistency.
using Proof = std::vector<Sha256>;
inline constexpr std::size_t kMaxProofHashes = 65;

// Asked only for nodes that are complete within the size at hand.
using NodeReader = std::function<Result<Sha256>(Node)>;

// 2.1.1: SHA-256(0x01 || left || right).
Sha256 parent(const Sha256& left, const Sha256& right);

// 2.1.1: the tree hash of the first `size` leaves; of none, the hash of the empty string.
Result<Sha256> root(std::uint64_t size, const NodeReader& nodes);

// 2.1.3.1: that leaf `index` is in the tree of `size` leaves; index < size.
Result<Proof> inclusion_proof(std::uint64_t index, std::uint64_t size, const NodeReader& nodes);
// 2.1.4.1: that the tree of `first` leaves is the beginning of the one of `second`;
// 0 < first <= second.
Result<Proof> consistency_proof(std::uint64_t first, std::uint64_t second, const NodeReader& nodes);

// 2.1.3.2 and 2.1.4.2. False for anything that does not fit; no input crashes them.
bool verify_inclusion(const Sha256& leaf, std::uint64_t index, std::uint64_t size,
                      const Proof& proof, const Sha256& root);
bool verify_consistency(std::uint64_t first, const Sha256& first_root, std::uint64_t second,
                        const Sha256& second_root, const Proof& proof);

// A tree that is only ever appended to and asked for its root: one hash per set bit of its size.
class Frontier {
 public:
  void append(const Sha256& leaf);
  // A complete subtree of 2^level leaves at once; the size so far must be a multiple of 2^level.
  void append(unsigned level, const Sha256& subtree);
  std::uint64_t size() const { return size_; }
  Sha256 root() const;

 private:
  std::uint64_t size_ = 0;
  std::vector<Sha256> subtrees_;  // left to right, the largest first
};

}  // namespace tidemark::merkle
