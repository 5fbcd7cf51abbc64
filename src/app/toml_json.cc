#include "app/toml_json.h"

#include <charconv>
#include <cmath>

namespace tidemark::app {
namespace {

using Converted = tl::expected<Json, TomlJsonProblem>;

Converted refuse(const TomlNode& node, std::string message) {
  return tl::unexpected(TomlJsonProblem{node.line, node.column, std::move(message)});
}

Converted convert_array(const TomlNode& node) {
  Json out = Json::array();
  for (const auto& item : node.items) {
    auto value = toml_to_json(item);
    if (!value) return value;
    out.push_back(std::move(*value));
  }
  return out;
}

Converted convert_table(const TomlNode& node) {
  Json out = Json::object();
  for (const auto& entry : node.entries) {
    auto value = toml_to_json(entry.value);
    if (!value) return value;
    out[entry.key] = std::move(*value);
  }
  return out;
}

// The entry whose name the place begins with: the longest such name, for "a" and "a.b" may both be
// there.
const TomlEntry* entry_at(const TomlNode& table, std::string_view place) {
  const TomlEntry* found = nullptr;
  for (const auto& entry : table.entries) {
    if (!place.starts_with(entry.key)) continue;
    const auto rest = place.substr(entry.key.size());
    const bool whole = rest.empty() || rest.front() == '.' || rest.front() == '[';
    if (whole && (found == nullptr || entry.key.size() > found->key.size())) found = &entry;
  }
  return found;
}

// Takes "[3]" off the place; nothing when it does not begin so.
const TomlNode* item_at(const TomlNode& array, std::string_view& place) {
  const auto close = place.find(']');
  if (close == std::string_view::npos) return nullptr;
  std::size_t index = 0;
  const char* const end = place.data() + close;
  const auto [stopped, error] = std::from_chars(place.data() + 1, end, index);
  if (error != std::errc() || stopped != end || index >= array.items.size()) return nullptr;
  place.remove_prefix(close + 1);
  return &array.items[index];
}

}  // namespace

Converted toml_to_json(const TomlNode& node) {
  switch (node.kind) {
    case TomlNode::Kind::text: return Json(node.text);
    case TomlNode::Kind::boolean: return Json(node.boolean);
    case TomlNode::Kind::array: return convert_array(node);
    case TomlNode::Kind::table: return convert_table(node);
    case TomlNode::Kind::time: return refuse(node, "must be a string: put the time in quotes");
    case TomlNode::Kind::integer:
      // Unsigned where it can be, as a parser of JSON text makes it.
      if (node.integer >= 0) return Json(static_cast<std::uint64_t>(node.integer));
      return Json(node.integer);
    case TomlNode::Kind::decimal:
      if (!std::isfinite(node.decimal)) return refuse(node, "must be a finite number");
      return Json(node.decimal);
  }
  return refuse(node, "is of an unknown kind");
}

TomlPosition find_place(const TomlNode& table, std::string_view place) {
  TomlPosition position;
  const TomlNode* node = &table;
  while (!place.empty()) {
    if (node->kind == TomlNode::Kind::array && place.front() == '[') {
      node = item_at(*node, place);
      if (node == nullptr) break;
      position = {node->line, node->column};
    } else {
      if (place.front() == '.') place.remove_prefix(1);
      const TomlEntry* entry = entry_at(*node, place);
      if (entry == nullptr) break;
      position = {entry->line, entry->column};
      place.remove_prefix(entry->key.size());
      node = &entry->value;
    }
  }
  return position;
}

}  // namespace tidemark::app
