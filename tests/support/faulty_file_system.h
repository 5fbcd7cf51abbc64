// A real file system that fails when told to, and forgets what was not synced when the power goes.
// Thread-safe. Real syncs are left out: this class keeps the account of what is durable.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>

#include "store/file_system.h"

namespace tidemark::test {

enum class DiskOperation : std::uint8_t { append, sync, open, rename, remove };

struct DiskFault {
  enum class Kind { disk_full, io_error, power_cut };  // power_cut: as cut_power() does
  Kind kind = Kind::io_error;
  std::uint64_t nth = 1;  // counted from arming; the first is 1
  bool for_ever = false;  // this one and all that follow, until healed
  // Bits of DiskOperation; all by default. And only paths that contain this.
  unsigned operations = ~0U;
  std::string path_contains{};
};

constexpr unsigned only(DiskOperation operation) {
  return 1U << static_cast<unsigned>(operation);
}

class FaultyFileSystem final : public StoreFileSystem {
 public:
  FaultyFileSystem();
  ~FaultyFileSystem() override;

  std::shared_ptr<rocksdb::FileSystem> file_system() override;

  // A failing append leaves half of its bytes in the file, as a disk that fills up does.
  void arm(const DiskFault& fault);
  void heal();
  std::uint64_t operations_since_armed() const;
  std::uint64_t syncs_of(const std::string& path_contains) const;

  // From now on nothing is written, and everything that tries fails.
  void cut_power();
  bool powered() const;  // false also once a power cut that was armed came
  // What is left of unsynced data after the power came back: a process that was killed keeps all,
  // a power cut may keep nothing, or whatever the disk had got to: of a file that grew, a part from
  // the beginning; of what went over zeros that were written ahead, any sectors.
  enum class Unsynced { kept, lost, torn };
  void restore_power(Unsynced unsynced, std::uint64_t seed = 0);

  struct State;

 private:
  std::shared_ptr<State> state_;
  std::shared_ptr<rocksdb::FileSystem> file_system_;
};

}  // namespace tidemark::test
