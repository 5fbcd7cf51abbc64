// What a simulated process leaves behind: the model's tables, or a directory that RocksDB writes
// through a file system which loses what was not synced.
#pragma once

#include <memory>
#include <string>

#include "sim/model_store.h"
#include "sim/stage.h"
#include "support/faulty_file_system.h"
#include "support/temporary_directory.h"

namespace tidemark::sim {

enum class StoreKind : std::uint8_t { model, rocksdb };

class Disk {
 public:
  Disk(Stage& stage, StoreKind kind);
  ~Disk();

  // Only between open() and close().
  Store& store() const { return *store_; }
  bool is_open() const { return store_ != nullptr; }
  Result<void> open();
  // The power fails, or only the process ends: what was not synced is lost, kept, or torn.
  void crash();
  // RocksDB only: the next writes fail, one of them in its middle.
  void fail_soon();
  void heal();

 private:
  Stage& stage_;
  const StoreKind kind_;
  ModelDisk model_;
  std::unique_ptr<test::TemporaryDirectory> directory_;
  std::shared_ptr<test::FaultyFileSystem> file_system_;
  std::unique_ptr<Store> store_;
};

}  // namespace tidemark::sim
