// The table of routes: the one place that says what the API offers. The dispatcher, the OpenAPI
// document and the tests are all made from it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/api.h"
#include "base/clock.h"
#include "base/result.h"
#include "net/http_server.h"

namespace tidemark {

// Who may call a route over TCP. The Unix socket is the operator, who may call everything.
enum class Access {
  open,     // anyone
  metrics,  // anyone on this machine, unless a proxy stands in front (then everyone looks local)
  tenant,   // an API key; sees its own tenant only
  operator_only,
};

enum class ParameterType { text, integer, time, boolean };

struct Parameter {
  std::string_view name;
  ParameterType type = ParameterType::text;
  std::string_view description;
  std::int64_t most = 0;                    // integer: the largest allowed
  std::vector<std::string_view> allowed{};  // text: nothing else
};

// One request on its way through a handler, its parameters already checked against the route.
class Call {
 public:
  Call(const ServerRequest& request, std::map<std::string, std::string> captures, bool is_operator,
       std::string tenant)
      : request_(request),
        captures_(std::move(captures)),
        is_operator_(is_operator),
        tenant_(std::move(tenant)) {}

  const ServerRequest& request() const { return request_; }
  const std::string& capture(const std::string& name) const { return captures_.at(name); }
  bool is_operator() const { return is_operator_; }
  // Whose data may be seen; empty: everyone's (the operator who named none).
  const std::string& tenant() const { return tenant_; }
  bool may_see(std::string_view tenant) const { return tenant_.empty() || tenant_ == tenant; }

  std::string text(const std::string& name) const;  // empty when absent
  std::optional<WallTime> time(const std::string& name) const;
  std::int64_t integer(const std::string& name, std::int64_t preset) const;
  bool boolean(const std::string& name) const;  // "?expand" alone is true

 private:
  const ServerRequest& request_;
  std::map<std::string, std::string> captures_;
  bool is_operator_;
  std::string tenant_;
};

using Handler = Result<ServerResponse> (*)(const ApiParts& parts, const Call& call);

struct Route {
  std::string_view method;
  std::string_view pattern;  // "/v1/calendars/{id}.ics": a part is text, {name}, or {name}.suffix
  Access access = Access::tenant;
  std::string_view operation;  // OpenAPI's operationId
  std::string_view summary;
  int status = 200;         // when all is well
  std::string_view schema;  // of the answer: a component of openapi.cc, or a media type
  std::vector<Parameter> parameters;
  std::string_view body;  // schema of the request's body; empty: none is read
  Handler handler = nullptr;
  std::vector<Parameter> headers{};  // those that the route reads, for the OpenAPI document
};

const std::vector<Route>& route_table();

// The captures when `path` fits `pattern`.
std::optional<std::map<std::string, std::string>> match_route(std::string_view pattern,
                                                              std::string_view path);

ServerResponse json_response(const Json& value, int status = 200);
// {"items": [...], "next_page": "..."}; an empty next_page is null.
ServerResponse list_response(Json items, const std::string& next_page = "");
// The request's body as a JSON object, whatever its keys; empty bytes are {}.
Result<Json> json_object(const ServerRequest& request);
// The request's body as a JSON object with no other keys than these, all of them texts.
Result<Json> json_body(const ServerRequest& request, const std::vector<std::string>& keys);

}  // namespace tidemark
