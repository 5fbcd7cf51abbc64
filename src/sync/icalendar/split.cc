// One pass that only looks at names: what is wrong inside a component is for parse_resource to say,
// of that component alone.
#include <algorithm>
#include <map>
#include <set>

#include "base/sha256.h"
#include "base/text.h"
#include "sync/icalendar/content_lines.h"
#include "sync/icalendar/icalendar.h"
#include "sync/icalendar/prescan.h"

namespace tidemark::icalendar {
namespace {

constexpr std::size_t kLookedAtBytes = 4'096;  // of a line: names, UIDs and TZIDs fit

struct Piece {       // one component directly inside a VCALENDAR, or without one
  std::string name;  // upper case
  std::string_view raw;
  std::string uid;  // empty when it has none
  bool is_override = false;
  std::set<std::string> tzids;  // used; of a VTIMEZONE its own
  std::size_t calendar = 0;
};

struct Calendar {
  std::string head;  // VERSION, PRODID and CALSCALE lines as they are
  std::map<std::string, std::string_view> zones;
};

std::string upper(std::string_view text) {
  std::string out{text};
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

std::string with_line_end(std::string_view raw) {
  std::string out{raw};
  if (out.empty() || (out.back() != '\n' && out.back() != '\r')) out += "\r\n";
  return out;
}

std::string short_hash(std::string_view bytes, std::size_t digits) {
  return to_hex(sha256(bytes)).substr(0, digits);
}

class Splitter {
 public:
  Splitter(std::string_view text, const Limits& limits) : text_(text), limits_(limits) {}

  Result<void> scan() {
    LineReader reader(text_);
    while (const auto line = reader.next()) {
      scratch_.clear();
      unfold(line->raw, kLookedAtBytes, scratch_);
      const std::string name = upper(trim(line_name(scratch_)).substr(0, 32));
      if (name == "BEGIN") {
        TM_TRY(begin(*line));
      } else if (name == "END") {
        end(*line);
      } else {
        property(name, *line);
      }
    }
    close_piece(text_.size());
    if (components_ == 0) {
      return fail(Errc::parse_error, "no BEGIN line: this is not iCalendar");
    }
    return {};
  }

  Result<void> visit(const std::function<Result<void>(SplitPart&&)>& visitor) {
    for (Group& group : groups_in_order()) {
      SplitPart part{std::move(group.uid), wrap(group.pieces)};
      TM_TRY(visitor(std::move(part)));
    }
    return {};
  }

 private:
  struct Group {
    std::string uid;
    std::vector<const Piece*> pieces;
    std::set<std::string_view> seen;  // bytes of the pieces: an exact copy says nothing new
  };

  std::string_view value() const {
    const std::size_t colon = std::string_view(scratch_).find(':');
    return colon == std::string::npos ? std::string_view()
                                      : trim(std::string_view(scratch_).substr(colon + 1));
  }

  Result<void> begin(const ContentLine& line) {
    if (++components_ > limits_.components) {
      return fail(Errc::limit_exceeded,
                  "more than " + std::to_string(limits_.components) + " components");
    }
    const std::string name = upper(value().substr(0, 64));
    if (name ==
        "VCALENDAR") {  // never nested: one inside a component means that its END is missing
      close_piece(line.offset);
      calendars_.emplace_back();
      return {};
    }
    if (open_.empty()) {
      if (calendars_.empty()) calendars_.emplace_back();
      pieces_.push_back(Piece{name, {}, {}, false, {}, calendars_.size() - 1});
      begin_ = line.offset;
    }
    if (open_.size() >= limits_.depth) {
      return fail(Errc::limit_exceeded, "components nested deeper than " +
                                            std::to_string(limits_.depth) + " in line " +
                                            std::to_string(line.number));
    }
    open_.push_back(name);
    return {};
  }

  // Closes everything up to the component of that name; an END of nothing open is passed over.
  void end(const ContentLine& line) {
    const std::string name = upper(value().substr(0, 64));
    if (name == "VCALENDAR") return close_piece(line.offset);
    const auto found = std::find(open_.rbegin(), open_.rend(), name);
    if (found == open_.rend()) return;
    open_.erase(std::prev(found.base()), open_.end());
    if (open_.empty()) {
      open_.push_back(name);
      close_piece(line.offset + line.raw.size());
    }
  }

  void close_piece(std::size_t end) {
    if (open_.empty()) return;
    open_.clear();
    Piece& piece = pieces_.back();
    piece.raw = text_.substr(begin_, end - begin_);
    if (piece.name == "VTIMEZONE") {
      if (!piece.tzids.empty()) {
        calendars_.back().zones.emplace(*piece.tzids.begin(), piece.raw);
      }
      pieces_.pop_back();
    }
  }

  void property(const std::string& name, const ContentLine& line) {
    if (open_.empty()) {
      if (!calendars_.empty() && (name == "VERSION" || name == "PRODID" || name == "CALSCALE")) {
        calendars_.back().head += with_line_end(line.raw);
      }
      return;
    }
    Piece& piece = pieces_.back();
    if (open_.size() == 1) {
      if (name == "UID" && piece.uid.empty()) piece.uid = to_valid_utf8(value());
      if (name == "RECURRENCE-ID") piece.is_override = true;
      if (name == "TZID" && piece.name == "VTIMEZONE") piece.tzids.insert(std::string(value()));
    }
    if (piece.name == "VTIMEZONE" || scratch_.size() <= name.size() ||
        scratch_[name.size()] != ';') {
      return;
    }
    const std::size_t colon = scratch_.find(':');
    const Property head{
        {}, std::string_view(scratch_).substr(name.size(), colon - name.size()), {}, {}, 0};
    if (auto tzid = parameter(head, "TZID")) piece.tzids.insert(*std::move(tzid));
  }

  std::string key_of(Piece& piece) {
    if (piece.uid.empty()) {
      piece.uid = "derived-" + short_hash(piece.raw, 32);
      derived_.insert(&piece);
    }
    std::string key = piece.uid;
    if (piece.name != "VEVENT") key += "#" + piece.name;
    if (!piece.is_override && !masters_.insert(key).second) {
      key += "#" + short_hash(piece.raw, 16);
    }
    return key;
  }

  std::vector<Group> groups_in_order() {
    std::vector<Group> groups;
    std::map<std::string, std::size_t> known;
    for (Piece& piece : pieces_) {
      const std::string key = key_of(piece);
      const auto [place, is_new] = known.emplace(key, groups.size());
      if (is_new) groups.push_back(Group{key, {}, {}});
      Group& group = groups[place->second];
      if (group.seen.insert(piece.raw).second) group.pieces.push_back(&piece);
    }
    return groups;
  }

  std::string wrap(const std::vector<const Piece*>& pieces) const {
    const Calendar& calendar = calendars_[pieces.front()->calendar];
    std::string out = "BEGIN:VCALENDAR\r\n";
    out += calendar.head.empty() ? "VERSION:2.0\r\n" : calendar.head;
    std::set<std::string> tzids;
    for (const Piece* piece : pieces) tzids.insert(piece->tzids.begin(), piece->tzids.end());
    for (const std::string& tzid : tzids) {
      if (const auto zone = calendar.zones.find(tzid); zone != calendar.zones.end()) {
        out += with_line_end(zone->second);
      }
    }
    for (const Piece* piece : pieces) {
      std::string_view raw = piece->raw;
      if (derived_.contains(piece)) {
        const std::size_t head = LineReader(raw).next()->raw.size();
        out += with_line_end(raw.substr(0, head));
        out += "UID:" + piece->uid + "\r\n";
        raw.remove_prefix(head);
      }
      out += with_line_end(raw);
    }
    return out + "END:VCALENDAR\r\n";
  }

  std::string_view text_;
  const Limits& limits_;
  std::string scratch_;  // the current line, unfolded
  std::vector<Calendar> calendars_;
  std::vector<Piece> pieces_;
  std::vector<std::string> open_;  // components within the current piece, itself first
  std::size_t begin_ = 0;
  std::size_t components_ = 0;
  std::set<const Piece*> derived_;
  std::set<std::string> masters_;
};

}  // namespace

Result<void> split_by_uid(std::string_view bytes,
                          const std::function<Result<void>(SplitPart&&)>& visitor,
                          const Limits& limits) {
  if (bytes.size() > limits.resource_bytes) {
    return fail(Errc::limit_exceeded, format_size(bytes.size()) + " are more than the limit of " +
                                          format_size(limits.resource_bytes));
  }
  std::string storage;
  Splitter splitter(decode_input(bytes, storage), limits);
  TM_TRY(splitter.scan());
  return splitter.visit(visitor);
}

}  // namespace tidemark::icalendar
