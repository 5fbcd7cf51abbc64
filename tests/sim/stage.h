// What everything in a simulated world shares: its time, its chance, its faults, its verdict.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/clock.h"
#include "sim/faults.h"
#include "sim/random.h"

namespace tidemark::sim {

// A world that does not end. What it was doing may not be unwound in order: it is left as it is.
struct NeverEnds : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Whoever waits for something that never comes looks at the clock, or has things done, again and
// again: so that is counted, and beyond every bound of a world that ends it is given up. Of 500
// worlds none needed more than 835 at one moment, and 121,000 in all.
class Patience {
 public:
  static constexpr std::uint64_t kAtOneMoment = 10'000;
  static constexpr std::uint64_t kInAll = 5'000'000;

  void use() {
    ++in_all_;
    most_at_one_moment_ = std::max(most_at_one_moment_, ++at_this_moment_);
    if (at_this_moment_ > kAtOneMoment) {
      throw NeverEnds("time stands still, while things go on happening");
    }
    if (in_all_ > kInAll) throw NeverEnds("more happened than ever does in a world that ends");
  }
  void time_goes_on() { at_this_moment_ = 0; }
  std::uint64_t most_at_one_moment() const { return most_at_one_moment_; }
  std::uint64_t in_all() const { return in_all_; }

 private:
  std::uint64_t most_at_one_moment_ = 0;
  std::uint64_t at_this_moment_ = 0;
  std::uint64_t in_all_ = 0;
};

// Wall time: the world's own time, and how wrong the machine's clock is at the moment.
class StageClock final : public Clock {
 public:
  WallTime now() const override {
    patience_.use();
    return start_ + world_ + offset_;
  }
  milliseconds world() const { return world_; }
  // What every clock says that is right, as those of servers are.
  WallTime true_time() const { return start_ + world_; }
  // Before anything happens.
  void begin(milliseconds later) { start_ += later; }
  void move_to(milliseconds world) {
    patience_.use();
    if (world > world_) patience_.time_goes_on();
    world_ = std::max(world_, world);
  }
  void step(milliseconds by) {
    offset_ += by;
    wrong_ = true;
  }
  bool was_ever_wrong() const { return wrong_; }
  const Patience& patience() const { return patience_; }

 private:
  WallTime start_{milliseconds{1'767'225'600'000}};  // 2026-01-01
  milliseconds world_{0};
  milliseconds offset_{0};
  bool wrong_ = false;
  mutable Patience patience_;
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
    if (trace) trace(std::to_string(clock.world().count()) + " ms: " + what);
  }

  Random random;
  Faults faults;
  StageClock clock;
  Agenda agenda;
  std::optional<Violation> violation;
  std::function<void(const std::string&)> trace;  // null: silent
};

}  // namespace tidemark::sim
