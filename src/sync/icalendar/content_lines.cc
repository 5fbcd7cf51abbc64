#include "sync/icalendar/content_lines.h"

#include <unicode/unistr.h>

namespace tidemark::icalendar {
namespace {

constexpr std::size_t kLineBytes = 75;  // RFC 5545 3.1

bool is_line_end(char c) {
  return c == '\r' || c == '\n';
}
bool is_fold(char c) {
  return c == ' ' || c == '\t';
}

std::string utf16_to_utf8(std::string_view bytes, bool big_endian) {
  icu::UnicodeString text;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    const auto first = static_cast<unsigned char>(bytes[i]);
    const auto second = static_cast<unsigned char>(bytes[i + 1]);
    text.append(static_cast<char16_t>(big_endian ? first << 8 | second : second << 8 | first));
  }
  std::string out;
  text.toUTF8String(out);
  return out;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::string_view decode_input(std::string_view bytes, std::string& storage) {
  if (bytes.starts_with("\xEF\xBB\xBF")) return bytes.substr(3);
  if (bytes.starts_with("\xFF\xFE")) {
    storage = utf16_to_utf8(bytes.substr(2), false);
    return storage;
  }
  if (bytes.starts_with("\xFE\xFF")) {
    storage = utf16_to_utf8(bytes.substr(2), true);
    return storage;
  }
  return bytes;
}

std::string_view LineReader::take_physical_line() {
  const std::size_t begin = position_;
  // Not find_first_of(), which asks memchr about every character.
  std::size_t end = begin;
  while (end < text_.size() && !is_line_end(text_[end])) ++end;
  if (end == text_.size()) {
    position_ = end;
  } else {
    position_ = end + 1;
    if (text_[end] == '\r' && position_ < text_.size() && text_[position_] == '\n') ++position_;
  }
  ++number_;
  return text_.substr(begin, position_ - begin);
}

std::optional<ContentLine> LineReader::next() {
  while (position_ < text_.size()) {
    const std::size_t begin = position_;
    const std::string_view first = take_physical_line();
    const std::size_t number = number_;
    if (is_line_end(first.front())) continue;
    while (position_ < text_.size() && is_fold(text_[position_])) take_physical_line();
    return ContentLine{text_.substr(begin, position_ - begin), begin, number};
  }
  return std::nullopt;
}

bool unfold(std::string_view raw, std::size_t limit, std::string& out) {
  const std::size_t full = out.size() + limit;
  bool at_line_start = false;
  for (std::size_t i = 0; i < raw.size();) {
    if (is_line_end(raw[i])) {
      at_line_start = true;
      ++i;
    } else if (at_line_start && is_fold(raw[i])) {
      at_line_start = false;
      ++i;
    } else if (raw[i] == '\0') {
      ++i;
    } else {
      at_line_start = false;
      std::size_t end = i;
      while (end < raw.size() && !is_line_end(raw[end]) && raw[end] != '\0') ++end;
      const auto piece = raw.substr(i, end - i);
      const std::size_t room = full - out.size();
      out += piece.substr(0, room);
      if (piece.size() > room) return false;
      i += piece.size();
    }
  }
  return true;
}

std::string_view line_name(std::string_view line) {
  return line.substr(0, line.find_first_of(";:"));
}

bool equals_ignoring_case(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (lower(left[i]) != lower(right[i])) return false;
  }
  return true;
}

std::string escape_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c != '\r' && c != '\0') {
      if (c == '\\' || c == ';' || c == ',') out += '\\';
      out += c;
    }
  }
  return out;
}

// Folds between characters, for readers that look at each physical line.
std::string fold(std::string_view line) {
  std::string out;
  std::size_t used = 0;
  for (std::size_t i = 0; i < line.size();) {
    std::size_t length = 1;
    while (i + length < line.size() &&
           (static_cast<unsigned char>(line[i + length]) & 0xC0) == 0x80) {
      ++length;
    }
    if (used + length > kLineBytes) {
      out += "\r\n ";
      used = 1;
    }
    out += line.substr(i, length);
    used += length;
    i += length;
  }
  return out + "\r\n";
}

}  // namespace tidemark::icalendar
