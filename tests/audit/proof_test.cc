// Checkpoints, proofs and verification over a real journal.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "audit/audit_key.h"
#include "audit/audit_service.h"
#include "engine/engine_fixture.h"
#include "engine/journal_codec.h"
#include "engine/journal_tree.h"
#include "engine/keys.h"
#include "engine/stored_values.h"
#include "store/key.h"

namespace tidemark::audit {
namespace {

using test::EngineTest;
using ::testing::HasSubstr;

class Audit : public EngineTest {
 protected:
  Audit() {
    more_machines_.push_back(erase<CheckpointMachine>());
    reopen();
    service_ = std::make_unique<AuditService>(*engine_, *store_, options());
  }
  ~Audit() override { service_.reset(); }

  AuditOptions options() const { return {.data_dir = directory_.path().string()}; }
  void write(int records) {
    for (int i = 0; i < records; ++i) submit(note("n" + std::to_string(i % 5), "x"));
  }
  void write_event() { submit(input("e", {{"events", {"told"}}})); }
  StoredCheckpoint checkpoint() {
    auto made = service_->make_checkpoint();
    EXPECT_TRUE(made) << made.error().message;
    return made.value_or(StoredCheckpoint{});
  }
  VerifierKey key() const { return *service_->verifier_key(); }

  // Of the whole journal: what is wrong first, or nothing.
  std::optional<Finding> finding(bool payloads = true) {
    const Sequence last = store_->last_sequence();
    const auto part = service_->verify_part(0, last, payloads);
    EXPECT_TRUE(part) << part.error().message;
    if (!part || part->finding) return part ? part->finding : std::nullopt;
    EXPECT_EQ(part->records, last);
    const auto rest = service_->verify_rest(last);
    EXPECT_TRUE(rest) << rest.error().message;
    return rest ? rest->finding : std::nullopt;
  }
  void put(Table table, const std::string& key, const std::string& value) {
    WriteBatch batch;
    batch.put(table, key, value);
    ASSERT_TRUE(raw_->commit(std::move(batch), raw_->last_sequence()));
  }
  void erase_key(Table table, const std::string& key) {
    WriteBatch batch;
    batch.erase(table, key);
    ASSERT_TRUE(raw_->commit(std::move(batch), raw_->last_sequence()));
  }
  std::string stored(Table table, const std::string& key) { return **raw_->get(table, key); }

  std::unique_ptr<AuditService> service_;
};

TEST_F(Audit, ProvesEveryRecordWithTheProofAndTheKeyAlone) {
  write(300);
  checkpoint();
  for (const Sequence sequence : {1U, 2U, 255U, 256U, 257U, 300U}) {
    const auto proof = service_->prove(sequence);
    ASSERT_TRUE(proof) << proof.error().message;
    const auto read = InclusionProof::parse(proof->text());
    ASSERT_TRUE(read) << read.error().message;
    const auto proved = check(*read, key());
    ASSERT_TRUE(proved) << proved.error().message;
    EXPECT_EQ(proved->record.sequence, sequence);
    EXPECT_EQ(proved->record.hash, record(sequence).hash);
    EXPECT_EQ(proved->checkpoint.size, 300U);
  }
}

TEST_F(Audit, AProofHoldsForNothingElse) {
  write(20);
  checkpoint();
  const std::string text = service_->prove(7)->text();
  const VerifierKey ours = key();
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    const auto read = InclusionProof::parse(changed);
    EXPECT_FALSE(read && check(*read, ours)) << i << ": " << changed;
  }
  const VerifierKey other{ours.name, Ed25519Key::generate()->public_key()};
  EXPECT_EQ(check(*InclusionProof::parse(text), other).error().code, Errc::corrupt);
}

TEST_F(Audit, ProvesThatAnEarlierJournalIsTheBeginningOfALaterOne) {
  write(100);
  const auto first = checkpoint();
  write(200);
  const auto second = checkpoint();
  ASSERT_GT(second.size, first.size + 199);
  const auto proof = service_->prove_consistency(first.size);
  ASSERT_TRUE(proof) << proof.error().message;
  const auto read = ConsistencyProof::parse(proof->text());
  ASSERT_TRUE(read) << read.error().message;
  const auto later = check(*read, first.note, key());
  ASSERT_TRUE(later) << later.error().message;
  EXPECT_EQ(later->size, second.size);
  // The earlier checkpoint of a journal that was another.
  const NoteSigner signer = *load_or_make_key(options().data_dir, "");
  Checkpoint forged = *verified_checkpoint(first.note, key());
  forged.root[0] ^= 1;
  EXPECT_EQ(check(*read, sign(forged, signer), key()).error().code, Errc::corrupt);
  EXPECT_EQ(check(*read, second.note, key()).error().code, Errc::corrupt);
}

TEST_F(Audit, SaysWhyItCannotProve) {
  write(3);
  EXPECT_EQ(service_->prove(9).error().code, Errc::not_found);
  const auto early = service_->prove(2);
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().code, Errc::conflict);
  EXPECT_THAT(early.error().message, HasSubstr("tidemark audit checkpoint"));
  checkpoint();
  EXPECT_EQ(service_->prove(2, 2).error().code, Errc::not_found);
  EXPECT_EQ(service_->prove_consistency(2).error().code, Errc::not_found);
}

TEST_F(Audit, SignsNothingTwice) {
  write(3);
  const auto first = checkpoint();
  EXPECT_EQ(first.size, 3U);
  EXPECT_EQ(checkpoint().note, first.note) << "nothing but itself has happened since";
  write(1);
  const Sequence written = store_->last_sequence();
  EXPECT_EQ(checkpoint().size, written) << "a single record counts";
  EXPECT_EQ(service_->checkpoints(1, 10)->size(), 2U);
}

TEST_F(Audit, VerifiesWhatIsWhole) {
  write(300);
  write_event();
  EXPECT_EQ(finding(), std::nullopt) << "without a key, too";
  checkpoint();
  write(5);
  checkpoint();
  EXPECT_EQ(finding(), std::nullopt);
  EXPECT_EQ(finding(false), std::nullopt);
}

TEST_F(Audit, NamesTheFirstRecordThatIsMissingChangedOrAnother) {
  write(300);
  write_event();
  checkpoint();
  const auto journal = [](Sequence sequence) { return engine::sequence_key(sequence); };
  const std::string seventh = stored(Table::journal, journal(7));
  const auto expect = [&](Sequence sequence, const std::string& part, bool payloads = false) {
    const auto found = finding(payloads);
    ASSERT_TRUE(found) << part;
    EXPECT_EQ(found->sequence, sequence) << found->what;
    EXPECT_THAT(found->what, HasSubstr(part));
  };

  erase_key(Table::journal, journal(7));
  expect(7, "is missing");
  std::string changed = seventh;
  changed[60] = static_cast<char>(changed[60] ^ 1);
  put(Table::journal, journal(7), changed);
  expect(7, "do not match its hash");
  put(Table::journal, journal(7), stored(Table::journal, journal(8)));
  expect(7, "is another one");
  put(Table::journal, journal(7), seventh);

  const std::string last = stored(Table::journal, journal(store_->last_sequence()));
  put(Table::journal, journal(store_->last_sequence() + 1), last);
  expect(store_->last_sequence() + 1, "is behind the last one");
  erase_key(Table::journal, journal(store_->last_sequence() + 1));

  const std::string input = stored(Table::input, journal(9));
  put(Table::input, journal(9), input + "x");
  expect(9, "input", true);
  EXPECT_EQ(finding(false), std::nullopt) << "not in the tree themselves";
  put(Table::input, journal(9), input);
  const auto event_key = engine::event_key({301, 0});
  erase_key(Table::event, event_key);
  expect(301, "event", true);
}

// Whoever can write the store can also hash: a record that was rewritten with its hash shows in the
// tree, and when the tree was rewritten as well, in the signed checkpoint.
TEST_F(Audit, ARewrittenHistoryShowsInTheTreeAndInTheCheckpoints) {
  write(300);
  checkpoint();
  const auto key_of_seventh = engine::sequence_key(7);
  auto forged = record(7);
  forged.correlation_id = "cor_another";
  put(Table::journal, key_of_seventh, engine::encode_record(forged));
  auto found = finding(false);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->sequence, 1U) << "the first of those the node is the hash of";
  EXPECT_THAT(found->what, HasSubstr("is not the hash of its records"));

  erase_key(Table::journal_index, engine::tree_key(engine::kTileLevel, 0));
  found = finding(false);
  ASSERT_TRUE(found);
  EXPECT_THAT(found->what, HasSubstr("the checkpoint of 300 records has another root"));
}

TEST_F(Audit, ACheckpointThatWasRemovedIsMissed) {
  std::vector<std::string> rows;
  for (int i = 0; i < 3; ++i) {
    write(5);
    const auto size = checkpoint().size;
    rows.push_back(engine::row_key(checkpoint_instance().value, KeyWriter().u64(size).str()));
  }
  EXPECT_EQ(finding(), std::nullopt);
  for (const auto& row : rows) {
    const std::string kept = stored(Table::row, row);
    erase_key(Table::row, row);
    const auto found = finding();
    ASSERT_TRUE(found);
    EXPECT_THAT(found->what, HasSubstr("3 checkpoints were signed"));
    put(Table::row, row, kept);
  }
  // Whoever removes it and says so in the state has the state's own record against him.
  const auto state = engine::instance_key(checkpoint_instance().value);
  auto value = *engine::decode_instance(stored(Table::instance, state));
  value.state = CheckpointMachine::encode({});
  put(Table::instance, state, engine::encode(value));
  EXPECT_THAT(finding()->what, HasSubstr("not what their last record says"));
}

TEST_F(Audit, WhatIsSignedWhileItVerifiesIsNoFinding) {
  write(10);
  checkpoint();
  const Sequence last = store_->last_sequence();
  write(10);
  checkpoint();
  const auto rest = service_->verify_rest(last);
  ASSERT_TRUE(rest) << rest.error().message;
  EXPECT_EQ(rest->finding, std::nullopt) << rest->finding->what;
  EXPECT_EQ(rest->checkpoints, 1U);
}

TEST_F(Audit, AJournalThatWasCutShowsInTheCheckpoints) {
  write(10);
  const auto made = checkpoint();
  const auto verified = verify_checkpoints(*store_, made.size - 1, {made.note}, key());
  ASSERT_TRUE(verified && verified->finding);
  EXPECT_THAT(verified->finding->what, HasSubstr("records are missing at its end"));
}

TEST_F(Audit, KeepsOneKeyAndRefusesADamagedOne) {
  write(1);
  checkpoint();
  const VerifierKey first = key();
  service_ = std::make_unique<AuditService>(*engine_, *store_, options());
  write(5);
  checkpoint();
  EXPECT_EQ(key(), first);
  EXPECT_THAT(first.name, HasSubstr("tidemark/"));

  const std::string path = options().data_dir + "/audit.key";
  std::ofstream(path) << "PRIVATE+KEY+name+00000000+AAAA\n";
  const auto damaged = load_or_make_key(options().data_dir, "");
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, Errc::corrupt);
  EXPECT_THAT(damaged.error().message, HasSubstr(path));
}

TEST_F(Audit, NeverMakesASecondKeyBesideTheFirst) {
  write(1);
  checkpoint();
  const VerifierKey first = key();
  const std::string path = options().data_dir + "/audit.key";
  const std::string known = options().data_dir + "/audit.pub";
  std::filesystem::rename(path, path + ".aside");
  const auto missing = load_or_make_key(options().data_dir, "");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::corrupt);
  EXPECT_THAT(missing.error().message, HasSubstr(path + " is missing"));
  EXPECT_FALSE(std::filesystem::exists(path));

  std::filesystem::rename(path + ".aside", path);
  std::filesystem::remove(known);
  EXPECT_EQ(load_verifier_key(options().data_dir), first) << "the private half tells it";
  std::ofstream(known) << VerifierKey{first.name, Ed25519Key::generate()->public_key()}.text();
  const auto other = load_or_make_key(options().data_dir, "");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Errc::corrupt);
  EXPECT_THAT(other.error().message, HasSubstr(known + " is of another key"));
}

TEST_F(Audit, SignsOnScheduleAndStopsWhenToldTo) {
  service_.reset();
  close();
  more_machines_.clear();
  open();
  AuditOptions hourly = options();
  service_ = std::make_unique<AuditService>(*engine_, *store_, hourly);
  service_->register_with_engine();
  ASSERT_TRUE(service_->start());
  write(3);
  run();
  EXPECT_EQ(service_->checkpoints(1, 10)->size(), 0U);
  for (int hour = 0; hour < 3; ++hour) {
    clock_.advance(std::chrono::hours(1));
    run();
  }
  EXPECT_EQ(service_->checkpoints(1, 10)->size(), 3U);
  ASSERT_TRUE(service_->start()) << "nothing to change";
  hourly.checkpoint_every = milliseconds{0};
  service_.reset();
  reopen();
  service_ = std::make_unique<AuditService>(*engine_, *store_, hourly);
  service_->register_with_engine();
  ASSERT_TRUE(service_->start());
  run();
  clock_.advance(std::chrono::hours(5));
  run();
  EXPECT_EQ(service_->checkpoints(1, 10)->size(), 3U);
  EXPECT_EQ(finding(), std::nullopt);
}

TEST(ProofText, ThatIsNoneIsRefused) {
  for (const std::string& text :
       {std::string(), std::string("x"), std::string("c2sp.org/tlog-proof@v1\n"),
        std::string("c2sp.org/tlog-proof@v1\nextra AAAA\nindex 01\n\nx"),
        std::string("c2sp.org/tlog-proof@v1\nextra AAAA\nindex -1\n\nx"),
        std::string("c2sp.org/tlog-proof@v1\nextra !\nindex 1\n\nx"),
        std::string("c2sp.org/tlog-proof@v1\nextra AAAA\nindex 1\nAAAA\n\nx"),
        std::string("c2sp.org/tlog-proof@v1\nextra AAAA\nindex 99999999999999999999\n\nx")}) {
    EXPECT_EQ(InclusionProof::parse(text).error().code, Errc::parse_error) << text;
    EXPECT_EQ(ConsistencyProof::parse(text).error().code, Errc::parse_error) << text;
  }
}

}  // namespace
}  // namespace tidemark::audit
