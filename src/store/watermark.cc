#include "store/watermark.h"

#include <algorithm>
#include <cassert>

#include "base/sha256.h"
#include "store/key.h"
#include "store/rocks_error.h"
#include "store/small_file.h"

namespace tidemark {
namespace {

constexpr std::string_view kMagic = "TMWM";
constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kSummedBytes = 4 + 2 + 8 + 8;
constexpr std::size_t kSumBytes = 8;

std::string_view checksum(const Sha256& digest) {
  return as_bytes(digest).substr(0, kSumBytes);
}

// What a slot begins with; the rest of it is zero from the start and stays so.
std::string encode(const Progress& progress) {
  std::string slot =
      KeyWriter().raw(kMagic).u16(kVersion).u64(progress.sequence).u64(progress.commits).str();
  return slot.append(checksum(sha256(slot)));
}

std::optional<Progress> decode(std::string_view slot) {
  if (slot.size() < kSummedBytes + kSumBytes) return std::nullopt;
  if (checksum(sha256(slot.substr(0, kSummedBytes))) != slot.substr(kSummedBytes, kSumBytes)) {
    return std::nullopt;
  }
  if (!slot.starts_with(kMagic)) return std::nullopt;
  KeyReader reader(slot.substr(kMagic.size()));
  if (reader.u16() != kVersion) return std::nullopt;
  Progress progress;
  progress.sequence = reader.u64();
  progress.commits = reader.u64();
  return progress;
}

std::string path_in(const std::string& directory) {
  return directory + "/" + std::string(kWatermarkName);
}

}  // namespace

Result<Progress> Watermark::read(rocksdb::FileSystem& file_system, const std::string& directory) {
  const auto path = path_in(directory);
  TM_ASSIGN(const auto content, read_small_file(file_system, path));
  if (!content) return fail(Errc::not_found, path + " is missing");
  const std::string_view bytes(*content);
  const auto first = decode(bytes.substr(0, kWatermarkSlotBytes));
  const auto second = decode(bytes.size() > kWatermarkSlotBytes ? bytes.substr(kWatermarkSlotBytes)
                                                                : std::string_view());
  if (!first && !second) return fail(Errc::corrupt, path + " is damaged: neither slot is valid");
  if (!first) return *second;
  if (!second) return *first;
  return first->commits > second->commits ? *first : *second;
}

Result<void> Watermark::create(rocksdb::FileSystem& file_system, const std::string& directory,
                               const Progress& progress) {
  auto slot = encode(progress);
  slot.resize(kWatermarkSlotBytes, '\0');
  return replace_small_file(file_system, directory, std::string(kWatermarkName), slot + slot);
}

Result<std::unique_ptr<Watermark>> Watermark::open(rocksdb::FileSystem& file_system,
                                                   const std::string& directory,
                                                   const Progress& current) {
  const auto path = path_in(directory);
  std::unique_ptr<rocksdb::FSRandomRWFile> file;
  const auto status = file_system.NewRandomRWFile(path, {}, &file, nullptr);
  if (!status.ok()) return fail(to_error("opening " + path, status));
  return std::unique_ptr<Watermark>(new Watermark(std::move(file), path, current));
}

Watermark::Watermark(std::unique_ptr<rocksdb::FSRandomRWFile> file, std::string path,
                     const Progress& current)
    : file_(std::move(file)), path_(std::move(path)), recorded_(current), synced_(current) {}

Result<void> Watermark::record(const Progress& progress) {
  const std::lock_guard lock(mutex_);
  assert(progress.commits >= recorded_.commits);
  const auto slot = encode(progress);
  const auto offset = (progress.commits % 2) * kWatermarkSlotBytes;
  const auto status = file_->Write(offset, slot, rocksdb::IOOptions(), nullptr);
  if (!status.ok()) return fail(to_error("writing " + path_, status));
  recorded_ = progress;
  return {};
}

Result<void> Watermark::sync() {
  // Not under the mutex while the disk works: the next commit would wait for it.
  const auto target = recorded();
  if (is_synced()) return {};
  const auto status = file_->Sync(rocksdb::IOOptions(), nullptr);
  if (!status.ok()) return fail(to_error("syncing " + path_, status));
  const std::lock_guard lock(mutex_);
  synced_ = target;
  return {};
}

Progress Watermark::recorded() const {
  const std::lock_guard lock(mutex_);
  return recorded_;
}

bool Watermark::is_synced() const {
  const std::lock_guard lock(mutex_);
  return synced_ == recorded_;
}

}  // namespace tidemark
