// An engine over a real store in a directory of its own, with time in the test's hands.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/metrics.h"
#include "engine/engine.h"
#include "engine/journal.h"
#include "fragile_store.h"
#include "scripted_machine.h"
#include "store/store.h"
#include "support/manual_clock.h"
#include "support/temporary_directory.h"

namespace tidemark::test {

// Keeps what it is given until the test says what comes of it.
class HeldEffects final : public EffectExecutor {
 public:
  struct Held {
    Effect effect;
    std::unique_ptr<EffectHandle> handle;
  };
  void start(Effect effect, std::unique_ptr<EffectHandle> handle) override {
    const std::lock_guard lock(mutex_);
    held_.push_back({std::move(effect), std::move(handle)});
    arrived_.notify_all();
  }
  Held wait_and_take() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return !held_.empty(); });
    Held first = std::move(held_.front());
    held_.pop_front();
    return first;
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return held_.size();
  }
  Held take() {
    const std::lock_guard lock(mutex_);
    Held first = std::move(held_.front());
    held_.pop_front();
    return first;
  }
  std::vector<std::string> payloads() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> payloads;
    for (const auto& held : held_) payloads.push_back(held.effect.request.payload);
    return payloads;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Held> held_;
};

class EngineTest : public ::testing::Test {
 protected:
  EngineTest() { open(); }
  ~EngineTest() override { close(); }

  void open() {
    StoreOptions options{.path = directory_ / "store"};
    options.maintenance_interval = std::chrono::milliseconds{0};
    auto opened = Store::open(options);
    ASSERT_TRUE(opened) << opened.error().message;
    raw_ = *std::move(opened);
    store_ = std::make_unique<FragileStore>(*raw_);
    engine_ = std::make_unique<Engine>(*store_, clock_, metrics_, options_);
    engine_->register_machine(erase<Scripted>());
    for (const auto& machine : more_machines_) engine_->register_machine(machine);
    engine_->register_executor("held", held_, limits_);
    const auto recovered = engine_->recover();
    ASSERT_TRUE(recovered) << recovered.error().message;
  }
  // As a crash would end it: nothing is finished first.
  void close() {
    if (engine_) engine_->stop(std::chrono::milliseconds{0});
    engine_.reset();
    store_.reset();
    raw_.reset();
  }
  void reopen() {
    close();
    while (held_.size() > 0) held_.take();
    open();
  }
  void reopen(EngineOptions options) {
    options_ = options;
    reopen();
  }

  static InstanceId id(std::string_view rest, std::string_view tenant = "acme") {
    return make_instance_id("scripted", tenant, rest);
  }
  static Input input(std::string_view rest, const Json& script = Json::object()) {
    return {.instance = id(rest), .type = "do", .payload = script.dump()};
  }
  static Input note(std::string_view rest, std::string_view text) {
    return {.instance = id(rest), .type = "note", .payload = std::string(text)};
  }
  Receipt submit(Input input) {
    auto receipt = engine_->submit(std::move(input));
    EXPECT_TRUE(receipt) << receipt.error().message;
    return receipt.value_or(Receipt{});
  }
  // Turns the loop until nothing is left to do.
  void run() {
    while (engine_->run_one_batch()) {
    }
  }
  std::string state(std::string_view rest, std::string_view tenant = "acme") {
    const auto read = read_state(*store_, id(rest, tenant));
    EXPECT_TRUE(read) << read.error().message;
    return read->value_or("none");
  }
  JournalRecord record(Sequence sequence) {
    auto read = read_record(*store_, sequence);
    EXPECT_TRUE(read) << read.error().message;
    return read.value_or(JournalRecord{});
  }

  TemporaryDirectory directory_;
  ManualClock clock_;
  Metrics metrics_;
  EngineOptions options_;
  ExecutorLimits limits_{8, 2};
  std::vector<AnyMachine> more_machines_;
  HeldEffects held_;
  std::unique_ptr<Store> raw_;
  std::unique_ptr<FragileStore> store_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace tidemark::test
