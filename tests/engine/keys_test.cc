#include "engine/keys.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "engine/journal_codec.h"
#include "engine/journal_tree.h"
#include "engine/stored_values.h"

namespace tidemark::engine {
namespace {

constexpr std::string_view kInstance = "calendar/acme/work";
const WallTime kTime{milliseconds{1'765'886'400'000}};

std::string hex(std::string_view bytes) {
  std::ostringstream out;
  for (unsigned char byte : bytes) {
    out << "0123456789abcdef"[byte >> 4] << "0123456789abcdef"[byte & 15];
  }
  return out.str();
}

JournalRecord full_record() {
  JournalRecord record;
  record.sequence = 300;
  record.at = kTime;
  record.tenant = "acme";
  record.instance = {std::string(kInstance)};
  record.previous = 299;
  record.machine_version = 2;
  record.input_type = "page.arrived";
  record.input_hash = sha256("input");
  record.input_bytes = 5;
  record.dedupe_key = "dedupe";
  record.effect = Position{290, 1};
  record.completes = true;
  record.correlation_id = "cor_1";
  record.causation_id = "eff_1";
  record.state = "state";
  record.state_hash = sha256("state");
  record.rows = {{"kept", sha256("value")}, {"gone", std::nullopt}};
  record.events = {{"evt_1", "calendar.event.created", "key", sha256("event")}};
  record.effects = {{"caldav", "work", "payload"}};
  record.timers = {{"poll", kTime, true}, {"retry", std::nullopt, false}};
  record.messages = {{{"account/acme/work"}, "tell", "text"}};
  record.end = true;
  record.error = Error{Errc::invalid_argument, "no", {}};
  return record;
}

// What a record may hold since secrets can come with an input.
JournalRecord record_with_secrets() {
  auto record = full_record();
  record.secrets = {"endpoint/1/new"};
  record.dropped_secrets = {"endpoint/1/old"};
  return record;
}

Event event() {
  Event event;
  event.id = "evt_1";
  event.type = "calendar.event.created";
  event.occurred_at = kTime;
  event.company_id = "acme";
  event.source = "caldav:work";
  event.correlation_id = "cor_1";
  event.payload = {{"a", 1}};
  return event;
}

OutboxEntry outbox_entry(std::string executor) {
  return {{300, 1}, std::move(executor), "work", {std::string(kInstance)}, "cor_1", kTime, "tell",
          "payload"};
}

// Every format the engine writes, one a line: its name and an example in hexadecimal.
std::string all_formats() {
  std::ostringstream out;
  const auto line = [&](const char* name, std::string_view bytes) {
    out << name << " " << hex(bytes) << "\n";
  };
  line("key.journal", sequence_key(300));
  line("key.event", event_key({300, 1}));
  line("key.instance", instance_key(kInstance));
  line("key.row", row_key(kInstance, "r/1"));
  line("key.timer.due", timer_due_key(kTime, kInstance, "poll"));
  line("key.timer.name", timer_name_key(kInstance, "poll"));
  line("key.outbox", outbox_key("caldav", "work", {300, 1}));
  line("key.dedupe", dedupe_key("acme", "k"));
  line("key.secret", secret_key("acme", "endpoint/1/new"));
  line("key.index.correlation", index_key(by_correlation_prefix("cor_1"), 300));
  line("key.index.instance", index_key(by_instance_prefix(kInstance), 300));
  line("key.index.events", index_key(events_of_tenant_prefix("acme"), 300));
  line("key.index.records", index_key(records_of_tenant_prefix("acme"), 300));
  line("key.index.tree", tree_key(9, 300));
  line("value.index.tree", encode_node(sha256("node")));
  line("key.index.history", history_key(kInstance, std::string("i\0x", 3), 300));
  line("value.index.history", encode_history(encode(StoredRow{299, "before"})));
  line("value.index.history.erased", encode_erased_history(299));
  line("key.index.history_start", history_start_key());
  line("value.index.history_start", encode_history_start(300));
  line("value.row", encode(StoredRow{300, "value"}));
  line("value.instance", encode(InstanceValue{300, "state"}));
  line("value.dedupe", encode(DedupeValue{300, kTime, "cor_1"}));
  line("value.timer.due", encode(TimerValue{300, kTime, true, "cor_1"}));
  line("value.timer.name", encode_due(kTime));
  line("value.outbox.effect", encode(outbox_entry("caldav")));
  line("value.outbox.message", encode(outbox_entry("")));
  line("value.input", encode_input("payload"));
  line("value.event", encode_event(event()));
  auto record = full_record();
  line("value.journal", encode_record(record));
  auto with_secrets = record_with_secrets();
  line("value.journal.secrets", encode_record(with_secrets));
  return out.str();
}

TEST(Keys, AndValuesAreAsTheGoldenFileSays) {
  const std::string path = std::string(TIDEMARK_TEST_DATA) + "/keys/engine.txt";
  if (std::getenv("TIDEMARK_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << all_formats();
  std::ifstream file(path);
  std::ostringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(all_formats(), golden.str())
      << "stored formats are for ever; TIDEMARK_UPDATE_GOLDEN=1 rewrites " << path;
}

TEST(Keys, AreReadBackAsTheyWereWritten) {
  EXPECT_EQ(parse_sequence_key(sequence_key(7)), 7U);
  EXPECT_EQ(parse_event_key(event_key({7, 3})), (Position{7, 3}));
  EXPECT_EQ(instance_of_key(instance_key(kInstance)), kInstance);
  const auto timer = parse_timer_due_key(timer_due_key(kTime, kInstance, "poll"));
  EXPECT_EQ(timer->due, kTime);
  EXPECT_EQ(timer->instance, kInstance);
  EXPECT_EQ(timer->name, "poll");
  const auto key = outbox_key("caldav", "work", {7, 3});
  const auto outbox = parse_outbox_key(key);
  EXPECT_EQ(outbox->executor, "caldav");
  EXPECT_EQ(outbox->host, "work");
  EXPECT_EQ(outbox->position, (Position{7, 3}));
  EXPECT_EQ(outbox_prefix_of(key), outbox_prefix("caldav", "work"));
  EXPECT_EQ(sequence_of_index_key(index_key(by_instance_prefix(kInstance), 9)), 9U);
}

TEST(Keys, ThatAreCutShortAreNotRead) {
  const auto key = outbox_key("caldav", "work", {7, 3});
  for (std::size_t length = 0; length < key.size(); ++length) {
    EXPECT_FALSE(parse_outbox_key(std::string_view(key).substr(0, length))) << length;
  }
  EXPECT_FALSE(parse_timer_due_key(timer_name_key(kInstance, "poll")));
  EXPECT_FALSE(parse_event_key(sequence_key(1)));
  EXPECT_EQ(instance_of_key(""), "");
  EXPECT_EQ(instance_of_key("x"), "");
}

TEST(Keys, OfOneInstanceAreNeverAmongThoseOfAnother) {
  EXPECT_FALSE(row_key("k/acme/a", "b").starts_with(row_prefix("k/acme/")));
  EXPECT_FALSE(row_key("k/acme/ab", "").starts_with(row_prefix("k/acme/a")));
  EXPECT_FALSE(secret_key("acme2", "x").starts_with(secret_prefix("acme")));
  EXPECT_FALSE(timer_name_key("k/acme/ab", "x").starts_with(timer_name_prefix("k/acme/a")));
}

TEST(Keys, OfTimersSortByDueTimeEvenBeforeTheEpoch) {
  const WallTime before{milliseconds{-5}};
  const WallTime after{milliseconds{5}};
  EXPECT_LT(timer_due_key(before, "z", "z"), timer_due_key(after, "a", "a"));
  EXPECT_LE(timer_due_from(after), timer_due_key(after, "a", "a"));
}

TEST(JournalCodec, ReadsBackEveryField) {
  auto written = record_with_secrets();
  const auto bytes = encode_record(written);
  const auto read = decode_record(bytes);
  ASSERT_TRUE(read) << read.error().message;
  auto again = *read;
  EXPECT_EQ(encode_record(again), bytes);
  EXPECT_EQ(to_json(*read), to_json(written));
  EXPECT_EQ(read->hash, sha256(std::string_view("\0\1", 2), std::string_view(bytes).substr(33)));
}

TEST(JournalCodec, RefusesEveryFlippedBit) {
  auto record = record_with_secrets();
  const auto bytes = encode_record(record);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    const auto read = decode_record(damaged);
    ASSERT_FALSE(read) << i;
    EXPECT_EQ(read.error().code, Errc::corrupt);
  }
}

TEST(JournalCodec, ReadsEventsBack) {
  const auto read = decode_event(encode_event(event()));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, event());
}

TEST(StoredValues, RefuseUnknownFormats) {
  EXPECT_FALSE(decode_instance("\x02........state"));
  EXPECT_FALSE(decode_dedupe("\x01short"));
  EXPECT_FALSE(decode_timer(""));
  EXPECT_FALSE(decode_due("\x01"));
  EXPECT_FALSE(decode_input_value("\x02x"));
  EXPECT_FALSE(decode_outbox(outbox_key("e", "h", {1, 0}), "\x01not cbor"));
}

// Bytes with the leaf hash they ought to have, so that only decoding can refuse them.
Result<JournalRecord> decode_rehashed(std::string_view map) {
  const Sha256 hash = sha256(std::string_view("\x00\x01", 2), map);
  std::string bytes(1, '\x01');
  bytes.append(as_bytes(hash)).append(map);
  return decode_record(bytes);
}

TEST(RecordCodec, ReadsWhatItWroteAndNothingThatIsShorterOrLonger) {
  auto record = record_with_secrets();
  const std::string bytes = encode_record(record);
  const auto read = decode_record(bytes);
  ASSERT_TRUE(read) << read.error().message;
  auto again = *read;
  EXPECT_EQ(encode_record(again), bytes);
  const std::string_view map = std::string_view(bytes).substr(33);
  ASSERT_TRUE(decode_rehashed(map));
  for (std::size_t size = 0; size < map.size(); ++size) {
    EXPECT_EQ(decode_rehashed(map.substr(0, size)).error().code, Errc::corrupt) << size;
  }
  EXPECT_EQ(decode_rehashed(std::string(map) + "x").error().code, Errc::corrupt);
}

TEST(RecordCodec, SurvivesAnyOtherByte) {
  auto record = record_with_secrets();
  const std::string map = encode_record(record).substr(33);
  for (std::size_t i = 0; i < map.size(); ++i) {
    for (const int change : {0x01, 0x20, 0x80, 0xff}) {
      std::string changed = map;
      changed[i] = static_cast<char>(changed[i] ^ change);
      const auto read = decode_rehashed(changed);
      if (!read) {
        EXPECT_EQ(read.error().code, Errc::corrupt);
      }
    }
  }
}

}  // namespace
}  // namespace tidemark::engine
