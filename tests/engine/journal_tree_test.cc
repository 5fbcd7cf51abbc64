// The journal's tree, as records come, commits fail and stores are opened again.
#include "engine/journal_tree.h"

#include <random>

#include "engine/keys.h"
#include "engine_fixture.h"

namespace tidemark::test {
namespace {

class JournalTree : public EngineTest {
 protected:
  // Small records, many to a commit; with `failing`, some commits come to nothing on the way.
  void write(int records, std::mt19937* failing = nullptr) {
    for (int written = 0; written < records;) {
      const int batch = std::min(records - written, 100);
      for (int i = 0; i < batch; ++i) {
        engine_->submit(note("n" + std::to_string(i % 7), "x"), [&](const Result<Receipt>& answer) {
          if (answer) ++written;
        });
      }
      if (failing != nullptr && (*failing)() % 3 == 0) store_->failing_commits = 1;
      run();
    }
  }

  merkle::Frontier frontier_of(Sequence size) {
    merkle::Frontier frontier;
    for (Sequence sequence = 1; sequence <= size; ++sequence) {
      frontier.append(record(sequence).hash);
    }
    return frontier;
  }

  std::map<std::string, std::string> stored_nodes() {
    std::map<std::string, std::string> nodes;
    for (unsigned level = 0; level < 64; ++level) {
      EXPECT_TRUE(store_->scan(Table::journal_index, engine::tree_level_prefix(level), {},
                               [&](std::string_view key, std::string_view value) {
                                 nodes.emplace(key, value);
                                 return true;
                               }));
    }
    return nodes;
  }

  void expect_the_tree_of_the_journal() {
    const Sequence size = store_->last_sequence();
    const auto nodes = engine::journal_nodes(*store_);
    EXPECT_EQ(merkle::root(size, nodes), frontier_of(size).root());
    std::size_t complete = 0;
    for (unsigned level = engine::kTileLevel; size >> level != 0; ++level)
      complete += size >> level;
    const auto stored = stored_nodes();
    EXPECT_EQ(stored.size(), complete);
    for (unsigned level = engine::kTileLevel; size >> level != 0; ++level) {
      for (std::uint64_t index = 0; index < size >> level; ++index) {
        merkle::Frontier leaves;
        for (Sequence i = index << level; i < (index + 1) << level; ++i) {
          leaves.append(record(i + 1).hash);
        }
        const auto found = stored.find(engine::tree_key(level, index));
        ASSERT_NE(found, stored.end()) << level << "/" << index;
        EXPECT_EQ(engine::decode_node(found->second), leaves.root()) << level << "/" << index;
      }
    }
  }
};

TEST_F(JournalTree, GrowsWithTheRecords) {
  write(1100);
  expect_the_tree_of_the_journal();
  const auto nodes = engine::journal_nodes(*store_);
  for (const Sequence size : {1U, 2U, 255U, 256U, 257U, 511U, 768U, 1024U, 1025U}) {
    EXPECT_EQ(merkle::root(size, nodes), frontier_of(size).root()) << size;
  }
}

TEST_F(JournalTree, IsTheSameWhateverCommitsFail) {
  std::mt19937 random(11);
  write(1700, &random);
  expect_the_tree_of_the_journal();
}

TEST_F(JournalTree, GoesOnAfterEveryKindOfEnd) {
  for (const int records : {1, 254, 1, 3, 253, 256, 300, 260}) {
    write(records);
    reopen();
    expect_the_tree_of_the_journal();
  }
}

TEST_F(JournalTree, OfAStoreThatHasNoneIsCompletedAtOpen) {
  write(1300);
  const auto before = stored_nodes();
  WriteBatch batch;
  for (const auto& [key, value] : before) batch.erase(Table::journal_index, key);
  ASSERT_TRUE(raw_->commit(std::move(batch), raw_->last_sequence()));
  const auto without = merkle::root(1300, engine::journal_nodes(*store_));
  EXPECT_EQ(without, frontier_of(1300).root()) << "computed from the records alone";
  reopen();
  EXPECT_EQ(stored_nodes(), before);
  write(300);
  expect_the_tree_of_the_journal();
}

TEST_F(JournalTree, ProvesEachRecordAndEachBeginning) {
  write(600);
  const auto nodes = engine::journal_nodes(*store_);
  const Sha256 root = *merkle::root(600, nodes);
  for (const Sequence sequence : {1U, 2U, 256U, 257U, 512U, 513U, 599U, 600U}) {
    const auto proof = merkle::inclusion_proof(sequence - 1, 600, nodes);
    ASSERT_TRUE(proof) << proof.error().message;
    EXPECT_TRUE(merkle::verify_inclusion(record(sequence).hash, sequence - 1, 600, *proof, root));
    const auto beginning = merkle::consistency_proof(sequence, 600, nodes);
    ASSERT_TRUE(beginning) << beginning.error().message;
    EXPECT_TRUE(merkle::verify_consistency(sequence, *merkle::root(sequence, nodes), 600, root,
                                           *beginning));
  }
}

TEST_F(JournalTree, SaysWhichRecordIsMissing) {
  write(10);
  const auto found = merkle::root(11, engine::journal_nodes(*store_));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::not_found);
  EXPECT_NE(found.error().message.find("record 11"), std::string::npos) << found.error().message;
}

}  // namespace
}  // namespace tidemark::test
