#include <gmock/gmock.h>

#include <set>

#include "api/api_world.h"
#include "api/route.h"
#include "base/text.h"

namespace tidemark::test {
namespace {

class OpenApi : public ApiWorld {};

void collect_references(const Json& value, std::set<std::string>& found) {
  if (value.is_object() && value.contains("$ref")) found.insert(value["$ref"].get<std::string>());
  if (value.is_structured()) {
    for (const auto& part : value) collect_references(part, found);
  }
}

TEST_F(OpenApi, DescribesEveryRouteAndNothingElse) {
  const Json document = get("/v1/openapi.json", "");
  EXPECT_EQ(document["openapi"], "3.1.0");
  EXPECT_EQ(document["info"]["version"], "1.2.3");
  std::set<std::string> described;
  for (const auto& [path, operations] : document["paths"].items()) {
    for (const auto& [method, operation] : operations.items())
      described.insert(method + " " + path);
  }
  std::set<std::string> served;
  for (const auto& route : route_table()) {
    served.insert(to_lower_ascii(route.method) + " " + std::string(route.pattern));
  }
  EXPECT_EQ(described, served);
}

TEST_F(OpenApi, DescribesEveryParameterAndNamesEachOperationOnce) {
  const Json document = get("/v1/openapi.json", "");
  std::set<std::string> operations;
  for (const auto& route : route_table()) {
    const Json& operation =
        document["paths"][std::string(route.pattern)][to_lower_ascii(route.method)];
    EXPECT_TRUE(operations.insert(operation["operationId"]).second) << operation["operationId"];
    std::set<std::string> names;
    for (const auto& parameter : operation["parameters"]) names.insert(parameter["name"]);
    for (const auto& parameter : route.parameters) {
      EXPECT_TRUE(names.contains(std::string(parameter.name))) << parameter.name;
    }
    EXPECT_TRUE(operation["responses"].contains(std::to_string(route.status)));
  }
}

TEST_F(OpenApi, RefersOnlyToSchemasThatItHas) {
  const Json document = get("/v1/openapi.json", "");
  std::set<std::string> references;
  collect_references(document, references);
  EXPECT_GT(references.size(), 10U);
  for (const auto& reference : references) {
    EXPECT_NO_THROW(static_cast<void>(document.at(Json::json_pointer(reference.substr(1)))))
        << reference;
  }
}

}  // namespace
}  // namespace tidemark::test
