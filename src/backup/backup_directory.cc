#include "backup/backup_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <set>
#include <utility>

#include "backup/durable_file.h"

namespace tidemark::backup {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMarkerName = "TIDEMARK-BACKUPS";
constexpr std::string_view kIntroduction = "tidemark backups format ";
constexpr std::uint32_t kDirectoryFormat = 1;

std::optional<std::uint32_t> number_of(std::string_view text) {
  std::uint32_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_inside(const fs::path& path, const fs::path& directory) {
  const auto [mine, ignored] =
      std::mismatch(directory.begin(), directory.end(), path.begin(), path.end());
  return mine == directory.end();
}

// Symbolic links lead to where they lead.
fs::path real_path(const std::string& path) {
  std::error_code error;
  auto real = fs::weakly_canonical(fs::absolute(path), error);
  if (error) real = fs::absolute(path).lexically_normal();
  if (!real.has_filename()) real = real.parent_path();
  return real;
}

Result<void> check_apart(const std::string& path, const std::string& data_dir) {
  if (data_dir.empty()) return {};
  const auto backups = real_path(path);
  const auto data = real_path(data_dir);
  if (is_inside(backups, data) || is_inside(data, backups)) {
    return fail(Errc::invalid_argument,
                "backups in " + path + " would be lost together with the data directory " +
                    data_dir + ": name a directory apart from it, on another disk if there is one");
  }
  return {};
}

Result<void> make_directory(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return {};
  const bool made = fs::create_directories(path, error);
  if (!made || error) {
    return fail(error == std::errc::no_space_on_device ? Errc::disk_full : Errc::io_error,
                "cannot make the directory " + path + ": " + error.message());
  }
  // A backup says all that the data directory does, and can sign like it.
  fs::permissions(path, fs::perms::owner_all, error);
  return {};
}

Result<bool> is_empty(const std::string& path) {
  std::error_code error;
  fs::directory_iterator it(path, error);
  if (error) return fail(Errc::io_error, "cannot list " + path + ": " + error.message());
  for (; it != fs::directory_iterator(); it.increment(error)) {
    // A file system of its own has this one from the start; the others are of a first `create` that
    // was interrupted.
    const auto name = it->path().filename();
    if (name != "lost+found" && name != "LOCK" && name != std::string(kMarkerName) + ".tmp") {
      return false;
    }
  }
  return true;
}

Result<bool> has_marker(const std::string& path) {
  const auto file = path + "/" + std::string(kMarkerName);
  TM_ASSIGN(const auto content, read_text(file));
  if (!content) return false;
  const std::string_view text(*content);
  std::optional<std::uint32_t> format;
  if (text.starts_with(kIntroduction) && text.ends_with('\n')) {
    format = number_of(text.substr(kIntroduction.size(), text.size() - kIntroduction.size() - 1));
  }
  if (!format) {
    return fail(Errc::corrupt,
                file + " is damaged: it should read \"" + std::string(kIntroduction) + "1\"");
  }
  if (*format > kDirectoryFormat) {
    return fail(Errc::newer_format,
                "the backups in " + path + " were written by a newer version of Tidemark: use it");
  }
  return true;
}

// -1 when the file cannot be made on a medium that is only read: nobody changes that one.
Result<int> take_lock(const std::string& path, BackupDirectory::Use use) {
  const std::string file = path + "/LOCK";
  const bool writes = use == BackupDirectory::Use::write;
  const int flags = writes ? O_RDWR | O_CREAT : O_RDONLY;
  const int fd = ::open(file.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0 && !writes) return -1;
  if (fd < 0) {
    return fail(errno == ENOSPC ? Errc::disk_full : Errc::io_error,
                "cannot write to " + path + ": " + std::strerror(errno));
  }
  if (::flock(fd, (writes ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0) return fd;
  const int reason = errno;
  ::close(fd);
  if (reason == EWOULDBLOCK) {
    return fail(Errc::conflict,
                "another backup command works in " + path + ": try again when it is done");
  }
  if (!writes) return -1;
  return fail(Errc::io_error, "cannot lock " + file + ": " + std::strerror(reason));
}

Result<void> write_marker(const std::string& path) {
  return replace_file(path + "/" + std::string(kMarkerName),
                      std::string(kIntroduction) + std::to_string(kDirectoryFormat) + "\n");
}

}  // namespace

bool is_backup_directory(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(std::filesystem::path(path) / kMarkerName, error);
}

Result<BackupDirectory> BackupDirectory::open(const std::string& path, const std::string& data_dir,
                                              Use use) {
  TM_TRY(check_apart(path, data_dir));
  if (use == Use::write) TM_TRY(make_directory(path));
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    return fail(Errc::not_found, "there are no backups in " + path + ": it is no directory");
  }
  TM_ASSIGN(const bool known, has_marker(path));
  if (!known && use == Use::read) {
    return fail(Errc::not_found, "there are no backups in " + path + ": `tidemark backup create " +
                                     path + "` makes one");
  }
  if (!known) {
    TM_ASSIGN(const bool empty, is_empty(path));
    if (!empty) {
      return fail(Errc::invalid_argument, path +
                                              " holds other things than backups: name an empty "
                                              "directory, or one that is not there yet");
    }
  }
  TM_ASSIGN(const int lock, take_lock(path, use));
  BackupDirectory directory(path, use, lock);
  if (use == Use::read) return directory;
  if (!known) TM_TRY(write_marker(path));
  TM_TRY(make_directory(path + "/backups"));
  return directory;
}

BackupDirectory::BackupDirectory(BackupDirectory&& other) noexcept
    : path_(std::move(other.path_)), use_(other.use_), lock_(std::exchange(other.lock_, -1)) {}

BackupDirectory::~BackupDirectory() {
  if (lock_ >= 0) ::close(lock_);
}

std::string BackupDirectory::path_of(std::uint32_t id) const {
  return path_ + "/backups/" + std::to_string(id);
}
std::string BackupDirectory::manifest_path(std::uint32_t id) const {
  return path_of(id) + "/manifest.json";
}
std::string BackupDirectory::verified_path(std::uint32_t id) const {
  return path_of(id) + "/verified.json";
}

Result<std::unique_ptr<StoreArchive>> BackupDirectory::archive() const {
  return StoreArchive::open(path_ + "/store", use_ == Use::write ? StoreArchive::Access::write
                                                                 : StoreArchive::Access::read);
}

Result<std::vector<std::uint32_t>> BackupDirectory::ids() const {
  std::vector<std::uint32_t> found;
  std::error_code error;
  for (fs::directory_iterator it(path_ + "/backups", error), end; !error && it != end;
       it.increment(error)) {
    const auto id = number_of(it->path().filename().string());
    if (!id) continue;
    if (found.size() == kMaxBackups) {
      return fail(Errc::limit_exceeded, path_ + " holds more than " + std::to_string(kMaxBackups) +
                                            " backups: `tidemark backup prune` removes old ones");
    }
    found.push_back(*id);
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return fail(Errc::io_error, "cannot list " + path_ + "/backups: " + error.message());
  }
  std::sort(found.begin(), found.end());
  return found;
}

Entry BackupDirectory::read_entry(std::uint32_t id) const {
  Entry entry;
  entry.id = id;
  const auto text = read_text(manifest_path(id));
  auto manifest =
      text ? manifest_from_json(text->value_or("")) : Result<Manifest>(fail(text.error()));
  if (manifest && manifest->id != id) {
    manifest = fail(Errc::corrupt, "it is that of backup " + std::to_string(manifest->id));
  }
  if (manifest) {
    entry.manifest = std::move(*manifest);
  } else {
    entry.damage = in_context(manifest_path(id), manifest.error());
  }
  if (const auto found = read_text(verified_path(id)); found && *found) {
    if (auto verified = verification_from_json(**found)) entry.verified = std::move(*verified);
  }
  return entry;
}

// Only what is known not to be there is not: a backup is not unfinished because nobody may look.
Result<bool> BackupDirectory::is_finished(std::uint32_t id) const {
  std::error_code error;
  const auto status = fs::status(manifest_path(id), error);
  if (status.type() == fs::file_type::not_found) return false;
  if (status.type() != fs::file_type::none) return true;
  return fail(Errc::io_error, "cannot look at " + manifest_path(id) + ": " + error.message());
}

Result<std::vector<Entry>> BackupDirectory::entries() const {
  TM_ASSIGN(const auto found, ids());
  std::vector<Entry> entries;
  for (const auto id : found) {
    // One that cannot be looked at is told as damaged.
    if (is_finished(id).value_or(true)) entries.push_back(read_entry(id));
  }
  if (entries.empty()) return entries;
  const auto copies = archive();
  std::set<std::uint32_t> whole;
  if (copies) {
    for (const auto& copy : (*copies)->list()) whole.insert(copy.id);
  }
  for (auto& entry : entries) {
    if (!entry.damage.message.empty() || whole.contains(entry.id)) continue;
    entry.damage = copies ? Error{Errc::corrupt, "files of it are missing or cannot be listed"}
                          : copies.error();
  }
  return entries;
}

Result<Entry> BackupDirectory::find(std::optional<std::uint32_t> id) const {
  TM_ASSIGN(auto all, entries());
  if (!id && !all.empty()) return std::move(all.back());
  for (auto& entry : all) {
    if (entry.id == id) return std::move(entry);
  }
  return fail(Errc::not_found, id ? "there is no backup " + std::to_string(*id) + " in " + path_ +
                                        ": `tidemark backup list` shows what there is"
                                  : "there is no finished backup in " + path_);
}

Result<void> BackupDirectory::clean(StoreArchive& archive) const {
  for (const auto& copy : archive.list()) {
    TM_ASSIGN(const bool finished, is_finished(copy.id));
    if (!finished) TM_TRY(archive.remove(copy.id));
  }
  TM_TRY(archive.collect_garbage());
  TM_ASSIGN(const auto found, ids());
  std::error_code error;
  for (const auto id : found) {
    TM_ASSIGN(const bool finished, is_finished(id));
    if (!finished) fs::remove_all(path_of(id), error);
  }
  std::vector<fs::path> scratch;
  for (fs::directory_iterator it(path_, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string().starts_with("verify-")) scratch.push_back(it->path());
  }
  for (const auto& path : scratch) fs::remove_all(path, error);
  return {};
}

// The manifest first: what is interrupted here is unfinished, and cleaned up later.
Result<void> BackupDirectory::remove(StoreArchive& archive, std::uint32_t id) const {
  std::error_code error;
  fs::remove(manifest_path(id), error);
  if (error) {
    return fail(Errc::io_error, "cannot remove " + manifest_path(id) + ": " + error.message());
  }
  TM_TRY(sync_directory_at(path_of(id)));
  const auto removed = archive.remove(id);
  if (!removed && removed.error().code != Errc::not_found) return removed;
  fs::remove_all(path_of(id), error);
  return {};
}

Json to_json(const Entry& entry) {
  Json json = entry.manifest ? to_json(*entry.manifest) : Json{{"id", entry.id}};
  json["verified"] = entry.verified ? to_json(*entry.verified) : Json();
  json["damage"] = entry.damage.message.empty() ? Json() : Json(entry.damage.message);
  return json;
}

}  // namespace tidemark::backup
