// Coming back after a failed commit, once the disk lets us.
#include "base/log.h"
#include "store/key.h"
#include "store/rocks_error.h"
#include "store/rocks_store.h"

namespace tidemark {
namespace {

// How long a reopening waits for readers to let go of the old database.
constexpr std::chrono::milliseconds kReaderPatience{2000};

}  // namespace

// Nothing to do in good days. After a failure, commits go on only once a new write-ahead log is in
// use and every table has left the old one, whose tail is not to be trusted.
Result<void> RocksStore::recover() {
  if (!fault()) return {};
  const auto resumed = resume();
  if (resumed.ok()) {
    set_fault(std::nullopt);
    return {};
  }
  // A full disk is waited out. Other errors can leave RocksDB in a state that only opening it
  // again ends.
  if (resumed.IsNoSpace()) {
    auto error = to_error("the store in " + options_.path + " cannot take commits", resumed);
    set_fault(error);
    return fail(std::move(error));
  }
  if (auto reopened = reopen(); !reopened) {
    set_fault(reopened.error());
    return reopened;
  }
  set_fault(std::nullopt);
  return {};
}

rocksdb::Status RocksStore::resume() {
  const DatabaseHandle::Lease lease(*database_);
  if (lease.get() == nullptr || lease.get()->read_only()) {
    return rocksdb::Status::Aborted("the database has to be opened again");
  }
  const auto status = (*lease.get())->Resume();
  return status.ok() ? start_new_log(*lease.get()) : status;
}

rocksdb::Status RocksStore::start_new_log(const Database& database) {
  // A flush changes the log only when a memtable holds something, so one is given something, past
  // the log that no longer takes anything.
  rocksdb::WriteOptions past_the_log;
  past_the_log.disableWAL = true;
  auto status =
      database->Put(past_the_log, database.table(Table::meta), rocksdb::Slice(kRecoveryKey),
                    KeyWriter().u64(progress_.commits).str());
  if (status.ok()) status = database->Flush(rocksdb::FlushOptions(), database.tables());
  return status;
}

Result<void> RocksStore::reopen() {
  Error error;
  bool writable = false;
  const bool exchanged = database_->exchange(kReaderPatience, [&] {
    auto database = open_again(error);
    writable = database && !database->read_only();
    return database;
  });
  if (!exchanged) {
    return fail(Errc::io_error, "the store in " + options_.path +
                                    " has to be opened again after a disk error and waits for "
                                    "readers to finish");
  }
  if (!writable) return fail(std::move(error));
  log::info("the store was opened again after a disk error");
  return {};
}

std::unique_ptr<Database> RocksStore::open_again(Error& error) {
  const auto path = database_path(options_.path);
  auto opened = Database::open(rocks_, path);
  if (opened) {
    std::string value;
    const auto& database = **opened;
    const auto status = database->Get(rocksdb::ReadOptions(), database.table(Table::meta),
                                      rocksdb::Slice(kProgressKey), &value);
    const auto progress = decode_progress(value);
    if (status.ok() && progress == progress_) return std::move(*opened);
    error = {Errc::corrupt,
             "the store in " + options_.path + " lost commits that were acknowledged before a " +
                 "disk error: sequence " +
                 std::to_string(progress ? progress->sequence : 0) + " instead of " +
                 std::to_string(progress_.sequence) + ". Check the disk and restore a backup"};
    opened->reset();
  } else {
    error = in_context("the store cannot take commits", opened.error());
  }
  auto readable = Database::open_read_only(rocks_, path);
  return readable ? std::move(*readable) : nullptr;
}

void RocksStore::set_fault(std::optional<Error> error) {
  bool changed = false;
  {
    const std::lock_guard lock(fault_mutex_);
    changed = fault_.has_value() != error.has_value();
    fault_ = error;
  }
  if (!changed) return;
  if (!error) {
    log::info("the store takes commits again");
    return;
  }
  log::error("the store cannot take commits",
             {.error_code = name(error->code), .detail = error->message});
  {
    const std::lock_guard lock(maintenance_mutex_);
    maintenance_wanted_ = true;
  }
  maintenance_wakes_.notify_all();
}

// Sleeps until there is something to do, then works at most once per interval.
void RocksStore::maintain() {
  std::unique_lock lock(maintenance_mutex_);
  while (!stopping_) {
    maintenance_wakes_.wait(lock, [this] { return stopping_ || maintenance_wanted_; });
    maintenance_wakes_.wait_for(lock, options_.maintenance_interval, [this] { return stopping_; });
    if (stopping_) return;
    maintenance_wanted_ = false;
    lock.unlock();
    const bool synced = watermark_->sync().has_value();
    bool healthy = !fault();
    if (!healthy) {
      const std::lock_guard commit(commit_mutex_);
      healthy = recover().has_value();
    }
    lock.lock();
    if (!synced || !healthy) maintenance_wanted_ = true;
  }
}

}  // namespace tidemark
