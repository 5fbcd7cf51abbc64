#include "sim/delivery_driver.h"

namespace tidemark::sim {
namespace {

constexpr milliseconds kTravel{50};
constexpr milliseconds kLate = std::chrono::seconds(12);

}  // namespace

Receiver* SimulatedDriver::receiver_of(const std::string& url) const {
  for (const auto& receiver : receivers_) {
    if (receiver->plan().url() == url) return receiver.get();
  }
  return nullptr;
}

void SimulatedDriver::send(HttpRequest request, Answered answered) {
  if (store_.struck(Fault::crash_at_effect)) return;
  Receiver* receiver = receiver_of(request.url);
  if (receiver == nullptr) {
    return stage_.violated("deliveries", "something was sent to " + request.url);
  }
  const auto id = find_header(request.headers, "webhook-id").value_or("");
  const auto sent = receiver->sent(std::string(id), stage_.clock.now());
  const std::uint64_t number = ++sent_;
  waiting_->answers.emplace(number, Waiting::Request{std::move(answered), sent});
  auto& faults = stage_.faults;
  const milliseconds now = stage_.clock.world();
  if (faults.strikes(Fault::connection_refused)) {
    return answer(number, *receiver, fail(Errc::unavailable, "connection refused"), now);
  }
  if (faults.strikes(Fault::request_lost)) {
    return stage_.agenda.after(
        request.total_timeout, Agenda::Of::process, [this, number, receiver, now] {
          answer(number, *receiver, fail(Errc::timeout, "the request was lost"), now);
        });
  }
  const int times = faults.strikes(Fault::request_doubled) ? 2 : 1;
  const std::weak_ptr<Waiting> alive = waiting_;
  for (int i = 0; i < times; ++i) {
    const bool late = faults.strikes(Fault::answer_late);
    stage_.agenda.after(stage_.random.delay(late ? kLate : kTravel), Agenda::Of::world,
                        [this, alive, &disk = disk_, request, number, receiver, now] {
                          if (alive.lock()) return arrive(*receiver, request, number, now);
                          receiver->receive(request, disk.store());
                        });
  }
}

void SimulatedDriver::arrive(Receiver& receiver, const HttpRequest& request, std::uint64_t number,
                             milliseconds sent_at) {
  const auto reaction = receiver.receive(request, disk_.store());
  if (store_.struck(Fault::crash_at_completion)) return;
  const auto left = request.total_timeout - (stage_.clock.world() - sent_at);
  const auto travel = stage_.random.delay(kTravel);
  if (!reaction.answered || travel >= left) {
    return stage_.agenda.after(
        std::max(left, milliseconds{0}), Agenda::Of::process, [this, number, &receiver, sent_at] {
          answer(number, receiver, fail(Errc::timeout, "no answer"), sent_at);
        });
  }
  stage_.agenda.after(travel, Agenda::Of::process, [this, number, &receiver, reaction, sent_at] {
    answer(number, receiver, HttpResponse{reaction.status, {}, {}}, sent_at);
  });
}

// Of a doubled request the first answer counts.
void SimulatedDriver::answer(std::uint64_t number, Receiver& receiver,
                             Result<HttpResponse> response, milliseconds sent_at) {
  stage_.agenda.after(milliseconds{0}, Agenda::Of::process,
                      [this, number, &receiver, sent_at, response = std::move(response)]() mutable {
                        auto node = waiting_->answers.extract(number);
                        if (node.empty()) return;
                        const bool good =
                            response && response->status >= 200 && response->status < 300;
                        receiver.answered(node.mapped().sent, good);
                        node.mapped().answered(std::move(response), stage_.clock.world() - sent_at);
                      });
}

void SimulatedDriver::run_due() {
  while (!wakes_.empty() && wakes_.begin()->first <= stage_.clock.now()) {
    auto node = wakes_.extract(wakes_.begin());
    node.mapped()();
  }
}

}  // namespace tidemark::sim
