// TOML for parsers that read JSON, and the way back from what they say to lines and columns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "app/toml_tree.h"
#include "base/json.h"

namespace tidemark::app {

struct TomlJsonProblem {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string message;
};

// Fails for what JSON has not: dates and times without quotes, and numbers that are none.
tl::expected<Json, TomlJsonProblem> toml_to_json(const TomlNode& node);

struct TomlPosition {
  std::uint32_t line = 0;  // 0: nothing of the place is there
  std::uint32_t column = 0;
};

// Where a place such as "rate.burst" or "filter[1].any[0].op" stands in a table: the entry or item
// itself, or the last one on the way to it that is there. Names may have dots in them.
TomlPosition find_place(const TomlNode& table, std::string_view place);

}  // namespace tidemark::app
