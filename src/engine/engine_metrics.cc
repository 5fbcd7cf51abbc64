#include "engine/engine_metrics.h"

#include "base/metrics.h"
#include "engine/keys.h"

namespace tidemark::engine {
namespace {

// Handed over early when nobody collects.
constexpr std::size_t kMaxPendingCommits = 4096;

double seconds(EngineMetrics::Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string text(Outcome outcome) {
  switch (outcome) {
    case Outcome::accepted: return "accepted";
    case Outcome::duplicate: return "duplicate";
    case Outcome::stale: return "stale";
    case Outcome::rejected: return "rejected";
    case Outcome::failed: return "failed";
  }
  return "failed";
}

}  // namespace

EngineMetrics::EngineMetrics(Metrics& metrics) : metrics_(metrics) {
  metrics.describe("tidemark_commits_total", "Synced commits by result.");
  metrics.describe("tidemark_inputs_total", "Inputs by outcome.");
  metrics.describe("tidemark_steps_total", "Durable steps by machine kind.");
  metrics.describe("tidemark_events_total", "Durable events by type.");
  metrics.describe("tidemark_effects_started_total", "Effects started by executor.");
  metrics.describe("tidemark_effects_ended_total", "Effects ended by executor and how.");
  metrics.describe("tidemark_inbox_inputs", "Inputs waiting to be stepped.");
  metrics.describe("tidemark_inbox_bytes", "Payload bytes waiting to be stepped.");
  metrics.describe("tidemark_outbox_effects", "Effects and messages in the outbox.");
  metrics.describe("tidemark_effects_running", "Effects running.");
  metrics.describe("tidemark_timers", "Timers set.");
  metrics.describe_histogram("tidemark_commit_seconds", "Duration of a synced commit.",
                             {0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2});
  metrics.describe_histogram("tidemark_commit_steps", "Steps per synced commit.",
                             {1, 2, 4, 8, 16, 32, 64, 128, 256, 512});
  metrics.describe_histogram("tidemark_slowest_step_seconds",
                             "The slowest step between two collections, by machine kind.",
                             {0.00001, 0.00005, 0.0001, 0.0005, 0.001, 0.002, 0.005, 0.02, 0.1, 1});
}

void EngineMetrics::input(Outcome outcome) {
  const std::lock_guard lock(mutex_);
  ++inputs_[static_cast<std::size_t>(outcome)];
}

void EngineMetrics::overloaded() {
  metrics_.add("tidemark_inputs_total", {{"outcome", "overloaded"}});
}

void EngineMetrics::step_took(std::string_view machine, Duration duration) {
  const std::lock_guard lock(mutex_);
  const auto found = slowest_.find(machine);
  if (found == slowest_.end()) {
    slowest_.emplace(machine, duration);
  } else if (found->second < duration) {
    found->second = duration;
  }
}

void EngineMetrics::committed(const BatchOutcome& outcome, Duration duration) {
  const std::lock_guard lock(mutex_);
  commits_.push_back({seconds(duration), static_cast<double>(outcome.last - outcome.first)});
  for (const auto& [machine, count] : outcome.steps_by_machine) steps_[machine] += count;
  for (const auto& [type, count] : outcome.events_by_type) events_[type] += count;
  if (commits_.size() >= kMaxPendingCommits) hand_over_commits();
}

void EngineMetrics::commit_failed(std::string_view error_code) {
  metrics_.add("tidemark_commits_total", {{"result", std::string(error_code)}});
}

void EngineMetrics::effect_started(std::string_view executor) {
  metrics_.add("tidemark_effects_started_total", {{"executor", std::string(executor)}});
}

void EngineMetrics::effect_ended(std::string_view outbox_key, std::string_view how) {
  const auto key = parse_outbox_key(outbox_key);
  if (!key || key->executor.empty()) return;
  metrics_.add("tidemark_effects_ended_total",
               {{"executor", key->executor}, {"how", std::string(how)}});
}

void EngineMetrics::hand_over_commits() {
  if (commits_.empty()) return;
  metrics_.add("tidemark_commits_total", {{"result", "ok"}}, static_cast<double>(commits_.size()));
  for (const auto& commit : commits_) {
    metrics_.observe("tidemark_commit_seconds", {}, commit.seconds);
    metrics_.observe("tidemark_commit_steps", {}, commit.steps);
  }
  commits_.clear();
}

void EngineMetrics::hand_over(const char* counter, const char* label, Counts& counts) {
  for (auto& [value, count] : counts) {
    metrics_.add(counter, {{label, value}}, static_cast<double>(count));
  }
  counts.clear();
}

void EngineMetrics::flush() {
  const std::lock_guard lock(mutex_);
  hand_over_commits();
  hand_over("tidemark_steps_total", "machine", steps_);
  hand_over("tidemark_events_total", "type", events_);
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (inputs_[i] == 0) continue;
    metrics_.add("tidemark_inputs_total", {{"outcome", text(static_cast<Outcome>(i))}},
                 static_cast<double>(inputs_[i]));
    inputs_[i] = 0;
  }
  for (const auto& [machine, duration] : slowest_) {
    metrics_.observe("tidemark_slowest_step_seconds", {{"machine", machine}}, seconds(duration));
  }
  slowest_.clear();
}

}  // namespace tidemark::engine
