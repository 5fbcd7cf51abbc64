// What the deliverer runs on in a simulated world: sends to receivers, with the network in between.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "delivery/deliverer.h"
#include "sim/disk.h"
#include "sim/mortal_store.h"
#include "sim/receivers.h"

namespace tidemark::sim {

class SimulatedDriver final : public delivery::DeliveryDriver {
 public:
  SimulatedDriver(Stage& stage, MortalStore& store, const Disk& disk,
                  std::vector<std::unique_ptr<Receiver>>& receivers)
      : stage_(stage), store_(store), disk_(disk), receivers_(receivers) {}

  void send(HttpRequest request, Answered answered) override;
  void post(std::function<void()> function) override {
    stage_.agenda.after(milliseconds{0}, Agenda::Of::process, std::move(function));
  }
  void wake_at(WallTime when, std::function<void()> function) override {
    wakes_.emplace(when, std::move(function));
  }

  std::optional<WallTime> next_wake() const {
    return wakes_.empty() ? std::nullopt : std::optional(wakes_.begin()->first);
  }
  void run_due();
  std::uint64_t sent() const { return sent_; }

 private:
  struct Waiting {
    struct Request {
      Answered answered;
      Receiver::Sent sent;
    };
    std::map<std::uint64_t, Request> answers;
  };
  Receiver* receiver_of(const std::string& url) const;
  void arrive(Receiver& receiver, const HttpRequest& request, std::uint64_t number,
              milliseconds sent_at);
  void answer(std::uint64_t number, Receiver& receiver, Result<HttpResponse> response,
              milliseconds sent_at);

  Stage& stage_;
  MortalStore& store_;
  const Disk& disk_;
  std::vector<std::unique_ptr<Receiver>>& receivers_;
  std::multimap<WallTime, std::function<void()>> wakes_;
  // What is on its way may arrive when the process is gone: then nobody hears the answer.
  const std::shared_ptr<Waiting> waiting_ = std::make_shared<Waiting>();
  std::uint64_t sent_ = 0;
};

}  // namespace tidemark::sim
