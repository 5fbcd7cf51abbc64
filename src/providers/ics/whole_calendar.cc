#include "providers/ics/whole_calendar.h"

#include <algorithm>

#include "base/text.h"

namespace tidemark::ics {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kBegin = "begin:vcalendar";
constexpr std::string_view kEnd = "end:vcalendar";
constexpr std::size_t kFirstWords = 80;

std::string first_words(std::string_view bytes) {
  std::string words = to_valid_utf8(bytes.substr(0, kFirstWords));
  std::replace_if(
      words.begin(), words.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return words;
}

}  // namespace

Result<void> check_whole_calendar(std::string_view bytes) {
  if (bytes.starts_with(kByteOrderMark)) bytes.remove_prefix(kByteOrderMark.size());
  bytes = trim(bytes);
  if (bytes.empty()) return fail(Errc::protocol_error, "is empty, not an iCalendar stream");
  if (to_lower_ascii(bytes.substr(0, kBegin.size())) != kBegin) {
    return fail(Errc::protocol_error,
                "is not an iCalendar stream; it begins \"" + first_words(bytes) + "\"");
  }
  const std::size_t line = bytes.find_last_of("\r\n");
  const std::string_view last = bytes.substr(line == std::string_view::npos ? 0 : line + 1);
  if (to_lower_ascii(trim(last)) != kEnd) {
    return fail(Errc::protocol_error, "is cut off: its last line is not END:VCALENDAR");
  }
  return {};
}

}  // namespace tidemark::ics
