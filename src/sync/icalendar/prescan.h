// The pre-scan: bytes to a flat tree of components and properties, measured against the limits.
//
// libical never sees the resource itself: it is quadratic in line length, drops what it does not
// know, and accepts impossible dates. It gets single values (a rule, a zone) that passed this scan.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sync/icalendar/icalendar.h"

namespace tidemark::icalendar {

struct Property {
  std::string_view name;    // as written; compare with equals_ignoring_case
  std::string_view params;  // after the name: ";A=B;C=D", or empty
  std::string_view value;
  std::string_view line;   // all of it, unfolded, valid UTF-8
  std::size_t number = 0;  // physical line in the input, from 1
};

// The value of one parameter without its quotes; the first of several. Nothing when absent.
std::optional<std::string> parameter(const Property& property, std::string_view name);

struct Component {
  std::string_view name;
  std::vector<Property> properties;
  std::vector<std::size_t> children;  // indexes into Document::components
  std::string_view raw;               // its bytes in the decoded input, BEGIN to END
  bool has_unreadable_line = false;   // at least one line was no property and was passed over

  // The first property of that name.
  const Property* find(std::string_view property) const;
};

// Borrows the bytes it was made from.
class Document {
 public:
  // parse_error: unbalanced BEGIN and END, or no component at all; limit_exceeded.
  static Result<Document> parse(std::string_view bytes, const Limits& limits);

  const std::vector<Component>& components() const { return components_; }
  // Every component of that name, at any depth, in file order.
  std::vector<const Component*> all(std::string_view name) const;

 private:
  // What the views point into; on the heap, so that moving the document moves no byte of it.
  struct Text {
    std::string decoded;  // only when the input was UTF-16
    std::string unfolded;
  };
  std::unique_ptr<Text> text_ = std::make_unique<Text>();
  std::vector<Component> components_;

  friend class Scanner;
};

// Properties whose damage changes when an event happens or which event it is: a line of such a name
// that cannot be read refuses the resource, any other is left out of the canonical event.
bool is_essential(std::string_view property_name);

}  // namespace tidemark::icalendar
