#include "store/format_version.h"

#include <charconv>

namespace tidemark {
namespace {

constexpr std::string_view kIntroduction = "tidemark store format ";

}  // namespace

Result<std::optional<FormatVersion>> read_format(rocksdb::FileSystem& file_system,
                                                 const std::string& directory) {
  const auto path = directory + "/" + std::string(kFormatName);
  TM_ASSIGN(const auto content, read_small_file(file_system, path));
  if (!content) return std::nullopt;
  const std::string_view text(*content);
  FormatVersion version = 0;
  if (text.starts_with(kIntroduction) && text.ends_with('\n')) {
    const char* end = text.data() + text.size() - 1;
    const auto read = std::from_chars(text.data() + kIntroduction.size(), end, version);
    if (read.ec == std::errc() && read.ptr == end && version > 0) return version;
  }
  return fail(Errc::corrupt,
              path + " is damaged: it should read \"" + std::string(kIntroduction) +
                  "\" and a number. If no newer version of Tidemark was ever used here, delete it: "
                  "it is then written again from the database's own record");
}

Result<void> write_format(rocksdb::FileSystem& file_system, const std::string& directory,
                          FormatVersion version) {
  return replace_small_file(file_system, directory, std::string(kFormatName),
                            std::string(kIntroduction) + std::to_string(version) + "\n");
}

Result<void> check_not_newer(const std::string& directory, FormatVersion found,
                             FormatVersion supported) {
  if (found <= supported) return {};
  return fail(Errc::newer_format,
              "the store in " + directory + " has format " + std::to_string(found) +
                  ", this version of Tidemark understands formats up to " +
                  std::to_string(supported) +
                  ": use the version that wrote it, or restore a backup made before the upgrade");
}

}  // namespace tidemark
