// What goes wrong, how often, and how often it did.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "sim/random.h"

namespace tidemark::sim {

enum class Fault : std::uint8_t {
  connection_refused,
  request_lost,
  request_doubled,
  answer_lost,
  answer_late,
  answer_cut,
  server_error,
  server_busy,
  credentials_refused,
  quota_used_up,  // Google's, as all of these
  sync_token_gone,
  page_tokens_forgotten,
  access_tokens_expired,
  grant_revoked,
  calendar_forbidden,
  server_down,
  progress_doubled,
  completion_late,
  receiver_error,
  receiver_down,
  commit_fails,
  disk_trouble,  // every commit fails for a while
  short_write,   // RocksDB only: the disk takes part of a write
  torn_tail,     // RocksDB only: unsynced bytes survive in part
  crash_before_commit,
  crash_after_commit,
  crash_at_effect,
  crash_at_completion,
  crash_at_rest,
  crash_in_recovery,
  clock_forward,
  clock_back,
  count_,
};
inline constexpr std::size_t kFaultKinds = static_cast<std::size_t>(Fault::count_);
std::string_view name(Fault fault);

using FaultCounts = std::array<std::uint64_t, kFaultKinds>;

class Faults {
 public:
  // Each world has a temper of its own: some faults do not happen in it, others often.
  explicit Faults(Random& random);

  // Does it go wrong now? Counted when it does.
  bool strikes(Fault fault);
  void note(Fault fault) { ++counts_[static_cast<std::size_t>(fault)]; }
  // From here on nothing goes wrong any more.
  void cease() { ceased_ = true; }
  bool ceased() const { return ceased_; }
  const FaultCounts& counts() const { return counts_; }

 private:
  Random& random_;
  std::array<unsigned, kFaultKinds> per_ten_thousand_{};
  FaultCounts counts_{};
  bool ceased_ = false;
};

}  // namespace tidemark::sim
