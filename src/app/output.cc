#include "app/output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/text.h"

namespace tidemark::app {
namespace {

constexpr std::size_t kLeastColumn = 8;
constexpr std::size_t kGap = 2;  // between columns

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string cleaned(std::string_view text) {
  std::string out;
  for (char c : to_valid_utf8(text)) {
    if (c == '\n' || c == '\t' || c == '\r') {
      out += ' ';
    } else if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) {
      out += c;
    }
  }
  return out;
}

}  // namespace

bool Output::write(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
}

bool Output::line(std::string_view text) {
  return write(text) && write("\n");
}

bool Output::flush() {
  return std::fflush(stdout) == 0;
}

bool Output::terminal() {
  return ::isatty(STDOUT_FILENO) == 1;
}

std::size_t Output::width() {
  if (!terminal()) return 100'000;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40) return size.ws_col;
  return 80;
}

bool Output::unicode() {
  const auto setting = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string_view(value == nullptr ? "" : value);
  };
  if (!setting("NO_COLOR").empty()) return false;
  // The first that is set decides (POSIX, Base Definitions, 8.2).
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string locale = to_lower_ascii(setting(name));
    if (locale.empty()) continue;
    return locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
  }
  return false;
}

void say(std::string_view message) {
  std::fflush(stdout);
  const std::string text = "tidemark: " + std::string(message) + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
}

std::string fit(std::string_view text, std::size_t columns) {
  std::string clean = cleaned(text);
  if (columns_of(clean) <= columns) return clean;
  std::string out;
  std::size_t used = 0;
  for (char c : clean) {
    const bool starts = (c & 0xC0) != 0x80;
    if (starts && used + 1 == columns) break;
    if (starts) ++used;
    out += c;
  }
  return out + "…";
}

void TextTable::add(std::vector<std::string> row) {
  for (auto& cell : row) cell = cleaned(cell);
  rows_.push_back(std::move(row));
}

std::size_t TextTable::natural_width(std::size_t column) const {
  std::size_t wide = columns_of(columns_[column].title);
  for (const auto& row : rows_) wide = std::max(wide, columns_of(row[column]));
  return wide;
}

std::vector<std::size_t> TextTable::widths(std::size_t width) const {
  std::vector<std::size_t> wide;
  std::size_t total = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    wide.push_back(natural_width(i));
    total += wide[i] + (i > 0 ? kGap : 0);
  }
  for (std::size_t i = columns_.size(); i-- > 0 && total > width;) {
    if (!columns_[i].optional) continue;
    total -= wide[i] + kGap;
    wide[i] = 0;
  }
  while (total > width) {
    std::size_t widest = wide.size();
    for (std::size_t i = 0; i < wide.size(); ++i) {
      if (!columns_[i].shrinks || wide[i] <= kLeastColumn) continue;
      if (widest == wide.size() || wide[i] > wide[widest]) widest = i;
    }
    if (widest == wide.size()) break;
    --wide[widest];
    --total;
  }
  return wide;
}

std::string TextTable::text(std::size_t width) const {
  const auto wide = widths(width);
  std::string out;
  const auto add_row = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (wide[i] == 0) continue;
      const std::string cell = fit(row[i], wide[i]);
      const std::string pad(wide[i] - columns_of(cell), ' ');
      if (!line.empty()) line.append(kGap, ' ');
      line += columns_[i].number ? pad + cell : cell + pad;
    }
    line.resize(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  std::vector<std::string> titles;
  for (const auto& column : columns_) titles.push_back(column.title);
  add_row(titles);
  for (const auto& row : rows_) add_row(row);
  return out;
}

}  // namespace tidemark::app
