#include "store/rocks_env.h"

#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>

#include <algorithm>
#include <cstdarg>

namespace tidemark {
namespace {

constexpr int kLongestSleepMicroseconds = 10'000;

class ShortSleeps final : public rocksdb::SystemClockWrapper {
 public:
  using SystemClockWrapper::SystemClockWrapper;
  const char* Name() const override { return "tidemark.ShortSleeps"; }
  void SleepForMicroseconds(int micros) override {
    SystemClockWrapper::SleepForMicroseconds(std::min(micros, kLongestSleepMicroseconds));
  }
};

class Environment final : public rocksdb::EnvWrapper {
 public:
  explicit Environment(const std::shared_ptr<rocksdb::FileSystem>& file_system)
      : EnvWrapper(rocksdb::NewCompositeEnv(file_system)) {
    file_system_ = file_system;
    system_clock_ = std::make_shared<ShortSleeps>(rocksdb::SystemClock::Default());
  }
  const char* Name() const override { return "tidemark.Environment"; }
  void SleepForMicroseconds(int micros) override { system_clock_->SleepForMicroseconds(micros); }
};

class SilentLogger final : public rocksdb::Logger {
 public:
  using Logger::Logv;
  void Logv(const char*, va_list) override {}
};

class RecoveryRefusal final : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }
};

}  // namespace

std::shared_ptr<rocksdb::Logger> make_silent_logger() {
  return std::make_shared<SilentLogger>();
}

std::shared_ptr<rocksdb::EventListener> make_recovery_refusal() {
  return std::make_shared<RecoveryRefusal>();
}

std::shared_ptr<rocksdb::Env> make_environment(
    const std::shared_ptr<rocksdb::FileSystem>& file_system) {
  return std::make_shared<Environment>(file_system);
}

}  // namespace tidemark
