// What the engine tells Prometheus. Counted here and handed over when somebody collects: looking up
// a metric by its labels costs as much as a small step. Thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "engine/stepper.h"

namespace tidemark {
class Metrics;
}

namespace tidemark::engine {

class EngineMetrics {
 public:
  using Duration = std::chrono::steady_clock::duration;

  explicit EngineMetrics(Metrics& metrics);

  void input(Outcome outcome);
  void overloaded();
  void step_took(std::string_view machine, Duration duration);
  void committed(const BatchOutcome& outcome, Duration duration);
  void commit_failed(std::string_view error_code);
  void effect_started(std::string_view executor);
  void effect_ended(std::string_view outbox_key, std::string_view how);
  // Hands over what was counted since the last call.
  void flush();

 private:
  using Counts = std::map<std::string, std::size_t, std::less<>>;
  struct Commit {
    double seconds;
    double steps;
  };
  void hand_over(const char* counter, const char* label, Counts& counts);
  void hand_over_commits();

  Metrics& metrics_;
  std::mutex mutex_;
  std::array<std::size_t, 5> inputs_{};
  Counts steps_;
  Counts events_;
  std::vector<Commit> commits_;
  std::map<std::string, Duration, std::less<>> slowest_;
};

}  // namespace tidemark::engine
