// Coming back after a failed commit, once the disk lets us.
#include "base/log.h"
#include "store/rocks_store.h"
#include "store/small_file.h"

namespace tidemark {
namespace {

// How long a reopening waits for readers to let go of the old database.
constexpr std::chrono::milliseconds kReaderPatience{500};
// What a new log and a small table need at least.
constexpr std::size_t kProbeBytes = 256 << 10;

}  // namespace

// Nothing to do in good days. After a failure the database is opened again, whatever the failure
// was: RocksDB's own way back (DB::Resume) refuses some errors and waits for ever after others,
// and a new start is what the tests of crashes prove to lose nothing.
Result<void> RocksStore::recover() {
  if (!fault()) return {};
  auto recovered = probe_disk();
  if (recovered) recovered = reopen();
  set_fault(recovered ? std::nullopt : std::optional<Error>(recovered.error()));
  return recovered;
}

// Cheap enough for every refused commit, and readers do not notice it.
Result<void> RocksStore::probe_disk() const {
  const std::string name = "PROBE";
  const std::string content(kProbeBytes, '\0');
  auto written = replace_small_file(*file_system_, options_.path, name, content);
  file_system_->DeleteFile(options_.path + "/" + name, rocksdb::IOOptions(), nullptr)
      .PermitUncheckedError();
  if (written) return {};
  return fail(
      in_context("the store in " + options_.path + " cannot take commits", written.error()));
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
                 "disk error: sequence " + std::to_string(progress ? progress->sequence : 0) +
                 " instead of " + std::to_string(progress_.sequence) +
                 ". Check the disk and restore a backup"};
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
