#include "sim/mortal_store.h"

namespace tidemark::sim {

Result<void> MortalStore::commit(WriteBatch&& batch, Sequence through) {
  WriteBatch taken = std::move(batch);
  TM_TRY(alive());
  auto& faults = stage_.faults;
  const milliseconds now = stage_.clock.world();
  if (faults.strikes(Fault::disk_trouble)) {
    trouble_until_ = now + stage_.random.delay(std::chrono::minutes(2));
  }
  if ((!faults.ceased() && now < trouble_until_) || faults.strikes(Fault::commit_fails)) {
    return fail(stage_.random.chance(500) ? Errc::disk_full : Errc::io_error, "the disk said no");
  }
  if (struck(Fault::crash_before_commit)) return alive();
  auto result = store_.commit(std::move(taken), through);
  if (!result) return result;
  ++commits_;
  if (committed) committed(through);
  // It is on the disk, and nobody will ever be told.
  if (struck(Fault::crash_after_commit)) return alive();
  return result;
}

}  // namespace tidemark::sim
