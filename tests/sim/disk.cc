#include "sim/disk.h"

namespace tidemark::sim {

Disk::Disk(Stage& stage, StoreKind kind) : stage_(stage), kind_(kind) {
  if (kind_ != StoreKind::rocksdb) return;
  directory_ = std::make_unique<test::TemporaryDirectory>();
  file_system_ = std::make_shared<test::FaultyFileSystem>();
}

Disk::~Disk() = default;

Result<void> Disk::open() {
  if (kind_ == StoreKind::model) {
    store_ = std::make_unique<ModelStore>(model_);
    return {};
  }
  StoreOptions options{.path = *directory_ / "store"};
  options.maintenance_interval = milliseconds{0};
  // Small, so that it writes its tables out, too.
  options.write_buffer_bytes = 256U << 10;
  options.max_wal_bytes = 512U << 10;
  options.file_system = file_system_;
  TM_ASSIGN(store_, Store::open(options));
  return {};
}

void Disk::crash() {
  if (kind_ == StoreKind::model) return store_.reset();
  using Unsynced = test::FaultyFileSystem::Unsynced;
  const bool torn = stage_.faults.strikes(Fault::torn_tail);
  const Unsynced left = torn                        ? Unsynced::torn
                        : stage_.random.chance(300) ? Unsynced::kept
                                                    : Unsynced::lost;
  file_system_->cut_power();
  store_.reset();
  file_system_->restore_power(left, stage_.random.next());
  file_system_->heal();
}

void Disk::fail_soon() {
  if (kind_ == StoreKind::model) return;
  stage_.faults.note(Fault::short_write);
  test::DiskFault fault;
  fault.nth = 1 + stage_.random.below(6);
  file_system_->arm(fault);
}

void Disk::heal() {
  if (kind_ == StoreKind::rocksdb) file_system_->heal();
}

}  // namespace tidemark::sim
