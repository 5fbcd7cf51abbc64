#include "audit/retention.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

#include "base/log.h"
#include "engine/effect.h"
#include "engine/journal.h"

namespace tidemark::audit {
namespace {

constexpr ExecutorLimits kOneAtATime{1, 1};
constexpr std::size_t kRecordsOfARun = 16;  // and there are at most five

constexpr milliseconds kLookUp{20};

}  // namespace

// On a thread of its own: there may be millions of records to erase.
class Retention::Executor final : public EffectExecutor {
 public:
  explicit Executor(Answer answer) : answer_(std::move(answer)) {}
  ~Executor() override {
    if (thread_.joinable()) thread_.join();
  }

  void start(Effect effect, std::unique_ptr<EffectHandle> handle) override {
    // The one before has ended, or is about to: the engine starts one at a time.
    if (thread_.joinable()) thread_.join();
    thread_ = std::thread([this, effect = std::move(effect), handle = std::move(handle)] {
      auto input = answer_(effect, *handle);
      if (input) return handle->complete(std::move(input->type), std::move(input->payload));
      if (input.error().code == Errc::cancelled) return;
      log::error("retention did not get done; it goes on at the next start",
                 {.correlation_id = effect.correlation_id,
                  .error_code = name(input.error().code),
                  .detail = input.error().message});
    });
  }

 private:
  const Answer answer_;
  std::thread thread_;
};

Retention::Retention(Engine& engine, Store& store, RetentionOptions options)
    : engine_(engine), store_(store), options_(std::move(options)) {}

Retention::~Retention() = default;

void Retention::register_with_engine() {
  planner_ = std::make_unique<Executor>(
      [this](const Effect& effect, const EffectHandle&) { return answer_plan(effect); });
  dropper_ = std::make_unique<Executor>([this](const Effect& effect, const EffectHandle& handle) {
    return answer_drop(effect, handle);
  });
  engine_.register_machine(tidemark::erase<RetentionMachine>());
  engine_.register_executor(std::string(kPlanExecutor), *planner_, kOneAtATime);
  engine_.register_executor(std::string(kDropExecutor), *dropper_, kOneAtATime);
}

Result<void> Retention::start() {
  TM_ASSIGN(const auto state, read_retention(store_));
  const auto every = options_.keeps_everything() ? milliseconds{0} : options_.check_every;
  if (state.every == every) return {};
  TM_TRY(engine_.submit(retention_schedule_input(every)));
  return {};
}

Result<RetentionPlan> Retention::plan(WallTime now) const {
  const auto view = store_.snapshot();
  return plan_retention(*view, options_, now, needed_);
}

Result<Input> Retention::answer_plan(const Effect& effect) const {
  TM_ASSIGN(const WallTime now, decode_plan_effect(effect.request.payload));
  TM_ASSIGN(const auto made, plan(now));
  for (const auto& tenant : made.overtaken) {
    log::warning("retention drops events that an endpoint of this tenant was not sent yet",
                 {.company_id = tenant});
  }
  return decided_input(made);
}

Result<Input> Retention::answer_drop(const Effect& effect, const EffectHandle& handle) {
  TM_ASSIGN(const auto cuts, decode_drop_effect(effect.request.payload));
  TM_ASSIGN(const auto counts, drop(store_, cuts, [&] { return handle.stopping(); }));
  const bool erasure = !cuts.empty() && cuts.front().kind == Cut::Kind::payloads;
  return dropped_input(counts, erasure);
}

Result<Receipt> Retention::run() {
  return engine_.submit(retention_run_input());
}

Result<Receipt> Retention::erase(const ErasureScope& scope, std::string_view why) {
  return engine_.submit(erase_input(scope, why));
}

Result<std::optional<DropCounts>> Retention::wait_for(const Receipt& receipt,
                                                      milliseconds timeout) const {
  const auto until = std::chrono::steady_clock::now() + timeout;
  RecordFilter filter{.correlation_id = receipt.correlation_id, .after = receipt.sequence};
  filter.limit = kRecordsOfARun;
  for (;;) {
    // Taken before reading, so that no record falls between the look and the wait.
    const Sequence seen = store_.last_sequence();
    TM_ASSIGN(const auto records, read_records(store_, filter));
    for (const auto& record : records) {
      if (record.instance != retention_instance()) continue;
      TM_ASSIGN(const auto payload, read_input(store_, record.sequence));
      TM_ASSIGN(const auto input, RetentionMachine::decode_input(record.input_type, payload));
      if (const auto* done = std::get_if<RetentionMachine::Dropped>(&input)) return done->counts;
      const auto* decided = std::get_if<RetentionMachine::Decided>(&input);
      if (decided != nullptr && decided->plan.empty()) return DropCounts{};
    }
    const auto left =
        std::chrono::duration_cast<milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return std::nullopt;
    // A short command has no thread that turns the engine.
    if (!engine_.run_one_batch()) engine_.wait_for_record(seen, std::min(left, kLookUp));
  }
}

Result<std::vector<Erasure>> Retention::erasures(std::size_t most) const {
  std::vector<Erasure> all;
  std::optional<Error> failure;
  TM_TRY(scan_rows(store_, retention_instance(), {&kErasureRow, 1}, {},
                   [&](std::string_view key, std::string_view value) {
                     auto erasure = decode_erasure(key, value);
                     if (!erasure) {
                       failure = std::move(erasure).error();
                       return false;
                     }
                     all.push_back(*std::move(erasure));
                     if (all.size() > most) all.erase(all.begin());
                     return true;
                   }));
  if (failure) return fail(*std::move(failure));
  std::reverse(all.begin(), all.end());
  return all;
}

}  // namespace tidemark::audit
