#include "sync/icalendar/component_lines.h"

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "sync/icalendar/content_lines.h"

namespace tidemark::icalendar {
namespace {

bool is_named(std::string_view unfolded, std::string_view name) {
  return equals_ignoring_case(trim(line_name(unfolded)), name);
}

}  // namespace

ComponentLines::ComponentLines(std::string_view raw) {
  LineReader reader(raw);
  std::size_t taken = 0;
  int depth = 0;
  while (const auto line = reader.next()) {
    const std::size_t end = line->offset + line->raw.size();
    Line one{std::string(raw.substr(taken, end - taken)), {}};  // blank lines before it, too
    taken = end;
    std::string unfolded;
    unfold(line->raw, std::numeric_limits<std::size_t>::max() / 2, unfolded);
    const bool begins = is_named(unfolded, "BEGIN");
    const bool ends = is_named(unfolded, "END");
    if (depth == 1 && !begins && !ends) one.unfolded = to_valid_utf8(unfolded);
    depth += begins ? 1 : ends ? -1 : 0;
    lines_.push_back(std::move(one));
  }
  // What is put in behind the last line needs that line to have an end.
  if (!lines_.empty() && !lines_.back().raw.ends_with('\n') && !lines_.back().raw.ends_with('\r')) {
    lines_.back().raw += "\r\n";
  }
}

std::vector<std::string> ComponentLines::all(std::string_view name) const {
  std::vector<std::string> found;
  for (const auto& line : lines_) {
    if (!line.unfolded.empty() && is_named(line.unfolded, name)) found.push_back(line.unfolded);
  }
  return found;
}

void ComponentLines::replace(std::string_view name, const std::vector<std::string>& lines) {
  std::vector<Line> old;
  std::size_t place = lines_.size();
  for (std::size_t i = 0; i < lines_.size();) {
    if (lines_[i].unfolded.empty() || !is_named(lines_[i].unfolded, name)) {
      ++i;
      continue;
    }
    place = std::min(place, i);
    old.push_back(std::move(lines_[i]));
    lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  if (place == lines_.size()) {
    // Behind the last line of its own, before what is inside it and before END.
    while (place > 1 && lines_[place - 1].unfolded.empty()) --place;
  }
  for (const auto& line : lines) {
    const auto same =
        std::find_if(old.begin(), old.end(), [&](const Line& one) { return one.unfolded == line; });
    Line added{same == old.end() ? fold(line) : same->raw, line};
    lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(place++), std::move(added));
  }
}

std::string ComponentLines::text() const {
  std::string out;
  for (const auto& line : lines_) out += line.raw;
  return out;
}

std::string with_parameter(std::string_view params, std::string_view name, std::string_view value) {
  std::string out;
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= params.size(); ++i) {
    if (i < params.size() && params[i] == '"') quoted = !quoted;
    if (i < params.size() && (quoted || params[i] != ';')) continue;
    const std::string_view one = params.substr(begin, i - begin);
    begin = i + 1;
    if (trim(one).empty()) continue;
    if (equals_ignoring_case(trim(one.substr(0, one.find('='))), name)) continue;
    out.append(";").append(one);
  }
  if (!value.empty()) out.append(";").append(name).append("=").append(value);
  return out;
}

}  // namespace tidemark::icalendar
