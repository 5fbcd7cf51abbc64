#include "sim/users.h"

#include <algorithm>

#include "delivery/endpoint_inputs.h"
#include "sim/ledger.h"
#include "sim/process.h"

namespace tidemark::sim {
void Users::begin() {
  every(std::chrono::seconds(40), [this] { stage_.random.pick(tenants_).editors->edit(); });
  every(std::chrono::seconds(60), [this] { place_order(); });
  every(std::chrono::seconds(60), [this] { writers_.write(); });
  every(std::chrono::minutes(8), [this] { operate(); });
  every(std::chrono::minutes(2), [this] { configure(); });
}

void Users::stop() {
  stopped_ = true;
  for (const auto& tenant : tenants_) tenant.editors->stop();
}

void Users::every(milliseconds most, std::function<void()> act) {
  stage_.agenda.after(stage_.random.delay(most), Agenda::Of::world, [this, most, act] {
    if (stopped_) return;
    act();
    every(most, act);
  });
}

void Users::place_order() {
  // Every tenant numbers its own orders, so that they all have the same numbers.
  const std::string key = "order-" + std::to_string(++order_);
  for (const auto& tenant : tenants_) {
    if (stage_.random.chance(300)) continue;
    orders_[{tenant.name, key}];
    ask({tenant.name, key});
  }
}

void Users::ask(const Key& key) {
  Process* process = process_();
  auto& order = orders_.at(key);
  if (order.answered != 0 || order.asked) return;
  if (process == nullptr || process->dead()) return;  // process_ended() comes back to it
  order.asked = true;
  const int times = stage_.faults.strikes(Fault::request_doubled) ? 2 : 1;
  for (int i = 0; i < times; ++i) {
    Input input;
    input.instance = orders_of(key.first);
    input.type = "order";
    input.payload = key.second;
    input.dedupe_key = "placed:" + key.second;
    process->engine().submit(std::move(input), [this, key, process](Result<Receipt> receipt) {
      if (process != process_() || process->dead()) return;  // the answer never got out
      answered(key, receipt);
    });
  }
}

void Users::answered(const Key& key, const Result<Receipt>& receipt) {
  auto& order = orders_.at(key);
  const bool lost = receipt && stage_.faults.strikes(Fault::answer_lost);
  if (receipt && !lost) {
    if (order.answered != 0 && order.answered != receipt->sequence) {
      stage_.violated("dedupe", key.first + "'s " + key.second + " has two receipts");
    }
    order.answered = receipt->sequence;
    return;
  }
  order.asked = false;
  stage_.agenda.after(stage_.random.delay(std::chrono::seconds(20)), Agenda::Of::world,
                      [this, key] { ask(key); });
}

void Users::process_ended() {
  writers_.process_ended();
  for (auto& [key, order] : orders_) {
    if (order.answered != 0) continue;
    order.asked = false;
    stage_.agenda.after(stage_.random.delay(std::chrono::seconds(20)), Agenda::Of::world,
                        [this, key = key] { ask(key); });
  }
}

void Users::operate() {
  Process* process = process_();
  if (process == nullptr || process->dead()) return;
  auto& random = stage_.random;
  if (random.chance(500)) {
    const auto mode = static_cast<SyncRequestMode>(random.below(3));
    (void)process->sync().request_sync(random.pick(tenants_).name, {}, mode);
    return;
  }
  auto& receiver = *random.pick(receivers_);
  const bool pause = random.chance(400);
  if (!pause) receiver.limits_begin_anew();  // its breaker does
  using namespace delivery;
  (void)process->submit(receiver.instance(), pause ? input_type::kPause : input_type::kResume,
                        pause ? encode(PauseEndpoint{"a pause"}) : std::string());
  if (!pause) return;
  stage_.agenda.after(random.delay(std::chrono::minutes(5)), Agenda::Of::world, [this, &receiver] {
    Process* later = process_();
    if (later == nullptr || later->dead()) return;
    receiver.limits_begin_anew();
    (void)later->submit(receiver.instance(), input_type::kResume, {});
  });
}

// An endpoint is put again, a little different: whatever it is at goes on.
void Users::configure() {
  Process* process = process_();
  if (process == nullptr || process->dead()) return;
  const auto& receiver = *stage_.random.pick(receivers_);
  auto json = receiver.plan().config();
  if (!receiver.plan().ordered) json["concurrency"] = 2 + stage_.random.below(3);
  const auto config = delivery::endpoint_config_from_json(json);
  if (!config) return stage_.violated("deliveries", config.error().message);
  (void)process->submit(receiver.instance(), delivery::input_type::kPut,
                        encode(delivery::PutEndpoint{*config, true, false, {}}));
}

bool Users::all_answered() const {
  return writers_.all_answered() &&
         std::all_of(orders_.begin(), orders_.end(),
                     [](const auto& order) { return order.second.answered != 0; });
}

void Users::check_answers(const JournalAuditor& journal) const {
  for (const auto& [key, order] : orders_) {
    if (order.answered == 0 || journal.order(key.first, key.second) == order.answered) continue;
    stage_.violated("acknowledged",
                    key.first + "'s " + key.second + " was acknowledged as record " +
                        std::to_string(order.answered) + ", and the journal has it not");
  }
}

}  // namespace tidemark::sim
