// Endpoints of both tenants, and deliveries that went as a test says: it tells the endpoint's
// machine what the deliverer would.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "api/api_world.h"
#include "delivery/endpoint_inputs.h"
#include "delivery/endpoint_state.h"
#include "engine/journal.h"

namespace tidemark::test {

class DeliveryWorld : public ApiWorld {
 protected:
  using ApiWorld::ApiWorld;

  // As the operator, for a tenant.
  Json create(const std::string& tenant, Json config) const {
    if (!config.contains("url")) config["url"] = "https://" + tenant + ".example/hook";
    const auto response =
        ask("POST /v1/endpoints?tenant=" + tenant, "operator", {}, dump_json(config));
    EXPECT_EQ(response.status, 201) << response.body;
    return parse_json(response.body).value_or(Json::object());
  }

  // Ids of the tenant's events so far, oldest first.
  std::vector<std::string> event_ids(const std::string& tenant) const {
    std::vector<std::string> ids;
    const Json feed = get("/v1/feed?type=calendar.*&tenant=" + tenant);
    for (const auto& event : feed["items"]) ids.push_back(event["id"]);
    return ids;
  }

  // The endpoint was sent an event, and answered with this status.
  void attempt(const std::string& tenant, const std::string& endpoint, const std::string& event_id,
               std::uint32_t status) {
    const auto position = parse_id(kEventPrefix, event_id);
    ASSERT_TRUE(position) << event_id;
    delivery::AttemptResult result;
    result.position = *position;
    result.attempt.at = clock_.now();
    result.attempt.status = status;
    result.attempt.latency_ms = 12;
    if (!result.attempt.succeeded()) {
      result.event_id = event_id;
      result.event_type = "calendar.event.created";
      result.attempt.answer = "answer of " + tenant;
    }
    delivery::DeliveryResults results;
    results.generation = state_of(tenant, endpoint).generation;
    results.cursor = *position;
    results.attempts.push_back(std::move(result));
    Input input{delivery::endpoint_instance(tenant, endpoint),
                std::string(delivery::input_type::kResults), delivery::encode(results)};
    const auto receipt = engine_->submit(std::move(input));
    ASSERT_TRUE(receipt) << receipt.error().message;
  }

  delivery::EndpointState state_of(const std::string& tenant, const std::string& endpoint) const {
    const auto view = delivery_->endpoint(tenant, endpoint);
    EXPECT_TRUE(view) << view.error().message;
    return view ? view->state : delivery::EndpointState{};
  }

  static Json body_of(const ServerResponse& response) {
    return parse_json(response.body).value_or(Json::object());
  }
  static std::string code(const ServerResponse& response) {
    return body_of(response).value("code", "");
  }
  static std::string detail(const ServerResponse& response) {
    return body_of(response).value("detail", "");
  }
  static std::string header(const ServerResponse& response, std::string_view name) {
    return find_header(response.headers, name).value_or("");
  }
};

}  // namespace tidemark::test
