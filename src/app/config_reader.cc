#include "app/config_reader.h"

#include <filesystem>
#include <fstream>

#include "api/suggest.h"

namespace tidemark::app {

std::string variable_name(std::string_view key) {
  std::string out = "TIDEMARK_";
  for (char c : key) {
    const bool letter = c >= 'a' && c <= 'z';
    out += letter ? static_cast<char>(c - 'a' + 'A') : (c == '.' || c == '-' ? '_' : c);
  }
  return out;
}

std::string flag_name(std::string_view key) {
  if (key == "log.level" || key == "log.format")
    return key == "log.level" ? "--log-level" : "--log-format";
  std::string out = "--";
  for (char c : key.substr(key.rfind('.') + 1)) out += c == '_' ? '-' : c;
  return out;
}

ConfigReader::ConfigReader(const ConfigSource& source, std::string file)
    : source_(source), file_(std::move(file)) {}

bool ConfigReader::read_file() {
  const Origin here{Origin::Kind::file, file_, 0, 0};
  std::error_code error;
  if (!std::filesystem::exists(file_, error)) {
    problem(here, "",
            "there is no such file; write one, or name it with --config or TIDEMARK_CONFIG");
    return false;
  }
  if (!std::filesystem::is_regular_file(file_, error)) {
    problem(here, "", "is not a file");
    return false;
  }
  std::ifstream in(file_, std::ios::binary);
  std::string text(kMaxConfigBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (!in.eof() && in.fail()) || !in.is_open()) {
    problem(here, "", "cannot be read; check its permissions");
    return false;
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxConfigBytes) {
    problem(here, "", "is larger than 1 MiB: that is no configuration");
    return false;
  }
  auto tree = parse_toml(text, file_);
  if (!tree) {
    problems_.push_back(std::move(tree).error());
    return false;
  }
  tree_ = std::move(*tree);
  return true;
}

ConfigSection ConfigReader::root() {
  return {*this, &tree_, "", Origin{Origin::Kind::file, file_, 1, 1}};
}

void ConfigReader::problem(Origin origin, std::string key, std::string message) {
  problems_.push_back({std::move(origin), std::move(key), std::move(message)});
}

void ConfigReader::warning(Origin origin, std::string key, std::string message) {
  warnings_.push_back({std::move(origin), std::move(key), std::move(message)});
}

void ConfigReader::show(std::string key, std::string value, Origin origin) {
  shown_.push_back({std::move(key), std::move(value), std::move(origin)});
}

void ConfigReader::warn_about_unknown_variables() {
  const std::vector<std::string> known(known_variables_.begin(), known_variables_.end());
  for (const auto& [name, value] : source_.variables) {
    if (!name.starts_with("TIDEMARK_") || known_variables_.contains(name)) continue;
    const auto near = nearest_word(name, known);
    if (near.empty()) continue;
    warning({Origin::Kind::variable, name, 0, 0}, "", "sets nothing; did you mean " + near + "?");
  }
}

}  // namespace tidemark::app
