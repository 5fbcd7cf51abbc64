#include <algorithm>
#include <filesystem>

#include "api/suggest.h"
#include "app/config_reader.h"
#include "app/toml_json.h"
#include "base/text.h"

namespace tidemark::app {
namespace {

std::string in_quotes(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

// As it can be written in the file.
std::string exact_size(std::uint64_t bytes) {
  constexpr std::uint64_t mebibyte = 1U << 20;
  return bytes % mebibyte == 0 ? std::to_string(bytes / mebibyte) + "MiB"
                               : std::to_string(bytes) + "B";
}

std::vector<std::string> list_of(const std::string& text) {
  std::vector<std::string> out;
  for (const auto& part : split(text, ',')) {
    if (!trim(part).empty()) out.emplace_back(trim(part));
  }
  return out;
}

std::string shown_list(const std::vector<std::string>& values) {
  std::string out = "[";
  for (const auto& value : values) out += (out.size() > 1 ? ", " : "") + in_quotes(value);
  return out + "]";
}

// The text of a variable as a JSON value; nothing when it is no such value.
std::optional<Json> json_of_text(const std::string& text, JsonKind kind) {
  switch (kind) {
    case JsonKind::text: return Json(text);
    case JsonKind::texts: return Json(list_of(text));
    case JsonKind::number:
    case JsonKind::boolean:
    case JsonKind::any: break;
  }
  auto value = parse_json(text);
  if (!value || (kind == JsonKind::number && !value->is_number()) ||
      (kind == JsonKind::boolean && !value->is_boolean())) {
    return std::nullopt;
  }
  return std::move(*value);
}

std::string_view wanted_json(JsonKind kind) {
  switch (kind) {
    case JsonKind::number: return "must be a number";
    case JsonKind::boolean: return "must be true or false";
    case JsonKind::text:
    case JsonKind::texts:
    case JsonKind::any: break;
  }
  return "must be JSON";
}

}  // namespace

ConfigSection::ConfigSection(ConfigReader& reader, const TomlNode* table, std::string prefix,
                             Origin origin)
    : reader_(reader), table_(table), prefix_(std::move(prefix)), origin_(std::move(origin)) {}

Origin ConfigSection::at(const TomlEntry& entry) const {
  return {Origin::Kind::file, reader_.file_, entry.line, entry.column};
}

Origin ConfigSection::origin_of(const std::string& key) const {
  const TomlEntry* entry = table_ == nullptr ? nullptr : table_->find(key);
  return entry == nullptr ? origin_ : at(*entry);
}

Origin ConfigSection::origin_of_item(const std::string& key, std::size_t index) const {
  const TomlEntry* entry = table_ == nullptr ? nullptr : table_->find(key);
  if (entry == nullptr || index >= entry->value.items.size()) return origin_of(key);
  const TomlNode& item = entry->value.items[index];
  return {Origin::Kind::file, reader_.file_, item.line, item.column};
}

void ConfigSection::problem(const Origin& origin, const std::string& key, std::string message) {
  reader_.problem(origin, full(key), std::move(message));
}

std::optional<ConfigSection::Raw> ConfigSection::find(const std::string& key) {
  known_.push_back(key);
  const std::string path = full(key);
  const std::string variable = variable_name(path);
  reader_.known_variables_.insert(variable);
  if (const auto flag = reader_.source_.flags.find(path); flag != reader_.source_.flags.end()) {
    return Raw{nullptr, flag->second, {Origin::Kind::flag, flag_name(path), 0, 0}};
  }
  if (const auto set = reader_.source_.variables.find(variable);
      set != reader_.source_.variables.end()) {
    return Raw{nullptr, set->second, {Origin::Kind::variable, variable, 0, 0}};
  }
  const TomlEntry* entry = table_ == nullptr ? nullptr : table_->find(key);
  if (entry == nullptr) return std::nullopt;
  return Raw{&entry->value, "", at(*entry)};
}

// `wanted` says in the message what kind of text: "a string", "a duration such as \"60s\"".
std::optional<Setting<std::string>> ConfigSection::find_text(const std::string& key,
                                                             std::string_view wanted) {
  const auto raw = find(key);
  if (!raw) return std::nullopt;
  if (raw->node == nullptr) return Setting<std::string>{raw->text, raw->origin, true};
  if (raw->node->kind != TomlNode::Kind::text) {
    problem(raw->origin, key,
            "must be " + std::string(wanted) + ", not " + std::string(name(raw->node->kind)));
    return std::nullopt;
  }
  return Setting<std::string>{raw->node->text, raw->origin, true};
}

Setting<std::string> ConfigSection::text(const std::string& key, const std::string& preset) {
  auto setting = find_text(key, "a string").value_or(Setting<std::string>{preset});
  if (setting.given || !preset.empty()) {
    reader_.show(full(key), in_quotes(setting.value), setting.origin);
  }
  return setting;
}

Setting<std::string> ConfigSection::unshown_text(const std::string& key) {
  return find_text(key, "a string").value_or(Setting<std::string>{});
}

Setting<bool> ConfigSection::boolean(const std::string& key, bool preset) {
  Setting<bool> setting{preset};
  if (const auto raw = find(key)) {
    setting.origin = raw->origin;
    setting.given = true;
    if (raw->node != nullptr && raw->node->kind == TomlNode::Kind::boolean) {
      setting.value = raw->node->boolean;
    } else if (raw->node != nullptr) {
      problem(raw->origin, key, "must be true or false, not " + std::string(name(raw->node->kind)));
    } else if (raw->text == "true" || raw->text == "false") {
      setting.value = raw->text == "true";
    } else {
      problem(raw->origin, key, "must be true or false, not " + in_quotes(raw->text));
    }
  }
  reader_.show(full(key), setting.value ? "true" : "false", setting.origin);
  return setting;
}

Setting<std::chrono::milliseconds> ConfigSection::duration(const std::string& key,
                                                           std::chrono::milliseconds preset,
                                                           std::chrono::milliseconds least) {
  Setting<std::chrono::milliseconds> setting{preset};
  if (const auto given = find_text(key, "a duration in quotes, such as \"60s\"")) {
    setting.origin = given->origin;
    setting.given = true;
    const auto parsed = parse_duration(given->value);
    if (!parsed) {
      problem(given->origin, key, parsed.error().message);
    } else if (*parsed < least) {
      problem(given->origin, key, "is shorter than the least allowed, " + format_duration(least));
    } else {
      setting.value = *parsed;
    }
  }
  reader_.show(full(key), in_quotes(format_duration(setting.value)), setting.origin);
  return setting;
}

Setting<std::uint64_t> ConfigSection::size(const std::string& key, std::uint64_t preset,
                                           std::uint64_t least, std::uint64_t most) {
  Setting<std::uint64_t> setting{preset};
  std::string shown = exact_size(preset);
  if (const auto given = find_text(key, "a size in quotes, such as \"64MiB\"")) {
    setting.origin = given->origin;
    setting.given = true;
    shown = given->value;
    const auto parsed = parse_size(given->value);
    if (!parsed) {
      problem(given->origin, key, parsed.error().message);
    } else if (*parsed < least || *parsed > most) {
      problem(given->origin, key,
              "must be between " + format_size(least) + " and " + format_size(most));
    } else {
      setting.value = *parsed;
    }
  }
  reader_.show(full(key), in_quotes(shown), setting.origin);
  return setting;
}

Setting<std::uint64_t> ConfigSection::integer(const std::string& key, std::uint64_t preset,
                                              std::uint64_t least, std::uint64_t most) {
  Setting<std::uint64_t> setting{preset};
  if (const auto given = json(key, JsonKind::number); given.given) {
    setting.origin = given.origin;
    setting.given = true;
    const bool whole = given.value.is_number_unsigned();
    const auto value = whole ? given.value.get<std::uint64_t>() : 0;
    if (!whole || value < least || value > most) {
      problem(
          given.origin, key,
          "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    } else {
      setting.value = value;
    }
  }
  reader_.show(full(key), std::to_string(setting.value), setting.origin);
  return setting;
}

Setting<Json> ConfigSection::json(const std::string& key, JsonKind kind) {
  const auto raw = find(key);
  if (!raw) return {};
  if (raw->node == nullptr) {
    // The text is not repeated: it may hold a secret.
    auto value = json_of_text(raw->text, kind);
    if (!value) problem(raw->origin, key, std::string(wanted_json(kind)));
    return {std::move(value).value_or(Json()), raw->origin, value.has_value()};
  }
  auto value = toml_to_json(*raw->node);
  if (!value) {
    const auto& wrong = value.error();
    problem({Origin::Kind::file, reader_.file_, wrong.line, wrong.column}, key, wrong.message);
  }
  const bool given = value.has_value();
  return {given ? std::move(*value) : Json(), raw->origin, given};
}

Setting<std::vector<std::string>> ConfigSection::texts(const std::string& key,
                                                       const std::vector<std::string>& preset) {
  Setting<std::vector<std::string>> setting{preset};
  if (const auto raw = find(key)) {
    setting.origin = raw->origin;
    setting.given = true;
    if (raw->node == nullptr) {
      setting.value = list_of(raw->text);
    } else if (raw->node->kind != TomlNode::Kind::array) {
      problem(raw->origin, key,
              "must be a list of strings, not " + std::string(name(raw->node->kind)));
    } else {
      setting.value.clear();
      for (const auto& item : raw->node->items) {
        const Origin here{Origin::Kind::file, reader_.file_, item.line, item.column};
        if (item.kind == TomlNode::Kind::text) {
          setting.value.push_back(item.text);
        } else {
          problem(here, key, "must hold strings only, not " + std::string(name(item.kind)));
        }
      }
    }
  }
  if (setting.given || !preset.empty()) {
    reader_.show(full(key), shown_list(setting.value), setting.origin);
  }
  return setting;
}

Setting<std::string> ConfigSection::one_of(const std::string& key, const std::string& preset,
                                           const std::vector<std::string>& allowed) {
  auto setting = text(key, preset);
  if (std::find(allowed.begin(), allowed.end(), setting.value) == allowed.end()) {
    problem(setting.origin, key,
            in_quotes(setting.value) + " is not one of them" + suggestion(setting.value, allowed));
    setting.value = preset;
  }
  return setting;
}

Setting<std::string> ConfigSection::path(const std::string& key, const std::string& preset) {
  auto setting = find_text(key, "a path in quotes").value_or(Setting<std::string>{preset});
  if (setting.given && setting.value.empty()) problem(setting.origin, key, "must not be empty");
  if (setting.value.empty()) return setting;
  const bool beside_file =
      setting.origin.kind == Origin::Kind::file || setting.origin.kind == Origin::Kind::preset;
  std::error_code error;
  auto base = std::filesystem::current_path(error);
  if (beside_file) base = std::filesystem::absolute(reader_.file_, error).parent_path();
  setting.value = (base / setting.value).lexically_normal().string();
  reader_.show(full(key), in_quotes(setting.value), setting.origin);
  return setting;
}

ConfigSection ConfigSection::child(const std::string& key) {
  known_.push_back(key);
  const TomlEntry* entry = table_ == nullptr ? nullptr : table_->find(key);
  if (entry == nullptr) return {reader_, nullptr, full(key) + ".", origin_};
  if (entry->value.kind != TomlNode::Kind::table) {
    problem(at(*entry), key, "must be a table, not " + std::string(name(entry->value.kind)));
    return {reader_, nullptr, full(key) + ".", at(*entry)};
  }
  return {reader_, &entry->value, full(key) + ".", at(*entry)};
}

std::vector<const TomlNode*> ConfigSection::tables(const std::string& key) {
  known_.push_back(key);
  std::vector<const TomlNode*> out;
  const TomlEntry* entry = table_ == nullptr ? nullptr : table_->find(key);
  if (entry == nullptr) return out;
  if (entry->value.kind != TomlNode::Kind::array) {
    problem(at(*entry), key, "must be written as [[" + key + "]], once for each");
    return out;
  }
  for (const auto& item : entry->value.items) {
    if (item.kind == TomlNode::Kind::table) {
      out.push_back(&item);
    } else {
      problem(at(*entry), key, "must be written as [[" + key + "]], once for each");
    }
  }
  return out;
}

std::vector<ConfigSection> ConfigSection::children(const std::string& key,
                                                   std::string_view example) {
  known_.push_back(key);
  std::vector<ConfigSection> out;
  const TomlEntry* entry = table_ == nullptr ? nullptr : table_->find(key);
  if (entry == nullptr) return out;
  const auto refuse = [&](const Origin& origin) {
    problem(origin, key, "must be a list of tables, such as " + std::string(example));
  };
  if (entry->value.kind != TomlNode::Kind::array) {
    refuse(at(*entry));
    return out;
  }
  for (const auto& item : entry->value.items) {
    const Origin here{Origin::Kind::file, reader_.file_, item.line, item.column};
    const auto number = std::to_string(out.size() + 1);
    if (item.kind == TomlNode::Kind::table) {
      out.push_back({reader_, &item, full(key) + "." + number + ".", here});
    } else {
      refuse(here);
    }
  }
  return out;
}

void ConfigSection::finish() {
  if (table_ == nullptr) return;
  for (const auto& entry : table_->entries) {
    if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
    problem(at(entry), entry.key, "unknown key" + suggestion(entry.key, known_));
  }
}

}  // namespace tidemark::app
