// A configuration file of a test's own.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "app/config.h"
#include "support/temporary_directory.h"

namespace tidemark::app::test {

class ConfigFile : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    const std::string path = directory_ / name;
    std::ofstream(path, std::ios::binary) << text;
    ::chmod(path.c_str(), 0600);
  }
  std::string file() const { return directory_ / "tidemark.toml"; }

  ConfigResult load(const std::string& text) {
    write("tidemark.toml", text);
    source_.file = file();
    return load_config(source_);
  }

  // "line:column key: message" of each problem, without the file's name.
  std::vector<std::string> problems(const std::string& text) {
    const auto config = load(text);
    std::vector<std::string> out;
    if (config) return out;
    for (const auto& problem : config.error()) {
      std::string shown = problem.text();
      if (shown.starts_with(file() + ":")) shown.erase(0, file().size() + 1);
      out.push_back(shown);
    }
    return out;
  }

  static std::string shown(const Config& config, const std::string& key) {
    for (const auto& value : config.shown) {
      if (value.key == key) return value.value + " " + value.origin.text();
    }
    return "not shown";
  }

  tidemark::test::TemporaryDirectory directory_;
  ConfigSource source_;
};

}  // namespace tidemark::app::test
