#include "net/router.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "net/url.h"

namespace tidemark::net {

int Router::Segment::weight() const {
  if (name.empty()) return 2;
  return before.empty() && after.empty() ? 0 : 1;
}

bool Router::Segment::matches(std::string_view text) const {
  if (name.empty()) return text == before;
  return text.size() > before.size() + after.size() && text.starts_with(before) &&
         text.ends_with(after);
}

bool Router::Route::more_specific_than(const Route& other) const {
  return std::lexicographical_compare(
      other.segments.begin(), other.segments.end(), segments.begin(), segments.end(),
      [](const Segment& a, const Segment& b) { return a.weight() < b.weight(); });
}

void Router::add(const std::string& method, const std::string& pattern, RouteHandler handler) {
  const auto known = std::find_if(routes_.begin(), routes_.end(),
                                  [&](const Route& route) { return route.pattern == pattern; });
  if (known != routes_.end()) {
    known->handlers[method] = std::move(handler);
    return;
  }
  Route route;
  route.pattern = pattern;
  for (const std::string& text : split(pattern, '/')) {
    Segment segment;
    const std::size_t open = text.find('{');
    const std::size_t close = text.find('}', open);
    segment.before = text.substr(0, open);
    if (open != std::string::npos && close != std::string::npos) {
      segment.name = text.substr(open + 1, close - open - 1);
      segment.after = text.substr(close + 1);
    }
    route.segments.push_back(std::move(segment));
  }
  route.handlers[method] = std::move(handler);
  const auto place = std::find_if(routes_.begin(), routes_.end(), [&](const Route& other) {
    return route.more_specific_than(other);
  });
  routes_.insert(place, std::move(route));
}

Router::Match Router::find(std::string_view method, std::string_view path) const {
  const std::vector<std::string> parts = split(path, '/');
  std::vector<std::string> allowed;
  for (const Route& route : routes_) {
    if (!std::equal(route.segments.begin(), route.segments.end(), parts.begin(), parts.end(),
                    [](const Segment& segment, const std::string& text) {
                      return segment.matches(text);
                    })) {
      continue;
    }
    auto found = route.handlers.find(method);
    if (found == route.handlers.end() && method == "HEAD") found = route.handlers.find("GET");
    if (found == route.handlers.end()) {
      for (const auto& [name, handler] : route.handlers) {
        allowed.push_back(name);
        if (name == "GET") allowed.emplace_back("HEAD");
      }
      continue;
    }
    Match match{.handler = &found->second, .pattern = route.pattern};
    for (std::size_t at = 0; at < parts.size(); ++at) {
      const Segment& segment = route.segments[at];
      if (segment.name.empty()) continue;
      const std::string_view text = std::string_view(parts[at]).substr(segment.before.size());
      match.captures[segment.name] =
          percent_decode(text.substr(0, text.size() - segment.after.size())).value_or("");
    }
    return match;
  }
  std::sort(allowed.begin(), allowed.end());
  allowed.erase(std::unique(allowed.begin(), allowed.end()), allowed.end());
  Match match;
  for (const std::string& name : allowed) match.allow += (match.allow.empty() ? "" : ", ") + name;
  return match;
}

}  // namespace tidemark::net
