// Configuration files: every one is either loaded or refused with problems that have a place.
#include <sys/mman.h>
#include <unistd.h>

#include "app/config.h"
#include "app/toml_json.h"
#include "app/toml_tree.h"
#include "base/json.h"
#include "target.h"

namespace tidemark::fuzz {
namespace {

using app::TomlNode;

// A file that no disk has to write. Its name is the same for every input.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(::memfd_create("tidemark.toml", 0)) {}
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  void write(std::string_view bytes) const {
    require(::ftruncate(descriptor_, 0) == 0, "the file can be emptied");
    const auto written = ::pwrite(descriptor_, bytes.data(), bytes.size(), 0);
    require(written == static_cast<ssize_t>(bytes.size()), "the file can be written");
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

std::size_t lines_of(std::string_view text) {
  std::size_t lines = 1;
  for (const char each : text) lines += each == '\n' ? 1 : 0;
  return lines;
}

void check_places(const TomlNode& node, std::size_t lines) {
  require(node.line <= lines, "a place is in the file");
  for (const auto& item : node.items) check_places(item, lines);
  for (const auto& entry : node.entries) {
    require(node.find(entry.key) != nullptr, "an entry is found by its key");
    check_places(entry.value, lines);
    const auto place = app::find_place(node, entry.key);
    require(place.line <= lines, "a place is in the file");
  }
}

void check_tree(std::string_view bytes) {
  const auto tree = app::parse_toml(bytes, "tidemark.toml");
  if (!tree) {
    require(!tree.error().message.empty(), "a refusal says why");
    return;
  }
  check_places(*tree, lines_of(bytes));
  const auto json = app::toml_to_json(*tree);
  if (!json) return;
  const auto again = parse_json(dump_json(*json));
  require(again.has_value() || json_depth(dump_json(*json)) > kMaxJsonDepth,
          "what TOML says can be said in JSON");
}

void check_config(std::string_view bytes) {
  static const MemoryFile file;
  file.write(bytes);
  const std::map<std::string, std::string> variables{
      {"SECRET", "whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0"}, {"MASTER", std::string(64, 'a')}};
  // A fuzzer that compares may write the secret into the file itself: then it is no secret.
  if (bytes.find("c2VjcmV0IHNlY3JldCB") != std::string_view::npos) return;
  const auto config = app::load_config({.file = file.path(), .variables = variables});
  if (!config) {
    require(!config.error().empty(), "a refusal has a reason");
    for (const auto& problem : config.error()) {
      require(!problem.message.empty(), "a problem says what it is");
      require(problem.text().find(variables.at("SECRET")) == std::string::npos,
              "no message quotes a secret");
    }
    return;
  }
  require(config->accounts.size() <= app::kMaxAccounts, "accounts are limited");
  for (const auto& shown : config->shown) {
    require(shown.value.find(variables.at("SECRET")) == std::string::npos, "secrets are masked");
  }
}

}  // namespace

TIDEMARK_FUZZ_TARGET(toml) {
  check_tree(bytes);
  check_config(bytes);
}

}  // namespace tidemark::fuzz
