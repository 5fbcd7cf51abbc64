// What the engine tells Prometheus. Counted per batch, not per input: looking up a metric by its
// labels costs as much as a small step.
#pragma once

#include <array>
#include <chrono>
#include <string_view>

#include "engine/stepper.h"

namespace tidemark {
class Metrics;
}

namespace tidemark::engine {

class EngineMetrics {
 public:
  using Duration = std::chrono::steady_clock::duration;

  explicit EngineMetrics(Metrics& metrics);

  void input(Outcome outcome) { ++inputs_[static_cast<std::size_t>(outcome)]; }
  void overloaded();  // thread-safe, unlike the rest
  void step_took(std::string_view machine, Duration duration);
  void committed(const BatchOutcome& outcome, Duration duration);
  void commit_failed(std::string_view error_code);
  void effect_started(std::string_view executor);
  void effect_ended(std::string_view outbox_key, std::string_view how);
  // Adds what was counted since the last call.
  void flush();

  Metrics& metrics() { return metrics_; }

 private:
  Metrics& metrics_;
  std::array<std::size_t, 5> inputs_{};
  std::map<std::string, Duration, std::less<>> slowest_;
};

}  // namespace tidemark::engine
