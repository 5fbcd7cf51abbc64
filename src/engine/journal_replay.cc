#include "engine/journal_replay.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "engine/as_of.h"
#include "engine/journal_codec.h"
#include "engine/keys.h"
#include "engine/stepper.h"
#include "engine/table_compare.h"

namespace tidemark {
namespace {

using engine::Work;

constexpr std::size_t kRecordsAPage = 256;
constexpr std::size_t kCommitBytes = 4U << 20;
constexpr std::size_t kMostDiverged = 100'000;  // instances; more are no upgrade to be looked at

engine::Machines by_kind(const std::vector<AnyMachine>& machines) {
  engine::Machines map;
  for (const auto& machine : machines) map.emplace(std::string(machine.kind), machine);
  return map;
}

// "state, rows": the fields in which two records differ.
std::string fields_of_difference(const JournalRecord& recorded, const JournalRecord& now) {
  const Json before = to_json(recorded);
  const Json after = to_json(now);
  std::string fields;
  for (const auto& [field, value] : before.items()) {
    if (field == "hash" || field == "state_hash" || field == "machine_version") continue;
    if (after.contains(field) && after.at(field) == value) continue;
    fields += (fields.empty() ? "" : ", ") + field;
  }
  for (const auto& [field, value] : after.items()) {
    if (!before.contains(field)) fields += (fields.empty() ? "" : ", ") + field;
  }
  // Bytes that JSON shows the same way.
  return fields.empty() ? "bytes" : fields;
}

class JournalReplay {
 public:
  JournalReplay(const Store& source, Store& target, const std::vector<AnyMachine>& machines,
                const ReplayOptions& options)
      : source_(source),
        target_(target),
        options_(options),
        machines_(by_kind(machines)),
        stepper_(target, machines_),
        last_(std::min(options.through.value_or(source.last_sequence()), source.last_sequence())) {}

  Result<ReplayReport> run();

 private:
  struct Entry {
    JournalRecord record;
    std::string bytes;
  };
  Result<std::vector<Entry>> read_page(Sequence after) const;
  Result<void> step(const Entry& entry, std::string input);
  Result<std::unique_ptr<Work>> make_work(const JournalRecord& record, std::string input);
  Result<void> find_effect(const Position& effect, Work& work);
  Result<void> add_secrets(const JournalRecord& record, Work& work);
  Result<void> set_dedupe_time(const JournalRecord& record, Work& work) const;
  Result<void> note_difference(const JournalRecord& record, std::string input,
                               std::optional<JournalRecord> now, std::string what);
  void count_version(const JournalRecord& record);
  Result<void> commit();
  Result<void> compare_tables();

  const Store& source_;
  Store& target_;
  const ReplayOptions& options_;
  const engine::Machines machines_;
  engine::Stepper stepper_;
  const Sequence last_;
  ReplayReport report_;
  std::map<std::pair<std::string, std::uint32_t>, std::uint64_t> versions_;
  std::set<std::string, std::less<>> diverged_;
  JournalRecord asked_{};  // the record whose effects the last completions were about
};

Result<ReplayReport> JournalReplay::run() {
  if (target_.last_sequence() != 0) {
    return fail(Errc::invalid_argument, "a journal is replayed into an empty store only");
  }
  TM_TRY(begin_history(target_));
  stepper_.begin(0, WallTime{});
  bool over = false;
  while (!over && report_.last < last_) {
    TM_ASSIGN(auto page, read_page(report_.last));
    std::vector<std::string> keys;
    for (const auto& entry : page) keys.push_back(engine::sequence_key(entry.record.sequence));
    TM_ASSIGN(const auto inputs, source_.multi_get(Table::input, keys));
    for (std::size_t i = 0; i < page.size() && !over; ++i) {
      const auto& record = page[i].record;
      over = options_.until && record.at > *options_.until;
      if (over) break;
      if (!inputs[i]) {
        return fail(Errc::not_found,
                    "the input of record " + std::to_string(record.sequence) +
                        " is not there: retention dropped it, or it was erased. Replay a backup "
                        "from before");
      }
      TM_ASSIGN(auto input, engine::decode_input_value(*inputs[i]));
      TM_TRY(step(page[i], std::move(input)));
      report_.last = record.sequence;
    }
    TM_TRY(commit());
    if (options_.progress && !options_.progress(report_.last, last_)) {
      return fail(Errc::cancelled,
                  "the replay was ended at record " + std::to_string(report_.last));
    }
  }
  for (const auto& [made_by, records] : versions_) {
    const auto machine = machines_.find(made_by.first);
    report_.made.push_back({made_by.first, made_by.second,
                            machine == machines_.end() ? 0 : machine->second.version, records});
  }
  if (report_.different == 0 && report_.last == source_.last_sequence()) TM_TRY(compare_tables());
  return std::move(report_);
}

Result<std::vector<JournalReplay::Entry>> JournalReplay::read_page(Sequence after) const {
  std::vector<Entry> page;
  page.reserve(kRecordsAPage);
  std::optional<Error> damage;
  TM_TRY(source_.scan(Table::journal, engine::partition_prefix(), engine::sequence_key(after + 1),
                      [&](std::string_view key, std::string_view bytes) {
                        const Sequence expected = after + page.size() + 1;
                        if (engine::parse_sequence_key(key) != expected) {
                          damage = {Errc::not_found, "record " + std::to_string(expected) +
                                                         " is not in the journal"};
                          return false;
                        }
                        if (expected > last_) return false;
                        auto record = engine::decode_record(bytes);
                        if (!record) {
                          damage = in_context("record " + std::to_string(expected), record.error());
                          return false;
                        }
                        page.push_back({*std::move(record), std::string(bytes)});
                        return page.size() < kRecordsAPage;
                      }));
  if (damage) return fail(*std::move(damage));
  if (page.empty()) {
    return fail(Errc::corrupt, "the journal ends before its record " + std::to_string(after + 1));
  }
  return page;
}

Result<void> JournalReplay::step(const Entry& entry, std::string input) {
  const auto& record = entry.record;
  if (sha256(input) != record.input_hash) {
    return fail(Errc::corrupt, "the input of record " + std::to_string(record.sequence) +
                                   " is not the one that was recorded");
  }
  count_version(record);
  TM_ASSIGN(const auto work, make_work(record, std::move(input)));
  if (diverged_.contains(record.instance.value)) {
    ++report_.passed_over;
  } else if (auto now = stepper_.replay(*work, record); !now) {
    if (now.error().code == Errc::io_error) return fail(std::move(now).error());
    TM_TRY(note_difference(record, work->input.payload, std::nullopt,
                           "is refused now: " + now.error().message));
  } else {
    // A version that does the same is no difference; what went wrong may be said in other words.
    const auto version = std::exchange(now->machine_version, record.machine_version);
    if (now->error && record.error && now->error->code == record.error->code) {
      now->error->message = record.error->message;
    }
    engine::encode_record(*now);
    if (now->hash == record.hash) {
      ++report_.records;
    } else {
      now->machine_version = version;
      std::string what = "differs in " + fields_of_difference(record, *now);
      TM_TRY(note_difference(record, work->input.payload, *std::move(now), std::move(what)));
    }
  }
  stepper_.adopt(*work, record, entry.bytes);
  return stepper_.batch().bytes() > kCommitBytes ? commit() : Result<void>();
}

Result<std::unique_ptr<Work>> JournalReplay::make_work(const JournalRecord& record,
                                                       std::string input) {
  auto work = std::make_unique<Work>();
  work->input.instance = record.instance;
  work->input.type = record.input_type;
  work->input.payload = std::move(input);
  work->input.dedupe_key = record.dedupe_key;
  work->input.correlation_id = record.correlation_id;
  work->input.causation_id = record.causation_id;
  if (record.input_type == kTimerFired) work->source = Work::Source::timer;
  if (record.effect) {
    TM_TRY(find_effect(*record.effect, *work));
    if (!record.completes) work->source = Work::Source::progress;
  }
  TM_TRY(add_secrets(record, *work));
  TM_TRY(set_dedupe_time(record, *work));
  return work;
}

// Effects come first in a record's numbering, then its messages.
Result<void> JournalReplay::find_effect(const Position& effect, Work& work) {
  if (asked_.sequence != effect.sequence) {
    TM_ASSIGN(asked_, read_record(source_, effect.sequence));
  }
  const std::size_t effects = asked_.effects.size();
  if (effect.index < effects) {
    const auto& request = asked_.effects[effect.index];
    work.source = Work::Source::completion;
    work.outbox_key = engine::outbox_key(request.executor, request.host, effect);
    return {};
  }
  if (effect.index - effects >= asked_.messages.size()) {
    return fail(Errc::corrupt, "a record is about effect " + std::to_string(effect.index) +
                                   " of record " + std::to_string(effect.sequence) +
                                   ", which has no such effect");
  }
  work.source = Work::Source::message;
  work.outbox_key =
      engine::outbox_key({}, asked_.messages[effect.index - effects].to.value, effect);
  return {};
}

// The journal has their names only; their bytes are those of today.
Result<void> JournalReplay::add_secrets(const JournalRecord& record, Work& work) {
  for (const auto& name : record.secrets) {
    TM_ASSIGN(auto sealed, source_.get(Table::secret, engine::secret_key(record.tenant, name)));
    if (!sealed) report_.missing_secrets.push_back(record.tenant + "/" + name);
    work.input.secrets.push_back({name, std::move(sealed).value_or("")});
  }
  return {};
}

// A mark that still stands keeps its end; one that has expired meanwhile gets the usual time.
Result<void> JournalReplay::set_dedupe_time(const JournalRecord& record, Work& work) const {
  if (record.dedupe_key.empty()) return {};
  TM_ASSIGN(const auto bytes,
            source_.get(Table::dedupe, engine::dedupe_key(record.tenant, record.dedupe_key)));
  if (!bytes) return {};
  TM_ASSIGN(const auto mark, engine::decode_dedupe(*bytes));
  if (mark.sequence != record.sequence) return {};
  work.input.dedupe_for = std::chrono::ceil<std::chrono::hours>(mark.expires - record.at);
  return {};
}

Result<void> JournalReplay::note_difference(const JournalRecord& record, std::string input,
                                            std::optional<JournalRecord> now, std::string what) {
  ++report_.different;
  if (diverged_.size() == kMostDiverged) {
    return fail(Errc::limit_exceeded, "more than " + std::to_string(kMostDiverged) +
                                          " instances go another way: the replay ends here");
  }
  diverged_.insert(record.instance.value);
  if (report_.differences.size() < options_.most_differences) {
    report_.differences.push_back({record, std::move(input), std::move(now), std::move(what)});
  }
  return {};
}

void JournalReplay::count_version(const JournalRecord& record) {
  ++versions_[{std::string(record.instance.kind()), record.machine_version}];
}

Result<void> JournalReplay::commit() {
  if (stepper_.batch().count() == 0) return {};
  const Sequence through = stepper_.outcome().last;
  TM_TRY(target_.commit(stepper_.take_batch(), through));
  stepper_.settled(true);
  stepper_.begin(through, WallTime{});
  return {};
}

Result<void> JournalReplay::compare_tables() {
  report_.values_compared = 0;
  for (const Table table : {Table::instance, Table::row, Table::timer, Table::outbox}) {
    TM_ASSIGN(auto compared, engine::compare_table(source_, target_, table));
    *report_.values_compared += compared.same;
    if (report_.first_different_value.empty()) {
      report_.first_different_value = std::move(compared.first_difference);
    }
  }
  return {};
}

}  // namespace

Result<ReplayReport> replay_journal(const Store& source, Store& target,
                                    const std::vector<AnyMachine>& machines,
                                    const ReplayOptions& options) {
  return JournalReplay(source, target, machines, options).run();
}

}  // namespace tidemark
