// Calendar rule 14: once a quota is used up, nobody who shares it asks again before its time.
//
// Google counts per minute, per project and per user. The calendars of an account share the user's
// gate, the accounts of one OAuth client the project's. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"

namespace tidemark::google {

class QuotaGate {
 public:
  // How long it stays closed; nothing when it is open.
  std::optional<std::chrono::seconds> closed_for(WallTime now) const;
  // A quota error came: closed for `asked`, or for 1 s, 2 s, 4 s, ... 64 s when nothing was asked.
  void close(WallTime now, std::optional<std::chrono::seconds> asked);
  // An answer came through.
  void succeed();

 private:
  mutable std::mutex mutex_;
  WallTime until_{};
  std::uint32_t failures_ = 0;  // in a row
};

// The gates of projects, by OAuth client id or service account.
class QuotaGates {
 public:
  std::shared_ptr<QuotaGate> of_project(const std::string& name);

 private:
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<QuotaGate>> gates_;
};

}  // namespace tidemark::google
