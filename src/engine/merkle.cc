#include "engine/merkle.h"

#include <algorithm>
#include <array>
#include <bit>
#include <tuple>

namespace tidemark::merkle {
namespace {

// The largest power of two smaller than n; n > 1.
std::uint64_t left_leaves(std::uint64_t n) {
  return std::bit_floor(n - 1);
}

// The leaves [begin, begin + size), where begin is a multiple of every power of two up to size.
Result<Sha256> subtree(std::uint64_t begin, std::uint64_t size, const NodeReader& nodes) {
  if (std::has_single_bit(size)) {
    const auto level = static_cast<unsigned>(std::countr_zero(size));
    return nodes({level, begin >> level});
  }
  const std::uint64_t left = left_leaves(size);
  TM_ASSIGN(const Sha256 first, subtree(begin, left, nodes));
  TM_ASSIGN(const Sha256 second, subtree(begin + left, size - left, nodes));
  return parent(first, second);
}

}  // namespace

Sha256 parent(const Sha256& left, const Sha256& right) {
  std::array<char, 1 + 2 * std::tuple_size_v<Sha256>> bytes;
  bytes[0] = '\x01';
  std::copy(right.begin(), right.end(), std::copy(left.begin(), left.end(), bytes.begin() + 1));
  return sha256({bytes.data(), bytes.size()});
}

Result<Sha256> root(std::uint64_t size, const NodeReader& nodes) {
  if (size == 0) return sha256({});
  return subtree(0, size, nodes);
}

Result<Proof> inclusion_proof(std::uint64_t index, std::uint64_t size, const NodeReader& nodes) {
  // Down from the root; what is beside the way is the proof, in reverse.
  Proof proof;
  std::uint64_t begin = 0;
  while (size > 1) {
    const std::uint64_t left = left_leaves(size);
    const bool goes_left = index < left;
    TM_ASSIGN(const Sha256 beside,
              goes_left ? subtree(begin + left, size - left, nodes) : subtree(begin, left, nodes));
    proof.push_back(beside);
    if (goes_left) {
      size = left;
    } else {
      begin += left;
      index -= left;
      size -= left;
    }
  }
  return Proof(proof.rbegin(), proof.rend());
}

Result<Proof> consistency_proof(std::uint64_t first, std::uint64_t second,
                                const NodeReader& nodes) {
  Proof proof;
  std::uint64_t begin = 0;
  bool is_whole = true;  // what is left of the first tree is all of it, so its root is known
  while (first != second) {
    const std::uint64_t left = left_leaves(second);
    const bool goes_left = first <= left;
    TM_ASSIGN(const Sha256 beside, goes_left ? subtree(begin + left, second - left, nodes)
                                             : subtree(begin, left, nodes));
    proof.push_back(beside);
    if (goes_left) {
      second = left;
    } else {
      begin += left;
      first -= left;
      second -= left;
      is_whole = false;
    }
  }
  if (!is_whole) {
    TM_ASSIGN(const Sha256 last, subtree(begin, first, nodes));
    proof.push_back(last);
  }
  return Proof(proof.rbegin(), proof.rend());
}

bool verify_inclusion(const Sha256& leaf, std::uint64_t index, std::uint64_t size,
                      const Proof& proof, const Sha256& root) {
  if (index >= size) return false;
  std::uint64_t node = index;
  std::uint64_t last = size - 1;
  Sha256 hash = leaf;
  for (const Sha256& beside : proof) {
    if (last == 0) return false;
    if ((node & 1) == 1 || node == last) {
      hash = parent(beside, hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = parent(hash, beside);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

bool verify_consistency(std::uint64_t first, const Sha256& first_root, std::uint64_t second,
                        const Sha256& second_root, const Proof& proof) {
  if (first == 0 || first > second) return false;
  if (first == second) return proof.empty() && first_root == second_root;
  auto beside = proof.begin();
  Sha256 of_first = first_root;
  if (!std::has_single_bit(first)) {
    if (beside == proof.end()) return false;
    of_first = *beside++;
  }
  Sha256 of_second = of_first;
  std::uint64_t node = first - 1;
  std::uint64_t last = second - 1;
  while ((node & 1) == 1) {
    node >>= 1;
    last >>= 1;
  }
  for (; beside != proof.end(); ++beside) {
    if (last == 0) return false;
    if ((node & 1) == 1 || node == last) {
      of_first = parent(*beside, of_first);
      of_second = parent(*beside, of_second);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      of_second = parent(of_second, *beside);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && of_first == first_root && of_second == second_root;
}

void Frontier::append(const Sha256& leaf) {
  append(0, leaf);
}

void Frontier::append(unsigned level, const Sha256& subtree) {
  Sha256 hash = subtree;
  for (std::uint64_t rest = size_ >> level; (rest & 1) == 1; rest >>= 1) {
    hash = parent(subtrees_.back(), hash);
    subtrees_.pop_back();
  }
  subtrees_.push_back(hash);
  size_ += std::uint64_t{1} << level;
}

Sha256 Frontier::root() const {
  if (subtrees_.empty()) return sha256({});
  Sha256 hash = subtrees_.back();
  for (auto left = subtrees_.rbegin() + 1; left != subtrees_.rend(); ++left) {
    hash = parent(*left, hash);
  }
  return hash;
}

}  // namespace tidemark::merkle
