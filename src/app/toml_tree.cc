#include "app/toml_tree.h"

#include <toml++/toml.h>

#include <algorithm>

namespace tidemark::app {
namespace {

TomlNode convert(const toml::node& node) {
  TomlNode out;
  out.line = node.source().begin.line;
  out.column = node.source().begin.column;
  if (const auto* table = node.as_table()) {
    out.kind = TomlNode::Kind::table;
    for (const auto& [key, value] : *table) {
      out.entries.push_back({std::string(key.str()), key.source().begin.line,
                             key.source().begin.column, convert(value)});
    }
  } else if (const auto* array = node.as_array()) {
    out.kind = TomlNode::Kind::array;
    for (const auto& value : *array) out.items.push_back(convert(value));
  } else if (const auto* text = node.as_string()) {
    out.kind = TomlNode::Kind::text;
    out.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    out.kind = TomlNode::Kind::integer;
    out.integer = integer->get();
  } else if (const auto* boolean = node.as_boolean()) {
    out.kind = TomlNode::Kind::boolean;
    out.boolean = boolean->get();
  } else if (const auto* decimal = node.as_floating_point()) {
    out.kind = TomlNode::Kind::decimal;
    out.decimal = decimal->get();
  } else {
    out.kind = TomlNode::Kind::time;
  }
  return out;
}

}  // namespace

const TomlEntry* TomlNode::find(std::string_view key) const {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const TomlEntry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

std::string_view name(TomlNode::Kind kind) {
  switch (kind) {
    case TomlNode::Kind::text: return "a string";
    case TomlNode::Kind::integer: return "an integer";
    case TomlNode::Kind::decimal: return "a decimal number";
    case TomlNode::Kind::boolean: return "a boolean";
    case TomlNode::Kind::time: return "a date or time";
    case TomlNode::Kind::array: return "a list";
    case TomlNode::Kind::table: return "a table";
  }
  return "unknown";
}

tl::expected<TomlNode, ConfigProblem> parse_toml(std::string_view text, const std::string& file) {
  try {
    const toml::table table = toml::parse(text, file);
    return convert(table);
  } catch (const toml::parse_error& error) {
    return tl::unexpected(ConfigProblem{
        {Origin::Kind::file, file, error.source().begin.line, error.source().begin.column},
        "",
        "not valid TOML: " + std::string(error.description())});
  }
}

}  // namespace tidemark::app
