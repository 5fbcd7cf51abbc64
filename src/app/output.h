// What a person reads on standard output, and what a script does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tidemark::app {

// Writes to standard output. Once the reader has gone (`| head`), every write says so: stop then.
class Output {
 public:
  static bool write(std::string_view text);
  static bool line(std::string_view text);
  static bool flush();
  static bool terminal();
  // Columns to use: the terminal's, and without bound for a file or a pipe, where whoever searches
  // wants whole values.
  static std::size_t width();
  // Whether lines may be drawn with box characters: the locale says UTF-8, and NO_COLOR, with which
  // people ask for plain output, is not set.
  static bool unicode();
};

// To standard error: "tidemark: <message>".
void say(std::string_view message);

// Cuts text to a number of columns (code points), with an ellipsis; newlines become spaces and
// control characters are dropped, so that what a stranger wrote cannot move the cursor.
std::string fit(std::string_view text, std::size_t columns);

// Aligned columns with a header. To fit the width, optional columns are left out first, then the
// widest column that may shrink gives way.
class TextTable {
 public:
  struct Column {
    std::string title;
    bool number = false;  // aligned to the right
    bool shrinks = false;
    bool optional = false;
  };
  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<std::string> row);
  bool empty() const { return rows_.empty(); }
  std::string text(std::size_t width) const;

 private:
  std::size_t natural_width(std::size_t column) const;
  // Per column; 0: left out.
  std::vector<std::size_t> widths(std::size_t width) const;
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace tidemark::app
