// What everything in a simulated world shares: its time, its chance, its faults, its verdict.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "sim/faults.h"
#include "sim/random.h"

namespace tidemark::sim {

// Wall time: the world's own time, and how wrong the machine's clock is at the moment.
class StageClock final : public Clock {
 public:
  WallTime now() const override { return kStart + world_ + offset_; }
  milliseconds world() const { return world_; }
  void move_to(milliseconds world) { world_ = std::max(world_, world); }
  void step(milliseconds by) { offset_ += by; }

 private:
  static constexpr WallTime kStart{milliseconds{1'767'225'600'000}};  // 2026-01-01
  milliseconds world_{0};
  milliseconds offset_{0};
};

// What happens when. Things of the process go with it when it crashes; the world's stay.
class Agenda {
 public:
  enum class Of : std::uint8_t { world, process };
  using Function = std::function<void()>;

  explicit Agenda(StageClock& clock) : clock_(clock) {}
  void after(milliseconds delay, Of of, Function function) {
    entries_.emplace(std::pair{clock_.world() + delay, ++number_}, Entry{of, std::move(function)});
  }
  std::optional<milliseconds> next() const {
    if (entries_.empty()) return std::nullopt;
    return entries_.begin()->first.first;
  }
  void run_first() {
    auto node = entries_.extract(entries_.begin());
    clock_.move_to(node.key().first);
    node.mapped().function();
  }
  // What is dropped may hold what drops more: it is destroyed after it has left the agenda.
  void drop(Of of) {
    std::map<Key, Entry> dropped;
    for (auto entry = entries_.begin(); entry != entries_.end();) {
      const auto here = entry++;
      if (here->second.of == of) dropped.insert(entries_.extract(here));
    }
  }

 private:
  using Key = std::pair<milliseconds, std::uint64_t>;
  struct Entry {
    Of of;
    Function function;
  };
  StageClock& clock_;
  std::map<Key, Entry> entries_;
  std::uint64_t number_ = 0;
};

struct Violation {
  std::string auditor;
  std::string what;
};

struct Stage {
  explicit Stage(std::uint64_t seed) : random(seed), faults(random), agenda(clock) {}

  // The first one counts: what follows may follow from it.
  void violated(std::string auditor, std::string what) {
    if (!violation) violation = Violation{std::move(auditor), std::move(what)};
  }
  void say(const std::string& what) const {
    if (trace) trace(what);
  }

  Random random;
  Faults faults;
  StageClock clock;
  Agenda agenda;
  std::optional<Violation> violation;
  std::function<void(const std::string&)> trace;  // null: silent
};

}  // namespace tidemark::sim
