#include "sim/users.h"

#include <algorithm>

#include "delivery/endpoint_inputs.h"
#include "sim/ledger.h"
#include "sim/process.h"

namespace tidemark::sim {
namespace {

const std::string& any_resource(const ServedCalendar& calendar, Random& random) {
  auto object = calendar.objects.begin();
  std::advance(object, static_cast<std::ptrdiff_t>(random.below(calendar.objects.size())));
  return object->first;
}

}  // namespace

void Users::begin() {
  every(std::chrono::seconds(40), [this] { edit(); });
  every(std::chrono::seconds(60), [this] { place_order(); });
  every(std::chrono::minutes(8), [this] { operate(); });
  every(std::chrono::minutes(2), [this] { configure(); });
}

void Users::every(milliseconds most, std::function<void()> act) {
  stage_.agenda.after(stage_.random.delay(most), Agenda::Of::world, [this, most, act] {
    if (stopped_) return;
    act();
    every(most, act);
  });
}

void Users::fill(CalendarServer& server) {
  for (auto& [name, calendar] : server.calendars()) {
    for (auto count = stage_.random.below(14); count > 0; --count) add(server, calendar);
  }
}

void Users::edit() {
  auto& server = *stage_.random.pick(servers_);
  auto calendar = server.calendars().begin();
  std::advance(calendar,
               static_cast<std::ptrdiff_t>(stage_.random.below(server.calendars().size())));
  if (calendar->second.exists) edit(server, calendar->second);
}

void Users::add(CalendarServer& server, ServedCalendar& calendar) {
  ++resource_;
  const std::string number = std::to_string(resource_);
  const std::string resource = (resource_ % 4 == 0   ? "an event@"
                                : resource_ % 4 == 1 ? "é"
                                                     : "e") +
                               number + ".ics";
  server.put(calendar, resource, "uid" + number, ++version_);
}

void Users::edit(CalendarServer& server, ServedCalendar& calendar) {
  auto& random = stage_.random;
  const auto dice = random.below(100);
  if (calendar.objects.empty() || dice < 35) return add(server, calendar);
  const std::string resource = any_resource(calendar, random);
  const auto& object = calendar.objects.at(resource);
  if (dice < 62) return server.put(calendar, resource, object.uid, ++version_);
  if (dice < 76) return server.erase(calendar, resource);
  if (dice < 82) return server.move(calendar, resource, "m" + std::to_string(++resource_) + ".ics");
  if (dice < 87) return server.touch(calendar, resource);
  if (dice < 90) {  // away and back, as another one at the same address
    const std::string uid = object.uid;
    server.erase(calendar, resource);
    return server.put(calendar, resource, random.chance(500) ? uid : uid + "x", ++version_);
  }
  if (dice < 94) return server.forget_tokens(calendar);
  if (dice < 97) {
    for (auto count = 5 + random.below(70); count > 0; --count) add(server, calendar);
    return;
  }
  if (dice < 98) {
    while (!calendar.objects.empty()) server.erase(calendar, calendar.objects.begin()->first);
    return;
  }
  drop(server, calendar);
}

void Users::drop(CalendarServer& server, ServedCalendar& calendar) {
  server.drop(calendar);
  const auto again = stage_.random.delay(std::chrono::minutes(40));
  stage_.agenda.after(again, Agenda::Of::world, [this, &server, &calendar] {
    server.make_again(calendar);
    if (!stopped_) add(server, calendar);
  });
}

void Users::place_order() {
  // Every tenant numbers its own orders, so that they all have the same numbers.
  const std::string key = "order-" + std::to_string(++order_);
  for (const auto& server : servers_) {
    if (stage_.random.chance(300)) continue;
    orders_[{server->tenant(), key}];
    ask({server->tenant(), key});
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
    (void)process->sync().request_sync(random.pick(servers_)->tenant(), {}, mode);
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
  return std::all_of(orders_.begin(), orders_.end(),
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
