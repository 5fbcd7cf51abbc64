#include "backup/unfinished_directory.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "backup/durable_file.h"

namespace tidemark::backup {
namespace {

namespace fs = std::filesystem;

Result<std::string> make_unique(const std::string& prefix) {
  std::string path = prefix + "XXXXXX";
  if (::mkdtemp(path.data()) != nullptr) return path;
  const int reason = errno;
  return fail(reason == ENOSPC || reason == EDQUOT ? Errc::disk_full : Errc::io_error,
              "cannot make the directory " + path + ": " + std::strerror(reason));
}

bool is_mount_point(const fs::path& directory) {
  struct stat own {};
  struct stat parent {};
  return ::stat(directory.c_str(), &own) == 0 &&
         ::stat(directory.parent_path().c_str(), &parent) == 0 && own.st_dev != parent.st_dev;
}

Result<fs::path> free_place(const std::string& wanted) {
  std::error_code error;
  fs::path place = fs::absolute(wanted).lexically_normal();
  if (!place.has_filename()) place = place.parent_path();  // "new/" is "new"
  if (fs::exists(fs::symlink_status(place, error))) {
    if (!fs::is_directory(place, error) || !fs::is_empty(place, error) || error) {
      return fail(Errc::invalid_argument,
                  wanted + " exists already and is no empty directory: name a new one");
    }
    place = fs::canonical(place, error);
    if (!error && is_mount_point(place)) {
      return fail(Errc::invalid_argument,
                  wanted + " is a mount point and cannot be replaced: name a new directory in it");
    }
  } else {
    fs::create_directories(place.parent_path(), error);
  }
  if (error) return fail(Errc::io_error, "cannot make " + wanted + ": " + error.message());
  return place;
}

}  // namespace

Result<UnfinishedDirectory> UnfinishedDirectory::beside(const std::string& target) {
  TM_ASSIGN(const auto place, free_place(target));
  TM_ASSIGN(auto path, make_unique(place.string() + ".unfinished-"));
  return UnfinishedDirectory(std::move(path), place.string());
}

Result<UnfinishedDirectory> UnfinishedDirectory::scratch_in(const std::string& parent) {
  TM_ASSIGN(auto path, make_unique(parent + "/verify-"));
  return UnfinishedDirectory(std::move(path), "");
}

UnfinishedDirectory::UnfinishedDirectory(std::string path, std::string target)
    : path_(std::move(path)), target_(std::move(target)) {}

UnfinishedDirectory::UnfinishedDirectory(UnfinishedDirectory&& other) noexcept
    : path_(std::exchange(other.path_, {})), target_(std::move(other.target_)) {}

UnfinishedDirectory::~UnfinishedDirectory() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

Result<void> UnfinishedDirectory::finish() {
  TM_TRY(sync_directory_at(path_));
  std::error_code error;
  fs::rename(path_, target_, error);  // in the place of an empty directory, too
  if (error) {
    return fail(Errc::io_error,
                "cannot rename " + path_ + " to " + target_ + ": " + error.message());
  }
  path_.clear();
  return sync_directory_at(fs::path(target_).parent_path().string());
}

}  // namespace tidemark::backup
