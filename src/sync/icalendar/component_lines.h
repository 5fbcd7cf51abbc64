// One component's content lines, for changing some of them and leaving all others as they are.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tidemark::icalendar {

class ComponentLines {
 public:
  // raw: BEGIN to END, as Component::raw.
  explicit ComponentLines(std::string_view raw);

  // Lines of that name, unfolded, in order; those of components inside are not looked at.
  std::vector<std::string> all(std::string_view name) const;
  // These lines, unfolded, stand where the first of that name stood, or at the end; a line that was
  // there already keeps its bytes. None: they are gone.
  void replace(std::string_view name, const std::vector<std::string>& lines);

  std::string text() const;

 private:
  struct Line {
    std::string raw;       // with folds and line end
    std::string unfolded;  // empty: not the component's own
  };
  std::vector<Line> lines_;
};

// The parameters of a line with this one set, the others as they are: ";A=B;C=D". An empty value
// takes it out.
std::string with_parameter(std::string_view params, std::string_view name, std::string_view value);

}  // namespace tidemark::icalendar
