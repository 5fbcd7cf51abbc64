#include "delivery/endpoint_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemark::delivery {
namespace {

using namespace std::chrono_literals;

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;

Json minimal() {
  return Json{{"id", "orders"}, {"url", "https://example.com/hook"}};
}

Json with(const char* key, const char* value) {
  Json config = minimal();
  config[key] = Json::parse(value);
  return config;
}

EndpointConfig read(const Json& value) {
  const auto config = endpoint_config_from_json(value);
  EXPECT_TRUE(config) << config.error().message;
  return config.value_or(EndpointConfig{});
}

std::string error_of(const Json& value) {
  const auto config = endpoint_config_from_json(value);
  return config ? "no error" : config.error().message;
}

std::string error_of(const char* key, const char* value) {
  return error_of(with(key, value));
}

TEST(EndpointConfig, NeedsOnlyAnIdAndAUrl) {
  const EndpointConfig config = read(minimal());
  EndpointConfig expected;
  expected.id = "orders";
  expected.url = "https://example.com/hook";
  EXPECT_EQ(config, expected);
  EXPECT_EQ(to_json(config), Json::parse(R"({
    "id": "orders", "url": "https://example.com/hook", "description": "", "types": ["*"],
    "filter": [], "headers": {}, "format": "envelope", "rate": null, "daily_quota": null,
    "concurrency": 8, "ordered": false,
    "schedule": ["0s", "5s", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "1d"],
    "timeout": "15s", "disable_after": "5d", "enabled": true})"));
}

TEST(EndpointConfig, ReadsEveryKeyAndWritesItBack) {
  const Json given = Json::parse(R"({
    "id": "orders", "url": "http://127.0.0.1:8080/x?y=1", "description": "for the shop",
    "types": ["calendar.*"], "filter": [{"field": "payload.x", "op": "equals", "value": 1}],
    "headers": {"X-B": "2", "X-A": "1"}, "format": "cloudevents_binary",
    "rate": {"per_second": 0.1, "burst": 3}, "daily_quota": 1000, "concurrency": 1,
    "ordered": true, "schedule": ["0s", "2s"], "timeout": "30s", "disable_after": "0s",
    "enabled": false})");
  const EndpointConfig config = read(given);
  EXPECT_EQ(config.description, "for the shop");
  EXPECT_THAT(config.types, ElementsAre("calendar.*"));
  EXPECT_TRUE(config.filter.accepts(Json::parse(R"({"payload":{"x":1}})")));
  EXPECT_FALSE(config.filter.accepts(Json::parse(R"({"payload":{"x":2}})")));
  EXPECT_THAT(config.headers, ElementsAre(Pair("X-A", "1"), Pair("X-B", "2")));
  EXPECT_EQ(config.format, MessageFormat::cloudevents_binary);
  EXPECT_EQ(config.rate, (RateLimit{.milli_per_second = 100, .burst = 3}));
  EXPECT_EQ(config.daily_quota, 1000U);
  EXPECT_EQ(config.concurrency, 1U);
  EXPECT_TRUE(config.ordered);
  EXPECT_EQ(config.schedule, (RetrySchedule{{0s, 2s}}));
  EXPECT_EQ(config.timeout, 30s);
  EXPECT_EQ(config.disable_after, 0s);
  EXPECT_FALSE(config.enabled);
  EXPECT_EQ(to_json(config), given);
  EXPECT_EQ(read(to_json(config)), config);
  EXPECT_EQ(read(to_json(read(minimal()))), read(minimal()));
}

TEST(EndpointConfig, TakesNullForAbsent) {
  Json config = to_json(read(minimal()));
  for (auto& [key, value] : config.items()) {
    if (key != "id" && key != "url") value = nullptr;
  }
  EXPECT_EQ(read(config), read(minimal()));
}

TEST(EndpointConfig, NamesAnUnknownKey) {
  Json config = minimal();
  config.erase("url");
  config["urls"] = "https://example.com/";
  EXPECT_THAT(error_of(config), StartsWith("unknown key \"urls\"; there are: id, url, description, "
                                           "types, filter, headers, format, rate, daily_quota, "));
  EXPECT_EQ(error_of("rate", R"({"per_second":1,"brust":2})"),
            "rate: unknown key \"brust\"; there are: per_second, burst");
  EXPECT_EQ(error_of(Json::array()), "must be an object");
}

TEST(EndpointConfig, ChecksIdAndUrl) {
  for (const char* bad : {R"("")", R"("a b")", R"("a/b")", R"("é")", "7", "null"}) {
    EXPECT_THAT(error_of("id", bad), StartsWith("id: must be ")) << bad;
  }
  EXPECT_THAT(error_of(with("id", ("\"" + std::string(65, 'x') + "\"").c_str())),
              StartsWith("id: is longer than 64"));
  EXPECT_THAT(error_of("url", "null"), StartsWith("url: is missing"));
  EXPECT_THAT(error_of("url", "7"), StartsWith("url: must be text"));
  EXPECT_THAT(error_of("url", R"("ftp://example.com/")"), HasSubstr("use http or https"));
  EXPECT_THAT(error_of("url", R"("https://u:hunter2@example.com/")"), StartsWith("url: "));
  EXPECT_EQ(error_of("url", R"("https://u:hunter2@example.com/")").find("hunter2"),
            std::string::npos);
  const std::string long_url = "\"https://example.com/" + std::string(2048, 'x') + "\"";
  EXPECT_EQ(error_of("url", long_url.c_str()), "url: is longer than 2048 bytes");
}

TEST(EndpointConfig, SaysWhereInsideAPartSomethingIsWrong) {
  EXPECT_THAT(error_of("types", "[]"), StartsWith("types: selects nothing"));
  EXPECT_THAT(error_of("filter", R"([{"field":"payload.x","op":"is"}])"),
              StartsWith("filter[0].op: must be one of"));
  EXPECT_THAT(error_of("schedule", R"(["0s","x"])"), StartsWith("schedule[1]: "));
  EXPECT_EQ(error_of("headers", R"({"X-A":1})"), "headers.X-A: must be text");
  EXPECT_EQ(error_of("headers", "[]"), "headers: must be an object of names and values");
  EXPECT_EQ(error_of("headers", R"({"Host":"x"})"),
            "headers.Host: is set by Tidemark itself; leave it out");
  EXPECT_EQ(error_of("format", R"("xml")"),
            "format: must be one of envelope, cloudevents_structured, cloudevents_binary");
  EXPECT_EQ(error_of("enabled", R"("yes")"), "enabled: must be true or false");
  EXPECT_EQ(error_of("rate", "5"), "rate: must be an object");
}

TEST(EndpointConfig, HasLimits) {
  const char* const rate =
      "rate.per_second: must be a number from 0.001 to 10000, with three decimals at most";
  for (const char* bad : {"0", "-1", "0.0001", "0.0015", "10000.001", "1e300", R"("5")"}) {
    const std::string text = R"({"per_second":)" + std::string(bad) + "}";
    EXPECT_EQ(error_of("rate", text.c_str()), rate) << bad;
  }
  EXPECT_EQ(error_of("rate", "{}"), rate);
  EXPECT_EQ(error_of("rate", R"({"per_second":1,"burst":0})"),
            "rate.burst: must be a whole number from 1 to 100000");
  EXPECT_EQ(read(with("rate", R"({"per_second":0.001})")).rate, (RateLimit{1, 1}));
  EXPECT_EQ(read(with("rate", R"({"per_second":10000})")).rate, (RateLimit{10'000'000, 10'000}));
  EXPECT_EQ(read(with("rate", R"({"per_second":1.5})")).rate, (RateLimit{1'500, 2}));
  EXPECT_EQ(error_of("daily_quota", "0"),
            "daily_quota: must be a whole number from 1 to 1000000000");
  EXPECT_EQ(error_of("daily_quota", "-1"),
            "daily_quota: must be a whole number from 1 to 1000000000");
  EXPECT_EQ(error_of("concurrency", "65"), "concurrency: must be a whole number from 1 to 64");
  EXPECT_EQ(error_of("concurrency", "1.5"), "concurrency: must be a whole number from 1 to 64");
  EXPECT_EQ(error_of("timeout", R"("999ms")"), "timeout: must be a duration from 1s to 30s");
  EXPECT_EQ(error_of("timeout", R"("31s")"), "timeout: must be a duration from 1s to 30s");
  EXPECT_EQ(error_of("timeout", "15"), "timeout: must be a duration such as \"15s\"");
  EXPECT_THAT(error_of("timeout", R"("soon")"), StartsWith("timeout: \"soon\" is not a duration"));
  EXPECT_EQ(error_of("disable_after", R"("59m")"),
            "disable_after: must be 0s (never), or a duration from 1h to 90d");
  EXPECT_EQ(error_of("disable_after", R"("91d")"),
            "disable_after: must be a duration from 0s to 90d");
  const std::string text = "\"" + std::string(1025, 'x') + "\"";
  EXPECT_EQ(error_of("description", text.c_str()), "description: is longer than 1024 bytes");
}

TEST(EndpointConfig, SendsOneAtATimeWhenOrdered) {
  EXPECT_EQ(read(with("ordered", "true")).concurrency, 1U);
  Json config = with("ordered", "true");
  config["concurrency"] = 8;
  EXPECT_THAT(error_of(config), StartsWith("concurrency: must be 1, or left out, for an ordered"));
}

}  // namespace
}  // namespace tidemark::delivery
