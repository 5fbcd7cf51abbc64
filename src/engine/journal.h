// Reading what the engine wrote: journal records, the event feed, instance states and rows.
// All functions are read-only and work on a live store or on a snapshot. Thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "base/sha256.h"
#include "domain/event.h"
#include "engine/machine.h"
#include "store/store.h"

namespace tidemark {

// One step, as the journal holds it. Inputs, rows and events are named by their hashes; their bytes
// live in tables of their own, so that a payload can be erased and the history still be proved.
struct JournalRecord {
  struct Row {
    std::string key;
    std::optional<Sha256> value_hash;  // nothing: erased
  };
  struct EventNote {
    std::string id;
    std::string type;
    std::string dedupe_key;
    Sha256 hash{};
  };
  Sequence sequence = 0;
  WallTime at{};
  std::string tenant;
  InstanceId instance;
  Sequence previous = 0;  // the record before this one of the same instance; 0: the first
  std::uint32_t machine_version = 0;
  std::string input_type;
  Sha256 input_hash{};
  std::uint64_t input_bytes = 0;
  std::string dedupe_key;
  std::optional<Position> effect;  // the effect this input reports on, or the message it was
  bool completes = false;          // and ends: it left the outbox in this very commit
  std::string correlation_id;
  std::string causation_id;
  Sha256 state_hash{};
  std::string state;  // encoded state after the step (states are small)
  std::vector<Row> rows;
  std::vector<EventNote> events;
  std::vector<EffectRequest> effects;
  std::vector<TimerChange> timers;
  std::vector<Message> messages;
  // Names of the secrets that came with the input, and of those the step erased. Never their bytes.
  std::vector<std::string> secrets;
  std::vector<std::string> dropped_secrets;
  bool end = false;
  // Set: the machine refused this message, so it was dropped and nothing else changed; `state` is
  // the state as it was. Only messages: their sender is gone and could not be told.
  std::optional<Error> error;
  Sha256 hash{};  // RFC 6962 leaf hash; see engine/journal_codec.h
};
Json to_json(const JournalRecord& record);

// Everything that is set must fit.
struct RecordFilter {
  std::string tenant{};  // empty: all
  std::string correlation_id{};
  std::string instance{};
  std::string dedupe_key{};  // of the input, or of an event it led to
  std::string type_glob{};   // fits the input's type, or that of an event it led to
  std::optional<WallTime> since{};
  std::optional<WallTime> until{};  // exclusive
  Sequence after = 0;
  std::size_t limit = 100;
};
bool matches(const JournalRecord& record, const RecordFilter& filter);

struct RecordPage {
  std::vector<JournalRecord> records;
  Sequence next = 0;  // go on after this one, also when nothing fitted; 0: that was all
};
// Correlation, instance and tenant have an index; a dedupe key has one, the table of dedupe keys,
// while the key's mark lives and when the tenant is named: then the record the mark names is the
// answer. Whatever else must fit is looked at record by record, at most `most` of them a page.
inline constexpr std::size_t kMaxRecordsExamined = 10'000;
Result<RecordPage> read_record_page(const StoreView& view, const RecordFilter& filter,
                                    std::size_t most = kMaxRecordsExamined);
// The same without that bound: for filters that an index answers, and for tests.
Result<std::vector<JournalRecord>> read_records(const StoreView& view, const RecordFilter& filter);
// The first sequence after `after` whose record is not older than `time`; behind the last record
// when there is none. Times grow with sequences as long as the clock is not set back; where it was,
// the records around that moment may be missed. A record that is not there any more is older.
Result<Sequence> first_record_since(const StoreView& view, WallTime time, Sequence after);
// Errc::not_found, or Errc::corrupt when the stored hash does not match.
Result<JournalRecord> read_record(const StoreView& view, Sequence sequence);
Result<std::string> read_input(const StoreView& view, Sequence sequence);

struct FeedFilter {
  std::string tenant{};     // empty: all
  std::string type_glob{};  // empty: all
  Position after{};         // exclusive; {seq, kRecordIndex} means "after all of seq"
  std::size_t limit = 100;
};
struct FeedItem {
  Position position;
  Event event;
};
struct FeedPage {
  std::vector<FeedItem> items;
  Position next;      // resume here, also when nothing matched
  bool more = false;  // false: the end of the feed was reached
};
Result<FeedPage> read_feed(const StoreView& view, const FeedFilter& filter);

// The same feed for those who pass it on: each event as its wire form, unparsed.
struct FeedLine {
  Position position;
  std::string id;
  std::string type;
  std::string json;
};
struct FeedLines {
  std::vector<FeedLine> items;
  Position next;
  bool more = false;
};
Result<FeedLines> read_feed_lines(const StoreView& view, const FeedFilter& filter);

// The committed state of an instance; nothing when it does not exist.
Result<std::optional<std::string>> read_state(const StoreView& view, const InstanceId& instance);
// All instances whose id starts with prefix.
Result<std::vector<InstanceId>> list_instances(const StoreView& view, std::string_view prefix);
// The committed rows of an instance: RowReader's view from outside.
Result<std::optional<std::string>> read_row(const StoreView& view, const InstanceId& instance,
                                            std::string_view key);
Result<void> scan_rows(const StoreView& view, const InstanceId& instance, std::string_view prefix,
                       std::string_view from, const ScanVisitor& visitor);

}  // namespace tidemark
