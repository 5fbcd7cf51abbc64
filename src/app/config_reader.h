// Reads settings from their three layers, collecting problems instead of stopping at the first.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"
#include "app/toml_tree.h"
#include "base/json.h"

namespace tidemark::app {

// A value with the place to blame for it. `given`: not the preset.
template <class T>
struct Setting {
  T value{};
  Origin origin{};
  bool given = false;
};

// How the text of a variable becomes a JSON value: as it is, a number, true or false, a list of
// texts between commas, or any JSON.
enum class JsonKind { text, number, boolean, texts, any };

class ConfigSection;

class ConfigReader {
 public:
  // The source must outlive the reader.
  ConfigReader(const ConfigSource& source, std::string file);

  // Reads and parses the file; problems() tells what is wrong. True: go on with root().
  bool read_file();
  ConfigSection root();

  void problem(Origin origin, std::string key, std::string message);
  void warning(Origin origin, std::string key, std::string message);
  void show(std::string key, std::string value, Origin origin);
  // Variables that look like a mistyped one of ours. Others that begin with TIDEMARK_ are left
  // alone: orchestrators add variables named after a service, and whoever tests us has their own.
  void warn_about_unknown_variables();
  void know_variable(const std::string& name) { known_variables_.insert(name); }

  const std::string& file() const { return file_; }
  const ConfigSource& source() const { return source_; }
  std::vector<ConfigProblem>& problems() { return problems_; }
  std::vector<ConfigProblem>& warnings() { return warnings_; }
  std::vector<ShownValue>& shown() { return shown_; }

 private:
  friend class ConfigSection;
  const ConfigSource& source_;
  std::string file_;
  TomlNode tree_;
  std::set<std::string> known_variables_;
  std::vector<ConfigProblem> problems_;
  std::vector<ConfigProblem> warnings_;
  std::vector<ShownValue> shown_;
};

// One table of the file and the variables and flags that override it. Every getter marks its key as
// known; finish() then reports the others.
class ConfigSection {
 public:
  ConfigSection(ConfigReader& reader, const TomlNode* table, std::string prefix, Origin origin);

  Setting<std::string> text(const std::string& key, const std::string& preset = "");
  Setting<bool> boolean(const std::string& key, bool preset);
  Setting<std::chrono::milliseconds> duration(const std::string& key,
                                              std::chrono::milliseconds preset,
                                              std::chrono::milliseconds least);
  Setting<std::uint64_t> size(const std::string& key, std::uint64_t preset, std::uint64_t least,
                              std::uint64_t most);
  Setting<std::uint64_t> integer(const std::string& key, std::uint64_t preset, std::uint64_t least,
                                 std::uint64_t most);
  Setting<std::vector<std::string>> texts(const std::string& key,
                                          const std::vector<std::string>& preset);
  Setting<std::string> one_of(const std::string& key, const std::string& preset,
                              const std::vector<std::string>& allowed);
  // Made absolute; an empty preset stays empty.
  Setting<std::string> path(const std::string& key, const std::string& preset = "");
  // The same without telling `config show`, for what must be masked or is told otherwise.
  Setting<std::string> unshown_text(const std::string& key);
  // For the parser of another module, which says whether it is right: what stands in the file, of
  // whatever kind, or a variable's text read as `kind`. Null when absent. Not told to `config
  // show`.
  Setting<Json> json(const std::string& key, JsonKind kind);

  // A table inside this one; an absent one has variables all the same.
  ConfigSection child(const std::string& key);
  // The tables of [[key]], each with the origin of its header.
  std::vector<const TomlNode*> tables(const std::string& key);
  // The tables of a list such as key = [{ file = "a" }, { env = "B" }]: "key.1", "key.2". `example`
  // is what to write.
  std::vector<ConfigSection> children(const std::string& key, std::string_view example);

  void finish();

  std::string full(const std::string& key) const { return prefix_ + key; }
  std::string own_key() const { return prefix_.substr(0, prefix_.size() - 1); }  // not of the root
  const Origin& origin() const { return origin_; }
  bool present() const { return table_ != nullptr; }
  // The origin of a key's value in this table, else that of the table itself.
  Origin origin_of(const std::string& key) const;
  // The same of a list's item; the key's, when there is no such item.
  Origin origin_of_item(const std::string& key, std::size_t index) const;
  void problem(const Origin& origin, const std::string& key, std::string message);

 private:
  struct Raw {
    const TomlNode* node = nullptr;  // in the file
    std::string text{};              // in a variable or a flag
    Origin origin{};
  };
  std::optional<Raw> find(const std::string& key);
  std::optional<Setting<std::string>> find_text(const std::string& key, std::string_view wanted);
  Origin at(const TomlEntry& entry) const;

  ConfigReader& reader_;
  const TomlNode* table_;
  std::string prefix_;
  Origin origin_;
  std::vector<std::string> known_;
};

// "account.work-2.poll" -> "TIDEMARK_ACCOUNT_WORK_2_POLL".
std::string variable_name(std::string_view key);
std::string flag_name(
    std::string_view key);  // "server.listen" -> "--listen", "data_dir" -> "--data-dir"

}  // namespace tidemark::app
