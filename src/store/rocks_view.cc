#include "store/rocks_view.h"

#include "store/rocks_error.h"
#include "store/row_name.h"

namespace tidemark {
namespace {

// The first key after every key that starts with prefix; empty when there is none.
std::string end_of(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xFF') end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

rocksdb::Slice slice(std::string_view text) {
  return {text.data(), text.size()};
}
std::string_view view(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

std::string reading(Table table) {
  return "reading table " + std::string(name(table));
}

}  // namespace

rocksdb::ReadOptions RocksReader::read_options() const {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot_;
  options.verify_checksums = true;
  return options;
}

Result<void> RocksReader::check_open() const {
  if (database_ != nullptr) return {};
  return fail(Errc::io_error,
              "the store cannot be read: the disk refused to open it again after an error; it is "
              "tried again every second");
}

Result<std::optional<std::string>> RocksReader::get(Table table, std::string_view key) const {
  TM_TRY(check_open());
  std::string value;
  const auto status =
      (*database_)->Get(read_options(), database_->table(table), slice(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return fail(to_error(reading(table), status));
  return value;
}

Result<std::vector<std::optional<std::string>>> RocksReader::multi_get(
    Table table, const std::vector<std::string>& keys) const {
  TM_TRY(check_open());
  std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  (*database_)
      ->MultiGet(read_options(), database_->table(table), keys.size(), slices.data(), values.data(),
                 statuses.data());
  std::vector<std::optional<std::string>> result(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].ok()) {
      result[i] = values[i].ToString();
    } else if (!statuses[i].IsNotFound()) {
      return fail(to_error(reading(table), statuses[i]));
    }
  }
  return result;
}

Result<void> RocksReader::scan(Table table, std::string_view prefix, std::string_view from,
                               const ScanVisitor& visitor) const {
  TM_TRY(check_open());
  auto options = read_options();
  const std::string end = end_of(prefix);
  const rocksdb::Slice bound(end);
  if (!end.empty()) options.iterate_upper_bound = &bound;
  // The tables' filters then say which files need no looking into.
  const bool filtered = table == Table::row && row_name(prefix).has_value();
  options.total_order_seek = !filtered;
  options.prefix_same_as_start = filtered;
  const std::unique_ptr<rocksdb::Iterator> it(
      (*database_)->NewIterator(options, database_->table(table)));
  for (it->Seek(slice(std::max(prefix, from))); it->Valid(); it->Next()) {
    if (!visitor(view(it->key()), view(it->value()))) return {};
  }
  if (!it->status().ok()) return fail(to_error(reading(table), it->status()));
  return {};
}

Result<void> RocksReader::scan_reverse(Table table, std::string_view prefix,
                                       std::string_view before, const ScanVisitor& visitor) const {
  TM_TRY(check_open());
  auto options = read_options();
  const std::string end = end_of(prefix);
  // The upper bound is exclusive, as `before` is, so it does the positioning.
  std::string last = end;
  if (!before.empty() && (end.empty() || before < end)) last = before;
  const rocksdb::Slice lower = slice(prefix);
  const rocksdb::Slice upper(last);
  if (!prefix.empty()) options.iterate_lower_bound = &lower;
  if (!last.empty()) options.iterate_upper_bound = &upper;
  options.total_order_seek = true;
  const std::unique_ptr<rocksdb::Iterator> it(
      (*database_)->NewIterator(options, database_->table(table)));
  for (it->SeekToLast(); it->Valid(); it->Prev()) {
    if (!visitor(view(it->key()), view(it->value()))) return {};
  }
  if (!it->status().ok()) return fail(to_error(reading(table), it->status()));
  return {};
}

SnapshotView::SnapshotView(std::shared_ptr<DatabaseHandle> handle)
    : handle_(std::move(handle)),
      lease_(*handle_),
      snapshot_(lease_.get() ? (*lease_.get())->GetSnapshot() : nullptr),
      reader_(lease_.get(), snapshot_) {}

SnapshotView::~SnapshotView() {
  if (snapshot_ != nullptr) (*lease_.get())->ReleaseSnapshot(snapshot_);
}

Result<std::optional<std::string>> SnapshotView::get(Table table, std::string_view key) const {
  return reader_.get(table, key);
}

Result<std::vector<std::optional<std::string>>> SnapshotView::multi_get(
    Table table, const std::vector<std::string>& keys) const {
  return reader_.multi_get(table, keys);
}

Result<void> SnapshotView::scan(Table table, std::string_view prefix, std::string_view from,
                                const ScanVisitor& visitor) const {
  return reader_.scan(table, prefix, from, visitor);
}

Result<void> SnapshotView::scan_reverse(Table table, std::string_view prefix,
                                        std::string_view before, const ScanVisitor& visitor) const {
  return reader_.scan_reverse(table, prefix, before, visitor);
}

}  // namespace tidemark
