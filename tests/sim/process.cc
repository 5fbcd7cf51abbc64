#include "sim/process.h"

#include "audit/checkpoint_machine.h"
#include "delivery/endpoint_inputs.h"
#include "delivery/endpoint_machine.h"
#include "engine/journal.h"
#include "providers/caldav/caldav_provider.h"
#include "providers/google/google_provider.h"
#include "sim/fiber_lock.h"
#include "sim/ledger.h"
#include "sync/account_machine.h"
#include "sync/calendar_machine.h"
#include "sync/watch_machine.h"
#include "sync/write_inputs.h"

namespace tidemark::sim {
namespace {

constexpr milliseconds kCheckpointEvery = std::chrono::minutes(10);

}  // namespace

JournalAuditor::Machines Process::machines() {
  JournalAuditor::Machines all;
  for (auto machine : {erase<sync::AccountMachine>(), erase<sync::CalendarMachine>(),
                       erase<delivery::EndpointMachine>(), erase<audit::CheckpointMachine>(),
                       erase<sync::WatchMachine>(), erase<LedgerMachine>()}) {
    all.emplace(machine.kind, machine);
  }
  return all;
}

void Process::Notice::start(Effect effect, std::unique_ptr<EffectHandle> handle) {
  if (deliverer != nullptr) deliverer->endpoint_changed(effect.instance);
  handle->complete(std::string(delivery::input_type::kNoticed), {});
}

Process::Process(Surroundings& around)
    : around_(around),
      store_(around.stage, around.disk.store()),
      fibers_(around.stage),
      http_(around.stage, around.network, fibers_),
      driver_(around.stage, store_, around.disk, around.receivers),
      context_{store_, metrics_, runtimes_, workers_},
      pull_(context_),
      discover_(context_),
      report_(context_),
      write_(context_),
      push_key_("one key for all processes"),
      watch_(context_, push_key_, watched_),
      bank_(around.stage, around.bank),
      sign_(store_) {
  EngineOptions options;
  // Small, so that its edges are met.
  options.max_batch_inputs = 1 + around.stage.random.below(40);
  options.effects_in_memory = 1 + around.stage.random.below(20);
  engine_ = std::make_unique<Engine>(store_, around.stage.clock, metrics_, options);
  for (auto& [kind, machine] : machines()) engine_->register_machine(machine);
  const auto factory = [this](const AccountSettings& settings, HttpClient& http) {
    return make_provider(settings, http);
  };
  for (const auto& account : around.accounts)
    runtimes_.put(account.settings, http_, metrics_, factory);
  // It configures the accounts and takes requests; the effects are scheduled here.
  sync_ = std::make_unique<SyncService>(*engine_, store_, http_, metrics_, around.accounts,
                                        SyncOptions{0, factory, {around.push_address, push_key_}});
  receiver_ = std::make_unique<sync::PushReceiver>(*engine_, store_, metrics_, push_key_, watched_);
  register_executors();
}

// As kill -9 ends it. Fibers end first: what they hold lies on stacks of their own.
Process::~Process() {
  engine_->on_events({});
  notice_.deliverer = nullptr;
  if (!store_.dead()) store_.die(Fault::crash_at_rest);
  fibers_.kill();
  around_.stage.agenda.drop(Agenda::Of::process);
  deliverer_.reset();
  engine_->stop(milliseconds{0});
  around_.stage.agenda.drop(Agenda::Of::process);
}

std::unique_ptr<CalendarProvider> Process::make_provider(const AccountSettings& settings,
                                                         HttpClient& http) {
  const auto& clock = around_.stage.clock;
  if (settings.provider == "google") {
    return google::make_provider(
        settings, http,
        {.now = [&clock] { return clock.now(); },
         .projects = &gates_,
         .make_lock = [this] { return std::make_unique<FiberLock>(fibers_); }});
  }
  caldav::PullOptions options;
  options.monotonic = [&clock] { return clock.world(); };
  options.query_above = 6;
  options.slow_query_above = 12;
  options.max_batch = 8;
  return caldav::make_provider(settings, http, options, {});
}

void Process::add(std::string_view name, EffectExecutor& executor, ExecutorLimits limits) {
  const ScheduledExecutor::Parts parts{around_.stage, store_, fibers_, around_.keys};
  scheduled_.push_back(std::make_unique<ScheduledExecutor>(parts, executor));
  engine_->register_executor(std::string(name), *scheduled_.back(), limits);
}

void Process::register_executors() {
  add(sync::kPullExecutor, pull_, {8, 2});
  add(sync::kDiscoverExecutor, discover_, {8, 1});
  add(sync::kReportExecutor, report_, {8, 8});
  add(sync::kWriteExecutor, write_, {8, 2});
  add(sync::kWatchExecutor, watch_, {8, 2});
  add(delivery::kNoticeExecutor, notice_, {64, 1});
  add(kBankExecutor, bank_, {4, 3});
  add(audit::kSignExecutor, sign_, {1, 1});
}

Result<Receipt> Process::submit(const InstanceId& instance, std::string_view type,
                                std::string payload) {
  Input input;
  input.instance = instance;
  input.type = type;
  input.payload = std::move(payload);
  return engine_->submit(std::move(input));
}

Result<void> Process::start() {
  auto& stage = around_.stage;
  if (store_.struck(Fault::crash_in_recovery)) return fail(Errc::io_error, "killed at its start");
  TM_TRY(engine_->recover());
  if (store_.struck(Fault::crash_in_recovery)) return fail(Errc::io_error, "killed at its start");
  TM_TRY(configure());
  deliverer_ = std::make_unique<delivery::Deliverer>(
      *engine_, store_, stage.clock, metrics_, driver_,
      [](std::string_view, const delivery::EndpointState&)
          -> Result<std::vector<delivery::SigningKey>> { return signing_keys(); },
      delivery::DelivererOptions{.max_in_flight = 32, .version = "simulated"});
  for (auto& receiver : around_.receivers) receiver->process_begins(store_, stage.clock.now());
  notice_.deliverer = deliverer_.get();
  TM_TRY(deliverer_->start());
  engine_->on_events([this] { deliverer_->events_committed(); });
  return {};
}

Result<void> Process::configure() {
  TM_TRY(watched_.load(store_));
  TM_TRY(sync_->apply_configuration(true));
  for (const auto& receiver : around_.receivers) {
    TM_ASSIGN(const auto there, read_state(store_, receiver->instance()));
    if (there) continue;
    TM_ASSIGN(const auto config, delivery::endpoint_config_from_json(receiver->plan().config()));
    TM_TRY(submit(receiver->instance(), delivery::input_type::kPut,
                  encode(delivery::PutEndpoint{config, true, false, {}})));
  }
  TM_ASSIGN(const auto state, audit::read_checkpoint_state(store_));
  if (state.every != kCheckpointEvery) {
    TM_TRY(engine_->submit(audit::schedule_input(kCheckpointEvery)));
  }
  return {};
}

std::string Process::depths() const {
  const auto depths = engine_->depths();
  return std::to_string(depths.inbox) + " inputs wait, " + std::to_string(depths.running) + " of " +
         std::to_string(depths.outbox) + " effects run on " + std::to_string(fibers_.count()) +
         " fibers";
}

void Process::turn() {
  constexpr int kManyTurns = 10'000;
  for (int i = 0; i < kManyTurns && !store_.dead(); ++i) {
    driver_.run_due();
    if (!engine_->run_one_batch()) break;
  }
  const auto depths = engine_->depths();
  another_try_ = depths.inbox > 0;
}

}  // namespace tidemark::sim
