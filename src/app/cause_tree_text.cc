#include "app/cause_tree_text.h"

#include <string_view>
#include <utility>
#include <vector>

#include "app/commands.h"
#include "app/output.h"

namespace tidemark::app {
namespace {

struct Strokes {
  std::string_view branch;
  std::string_view last;
  std::string_view beside;
};
constexpr Strokes kBoxes{"├─ ", "└─ ", "│  "};
constexpr Strokes kAscii{"|- ", "`- ", "|  "};

// A line and what hangs below it.
struct Line {
  std::string text;
  std::vector<Line> below{};
};

std::string attempt_text(const Json& attempt) {
  const auto error = text_at(attempt, "error");
  const auto status = text_at(attempt, "status");
  std::string text = "attempt  " + exact_time(text_at(attempt, "at")) + "  ";
  text += error.empty() ? "HTTP " + status : error;
  return text + "  " + text_at(attempt, "latency_ms") + " ms";
}

Line delivery_line(const Json& delivery) {
  Line line{"endpoint " + text_at(delivery, "endpoint") + "  " + text_at(delivery, "state")};
  const auto number = text_at(delivery, "attempt");
  if (text_at(delivery, "state") == "delivered") {
    line.text += " at attempt " + number + ", record " + text_at(delivery, "record");
  }
  for (const auto& attempt : delivery.value("attempts", Json::array())) {
    line.below.push_back({attempt_text(attempt)});
  }
  return line;
}

void add_more(std::vector<Line>& lines, const Json& node, const char* field, const char* what) {
  const auto more = node.value(field, std::uint64_t{0});
  if (more > 0) lines.push_back({"... " + std::to_string(more) + " more" + what});
}

Line event_line(const Json& event) {
  Line line{"event " + text_at(event, "type") + "  " + text_at(event, "id")};
  for (const auto& delivery : event.value("deliveries", Json::array())) {
    line.below.push_back(delivery_line(delivery));
  }
  return line;
}

std::string record_text(const Json& node, const std::string& asked) {
  const auto sequence = text_at(node, "sequence");
  std::string text = sequence + "  " + exact_time(text_at(node, "at")) + "  " +
                     text_at(node, "instance") + "  " + text_at(node, "input_type");
  const auto outcome = text_at(node, "outcome");
  if (outcome != "done") text += "  " + outcome;
  if (const auto error = text_at(node, "error"); !error.empty()) text += ": " + error;
  return sequence == asked ? text + "  <- this one" : text;
}

std::string node_text(const Json& node, const std::string& asked) {
  const auto kind = text_at(node, "kind");
  if (kind == "record") return record_text(node, asked);
  const std::string what =
      kind == "effect" ? "effect " + text_at(node, "executor") + "  " + text_at(node, "host")
                       : "message " + text_at(node, "type") + "  to " + text_at(node, "to");
  return what + "  " + text_at(node, "state");
}

// As deep as the answer is, whose depth the reader of JSON has limited.
void add_children(std::vector<Line>& lines, const Json& node, const std::string& asked) {
  for (const auto& child : node.value("children", Json::array())) {
    Line line{node_text(child, asked)};
    for (const auto& event : child.value("events", Json::array())) {
      line.below.push_back(event_line(event));
    }
    add_more(line.below, child, "more_events", " events");
    add_children(line.below, child, asked);
    lines.push_back(std::move(line));
  }
  add_more(lines, node, "more", "");
}

void draw(std::string& out, const std::vector<Line>& lines, const std::string& before,
          const Strokes& strokes, std::size_t width) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool last = i + 1 == lines.size();
    out += fit(before + std::string(last ? strokes.last : strokes.branch) + lines[i].text, width);
    out += '\n';
    draw(out, lines[i].below, before + std::string(last ? "   " : strokes.beside), strokes, width);
  }
}

}  // namespace

std::string cause_tree_text(const Json& tree, bool unicode, std::size_t width) {
  std::vector<Line> lines;
  add_children(lines, tree, text_at(tree, "sequence"));
  std::string out = fit(text_at(tree, "correlation_id"), width) + "\n";
  draw(out, lines, {}, unicode ? kBoxes : kAscii, width);
  if (const auto next = text_at(tree, "next"); !next.empty()) {
    out += "The correlation has more records, after " + next + ": tidemark audit list --after " +
           next + " --correlation " + text_at(tree, "correlation_id") + "\n";
  }
  return out;
}

}  // namespace tidemark::app
