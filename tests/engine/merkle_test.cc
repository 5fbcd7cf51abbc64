// RFC 9162 section 2.1, against the test vectors of the Certificate Transparency projects' tree of
// eight leaves, and against the definitions themselves for all small sizes.
#include "engine/merkle.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemark::merkle {
namespace {

Sha256 leaf_of(const std::string& bytes) {
  return sha256(std::string(1, '\0') + bytes);
}

Sha256 leaf(std::uint64_t index) {
  return leaf_of("leaf " + std::to_string(index));
}

// 2.1.1, word by word.
Sha256 tree_hash(const std::vector<Sha256>& leaves) {
  if (leaves.empty()) return sha256({});
  if (leaves.size() == 1) return leaves.front();
  std::size_t k = 1;
  while (2 * k < leaves.size()) k *= 2;
  const auto middle = leaves.begin() + static_cast<std::ptrdiff_t>(k);
  return parent(tree_hash({leaves.begin(), middle}), tree_hash({middle, leaves.end()}));
}

std::vector<Sha256> leaves(std::uint64_t size) {
  std::vector<Sha256> all;
  for (std::uint64_t i = 0; i < size; ++i) all.push_back(leaf(i));
  return all;
}

NodeReader nodes_of(const std::vector<Sha256>& all) {
  return [&all](Node node) -> Result<Sha256> {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(node.index << node.level);
    const auto size = std::ptrdiff_t{1} << node.level;
    if (all.end() - begin < size) return fail(Errc::not_found, "no such node");
    return tree_hash({begin, begin + size});
  };
}

TEST(Merkle, HasTheRootsOfTheKnownTree) {
  const std::vector<std::string> inputs{
      {},
      std::string("\x00", 1),
      "\x10",
      "\x20\x21",
      "\x30\x31",
      "\x40\x41\x42\x43",
      "\x50\x51\x52\x53\x54\x55\x56\x57",
      "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"};
  Frontier frontier;
  EXPECT_EQ(to_hex(frontier.root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (const auto& input : inputs) frontier.append(leaf_of(input));
  EXPECT_EQ(to_hex(frontier.root()),
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

TEST(Merkle, RootsAreTheDefinitionsForEverySize) {
  Frontier frontier;
  for (std::uint64_t size = 0; size <= 70; ++size) {
    const auto all = leaves(size);
    EXPECT_EQ(frontier.root(), tree_hash(all)) << size;
    EXPECT_EQ(root(size, nodes_of(all)), tree_hash(all)) << size;
    EXPECT_EQ(frontier.size(), size);
    frontier.append(leaf(size));
  }
}

TEST(Merkle, AFrontierTakesWholeSubtrees) {
  const auto all = leaves(23);
  Frontier frontier;
  frontier.append(4, *nodes_of(all)({4, 0}));
  frontier.append(2, *nodes_of(all)({2, 4}));
  for (std::uint64_t i = 20; i < 23; ++i) frontier.append(leaf(i));
  EXPECT_EQ(frontier.root(), tree_hash(all));
}

TEST(Merkle, EveryLeafOfEverySmallTreeIsProved) {
  for (std::uint64_t size = 1; size <= 40; ++size) {
    const auto all = leaves(size);
    const Sha256 whole = tree_hash(all);
    for (std::uint64_t index = 0; index < size; ++index) {
      const auto proof = inclusion_proof(index, size, nodes_of(all));
      ASSERT_TRUE(proof) << proof.error().message;
      EXPECT_TRUE(verify_inclusion(leaf(index), index, size, *proof, whole))
          << index << "/" << size;
    }
  }
}

TEST(Merkle, AnInclusionProofIsGoodForNothingElse) {
  const std::uint64_t size = 21;
  const auto all = leaves(size);
  const Sha256 whole = tree_hash(all);
  for (std::uint64_t index = 0; index < size; ++index) {
    const Proof proof = *inclusion_proof(index, size, nodes_of(all));
    EXPECT_FALSE(verify_inclusion(leaf(index + 1), index, size, proof, whole));
    EXPECT_FALSE(verify_inclusion(leaf(index), index, size, proof, leaf(0)));
    for (std::uint64_t other = 0; other < size + 2; ++other) {
      if (other == index) continue;
      EXPECT_FALSE(verify_inclusion(leaf(index), other, size, proof, whole)) << index << other;
    }
    for (std::size_t i = 0; i < proof.size(); ++i) {
      Proof changed = proof;
      changed[i][7] ^= 1;
      EXPECT_FALSE(verify_inclusion(leaf(index), index, size, changed, whole));
      changed = proof;
      changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
      EXPECT_FALSE(verify_inclusion(leaf(index), index, size, changed, whole));
    }
    Proof longer = proof;
    longer.push_back(whole);
    EXPECT_FALSE(verify_inclusion(leaf(index), index, size, longer, whole));
  }
}

TEST(Merkle, EveryBeginningOfEverySmallTreeIsProved) {
  for (std::uint64_t second = 1; second <= 40; ++second) {
    const auto all = leaves(second);
    for (std::uint64_t first = 1; first <= second; ++first) {
      const Sha256 first_root = tree_hash(leaves(first));
      const auto proof = consistency_proof(first, second, nodes_of(all));
      ASSERT_TRUE(proof) << proof.error().message;
      EXPECT_TRUE(verify_consistency(first, first_root, second, tree_hash(all), *proof))
          << first << "/" << second;
    }
  }
}

TEST(Merkle, AConsistencyProofIsGoodForNothingElse) {
  const std::uint64_t second = 21;
  const auto all = leaves(second);
  const Sha256 whole = tree_hash(all);
  for (std::uint64_t first = 1; first < second; ++first) {
    const Sha256 before = tree_hash(leaves(first));
    const Proof proof = *consistency_proof(first, second, nodes_of(all));
    auto forged = leaves(first);
    forged[first / 2][0] ^= 1;
    EXPECT_FALSE(verify_consistency(first, tree_hash(forged), second, whole, proof)) << first;
    EXPECT_FALSE(verify_consistency(first, before, second, before, proof)) << first;
    EXPECT_FALSE(verify_consistency(0, before, second, whole, proof));
    EXPECT_FALSE(verify_consistency(second + 1, before, second, whole, proof));
    for (std::size_t i = 0; i < proof.size(); ++i) {
      Proof changed = proof;
      changed[i][7] ^= 1;
      EXPECT_FALSE(verify_consistency(first, before, second, whole, changed)) << first;
      changed = proof;
      changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
      EXPECT_FALSE(verify_consistency(first, before, second, whole, changed)) << first;
    }
  }
  EXPECT_FALSE(verify_consistency(second, whole, second, whole, {whole}));
}

}  // namespace
}  // namespace tidemark::merkle
