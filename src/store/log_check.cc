#include "store/log_check.h"

#include <rocksdb/db.h>
#include <rocksdb/wal_filter.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "store/rocks_error.h"
#include "store/rocks_store.h"

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

  WalProcessingOption LogRecordFound(unsigned long long, const std::string&,
                                     const rocksdb::WriteBatch& batch, rocksdb::WriteBatch*,
                                     bool*) override {
    ProgressFinder finder;
    if (batch.Iterate(&finder).ok() && finder.found()) add(*finder.found());
    return WalProcessingOption::kIgnoreCurrentRecord;
  }

  const std::optional<Progress>& first() const { return first_; }
  const std::optional<Gap>& gap() const { return gap_; }

 private:
  void add(const Progress& progress) {
    if (!first_) first_ = progress;
    // A commit that failed may be followed by another with its number.
    if (last_ && progress.commits > last_->commits + 1 && !gap_) gap_ = Gap{*last_, progress};
    last_ = progress;
  }

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

}  // namespace

Result<void> check_logs(const RocksOptions& options, const std::string& directory) {
  Chain chain;
  TM_ASSIGN(const auto tables, progress_of_tables(options, directory, chain));
  auto gap = chain.gap();
  const auto base = tables.value_or(Progress{});
  if (chain.first() && chain.first()->commits > base.commits + 1) gap = Gap{base, *chain.first()};
  if (!gap) return {};
  return fail(Errc::corrupt, "commits are missing between sequence " +
                                 std::to_string(gap->before.sequence) + " (commit " +
                                 std::to_string(gap->before.commits) + ") and sequence " +
                                 std::to_string(gap->after.sequence) + " (commit " +
                                 std::to_string(gap->after.commits) + "): a write-ahead log in " +
                                 log_path(directory) + " was deleted or cut short");
}

}  // namespace tidemark
