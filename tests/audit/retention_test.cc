// Retention and erasure over a real journal: what goes, what stays provable, and what is told.
#include "audit/retention.h"

#include <gmock/gmock.h>

#include <random>

#include "audit/audit_service.h"
#include "engine/as_of.h"
#include "engine/engine_fixture.h"
#include "engine/journal_codec.h"
#include "engine/journal_tree.h"
#include "engine/keys.h"
#include "engine/stored_values.h"
#include "store/unmoved.h"

namespace tidemark::audit {
namespace {

using test::EngineTest;
using ::testing::HasSubstr;

constexpr auto kDay = std::chrono::hours(24);

struct Remembering : test::Scripted {
  static constexpr std::string_view kind = "remembering";
  static bool remembers(std::string_view) { return true; }
};

class Retained : public EngineTest {
 protected:
  Retained() {
    more_machines_.push_back(tidemark::erase<CheckpointMachine>());
    more_machines_.push_back(tidemark::erase<RetentionMachine>());
    more_machines_.push_back(tidemark::erase<Remembering>());
    reopen();
    service_ = std::make_unique<AuditService>(*engine_, *store_,
                                              AuditOptions{.data_dir = directory_.path().string()});
  }
  ~Retained() override { service_.reset(); }

  // Tenants take turns; every third step has an event.
  void write(int records) {
    for (int i = 0; i < records; ++i) {
      Input made = i % 3 == 0 ? input("n", {{"events", {"told"}}}) : note("n", "x");
      made.instance = id("n" + std::to_string(i % 5), i % 2 == 0 ? "acme" : "rival");
      submit(std::move(made));
    }
  }
  Sequence checkpoint() {
    auto made = service_->make_checkpoint();
    EXPECT_TRUE(made) << made.error().message;
    sizes_.push_back(made->size);
    notes_.push_back(made->note);
    return made->size;
  }
  RetentionPlan plan() const {
    auto made = plan_retention(*store_, policy_, clock_.now(), needed_);
    EXPECT_TRUE(made) << made.error().message;
    return made.value_or(RetentionPlan{});
  }
  // What the executors do, step by step.
  DropCounts run_retention() {
    const auto made = plan();
    submit(decided_input(made));
    const auto counts = drop(*store_, made.cuts, [] { return false; });
    EXPECT_TRUE(counts) << counts.error().message;
    return counts.value_or(DropCounts{});
  }
  DropCounts erase(const ErasureScope& scope) {
    const auto receipt = submit(erase_input(scope, "asked for"));
    const Cut cut{Cut::Kind::payloads, scope, 0, receipt.sequence - 1, 0};
    const auto counts = drop(*store_, {cut}, [] { return false; });
    EXPECT_TRUE(counts) << counts.error().message;
    return counts.value_or(DropCounts{});
  }

  std::optional<Finding> finding(bool payloads = true) {
    const Sequence last = store_->last_sequence();
    const auto part = service_->verify_part(0, last, payloads);
    EXPECT_TRUE(part) << part.error().message;
    if (!part || part->finding) return part ? part->finding : std::nullopt;
    explained_ = part->explained;
    EXPECT_EQ(part->records + part->dropped, last);
    const auto rest = service_->verify_rest(last);
    EXPECT_TRUE(rest) << rest.error().message;
    return rest ? rest->finding : std::nullopt;
  }
  // Every proof that can still be asked for holds.
  void expect_proofs_hold() {
    const auto key = *service_->verifier_key();
    const auto state = read_retention(*store_);
    ASSERT_TRUE(state);
    for (Sequence sequence = state->through + 1; sequence <= sizes_.back(); sequence += 7) {
      const auto proof = service_->prove(sequence);
      ASSERT_TRUE(proof) << sequence << ": " << proof.error().message;
      EXPECT_TRUE(check(*proof, key)) << sequence;
    }
    for (std::size_t i = 0; i < sizes_.size(); ++i) {
      for (std::size_t j = i; j < sizes_.size(); ++j) {
        const auto proof = service_->prove_consistency(sizes_[i], sizes_[j]);
        ASSERT_TRUE(proof) << sizes_[i] << " " << sizes_[j] << ": " << proof.error().message;
        const auto later = check(*proof, notes_[i], key);
        EXPECT_TRUE(later) << sizes_[i] << " " << sizes_[j] << ": " << later.error().message;
      }
    }
  }
  std::size_t keys_in(Table table) const {
    std::size_t keys = 0;
    EXPECT_TRUE(raw_->scan(table, {}, {}, [&](auto, auto) { return ++keys > 0; }));
    return keys;
  }
  void change(Table table, const std::string& key, const std::string& value) {
    WriteBatch batch;
    batch.put(table, key, value);
    ASSERT_TRUE(raw_->commit(std::move(batch), kUnmoved));
  }
  void remove(Table table, const std::string& key) {
    WriteBatch batch;
    batch.erase(table, key);
    ASSERT_TRUE(raw_->commit(std::move(batch), kUnmoved));
  }

  RetentionOptions policy_;
  NeededEvents needed_;
  std::unique_ptr<AuditService> service_;
  std::vector<std::uint64_t> sizes_;
  std::vector<std::string> notes_;
  std::uint64_t explained_ = 0;
};

TEST_F(Retained, DropsWholeTilesThatAreOldEnoughAndBehindACheckpoint) {
  policy_.records = 30 * kDay;
  write(700);
  clock_.advance(31 * kDay);
  EXPECT_TRUE(plan().empty()) << "nothing is signed yet";
  checkpoint();
  write(100);
  ASSERT_EQ(plan().through, 512U);
  const auto first = *engine::read_node(*store_, {0, 0});
  const auto counts = run_retention();
  EXPECT_EQ(counts.records, 512U);
  EXPECT_EQ(counts.inputs, 512U);
  EXPECT_EQ(counts.events, 171U);
  EXPECT_EQ(read_record(*store_, 512).error().code, Errc::not_found);
  EXPECT_TRUE(read_record(*store_, 513));
  EXPECT_EQ(finding(), std::nullopt);
  EXPECT_TRUE(plan().empty()) << "what is left of the tile stays";
  const auto records = read_records(*store_, {.tenant = "acme", .limit = 1});
  EXPECT_EQ(records->at(0).sequence, 513U) << "and the index no longer knows the others";
  EXPECT_EQ(*engine::read_node(*store_, {0, 0}), first) << "a backup knows the journal by it";
  reopen();
  submit(note("n1", "goes on"));
}

TEST_F(Retained, KeepsEveryProofAndConsistencyThatCheckpointsNeed) {
  policy_.records = 30 * kDay;
  std::mt19937 random(7);
  for (int round = 0; round < 12; ++round) {
    write(1 + static_cast<int>(random() % 90));
    checkpoint();
    clock_.advance(10 * kDay);
    if (random() % 3 == 0) {
      run_retention();
      ASSERT_EQ(finding(), std::nullopt) << round;
      expect_proofs_hold();
    }
  }
  clock_.advance(60 * kDay);
  checkpoint();
  run_retention();
  EXPECT_GE(read_retention(*store_)->through, 256U);
  EXPECT_EQ(finding(), std::nullopt);
  expect_proofs_hold();
}

TEST_F(Retained, KeepsWhatIsYoungThoughAClockWasOnceSetBack) {
  policy_.records = 30 * kDay;
  policy_.payloads = {30 * kDay, 30 * kDay};
  write(300);
  clock_.advance(-10'000 * kDay);
  write(300);
  clock_.advance(10'000 * kDay);
  write(300);
  clock_.advance(10 * kDay);
  checkpoint();
  EXPECT_TRUE(plan().empty()) << "of the first 300 none is older than ten days";
  clock_.advance(21 * kDay);
  EXPECT_EQ(plan().through, 768U);
  policy_.hold = 7 * kDay;
  needed_ = [](std::string_view) -> Result<Sequence> { return 100; };
  EXPECT_EQ(plan().through, 0U) << "an endpoint still needs an event of the first tile";
  for (const auto& one : plan().cuts) {
    EXPECT_TRUE(one.kind != Cut::Kind::events || one.through < 100U);
  }
  EXPECT_TRUE(plan().overtaken.empty());
  clock_.advance(7 * kDay);
  EXPECT_EQ(plan().through, 768U);
  EXPECT_FALSE(plan().overtaken.empty());
}

TEST_F(Retained, NamesANodeThatIsKeptForProofsAndWrong) {
  policy_.records = 30 * kDay;
  write(100);
  checkpoint();
  write(200);
  checkpoint();
  clock_.advance(31 * kDay);
  run_retention();
  ASSERT_EQ(finding(), std::nullopt);
  for (const auto& [level, index] : {std::pair(0U, 1U), {3U, 12U}, {7U, 1U}}) {
    const auto key = engine::tree_key(level, index);
    const auto kept = **raw_->get(Table::journal_index, key);
    change(Table::journal_index, key, engine::encode_node(Sha256{}));
    auto found = finding();
    ASSERT_TRUE(found) << level;
    EXPECT_THAT(found->what, HasSubstr("kept for proofs"));
    remove(Table::journal_index, key);
    EXPECT_TRUE(finding()) << level << ": nor may one be missing beside another";
    change(Table::journal_index, key, kept);
  }
  EXPECT_EQ(finding(), std::nullopt);
}

TEST_F(Retained, StillNamesWhatIsWrongAmongTheRest) {
  policy_.records = 30 * kDay;
  write(300);
  checkpoint();
  write(100);
  clock_.advance(31 * kDay);
  run_retention();
  const auto key = engine::sequence_key(300);
  const std::string bytes = **raw_->get(Table::journal, key);
  auto changed = bytes;
  changed[changed.find("n")] = 'm';
  change(Table::journal, key, changed);
  EXPECT_EQ(finding()->sequence, 300U);
  remove(Table::journal, key);
  EXPECT_THAT(finding()->what, HasSubstr("record 300 is missing"));
  change(Table::journal, key, bytes);
  const auto node = engine::tree_key(8, 0);
  const std::string root = **raw_->get(Table::journal_index, node);
  change(Table::journal_index, node, engine::encode_node(sha256("other")));
  EXPECT_THAT(finding()->what, HasSubstr("kept for proofs")) << "dropped records cannot be changed";
  const auto rest = service_->verify_rest(store_->last_sequence());
  EXPECT_THAT(rest->finding->what, HasSubstr("another root")) << "for the checkpoint, either";
  remove(Table::journal_index, node);
  EXPECT_THAT(finding()->what, HasSubstr("is missing"));
  change(Table::journal_index, node, root);
  EXPECT_EQ(finding(), std::nullopt);
}

TEST_F(Retained, DoesNotBelieveAStateThatTheJournalDoesNotHold) {
  write(600);
  checkpoint();
  submit(retention_schedule_input(kDay));
  for (Sequence sequence = 1; sequence <= 256; ++sequence) {
    remove(Table::journal, engine::sequence_key(sequence));
  }
  const auto key = engine::instance_key(retention_instance().value);
  auto value = *engine::decode_instance(**raw_->get(Table::instance, key));
  auto state = *RetentionMachine::decode_state(value.state);
  state.through = 256;
  value.state = RetentionMachine::encode(state);
  change(Table::instance, key, engine::encode(value));
  ASSERT_TRUE(finding());
  EXPECT_THAT(finding()->what, HasSubstr("were never dropped"));
}

TEST_F(Retained, DropsPayloadsOfATenantEarlierThanRecords) {
  policy_.payloads = {30 * kDay, 60 * kDay};
  policy_.tenants["rival"] = {milliseconds{0}, milliseconds{0}};
  write(30);
  checkpoint();
  clock_.advance(31 * kDay);
  const auto first = run_retention();
  EXPECT_EQ(first.inputs, 15U) << "one tenant's";
  EXPECT_EQ(first.events, 0U);
  EXPECT_EQ(finding(), std::nullopt);
  EXPECT_EQ(explained_, 15U);
  clock_.advance(30 * kDay);
  EXPECT_EQ(run_retention().events, 5U);
  EXPECT_EQ(finding(), std::nullopt);
  EXPECT_EQ(last_dropped_event(*store_, "acme"), 25U);
  EXPECT_EQ(last_dropped_event(*store_, "rival"), 0U);
  EXPECT_EQ(last_dropped_event(*store_, ""), 25U);
  EXPECT_EQ(read_feed(*store_, {.tenant = "acme"})->items.size(), 0U);
  EXPECT_EQ(read_feed(*store_, {.tenant = "rival"})->items.size(), 5U);
  remove(Table::input, engine::sequence_key(2));
  EXPECT_EQ(finding()->sequence, 2U) << "of the tenant whose payloads stay";
}

TEST_F(Retained, DoesNotBelieveARowThatNoRecordWrote) {
  policy_.payloads.inputs = 30 * kDay;
  write(10);
  checkpoint();
  clock_.advance(31 * kDay);
  run_retention();
  write(10);
  const Sequence young = store_->last_sequence();
  remove(Table::input, engine::sequence_key(young));
  ASSERT_TRUE(finding());
  const auto key =
      engine::row_key(retention_instance().value, payload_row_key(kInputsRow, "rival"));
  auto bytes = **raw_->get(Table::row, key);
  bytes[8] = static_cast<char>(young);  // through, its last byte
  change(Table::row, key, bytes);
  EXPECT_TRUE(finding()) << "the record of the decision says another one";
}

TEST_F(Retained, HoldsEventsBackThatSomebodyNeedsAndNotForEver) {
  policy_.payloads.events = 30 * kDay;
  policy_.records = 30 * kDay;
  policy_.hold = 10 * kDay;
  needed_ = [](std::string_view tenant) -> Result<Sequence> { return tenant == "acme" ? 13 : 0; };
  write(300);
  checkpoint();
  clock_.advance(31 * kDay);
  const auto held = plan();
  EXPECT_EQ(held.through, 0U) << "the records before it stay, too";
  ASSERT_EQ(held.cuts.size(), 2U);
  EXPECT_EQ(held.cuts[0].scope.tenant, "acme");
  EXPECT_EQ(held.cuts[0].through, 12U);
  EXPECT_EQ(held.cuts[1].scope.tenant, "rival");
  EXPECT_TRUE(held.overtaken.empty());
  clock_.advance(10 * kDay);
  const auto later = plan();
  EXPECT_EQ(later.through, 256U);
  EXPECT_EQ(later.overtaken, std::vector<std::string>{"acme"});
}

TEST_F(Retained, GoesOnWhereItWasInterrupted) {
  policy_.records = 30 * kDay;
  write(250);
  checkpoint();
  write(600);
  checkpoint();
  clock_.advance(31 * kDay);
  const auto made = plan();
  ASSERT_EQ(made.through, 768U);
  submit(decided_input(made));
  int asked = 0;
  const auto stopped = drop(*store_, made.cuts, [&] { return ++asked > 1; });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(finding(), std::nullopt) << "half of it gone";
  store_->failing_commits = 1;
  EXPECT_FALSE(drop(*store_, made.cuts, [] { return false; }));
  EXPECT_EQ(finding(), std::nullopt);
  ASSERT_TRUE(drop(*store_, made.cuts, [] { return false; }));
  EXPECT_EQ(keys_in(Table::journal), store_->last_sequence() - 768);
  EXPECT_EQ(keys_in(Table::input), store_->last_sequence() - 768);
  EXPECT_EQ(finding(), std::nullopt);
  expect_proofs_hold();
}

TEST_F(Retained, ErasesPayloadsOfAScopeAndKeepsTheirProof) {
  write(60);
  checkpoint();
  const auto counts = erase({.tenant = "acme", .instance = id("n0").value, .correlation = {}});
  EXPECT_EQ(counts.inputs, 6U);
  EXPECT_EQ(counts.events, 2U);
  EXPECT_EQ(counts.records, 0U);
  EXPECT_EQ(finding(), std::nullopt);
  EXPECT_EQ(explained_, 8U);
  write(10);
  EXPECT_EQ(finding(), std::nullopt);
  checkpoint();
  expect_proofs_hold();
  const auto later = read_records(*store_, {.instance = id("n0").value, .after = 61});
  ASSERT_FALSE(later->empty());
  remove(Table::input, engine::sequence_key(later->front().sequence));
  EXPECT_EQ(finding()->sequence, later->front().sequence) << "what came after it is not covered";
}

class RetainedRows : public Retained {
 protected:
  static InstanceId remembering(std::string_view rest) {
    return make_instance_id("remembering", "acme", rest);
  }
  Sequence set(std::string_view rest, const std::string& value) {
    const Json script{{"rows", {{"k", value}}}};
    return submit({.instance = remembering(rest), .type = "do", .payload = script.dump()}).sequence;
  }
  Result<std::optional<std::string>> row_then(Sequence sequence, std::string_view rest) {
    TM_ASSIGN(const auto view, view_as_of(*store_, sequence));
    return read_row(*view, remembering(rest), "k");
  }
  Result<std::optional<std::string>> state_then(Sequence sequence, std::string_view rest) {
    TM_ASSIGN(const auto view, view_as_of(*store_, sequence));
    return read_state(*view, remembering(rest));
  }
};

TEST_F(RetainedRows, AreKnownAsTheyWereSinceWhatIsKeptAndRefusedBefore) {
  policy_.records = 30 * kDay;
  set("idle", "1");
  set("busy", "1");
  write(298);
  checkpoint();
  clock_.advance(31 * kDay);
  run_retention();
  const Sequence changed = set("busy", "2");
  const auto too_early = view_as_of(*store_, 255);
  ASSERT_FALSE(too_early);
  EXPECT_THAT(too_early.error().message, HasSubstr("begins at record 256"));
  for (const Sequence then : {Sequence{256}, changed - 1}) {
    EXPECT_EQ(*row_then(then, "idle"), "1") << then;
    EXPECT_EQ(*row_then(then, "busy"), "1") << then;
    EXPECT_TRUE(*state_then(then, "idle")) << then;
    const auto lost = state_then(then, "busy");
    ASSERT_FALSE(lost) << "its record is dropped, and it is another now";
    const auto among_others = view_as_of(*store_, then);
    EXPECT_EQ(list_instances(**among_others, "remembering/")->size(), 2U);
    EXPECT_THAT(lost.error().message, HasSubstr("dropped by retention"));
  }
  EXPECT_EQ(*row_then(changed, "busy"), "2");
  EXPECT_TRUE(*state_then(changed, "busy"));
  EXPECT_FALSE(*state_then(changed, "never was"));
  const auto view = view_as_of(*store_, changed);
  const auto instances = list_instances(**view, "remembering/");
  EXPECT_EQ(instances->size(), 2U);
}

TEST_F(RetainedRows, SayThatWhatTheyHeldIsErased) {
  const Sequence first = set("a", "secret");
  const Sequence second = set("a", "later");
  erase({.tenant = {}, .instance = remembering("a").value, .correlation = {}});
  const Sequence third = set("a", "new");
  const auto then = row_then(first, "a");
  ASSERT_FALSE(then);
  EXPECT_THAT(then.error().message, HasSubstr("erased"));
  EXPECT_EQ(*row_then(second, "a"), "later") << "the live row was no history then";
  EXPECT_EQ(*row_then(third, "a"), "new");
  EXPECT_TRUE(raw_->scan(Table::journal_index, {}, {}, [](auto, std::string_view value) {
    EXPECT_EQ(value.find("secret"), std::string_view::npos);
    return true;
  }));
}

TEST_F(Retained, RefusesAnErasureOfEverythingOrWithoutAReason) {
  const auto everything = engine_->submit(erase_input({}, "because"));
  EXPECT_EQ(everything.error().code, Errc::invalid_argument);
  const auto no_reason = engine_->submit(erase_input({"acme", {}, {}}, ""));
  EXPECT_EQ(no_reason.error().code, Errc::invalid_argument);
}

TEST_F(Retained, RunsByItselfOnItsScheduleAndOneAtATime) {
  submit(retention_schedule_input(kDay));
  clock_.advance(kDay);
  run();
  EXPECT_TRUE(read_retention(*store_)->running);
  EXPECT_EQ(engine_->submit(retention_run_input()).error().code, Errc::conflict);
  submit(decided_input({}));
  EXPECT_FALSE(read_retention(*store_)->running);
  submit(retention_schedule_input(milliseconds{0}));
  clock_.advance(2 * kDay);
  run();
  EXPECT_FALSE(read_retention(*store_)->running) << "no longer";
}

}  // namespace
}  // namespace tidemark::audit
