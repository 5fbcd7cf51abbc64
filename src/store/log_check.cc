#include "store/log_check.h"

#include <rocksdb/db.h>
#include <rocksdb/wal_filter.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include "base/log.h"
#include "store/rocks_error.h"
#include "store/rocks_store.h"
#include "store/torn_tail.h"

namespace tidemark {
namespace {

// Finds the progress that a commit carries.
class ProgressFinder final : public rocksdb::WriteBatch::Handler {
 public:
  rocksdb::Status PutCF(std::uint32_t family, const rocksdb::Slice& key,
                        const rocksdb::Slice& value) override {
    if (family == 0 && key == rocksdb::Slice(kProgressKey)) {
      found_ = decode_progress({value.data(), value.size()});
    }
    return rocksdb::Status::OK();
  }
  rocksdb::Status DeleteCF(std::uint32_t, const rocksdb::Slice&) override {
    return rocksdb::Status::OK();
  }
  const std::optional<Progress>& found() const { return found_; }

 private:
  std::optional<Progress> found_;
};

struct Gap {
  Progress before;
  Progress after;
};

// Sees every record of every log and lets none of them in.
class Chain final : public rocksdb::WalFilter {
 public:
  const char* Name() const override { return "tidemark.Chain"; }

  WalProcessingOption LogRecordFound(unsigned long long log, const std::string&,
                                     const rocksdb::WriteBatch& batch, rocksdb::WriteBatch*,
                                     bool*) override {
    ++records_[log];
    ProgressFinder finder;
    if (batch.Iterate(&finder).ok() && finder.found()) add(*finder.found());
    return WalProcessingOption::kIgnoreCurrentRecord;
  }

  const std::optional<Progress>& first() const { return first_; }
  const std::optional<Progress>& last() const { return last_; }
  std::uint64_t records_of(std::uint64_t log) const {
    const auto found = records_.find(log);
    return found == records_.end() ? 0 : found->second;
  }
  const std::optional<Gap>& gap() const { return gap_; }

 private:
  void add(const Progress& progress) {
    if (!first_) first_ = progress;
    // A commit that failed may be followed by another with its number.
    if (last_ && progress.commits > last_->commits + 1 && !gap_) gap_ = Gap{*last_, progress};
    last_ = progress;
  }

  std::map<std::uint64_t, std::uint64_t> records_;  // by log
  std::optional<Progress> first_;
  std::optional<Progress> last_;
  std::optional<Gap> gap_;
};

Result<std::optional<Progress>> progress_of_tables(const RocksOptions& options,
                                                   const std::string& directory, Chain& chain) {
  auto database_options = options.database;
  database_options.wal_filter = &chain;
  const auto& meta = options.tables.front();
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* raw = nullptr;
  // The other tables may not exist yet, when a crash interrupted the creation.
  auto status = rocksdb::DB::OpenForReadOnly(database_options, database_path(directory), {meta},
                                             &handles, &raw);
  if (!status.ok()) return fail(to_error("opening " + database_path(directory), status));
  const std::unique_ptr<rocksdb::DB> database(raw);
  std::string value;
  status =
      database->Get(rocksdb::ReadOptions(), handles.front(), rocksdb::Slice(kProgressKey), &value);
  database->DestroyColumnFamilyHandle(handles.front());
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return fail(to_error("reading " + database_path(directory), status));
  return decode_progress(value);
}

// Of the newest log; nothing when there is none.
std::optional<std::uint64_t> newest_log(const std::string& directory) {
  std::optional<std::uint64_t> newest;
  std::error_code error;
  std::filesystem::directory_iterator it(directory, error);
  for (; !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    std::uint64_t number = 0;
    const auto stem = it->path().stem().string();
    const auto read = std::from_chars(stem.data(), stem.data() + stem.size(), number);
    if (it->path().extension() == ".log" && read.ec == std::errc()) {
      newest = std::max(newest.value_or(0), number);
    }
  }
  return newest;
}

std::string name_of_log(std::uint64_t number) {
  auto digits = std::to_string(number);
  digits.insert(0, 6 - std::min<std::size_t>(digits.size(), 6), '0');
  return digits + ".log";
}

// What tables hold and logs before their first damage.
Result<Progress> readable_progress(RocksOptions options, const std::string& directory,
                                   const Chain& chain) {
  if (chain.last()) return *chain.last();
  options.database.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  Chain ignored;
  TM_ASSIGN(const auto tables, progress_of_tables(options, directory, ignored));
  return tables.value_or(Progress{});
}

// True when a torn commit was cut off. What is known to be acknowledged is never one.
Result<bool> mend_tail(const RocksOptions& options, rocksdb::FileSystem& file_system,
                       const std::string& directory, const Chain& chain,
                       const Progress& acknowledged) {
  const auto newest = newest_log(log_path(directory));
  if (!newest) return false;
  TM_ASSIGN(const auto readable, readable_progress(options, directory, chain));
  if (readable.commits < acknowledged.commits) return false;
  const auto path = log_path(directory) + "/" + name_of_log(*newest);
  TM_ASSIGN(const bool cut, cut_torn_record(file_system, path, chain.records_of(*newest)));
  if (cut) {
    log::info("a commit was cut off in the middle of its writing; nobody was told that it is kept",
              {.detail = path});
  }
  return cut;
}

}  // namespace

Result<void> check_logs(const RocksOptions& options, rocksdb::FileSystem& file_system,
                        const std::string& directory, const std::optional<Progress>& acknowledged) {
  std::optional<Chain> chain(std::in_place);
  auto tables = progress_of_tables(options, directory, *chain);
  if (!tables && tables.error().code == Errc::corrupt && acknowledged) {
    TM_ASSIGN(const bool mended, mend_tail(options, file_system, directory, *chain, *acknowledged));
    chain.emplace();
    if (mended) tables = progress_of_tables(options, directory, *chain);
  }
  if (!tables) return fail(std::move(tables).error());
  auto gap = chain->gap();
  const auto base = tables->value_or(Progress{});
  if (chain->first() && chain->first()->commits > base.commits + 1) {
    gap = Gap{base, *chain->first()};
  }
  if (!gap) return {};
  return fail(Errc::corrupt, "commits are missing between sequence " +
                                 std::to_string(gap->before.sequence) + " (commit " +
                                 std::to_string(gap->before.commits) + ") and sequence " +
                                 std::to_string(gap->after.sequence) + " (commit " +
                                 std::to_string(gap->after.commits) + "): a write-ahead log in " +
                                 log_path(directory) + " was deleted or cut short");
}

}  // namespace tidemark
