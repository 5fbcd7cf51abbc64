// iCalendar bytes as content lines (RFC 5545 3.1), before anything interprets them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tidemark::icalendar {

// The bytes without a UTF-8 byte order mark; UTF-16 with a byte order mark becomes UTF-8.
// `storage` holds the conversion when one is needed and must outlive the result.
std::string_view decode_input(std::string_view bytes, std::string& storage);

// One content line. Line ends may be CRLF, LF or CR; folds are undone at byte level, so that a fold
// inside a UTF-8 sequence does no harm.
struct ContentLine {
  std::string_view raw;    // as in the input, folds and line end included
  std::size_t offset = 0;  // of raw in the input
  std::size_t number = 0;  // of its first physical line, from 1
};

class LineReader {
 public:
  explicit LineReader(std::string_view text) : text_(text) {}

  // The next line that is not blank; nothing at the end.
  std::optional<ContentLine> next();

 private:
  std::string_view take_physical_line();

  std::string_view text_;
  std::size_t position_ = 0;
  std::size_t number_ = 0;
};

// The line without folds, line end and NUL bytes, appended to `out`; at most `limit` bytes of it.
// False when there was more.
bool unfold(std::string_view raw, std::size_t limit, std::string& out);

// The name of an unfolded line, as written: everything before ';' or ':'.
std::string_view line_name(std::string_view line);
bool equals_ignoring_case(std::string_view left, std::string_view right);

// A value of type TEXT: the reverse of unescaping; NUL and CR are left out.
std::string escape_text(std::string_view text);

// The content line with its end, folded between characters for readers that look at each physical
// line.
std::string fold(std::string_view line);

}  // namespace tidemark::icalendar
