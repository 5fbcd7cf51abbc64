#include "store/database.h"

#include "store/rocks_error.h"

namespace tidemark {

Result<std::unique_ptr<Database>> Database::open(const RocksOptions& options,
                                                 const std::string& path) {
  std::unique_ptr<Database> database(new Database);
  rocksdb::DB* db = nullptr;
  const auto status =
      rocksdb::DB::Open(options.database, path, options.tables, &database->handles_, &db);
  if (!status.ok()) return fail(to_error("opening " + path, status));
  database->db_.reset(db);
  return database;
}

Result<std::unique_ptr<Database>> Database::create(const RocksOptions& options,
                                                   const std::string& path) {
  std::unique_ptr<Database> database(new Database);
  rocksdb::DBOptions creating = options.database;
  creating.create_if_missing = true;
  const auto first = options.tables.begin();
  rocksdb::DB* db = nullptr;
  auto status = rocksdb::DB::Open(creating, path, {*first}, &database->handles_, &db);
  database->db_.reset(db);
  // All others at once: one by one, each of them writes and checks a file with all options anew.
  std::vector<rocksdb::ColumnFamilyHandle*> others;
  if (status.ok()) status = db->CreateColumnFamilies({first + 1, options.tables.end()}, &others);
  database->handles_.insert(database->handles_.end(), others.begin(), others.end());
  if (!status.ok()) return fail(to_error("creating " + path, status));
  return database;
}

Result<std::unique_ptr<Database>> Database::open_read_only(const RocksOptions& options,
                                                           const std::string& path) {
  std::unique_ptr<Database> database(new Database);
  database->read_only_ = true;
  rocksdb::DB* db = nullptr;
  const auto status = rocksdb::DB::OpenForReadOnly(options.database, path, options.tables,
                                                   &database->handles_, &db);
  if (!status.ok()) return fail(to_error("opening " + path + " for reading only", status));
  database->db_.reset(db);
  return database;
}

Database::~Database() {
  if (!db_) return;
  for (auto* handle : handles_) db_->DestroyColumnFamilyHandle(handle);
  db_->Close().PermitUncheckedError();
}

DatabaseHandle::Lease::Lease(DatabaseHandle& handle) : handle_(handle) {
  const std::lock_guard lock(handle_.mutex_);
  database_ = handle_.database_.get();
  ++handle_.leases_;
}

DatabaseHandle::Lease::~Lease() {
  const std::lock_guard lock(handle_.mutex_);
  if (--handle_.leases_ == 0) handle_.returned_.notify_all();
}

bool DatabaseHandle::exchange(std::chrono::milliseconds patience,
                              const std::function<std::unique_ptr<Database>()>& reopen) {
  std::unique_lock lock(mutex_);
  // New leases are still given while waiting: a reader may read again while it reads.
  if (!returned_.wait_for(lock, patience, [this] { return leases_ == 0; })) return false;
  database_.reset();
  database_ = reopen();
  return true;
}

}  // namespace tidemark
