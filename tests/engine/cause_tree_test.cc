#include "engine/cause_tree.h"

#include "engine_fixture.h"

namespace tidemark::test {
namespace {

class Causes : public EngineTest {
 protected:
  CauseTree tree(const std::string& correlation, const std::string& tenant = "", Sequence after = 0,
                 std::size_t most = kMaxCauseRecords) {
    auto read = read_cause_tree(*store_, tenant, correlation, after, most);
    EXPECT_TRUE(read) << read.error().message;
    return read.value_or(CauseTree{});
  }
  Receipt submit_as(const std::string& correlation, Input input) {
    input.correlation_id = correlation;
    return submit(std::move(input));
  }
};

TEST_F(Causes, HangResultsBelowEffectsAndStepsBelowMessagesAndTimersBelowTheirRecord) {
  submit_as("cor_x", input("a", {{"effects", {{{"executor", "held"}, {"payload", "p"}}}},
                                 {"messages", {{{"to", id("b").value}}}},
                                 {"timers", {{{"name", "t"}, {"in_ms", 10}}}}}));
  run();  // 1, and 2: the message's step
  auto held = held_.take();
  held.handle->progress("note", "half", [](Result<void>) {});
  run();
  held.handle->complete("note", "whole");
  run();
  clock_.advance(milliseconds{20});
  run();
  const auto got = tree("cor_x");
  ASSERT_EQ(got.nodes.size(), 5U);
  EXPECT_EQ(got.roots, std::vector<std::size_t>{0});
  const auto& root = got.nodes[0];
  EXPECT_EQ(root.below, 4U);
  ASSERT_EQ(root.outputs.size(), 2U);
  EXPECT_EQ(root.outputs[0].records, (std::vector<std::size_t>{2, 3}));
  EXPECT_EQ(root.outputs[0].state, CauseTree::Output::State::done);
  EXPECT_EQ(root.outputs[1].records, std::vector<std::size_t>{1});
  EXPECT_EQ(root.outputs[1].state, CauseTree::Output::State::done);
  EXPECT_EQ(root.records, std::vector<std::size_t>{4}) << "the timer that it set";
  EXPECT_EQ(got.nodes[4].record.input_type, kTimerFired);
}

TEST_F(Causes, SayWhetherAnEffectIsOnItsWayOrNobodyWaitsForItAnyMore) {
  submit_as("cor_x", input("a", {{"effects", {{{"executor", "held"}, {"payload", "p"}}}}}));
  run();
  EXPECT_EQ(tree("cor_x").nodes[0].outputs[0].state, CauseTree::Output::State::waiting);
  submit(input("a", {{"end", true}}));
  held_.take().handle->complete("note", "too late");
  run();
  EXPECT_EQ(tree("cor_x").nodes[0].outputs[0].state, CauseTree::Output::State::dropped);
}

TEST_F(Causes, CannotBeMadeToFormARing) {
  Input input = note("a", "x");
  input.correlation_id = "cor_x";
  input.causation_id = make_id(kRecordPrefix, clock_.now(), {1, kRecordIndex});  // itself
  submit(input);
  input.causation_id = make_id(kRecordPrefix, clock_.now(), {99, kRecordIndex});
  submit(input);
  input.causation_id = make_id(kRecordPrefix, clock_.now(), {1, kRecordIndex});
  submit(input);
  const auto got = tree("cor_x");
  EXPECT_EQ(got.roots, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(got.nodes[2].parent, 0U);
}

TEST_F(Causes, ShowATenantNothingOfAnother) {
  submit_as("cor_x", note("a", "x"));
  Input other = note("a", "y");
  other.instance = id("a", "rival");
  submit_as("cor_x", other);
  EXPECT_EQ(tree("cor_x").nodes.size(), 2U);
  const auto own = tree("cor_x", "rival");
  ASSERT_EQ(own.nodes.size(), 1U);
  EXPECT_EQ(own.nodes[0].record.tenant, "rival");
}

TEST_F(Causes, HaveALimitAndSayWhereToGoOn) {
  submit_as("cor_x", input("a", {{"effects", {{{"executor", "held"}, {"payload", "p"}}}}}));
  submit_as("cor_x", note("a", "two"));
  submit_as("cor_x", note("a", "three"));
  run();
  const auto first = tree("cor_x", "", 0, 2);
  EXPECT_EQ(first.nodes.size(), 2U);
  EXPECT_EQ(first.next, 2U);
  const auto rest = tree("cor_x", "", first.next, 2);
  ASSERT_EQ(rest.nodes.size(), 1U);
  EXPECT_EQ(rest.next, 0U);
  EXPECT_EQ(rest.nodes[0].record.sequence, 3U);
}

}  // namespace
}  // namespace tidemark::test
