// One open RocksDB with its column families, and the handle through which threads borrow it.
#pragma once

#include <rocksdb/db.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "store/rocks_options.h"
#include "store/store.h"

namespace tidemark {

class Database {
 public:
  static Result<std::unique_ptr<Database>> open(const RocksOptions& options,
                                                const std::string& path);
  // Where there is none yet; one whose creation was cut short is opened like any other.
  static Result<std::unique_ptr<Database>> create(const RocksOptions& options,
                                                  const std::string& path);
  // Sees everything acknowledged, writes nothing: for a disk that refuses a normal open.
  static Result<std::unique_ptr<Database>> open_read_only(const RocksOptions& options,
                                                          const std::string& path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  rocksdb::DB& operator*() const { return *db_; }
  rocksdb::DB* operator->() const { return db_.get(); }
  rocksdb::ColumnFamilyHandle* table(Table table) const {
    return handles_[static_cast<std::size_t>(table)];
  }
  const std::vector<rocksdb::ColumnFamilyHandle*>& tables() const { return handles_; }
  bool read_only() const { return read_only_; }

 private:
  Database() = default;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  bool read_only_ = false;
};

// Lends the database to readers, and exchanges it when none has it. Thread-safe.
class DatabaseHandle {
 public:
  explicit DatabaseHandle(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  class Lease {
   public:
    explicit Lease(DatabaseHandle& handle);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    // Null while no way of opening the database works.
    const Database* get() const { return database_; }

   private:
    DatabaseHandle& handle_;
    const Database* database_;
  };

  // Closes the database and puts what reopen() gives in its place. False, with nothing done, when
  // readers did not let go of it within the time.
  bool exchange(std::chrono::milliseconds patience,
                const std::function<std::unique_ptr<Database>()>& reopen);

 private:
  std::mutex mutex_;
  std::condition_variable returned_;
  std::unique_ptr<Database> database_;
  std::size_t leases_ = 0;
};

}  // namespace tidemark
