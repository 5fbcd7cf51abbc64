#include "sync/icalendar/prescan.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "sync/icalendar/content_lines.h"

namespace tidemark::icalendar {
namespace {

std::string at_line(std::size_t number) {
  return " in line " + std::to_string(number);
}

std::string shown(std::string_view text) {
  return "\"" + to_valid_utf8(text.substr(0, 64)) + "\"";
}

bool is_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

// Where the value begins: behind the first ':' that is not quoted. npos when there is none. A quote
// that is never closed is read as an ordinary character.
std::size_t find_colon(std::string_view line) {
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') quoted = !quoted;
    if (line[i] == ':' && !quoted) return i;
  }
  return quoted ? line.find(':') : std::string_view::npos;
}

std::optional<Property> read_property(std::string_view line, std::size_t number) {
  const std::size_t colon = find_colon(line);
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view head = line.substr(0, colon);
  const std::string_view name = trim(head.substr(0, head.find(';')));
  if (!is_name(name)) return std::nullopt;
  const std::size_t params = std::min(head.find(';'), head.size());
  return Property{name, head.substr(params), line.substr(colon + 1), line, number};
}

}  // namespace

bool is_essential(std::string_view property_name) {
  constexpr std::array<std::string_view, 9> kEssential{
      "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID", "UID"};
  return std::any_of(kEssential.begin(), kEssential.end(), [&](std::string_view name) {
    return equals_ignoring_case(trim(property_name), name);
  });
}

std::optional<std::string> parameter(const Property& property, std::string_view name) {
  std::string_view rest = property.params;
  while (!rest.empty()) {
    rest.remove_prefix(1);  // the ';' in front
    bool quoted = false;
    std::size_t end = 0;
    while (end < rest.size() && (quoted || rest[end] != ';')) {
      if (rest[end] == '"') quoted = !quoted;
      ++end;
    }
    const std::string_view one = rest.substr(0, end);
    rest.remove_prefix(end);
    const std::size_t equals = one.find('=');
    if (equals == std::string_view::npos) continue;
    if (!equals_ignoring_case(trim(one.substr(0, equals)), name)) continue;
    std::string value{trim(one.substr(equals + 1))};
    std::erase(value, '"');
    return value;
  }
  return std::nullopt;
}

const Property* Component::find(std::string_view property) const {
  const auto found = std::find_if(properties.begin(), properties.end(), [&](const Property& one) {
    return equals_ignoring_case(one.name, property);
  });
  return found == properties.end() ? nullptr : &*found;
}

std::vector<const Component*> Document::all(std::string_view name) const {
  std::vector<const Component*> found;
  for (const Component& component : components_) {
    if (equals_ignoring_case(component.name, name)) found.push_back(&component);
  }
  return found;
}

class Scanner {
 public:
  Scanner(Document& document, const Limits& limits) : document_(document), limits_(limits) {}

  Result<void> run(std::string_view text) {
    // All of it before the first view is taken: the text may move while it grows.
    unfold_all(text);
    std::size_t begin = 0;
    for (const Piece& piece : pieces_) {
      const std::string_view line =
          std::string_view(document_.text_->unfolded).substr(begin, piece.end - begin);
      begin = piece.end;
      if (piece.too_long) {
        return fail(Errc::limit_exceeded, "a content line longer than " +
                                              format_size(limits_.line_bytes) +
                                              at_line(piece.source.number));
      }
      TM_TRY(take(line, piece.source));
    }
    if (!open_.empty()) {
      return fail(Errc::parse_error,
                  "BEGIN:" + std::string(top().name) + " is never closed: the file is cut short");
    }
    if (document_.components_.empty()) {
      return fail(Errc::parse_error, "no BEGIN line: this is not iCalendar");
    }
    return {};
  }

 private:
  struct Piece {
    ContentLine source;
    std::size_t end = 0;  // in the unfolded text
    bool too_long = false;
  };

  void unfold_all(std::string_view text) {
    text_ = text;
    std::string& out = document_.text_->unfolded;
    out.reserve(text.size());
    LineReader reader(text);
    while (const auto line = reader.next()) {
      const std::size_t begin = out.size();
      const bool fits = unfold(line->raw, limits_.line_bytes, out);
      if (const std::string_view added = std::string_view(out).substr(begin);
          !is_valid_utf8(added)) {
        const std::string repaired = to_valid_utf8(added);
        out.replace(begin, std::string::npos, repaired);
      }
      pieces_.push_back(Piece{*line, out.size(), !fits});
    }
  }

  Component& top() { return document_.components_[open_.back()]; }

  Result<void> take(std::string_view line, const ContentLine& source) {
    const auto property = read_property(line, source.number);
    if (!property) return take_unreadable(line, source);
    if (equals_ignoring_case(property->name, "BEGIN")) return begin(trim(property->value), source);
    if (equals_ignoring_case(property->name, "END")) return end(trim(property->value), source);
    if (open_.empty()) return {};  // text around a calendar belongs to nobody
    if (++properties_ > limits_.properties) {
      return fail(Errc::limit_exceeded,
                  "more than " + std::to_string(limits_.properties) + " properties");
    }
    top().properties.push_back(*property);
    return {};
  }

  Result<void> take_unreadable(std::string_view line, const ContentLine& source) {
    if (open_.empty()) return {};
    const std::string_view name = line_name(line);
    if (is_essential(name) || equals_ignoring_case(name, "BEGIN") ||
        equals_ignoring_case(name, "END")) {
      return fail(Errc::parse_error, shown(line) + " is not a property" + at_line(source.number));
    }
    top().has_unreadable_line = true;
    return {};
  }

  Result<void> begin(std::string_view name, const ContentLine& source) {
    if (open_.size() >= limits_.depth) {
      return fail(Errc::limit_exceeded, "components nested deeper than " +
                                            std::to_string(limits_.depth) + at_line(source.number));
    }
    if (document_.components_.size() >= limits_.components) {
      return fail(Errc::limit_exceeded,
                  "more than " + std::to_string(limits_.components) + " components");
    }
    const std::size_t index = document_.components_.size();
    if (!open_.empty()) top().children.push_back(index);
    document_.components_.push_back(Component{name, {}, {}, text_.substr(source.offset), false});
    open_.push_back(index);
    return {};
  }

  Result<void> end(std::string_view name, const ContentLine& source) {
    if (open_.empty() || !equals_ignoring_case(top().name, name)) {
      return fail(Errc::parse_error,
                  "END:" + to_valid_utf8(name.substr(0, 64)) + at_line(source.number) +
                      (open_.empty() ? std::string(" closes nothing")
                                     : " does not close BEGIN:" + std::string(top().name)));
    }
    const auto begin = static_cast<std::size_t>(top().raw.data() - text_.data());
    top().raw = text_.substr(begin, source.offset + source.raw.size() - begin);
    open_.pop_back();
    return {};
  }

  Document& document_;
  const Limits& limits_;
  std::string_view text_;
  std::vector<Piece> pieces_;
  std::vector<std::size_t> open_;
  std::size_t properties_ = 0;
};

Result<Document> Document::parse(std::string_view bytes, const Limits& limits) {
  if (bytes.size() > limits.resource_bytes) {
    return fail(Errc::limit_exceeded, format_size(bytes.size()) + " are more than the limit of " +
                                          format_size(limits.resource_bytes));
  }
  Document document;
  const std::string_view text = decode_input(bytes, document.text_->decoded);
  TM_TRY(Scanner(document, limits).run(text));
  return document;
}

}  // namespace tidemark::icalendar
