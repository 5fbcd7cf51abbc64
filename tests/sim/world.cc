#include "sim/world.h"

#include <algorithm>

#include "delivery/endpoint_inputs.h"
#include "engine/keys.h"
#include "sim/ledger.h"
#include "sim/write_auditor.h"
#include "sync/mirror.h"
#include "sync/writes.h"

namespace tidemark::sim {
namespace {

// Longer than the longest pause that anything makes: a day after refused credentials.
constexpr milliseconds kSettlesWithin = std::chrono::hours(40);
// Of tenants' schedules, with the jitter of both.
constexpr milliseconds kTwoPolls = std::chrono::minutes(9);
constexpr int kCommandsInPeace = 4;
constexpr int kUndone = 3;
// A commit that failed is tried again.
constexpr milliseconds kTryAgain{250};

}  // namespace

World::World(const WorldOptions& options)
    : options_(options),
      stage_(options.seed),
      disk_(stage_, options.store),
      traffic_(stage_),
      push_{{}, [this] { return process_.get(); }},
      around_{stage_, disk_, network_, bank_, keys_, receivers_, accounts_, push_.address},
      journal_(stage_, Process::machines()),
      users_(stage_, tenants_, receivers_, [this] { return process_.get(); }) {
  stage_.trace = options.trace;
}

World::~World() = default;

void World::build() {
  auto& random = stage_.random;
  stage_.clock.begin(milliseconds{random.between(0, 86'400'000)});
  if (random.chance(600)) push_.address = "https://tidemark.example/hooks/google";
  for (const std::string name : {"acme", "umbra"}) {
    const bool google = random.chance(400);
    settle_in(google ? make_google_tenant(stage_, name, traffic_, push_,
                                          [this](const auto& settings) { reconfigure(settings); })
                     : make_caldav_tenant(stage_, name));
  }
  if (receivers_.empty()) {
    receivers_.push_back(std::make_unique<Receiver>(
        stage_, EndpointPlan{.tenant = "acme", .id = "all", .types = ""}, journal_.told()));
  }
}

void World::settle_in(Tenant tenant) {
  tenant.editors->fill();
  network_.servers[tenant.upstream->origin()] = tenant.upstream.get();
  tenant.account.schedule = {std::chrono::minutes(4), std::chrono::hours(2),
                             std::chrono::minutes(11), std::chrono::seconds(30)};
  accounts_.push_back(tenant.account);
  std::vector<EndpointPlan> plans;
  plans.push_back({.tenant = tenant.name, .id = "all", .types = ""});
  plans.push_back({.tenant = tenant.name, .id = "queue", .types = "ledger.", .ordered = true});
  plans.push_back(
      {.tenant = tenant.name, .id = "slow", .types = "calendar.", .per_second = 2, .burst = 3});
  plans.push_back({.tenant = tenant.name, .id = "few", .types = "ledger.", .daily_quota = 15});
  for (auto& plan : plans) {
    if (stage_.random.chance(400)) continue;
    receivers_.push_back(std::make_unique<Receiver>(stage_, std::move(plan), journal_.told()));
  }
  tenants_.push_back(std::move(tenant));
}

// What an operator does who has changed the configuration.
void World::reconfigure(const AccountSettings& settings) {
  for (auto& account : accounts_) {
    if (account.settings.tenant == settings.tenant) account.settings = settings;
  }
  stage_.say("the operator restarts the process, to mend an account of " + settings.tenant);
  if (process_ && !process_->dead()) process_->kill(Fault::crash_at_rest);
}

void World::every(milliseconds most, std::function<void()> act) {
  stage_.agenda.after(stage_.random.delay(most), Agenda::Of::world, [this, most, act] {
    if (stage_.faults.ceased()) return;
    act();
    every(most, act);
  });
}

void World::plan_faults() {
  auto& random = stage_.random;
  every(std::chrono::minutes(2), [this] {
    if (process_ && !process_->dead()) process_->store().struck(Fault::crash_at_rest);
  });
  every(std::chrono::minutes(3), [this] { step_clock(); });
  every(std::chrono::minutes(4), [&] {
    if (!stage_.faults.strikes(Fault::server_down)) return;
    const auto until = stage_.clock.world() + random.delay(std::chrono::minutes(15));
    network_.down_until[random.pick(tenants_).upstream->origin()] = until;
  });
  every(std::chrono::minutes(2), [&] {
    for (const auto& tenant : tenants_) {
      if (tenant.trouble) tenant.trouble();
    }
  });
  every(std::chrono::minutes(4), [&] {
    if (!stage_.faults.strikes(Fault::receiver_down)) return;
    random.pick(receivers_)->go_down(random.delay(std::chrono::minutes(15)));
  });
  if (options_.store != StoreKind::rocksdb) return;
  every(std::chrono::minutes(1), [this] {
    if (stage_.faults.strikes(Fault::short_write)) disk_.fail_soon();
  });
}

void World::step_clock() {
  auto& random = stage_.random;
  milliseconds by{0};
  if (stage_.faults.strikes(Fault::clock_forward)) by += random.delay(std::chrono::hours(3));
  if (stage_.faults.strikes(Fault::clock_back)) by -= random.delay(std::chrono::minutes(10));
  if (by.count() == 0) return;
  stage_.say("the clock steps by " + std::to_string(by.count()) + " ms");
  stage_.clock.step(by);
  for (auto& receiver : receivers_) receiver->limits_begin_anew();
  traffic_.clock_stepped();
}

// Until one lives: it may die at its start, again and again.
void World::boot() {
  while (!stage_.violation) {
    if (auto opened = disk_.open(); !opened) {
      if (!retryable(opened.error().code)) {
        return stage_.violated("recovery", "the store does not open: " + opened.error().message);
      }
      disk_.crash();
      continue;
    }
    journal_.check_prefix(disk_.store());
    journal_.catch_up(disk_.store(), disk_.store().last_sequence());
    users_.check_answers(journal_);
    doubt_what_waits();
    if (stage_.random.chance(200)) journal_.check_tables(disk_.store());
    process_ = std::make_unique<Process>(around_);
    const auto started = process_->start();
    if (started && !process_->dead()) return;
    stage_.say("a process did not start: " +
               (started ? std::string("it was killed") : started.error().message));
    if (!started && !retryable(started.error().code)) {
      return stage_.violated("recovery", "the process does not start: " + started.error().message);
    }
    bury();
  }
}

void World::bury() {
  ++report_.crashes;
  report_.commits += process_->store().commits();
  stage_.say("the process is dead, at record " + std::to_string(disk_.store().last_sequence()));
  process_.reset();
  users_.process_ended();
  traffic_.process_ended();
  disk_.crash();
  // Nobody is there for a while: then everything comes late.
  stage_.clock.move_to(stage_.clock.world() + stage_.random.delay(std::chrono::minutes(2)));
}

milliseconds World::world_time(WallTime wall) const {
  return stage_.clock.world() + std::max(wall - stage_.clock.now(), milliseconds{0});
}

// When the next thing happens. The engine is not asked again and again at the same moment.
milliseconds World::next_moment() {
  const milliseconds now = stage_.clock.world();
  milliseconds next = stage_.agenda.next().value_or(milliseconds::max());
  const auto consider = [&](std::optional<WallTime> wall) {
    if (wall) next = std::min(next, std::max(world_time(*wall), engine_rests_until_));
  };
  consider(process_->engine().next_timer());
  consider(process_->driver().next_wake());
  if (process_->wants_another_try()) next = std::min(next, engine_rests_until_);
  return std::max(next, now);
}

void World::turn() {
  process_->turn();
  engine_rests_until_ =
      stage_.clock.world() + (process_->wants_another_try() ? kTryAgain : milliseconds{1});
  journal_.catch_up(disk_.store(), disk_.store().last_sequence());
}

void World::step() {
  if (process_->dead()) {
    bury();
    boot();
    return;
  }
  // Now and then more than one thing happens before the engine has its turn.
  if (stage_.random.chance(800)) turn();
  if (process_->dead() || stage_.violation) return;
  stage_.clock.move_to(next_moment());
  const auto agenda = stage_.agenda.next();
  if (agenda && *agenda <= stage_.clock.world()) {
    stage_.agenda.run_first();
  } else {
    turn();
  }
}

void World::run_until(milliseconds end) {
  while (stage_.clock.world() < end && !stage_.violation) step();
}

// What a process that died has heard of these commands it has not told anybody.
void World::doubt_what_waits() {
  const auto& store = disk_.store();
  for (const auto& tenant : tenants_) {
    const auto calendars = list_calendars(store, tenant.name);
    if (!calendars) continue;
    for (const auto& calendar : *calendars) {
      const auto writes = list_writes(store, calendar, calendar.writes_waiting);
      if (!writes) continue;
      for (const auto& write : *writes) {
        if (write.ended() || !write.ours.is_object()) continue;
        tenant.upstream->note_in_doubt(version_of(write.ours.value("title", ""), tenant.name));
      }
    }
  }
}

std::optional<std::string> World::waiting_write() const {
  const auto calendars = list_calendars(disk_.store(), {});
  if (!calendars) return calendars.error().message;
  for (const auto& calendar : *calendars) {
    if (calendar.writes_waiting == 0) continue;
    return std::to_string(calendar.writes_waiting) + " commands wait for " + calendar.tenant + "/" +
           calendar.name;
  }
  return std::nullopt;
}

// A calendar may have mirrored what its pass tells at its end only, and have failed before it.
std::optional<std::string> World::waiting_pass() const {
  const auto calendars = list_calendars(disk_.store(), {});
  if (!calendars) return calendars.error().message;
  for (const auto& calendar : *calendars) {
    // One that was forbidden goes on with its pass, and with what that has still to tell.
    const bool goes_on = calendar.state == "suspended" && calendar.next_sync;
    if (calendar.state == "retrying" || calendar.state == "failing" || goes_on) {
      return calendar.tenant + "/" + calendar.name + " is " + calendar.state;
    }
  }
  return std::nullopt;
}

// What is not yet as it should be when nothing goes wrong any more.
std::optional<std::string> World::unsettled() {
  if (process_->dead()) return "the process is dead";
  if (!users_.all_answered()) return "an order or a command was not acknowledged";
  const auto& store = disk_.store();
  if (auto waits = waiting_write()) return waits;
  for (const auto& tenant : tenants_) {
    if (auto differs = tenant.mirror->difference(store)) return differs;
  }
  if (auto waits = waiting_pass()) return waits;
  for (auto& receiver : receivers_) {
    if (auto missing = receiver->missing(store)) return missing;
  }
  if (bank_.payments.size() < journal_.orders().size()) return "an order was not paid";
  if (!process_->idle()) return process_->depths();
  return std::nullopt;
}

void World::tell_what_waits() {
  (void)disk_.store().scan(Table::outbox, engine::partition_prefix(), {},
                           [&](std::string_view key, std::string_view) {
                             const auto entry = engine::parse_outbox_key(key);
                             if (!entry) return true;
                             stage_.say("waits: " + entry->executor + " " + entry->host + " of " +
                                        std::to_string(entry->position.sequence));
                             return true;
                           });
  const auto calendars = list_calendars(disk_.store(), {});
  for (const auto& calendar : *calendars) {
    stage_.say("calendar " + calendar.remote_id + " is " + calendar.state + " " + calendar.error);
  }
}

void World::settle() {
  stage_.faults.cease();
  users_.stop();
  for (const auto& tenant : tenants_) {
    if (tenant.mend) tenant.mend();
  }
  disk_.heal();
  while (process_->dead() && !stage_.violation) step();
  for (const auto& receiver : receivers_) {
    (void)process_->submit(receiver->instance(), delivery::input_type::kResume, {});
    receiver->limits_begin_anew();
  }
  const milliseconds begun = stage_.clock.world();
  milliseconds patience = std::chrono::seconds(30);
  milliseconds at_least = std::chrono::minutes(4);
  for (const auto& tenant : tenants_) at_least = std::max(at_least, tenant.renews_within);
  std::optional<std::string> why = "nothing has been looked at";
  while (!stage_.violation) {
    // Calendars that were dropped come back for a while; orders have reminders.
    const milliseconds elapsed = stage_.clock.world() - begun;
    why = unsettled();
    stage_.say("settling: " + why.value_or("all is well"));
    if (!why && elapsed > at_least) break;
    if (elapsed > kSettlesWithin) {
      tell_what_waits();
      return stage_.violated("settling", why.value_or("it is not quiet"));
    }
    rest_after(patience);
    patience = std::max<milliseconds>(patience, elapsed / 4);
  }
  report_.settled_after = stage_.clock.world() - begun;
}

// Time comes to what begins something, as polls do: that ends first. A step takes in what has ended
// and goes on to what begins next: rest is in between.
void World::rest_after(milliseconds time) {
  run_until(stage_.clock.world() + time);
  const milliseconds soon = stage_.clock.world() + std::chrono::minutes(3);
  const auto rests = [this] {
    turn();
    return process_->idle();
  };
  while (!stage_.violation && stage_.clock.world() < soon && !rests()) step();
}

// Once there is peace, two polls show everything, also what looks as if nothing had happened.
void World::work_in_peace() {
  const auto calendars = list_calendars(disk_.store(), {});
  const bool at_work = calendars &&
                       std::all_of(calendars->begin(), calendars->end(),
                                   [](const auto& one) { return one.state == "ok"; }) &&
                       std::none_of(tenants_.begin(), tenants_.end(), [](const auto& tenant) {
                         return tenant.editors->wait_for_calendars();
                       });
  if (!at_work) return stage_.say("some calendar is not at work");
  for (int i = 0; i < kCommandsInPeace; ++i) {
    users_.write();
    rest_after(std::chrono::seconds(10));
  }
  for (int i = 0; i < kUndone; ++i) {
    for (const auto& tenant : tenants_) tenant.editors->undo();
    rest_after(stage_.random.delay(std::chrono::minutes(5)));
  }
  report_.in_peace = true;
  rest_after(kTwoPolls);
  if (stage_.violation) return;
  auto why = waiting_write();
  for (const auto& tenant : tenants_) {
    if (!why) why = tenant.mirror->difference(disk_.store());
  }
  if (why) stage_.violated("promptness", *why);
}

void World::check_ledgers() {
  std::map<std::string, std::size_t> paid;
  for (const auto& [key, order] : bank_.payments) ++paid[order];
  for (const auto& [order, sequence] : journal_.orders()) {
    const auto times = paid[order.first + "/" + order.second];
    if (times == 1) continue;
    return stage_.violated("idempotency", order.first + "'s " + order.second + " was paid " +
                                              std::to_string(times) + " times");
  }
  for (const auto& tenant : tenants_) {
    const auto count = static_cast<std::uint64_t>(
        std::count_if(journal_.orders().begin(), journal_.orders().end(),
                      [&](const auto& order) { return order.first.first == tenant.name; }));
    const auto bytes = read_state(disk_.store(), totals_of(tenant.name));
    const auto totals = LedgerMachine::decode_state(bytes && *bytes ? **bytes : "");
    if ((totals ? totals->added : 0) != count) {
      return stage_.violated("messages", tenant.name + "'s totals count other orders");
    }
  }
}

void World::check_the_end() {
  const auto& store = disk_.store();
  journal_.check_timers_fired(stage_.clock.now());
  journal_.check_history(store);
  journal_.check_tables(store);
  journal_.check_feed(store);
  journal_.check_proofs(store, store.last_sequence());
  users_.check_answers(journal_);
  check_ledgers();
  for (const auto& tenant : tenants_) {
    tenant.mirror->check_feed(store);
    tenant.mirror->check_tenant(store);
  }
  WriteAuditor(stage_, tenants_, users_.commands()).check(store);
}

WorldReport World::run() {
  build();
  boot();
  users_.begin();
  plan_faults();
  const auto trouble = options_.trouble.count();
  run_until(milliseconds{stage_.random.between(trouble / 4, trouble)});
  if (!stage_.violation && process_->dead()) {
    bury();
    boot();
  }
  if (!stage_.violation) settle();
  if (!stage_.violation) work_in_peace();
  if (!stage_.violation) check_the_end();
  report_.violation = stage_.violation;
  report_.simulated = stage_.clock.world();
  report_.records = journal_.audited();
  if (process_) report_.commits += process_->store().commits();
  report_.requests = network_.requests;
  for (const auto& receiver : receivers_) report_.deliveries += receiver->received();
  report_.digest = journal_.digest();
  report_.most_at_one_moment = stage_.clock.patience().most_at_one_moment();
  report_.things_in_all = stage_.clock.patience().in_all();
  report_.faults = stage_.faults.counts();
  process_.reset();
  return report_;
}

WorldReport run_world(const WorldOptions& options) {
  auto world = std::make_unique<World>(options);
  try {
    return world->run();
  } catch (const NeverEnds& never) {
    (void)world.release();
    WorldReport report;
    report.violation = Violation{"endless", never.what()};
    return report;
  }
}

}  // namespace tidemark::sim
