// An HttpRequest taken apart the way Google's front end reads it: decoded path segments, decoded
// parameters, form or JSON body.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "net/http.h"

namespace tidemark::test::google {

using Parameters = std::map<std::string, std::string>;

// application/x-www-form-urlencoded, also the syntax of a query: '+' is a space.
Parameters read_form(std::string_view text);
std::string write_form(const Parameters& parameters);

struct Request {
  std::string method;
  std::string endpoint;  // the URL without its query
  std::vector<std::string> path;
  Parameters query;
  HttpHeaders headers;
  std::string body;

  std::optional<std::string> parameter(const std::string& name) const;
  std::optional<std::string> bearer() const;  // the access token of the Authorization header
  std::optional<Json> json() const;           // nothing unless the body is a JSON object
};

// Nothing when the URL cannot be read.
std::optional<Request> read_request(const HttpRequest& request);

// The method's name in Google's documents, such as "events.list" or "oauth.token"; "unknown" for
// what the fake does not serve.
std::string route_of(const Request& request);

}  // namespace tidemark::test::google
