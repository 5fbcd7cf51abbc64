#include "app/scratch_directory.h"

#include <chrono>
#include <utility>

#include "base/hex.h"
#include "base/random.h"

namespace tidemark::app {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::hours kLeftBehindAfter{24};

void remove_left_behind(const fs::path& directory) {
  std::error_code error;
  const auto now = fs::file_time_type::clock::now();
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    const auto written = it->last_write_time(ignored);
    if (!ignored && now - written > kLeftBehindAfter) fs::remove_all(it->path(), ignored);
  }
}

}  // namespace

Result<ScratchDirectory> ScratchDirectory::make(const std::string& data_dir) {
  std::error_code error;
  const bool has_data = fs::is_directory(data_dir, error);
  const auto parent =
      has_data ? fs::path(data_dir) / "scratch" : fs::temp_directory_path(error) / "tidemark";
  TM_ASSIGN(const auto random, random_bytes(8));
  const std::string name = "copy-" + to_hex_text(random);
  fs::create_directories(parent / name, error);
  if (!error) fs::permissions(parent / name, fs::perms::owner_all, error);
  if (error) {
    return fail(Errc::io_error,
                "cannot create " + (parent / name).string() + ": " + error.message());
  }
  remove_left_behind(parent);
  return ScratchDirectory(parent / name, name);
}

ScratchDirectory::ScratchDirectory(fs::path path, std::string name)
    : path_(std::move(path)), name_(std::move(name)) {}

ScratchDirectory::ScratchDirectory(ScratchDirectory&& other) noexcept
    : path_(std::exchange(other.path_, {})), name_(std::move(other.name_)) {}

ScratchDirectory::~ScratchDirectory() {
  if (path_.empty()) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  fs::remove(path_.parent_path(), ignored);  // when it was the last one
}

}  // namespace tidemark::app
