#include "store/copy.h"

#include <filesystem>

#include "store/format_version.h"
#include "store/rocks_store.h"

namespace tidemark {
namespace {

namespace fs = std::filesystem;

// Tables never change once they are written; everything else may be written on.
void link_or_copy(const fs::path& from, const fs::path& to, std::error_code& error) {
  if (from.extension() == ".sst") {
    fs::create_hard_link(from, to, error);
    if (!error) return;
  }
  fs::copy_file(from, to, error);
}

Result<void> copy_all(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_directories(to, error);
  if (!error) fs::permissions(to, fs::perms::owner_all, error);
  if (error) return fail(Errc::io_error, "cannot create " + to.string() + ": " + error.message());
  for (fs::directory_iterator it(from, error), end; !error && it != end; it.increment(error)) {
    const auto name = it->path().filename();
    // Copies of the store inside it are not the store.
    if (name == "LOCK" || name == "checkpoints") continue;
    if (it->is_directory(error)) {
      TM_TRY(copy_all(it->path(), to / name));
    } else if (!error) {
      link_or_copy(it->path(), to / name, error);
    }
    if (error) break;
  }
  if (!error) return {};
  const auto code = error == std::errc::no_space_on_device ? Errc::disk_full : Errc::io_error;
  return fail(code, "cannot copy " + from.string() + " to " + to.string() + ": " + error.message());
}

}  // namespace

Result<void> copy_store(const std::string& from, const std::string& to) {
  std::error_code error;
  if (!fs::exists(fs::path(from) / kFormatName, error)) {
    return fail(Errc::not_found, "there is no store in " + from);
  }
  if (fs::exists(to, error)) {
    return fail(Errc::conflict, "cannot copy a store to " + to + ": it exists already");
  }
  TM_ASSIGN(const auto lock, DirectoryLock::take(rocksdb::FileSystem::Default(), from));
  auto copied = copy_all(from, to);
  if (!copied) fs::remove_all(to, error);
  return copied;
}

}  // namespace tidemark
