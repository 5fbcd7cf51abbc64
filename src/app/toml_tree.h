// A TOML file as a plain tree with positions: the only place that names toml++.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "app/config.h"

namespace tidemark::app {

struct TomlEntry;

struct TomlNode {
  enum class Kind { text, integer, decimal, boolean, time, array, table };
  Kind kind = Kind::table;
  std::string text{};
  std::int64_t integer = 0;
  double decimal = 0;
  bool boolean = false;
  std::vector<TomlNode> items{};   // of an array
  std::vector<TomlEntry> entries;  // of a table, sorted by key
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  const TomlEntry* find(std::string_view key) const;
};

struct TomlEntry {
  std::string key;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  TomlNode value;
};

std::string_view name(TomlNode::Kind kind);  // "a string", "an integer": for messages

// The file's name as given goes into the origin of a problem.
tl::expected<TomlNode, ConfigProblem> parse_toml(std::string_view text, const std::string& file);

}  // namespace tidemark::app
