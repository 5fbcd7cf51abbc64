// The water's proven reach: what the last durable commit was, kept apart from the database, so that
// a database that lost commits (a deleted or shortened log) is noticed when it is opened.
//
// A file of two slots of 4,096 bytes, written in turn, so that a torn write never costs more than
// the value being written. A slot: "TMWM", u16 version (1), u64 sequence, u64 commit number, the
// first 8 bytes of the SHA-256 of all that; big-endian, the rest zero. The higher valid slot
// counts.
//
// record() is called after a commit is durable, so the watermark is never ahead of the database; it
// is synced from time to time only, so after a power cut it may be behind it. Thread-safe.
#pragma once

#include <rocksdb/file_system.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"

namespace tidemark {

struct Progress {
  Sequence sequence = 0;
  // Grows by one with every commit, also with those that leave the sequence where it is.
  std::uint64_t commits = 0;
  bool operator==(const Progress&) const = default;
};

inline constexpr std::string_view kWatermarkName = "WATERMARK";
inline constexpr std::size_t kWatermarkSlotBytes = 4096;

class Watermark {
 public:
  // Errc::not_found: no such file; Errc::corrupt: neither slot can be read.
  static Result<Progress> read(rocksdb::FileSystem& file_system, const std::string& directory);
  // Replaces the file, durably.
  static Result<void> create(rocksdb::FileSystem& file_system, const std::string& directory,
                             const Progress& progress);
  // For recording on from `current`, which read() gave.
  static Result<std::unique_ptr<Watermark>> open(rocksdb::FileSystem& file_system,
                                                 const std::string& directory,
                                                 const Progress& current);

  Result<void> record(const Progress& progress);
  Result<void> sync();  // callers take turns
  Progress recorded() const;
  bool is_synced() const;

 private:
  Watermark(std::unique_ptr<rocksdb::FSRandomRWFile> file, std::string path,
            const Progress& current);

  mutable std::mutex mutex_;
  std::unique_ptr<rocksdb::FSRandomRWFile> file_;
  std::string path_;
  Progress recorded_;
  Progress synced_;
};

}  // namespace tidemark
