#include "store/torn_tail.h"

#include <algorithm>

#include "store/rocks_error.h"

namespace tidemark {
namespace {

constexpr std::size_t kBlockBytes = 32 << 10;
constexpr std::size_t kHeaderBytes = 7;
constexpr std::size_t kSectorBytes = 512;  // what a disk writes whole or not at all
// A process that is killed may leave an append half done anywhere, but not in a few last bytes
// only.
constexpr std::size_t kUnwrittenEndBytes = 16;

enum class Type : std::uint8_t { unwritten = 0, full = 1, first = 2, middle = 3, last = 4 };

bool all_zero(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos;
}

// Walks over physical records by their lengths; checksums are RocksDB's to compare.
class Walk {
 public:
  explicit Walk(std::string_view log) : log_(log) {}

  enum class End { whole, behind_the_file, unreadable };

  // To behind the next logical record, if its lengths lead there.
  End skip() {
    for (bool begins = true;; begins = false) {
      at_ = next_header();
      const std::size_t left = log_.size() - std::min(at_, log_.size());
      if (left < kHeaderBytes) return begins ? End::unreadable : End::behind_the_file;
      const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(log_[at_ + i]); };
      const std::size_t length = byte(4) | static_cast<std::size_t>(byte(5)) << 8U;
      const auto type = static_cast<Type>(byte(6));
      const bool fits = at_ % kBlockBytes + kHeaderBytes + length <= kBlockBytes;
      const bool in_place = begins ? type == Type::full || type == Type::first
                                   : type == Type::middle || type == Type::last;
      if (!fits || !in_place) return End::unreadable;
      if (kHeaderBytes + length > left) return End::behind_the_file;
      at_ += kHeaderBytes + length;
      if (type == Type::full || type == Type::last) return End::whole;
    }
  }
  // Behind the last record skipped; after a failure, where the physical record that cannot be
  // followed would begin.
  std::size_t at() const { return at_; }
  // Of the physical record that follows: none begins where a block has no room for a header.
  std::size_t next_header() const {
    const std::size_t room = kBlockBytes - at_ % kBlockBytes;
    return room < kHeaderBytes ? at_ + room : at_;
  }

 private:
  const std::string_view log_;
  std::size_t at_ = 0;
};

// Some sector's part of log[begin, end) was never written.
bool has_hole(std::string_view log, std::size_t begin, std::size_t end) {
  for (std::size_t at = begin; at < end;) {
    const std::size_t next = std::min(end, (at / kSectorBytes + 1) * kSectorBytes);
    if (all_zero(log.substr(at, next - at))) return true;
    at = next;
  }
  return end - begin > kUnwrittenEndBytes &&
         all_zero(log.substr(end - kUnwrittenEndBytes, kUnwrittenEndBytes));
}

}  // namespace

std::optional<std::uint64_t> end_before_torn_record(std::string_view log,
                                                    std::uint64_t whole_records) {
  Walk walk(log);
  for (std::uint64_t i = 0; i < whole_records; ++i) {
    if (walk.skip() != Walk::End::whole) return std::nullopt;
  }
  const std::size_t begin = walk.at();
  if (all_zero(log.substr(std::min(begin, log.size())))) return std::nullopt;  // a log's end
  // A header that is not all there leads anywhere.
  const auto header_has_hole = [&](std::size_t header) {
    return has_hole(log, std::min(header, log.size()), std::min(header + kHeaderBytes, log.size()));
  };
  if (header_has_hole(walk.next_header())) return begin;
  switch (walk.skip()) {
    case Walk::End::behind_the_file: return begin;  // it grew, and had not grown all of it
    case Walk::End::unreadable:
      return header_has_hole(walk.at()) ? std::optional<std::uint64_t>(begin) : std::nullopt;
    case Walk::End::whole: break;
  }
  const bool is_last = all_zero(log.substr(walk.at()));
  if (is_last && has_hole(log, begin, walk.at())) return begin;
  return std::nullopt;
}

Result<bool> cut_torn_record(rocksdb::FileSystem& file_system, const std::string& path,
                             std::uint64_t whole_records) {
  const rocksdb::IOOptions options;
  std::string content;
  auto status = rocksdb::ReadFileToString(&file_system, path, &content);
  if (!status.ok()) return fail(to_error("reading " + path, status));
  const auto end = end_before_torn_record(content, whole_records);
  if (!end) return false;
  std::unique_ptr<rocksdb::FSWritableFile> file;
  status = file_system.ReopenWritableFile(path, {}, &file, nullptr);
  if (status.ok()) status = file->Truncate(*end, options, nullptr);
  if (status.ok()) status = file->Fsync(options, nullptr);
  if (status.ok()) status = file->Close(options, nullptr);
  if (!status.ok()) return fail(to_error("cutting " + path, status));
  return true;
}

}  // namespace tidemark
