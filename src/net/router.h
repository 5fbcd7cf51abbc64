// Which handler answers a path. Inside src/net/ only.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_server.h"

namespace tidemark::net {

// Patterns are matched segment by segment on the encoded path, and captures are decoded after
// that: an encoded slash stays inside its segment. A segment may hold one {name}, with text around
// it ("{id}.ics"). The pattern with more text wins, wherever it was added.
class Router {
 public:
  struct Match {
    const RouteHandler* handler = nullptr;  // null: no such path, or not with this method
    std::string pattern{};
    std::map<std::string, std::string> captures{};
    std::string allow{};  // of a path that exists without this method: for 405
  };

  void add(const std::string& method, const std::string& pattern, RouteHandler handler);
  // HEAD is answered by GET's handler. `path` is correctly percent-encoded.
  Match find(std::string_view method, std::string_view path) const;

 private:
  struct Segment {
    std::string before;
    std::string name;  // empty: literal text, all in `before`
    std::string after;

    int weight() const;
    bool matches(std::string_view text) const;
  };
  struct Route {
    std::string pattern;
    std::vector<Segment> segments;
    std::map<std::string, RouteHandler, std::less<>> handlers;  // by method

    bool more_specific_than(const Route& other) const;
  };

  std::vector<Route> routes_;  // the most specific first
};

}  // namespace tidemark::net
