#include <algorithm>
#include <filesystem>

#include "api/suggest.h"
#include "app/config_reader.h"
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

std::string shown_list(const std::vector<std::string>& values) {
  std::string out = "[";
  for (const auto& value : values) out += (out.size() > 1 ? ", " : "") + in_quotes(value);
  return out + "]";
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

Setting<std::vector<std::string>> ConfigSection::texts(const std::string& key,
                                                       const std::vector<std::string>& preset) {
  Setting<std::vector<std::string>> setting{preset};
  if (const auto raw = find(key)) {
    setting.origin = raw->origin;
    setting.given = true;
    if (raw->node == nullptr) {
      setting.value.clear();
      for (const auto& part : split(raw->text, ',')) {
        if (!trim(part).empty()) setting.value.emplace_back(trim(part));
      }
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

void ConfigSection::finish() {
  if (table_ == nullptr) return;
  for (const auto& entry : table_->entries) {
    if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
    problem(at(entry), entry.key, "unknown key" + suggestion(entry.key, known_));
  }
}

}  // namespace tidemark::app
