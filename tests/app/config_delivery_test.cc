// [delivery], [[tenant]] and [[endpoint]].
#include <gmock/gmock.h>

#include "app/config.h"
#include "app/config_fixture.h"
#include "delivery/signature.h"

namespace tidemark::app::test {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

const std::string kNewSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const std::string kOldSecret = "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

// An endpoint that lacks nothing; what a test adds goes behind it, into line 5 and on.
const std::string kEndpoint =
    "[[endpoint]]\nid = \"orders\"\nurl = \"https://example.com/hook\"\n"
    "secret = { env = \"SECRET\" }\n";

class DeliveryConfiguration : public ConfigFile {
 protected:
  DeliveryConfiguration() {
    source_.variables = {{"SECRET", kNewSecret}, {"OLD_SECRET", kOldSecret}, {"BAD", "hunter2"}};
  }
};

TEST_F(DeliveryConfiguration, NeedsNothing) {
  const auto config = load("");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->delivery.max_connections, 256U);
  EXPECT_THAT(config->delivery.declared, IsEmpty());
  EXPECT_THAT(config->delivery.tenants, IsEmpty());
  EXPECT_THAT(config->delivery_allow, IsEmpty());
}

TEST_F(DeliveryConfiguration, ReadsWhereToAndHowMany) {
  const auto config = load(R"([delivery]
allow = ["127.0.0.0/8", "hooks.internal"]
max_connections = 64
[[tenant]]
id = "Acme"
delivery_rate = { per_second = 0.5, burst = 100 }
delivery_daily_quota = 100000
[[tenant]]
id = "free"
)");
  ASSERT_TRUE(config) << config.error().front().text();
  EXPECT_THAT(config->delivery_allow, ElementsAre("127.0.0.0/8", "hooks.internal"));
  EXPECT_EQ(config->delivery.max_connections, 64U);
  ASSERT_EQ(config->delivery.tenants.size(), 2U);
  const auto& acme = config->delivery.tenants.at("acme");
  EXPECT_EQ(acme.rate, (delivery::RateLimit{500, 100}));
  EXPECT_EQ(acme.daily_quota, 100'000U);
  EXPECT_FALSE(config->delivery.tenants.at("free").rate);
  EXPECT_FALSE(config->delivery.tenants.at("free").daily_quota);
  EXPECT_THAT(shown(*config, "tenant.acme.delivery_rate"), HasSubstr("0.5"));
}

TEST_F(DeliveryConfiguration, ReadsAnEndpointAsTheApiDoes) {
  const auto config = load(R"([[endpoint]]
tenant = "Acme"
id = "Orders"
url = "https://example.com/hook?token=hidden"
description = "what the shop sees"
types = ["calendar.event.*"]
headers = { X-Environment = "production", "X-Key" = "hidden" }
format = "cloudevents_binary"
rate = { per_second = 10, burst = 20 }
daily_quota = 1000
ordered = true
schedule = ["0s", "5s"]
timeout = "10s"
disable_after = "2d"
enabled = false
secrets = [{ env = "SECRET" }, { env = "OLD_SECRET" }]
[[endpoint.filter]]
field = "payload.calendar.account"
op = "equals"
value = "work"
)");
  ASSERT_TRUE(config) << config.error().front().text();
  ASSERT_EQ(config->delivery.declared.size(), 1U);
  const auto& [tenant, endpoint, secrets] = config->delivery.declared[0];
  EXPECT_EQ(tenant, "acme");
  EXPECT_EQ(endpoint.id, "Orders");
  EXPECT_EQ(endpoint.url, "https://example.com/hook?token=hidden");
  EXPECT_THAT(endpoint.types, ElementsAre("calendar.event.*"));
  EXPECT_FALSE(endpoint.filter.empty());
  EXPECT_EQ(endpoint.headers.size(), 2U);
  EXPECT_EQ(endpoint.format, delivery::MessageFormat::cloudevents_binary);
  EXPECT_EQ(endpoint.rate, (delivery::RateLimit{10'000, 20}));
  EXPECT_EQ(endpoint.daily_quota, 1000U);
  EXPECT_TRUE(endpoint.ordered);
  EXPECT_EQ(endpoint.concurrency, 1U);
  EXPECT_EQ(endpoint.schedule.delays.size(), 2U);
  EXPECT_EQ(endpoint.timeout, seconds(10));
  EXPECT_FALSE(endpoint.enabled);
  ASSERT_EQ(secrets.size(), 2U);
  EXPECT_EQ(secrets[0].reveal(), kNewSecret);
  EXPECT_EQ(secrets[1].reveal(), kOldSecret);

  EXPECT_THAT(shown(*config, "endpoint.Orders.timeout"), HasSubstr("tidemark.toml:13:1"));
  EXPECT_THAT(shown(*config, "endpoint.Orders.url"), StartsWith("\"https://example.com/hook?***"));
  EXPECT_THAT(shown(*config, "endpoint.Orders.headers.X-Key"), StartsWith("********"));
  EXPECT_THAT(shown(*config, "endpoint.Orders.secrets.1"), StartsWith("********"));
  EXPECT_EQ(shown(*config, "endpoint.Orders.concurrency"), "1 default");
  for (const auto& value : config->shown) {
    EXPECT_THAT(value.value, AllOf(Not(HasSubstr("hidden")), Not(HasSubstr("whsec_M"))));
  }
}

TEST_F(DeliveryConfiguration, OverridesAnEndpointByVariables) {
  source_.variables.insert({{"TIDEMARK_ENDPOINT_ORDERS_URL", "https://staging.example.com/"},
                            {"TIDEMARK_ENDPOINT_ORDERS_TYPES", "a.*, b.c"},
                            {"TIDEMARK_ENDPOINT_ORDERS_RATE_PER_SECOND", "2.5"},
                            {"TIDEMARK_ENDPOINT_ORDERS_CONCURRENCY", "3"},
                            {"TIDEMARK_ENDPOINT_ORDERS_ENABLED", "false"},
                            {"TIDEMARK_ENDPOINT_ORDERS_SCHEDULE", "0s,1m"},
                            {"TIDEMARK_ENDPOINT_ORDERS_HEADERS", R"({"X-A": "b"})"},
                            {"TIDEMARK_ENDPOINT_ORDERS_SECRET_ENV", "OLD_SECRET"},
                            {"TIDEMARK_TENANT_ACME_DELIVERY_DAILY_QUOTA", "7"},
                            {"TIDEMARK_DELIVERY_ALLOW", "::1, 10.0.0.0/8"},
                            {"TIDEMARK_DELIVERY_MAX_CONNECTIONS", "9"}});
  const auto config = load("[[tenant]]\nid = \"acme\"\n" + kEndpoint);
  ASSERT_TRUE(config) << config.error().front().text();
  const auto& endpoint = config->delivery.declared[0].config;
  EXPECT_EQ(endpoint.url, "https://staging.example.com/");
  EXPECT_THAT(endpoint.types, ElementsAre("a.*", "b.c"));
  EXPECT_EQ(endpoint.rate, (delivery::RateLimit{2'500, 3}));
  EXPECT_EQ(endpoint.concurrency, 3U);
  EXPECT_FALSE(endpoint.enabled);
  EXPECT_THAT(endpoint.schedule.delays, ElementsAre(seconds(0), minutes(1)));
  EXPECT_EQ(endpoint.headers[0].second, "b");
  ASSERT_EQ(config->delivery.declared[0].secrets.size(), 1U);
  EXPECT_EQ(config->delivery.declared[0].secrets[0].reveal(), kOldSecret);
  EXPECT_EQ(config->delivery.tenants.at("acme").daily_quota, 7U);
  EXPECT_THAT(config->delivery_allow, ElementsAre("::1", "10.0.0.0/8"));
  EXPECT_EQ(config->delivery.max_connections, 9U);
  EXPECT_THAT(config->warnings, IsEmpty());
}

TEST_F(DeliveryConfiguration, BlamesTheVariableForWhatItSays) {
  const auto found_with = [&](const std::string& name, const std::string& value) {
    source_.variables[name] = value;
    auto found = problems(kEndpoint);
    source_.variables.erase(name);
    return found;
  };
  EXPECT_THAT(found_with("TIDEMARK_ENDPOINT_ORDERS_TIMEOUT", "1h"),
              ElementsAre(StartsWith("TIDEMARK_ENDPOINT_ORDERS_TIMEOUT: endpoint.orders.timeout")));
  EXPECT_THAT(found_with("TIDEMARK_ENDPOINT_ORDERS_RATE_BURST", "0"),
              ElementsAre(StartsWith(
                  "TIDEMARK_ENDPOINT_ORDERS_RATE_BURST: endpoint.orders.rate.per_second")));
  EXPECT_THAT(found_with("TIDEMARK_ENDPOINT_ORDERS_ORDERED", "yes"),
              ElementsAre(AllOf(StartsWith("TIDEMARK_ENDPOINT_ORDERS_ORDERED: endpoint.orders"),
                                HasSubstr("true or false"))));
  EXPECT_THAT(found_with("TIDEMARK_ENDPOINT_ORDERS_HEADERS", "X-Key: hunter2"),
              ElementsAre(AllOf(HasSubstr("must be JSON"), Not(HasSubstr("hunter2")))));
  EXPECT_THAT(found_with("TIDEMARK_DELIVERY_ALLOW", "nowhere/"),
              ElementsAre(StartsWith("TIDEMARK_DELIVERY_ALLOW: delivery.allow")));
}

TEST_F(DeliveryConfiguration, LetsTenantsUseTheSameIdUnderNamesOfTheirOwn) {
  const auto config = load(kEndpoint + "tenant = \"acme\"\ntimeout = \"3s\"\n" + kEndpoint +
                           "tenant = \"rival\"\n");
  ASSERT_TRUE(config) << config.error().front().text();
  EXPECT_EQ(config->delivery.declared.size(), 2U);
  EXPECT_THAT(shown(*config, "endpoint.acme.orders.timeout"), StartsWith("\"3s\""));
  source_.variables["TIDEMARK_ENDPOINT_RIVAL_ORDERS_TIMEOUT"] = "4s";
  const auto again = load(kEndpoint + "tenant = \"acme\"\n" + kEndpoint + "tenant = \"rival\"\n");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->delivery.declared[0].config.timeout, seconds(15));
  EXPECT_EQ(again->delivery.declared[1].config.timeout, seconds(4));
}

TEST_F(DeliveryConfiguration, RefusesAnIdThatIsUsedTwiceInOneTenant) {
  EXPECT_THAT(problems(kEndpoint + "[[endpoint]]\nid = \"ORDERS\"\nurl = \"https://e.com/\"\n" +
                       "secret = { env = \"SECRET\" }\n"),
              ElementsAre(AllOf(StartsWith("6:1: endpoint.ORDERS.id"), HasSubstr("line 1"))));
}

TEST_F(DeliveryConfiguration, RefusesAnAddressInsideUnlessItIsAllowed) {
  const std::string inside =
      "[[endpoint]]\nid = \"in\"\nurl = \"http://127.0.0.1:9000/\"\nsecret = { env = \"SECRET\" "
      "}\n";
  EXPECT_THAT(problems(inside), ElementsAre(StartsWith("3:1: endpoint.in.url")));
  EXPECT_TRUE(load("[delivery]\nallow = [\"127.0.0.0/8\"]\n" + inside));
}

TEST_F(DeliveryConfiguration, TellsEveryProblemOfAnEndpointAtOnce) {
  const auto found = problems(
      "[[endpoint]]\nid = \"a b\"\nurl = \"ftp://x/\"\ntimeot = \"1s\"\ntimeout = \"1h\"\n"
      "rate = { per_second = 0, brst = 1 }\nconcurrency = 1000\nsecret = { env = \"BAD\" }\n");
  EXPECT_THAT(
      found,
      ElementsAre(StartsWith("2:1: endpoint.1.id"), StartsWith("3:1: endpoint.1.url"),
                  StartsWith("4:1: endpoint.1.timeot"), StartsWith("5:1: endpoint.1.timeout"),
                  StartsWith("6:10: endpoint.1.rate.per_second"),
                  StartsWith("6:26: endpoint.1.rate.brst"),
                  StartsWith("7:1: endpoint.1.concurrency"), StartsWith("8:1: endpoint.1.secret")));
  for (const auto& text : found) EXPECT_THAT(text, Not(HasSubstr("hunter2")));
}

struct Mistake {
  const char* text;  // behind kEndpoint when it begins with a '+'
  const char* place;
  const char* message;
};
class DeliveryMistake : public DeliveryConfiguration,
                        public ::testing::WithParamInterface<Mistake> {};

TEST_P(DeliveryMistake, IsNamedWithItsPlaceAndKey) {
  const std::string text = GetParam().text;
  EXPECT_THAT(problems(text[0] == '+' ? kEndpoint + text.substr(1) : text),
              ElementsAre(AllOf(StartsWith(GetParam().place), HasSubstr(GetParam().message))));
}

const Mistake kMistakes[] = {
    {"delivery = 3", "1:1: delivery", "must be a table"},
    {"[delivery]\nalow = []", "2:1: delivery.alow", "did you mean \"allow\"?"},
    {"[delivery]\nallow = \"10.0.0.0/8\"", "2:1: delivery.allow", "a list of strings"},
    {"[delivery]\nallow = [\"::1\",\n  \"10.0.0.0/99\"]", "3:3: delivery.allow", "10.0.0.0/99"},
    {"[delivery]\nmax_connections = 0", "2:1: delivery.max_connections", "from 1 to 10000"},
    {"[delivery]\nmax_connections = \"many\"", "2:1: delivery.max_connections", "whole number"},
    {"[delivery]\nmax_connections = 2.5", "2:1: delivery.max_connections", "whole number"},
    {"[tenant]\nid = \"a\"", "1:2: tenant", "[[tenant]]"},
    {"[[tenant]]\ndelivery_daily_quota = 1", "1:1: tenant.1.id", "is missing"},
    {"[[tenant]]\nid = \"a b\"", "2:1: tenant.1.id", "letters"},
    {"[[tenant]]\nid = 3", "2:1: tenant.1.id", "a string"},
    {"[[tenant]]\nid = \"a\"\n[[tenant]]\nid = \"A\"", "4:1: tenant.a.id", "line 2"},
    {"[[tenant]]\nid = \"a\"\nquota = 3", "3:1: tenant.a.quota", "known:"},
    {"[[tenant]]\nid = \"a\"\ndelivery_daily_quota = 0", "3:1: tenant.a.delivery_daily_quota",
     "whole number"},
    {"[[tenant]]\nid = \"a\"\ndelivery_daily_quota = \"5\"", "3:1: tenant.a.delivery_daily_quota",
     "whole number"},
    {"[[tenant]]\nid = \"a\"\ndelivery_rate = 5", "3:1: tenant.a.delivery_rate", "must be a table"},
    {"[[tenant]]\nid = \"a\"\ndelivery_rate = { burst = 5 }",
     "3:1: tenant.a.delivery_rate.per_second", "must be a number"},
    {"[[tenant]]\nid = \"a\"\ndelivery_rate = { per_second = 5, burst = 0 }",
     "3:35: tenant.a.delivery_rate.burst", "whole number"},
    {"[endpoint]\nid = \"a\"", "1:2: endpoint", "[[endpoint]]"},
    {"[[endpoint]]\nurl = \"https://e.com/\"\nsecret = { env = \"SECRET\" }", "1:1: endpoint.1.id",
     "is missing"},
    {"[[endpoint]]\nid = 7\nurl = \"https://e.com/\"\nsecret = { env = \"SECRET\" }",
     "2:1: endpoint.1.id", "a string"},
    {"[[endpoint]]\nid = \"a\"\nsecret = { env = \"SECRET\" }", "1:1: endpoint.a.url",
     "is missing"},
    {"[[endpoint]]\nid = \"a\"\nurl = \"https://e.com/\"", "1:1: endpoint.a.secret", "is missing"},
    {"[[endpoint]]\nid = \"a\"\nurl = \"https://e.com/\"\nsecret = \"hunter2\"",
     "4:1: endpoint.a.secret", "must be a table"},
    {"[[endpoint]]\nid = \"a\"\nurl = \"https://e.com/\"\nsecret = { file = \"none\" }",
     "4:12: endpoint.a.secret.file", "cannot read the file"},
    {"[[endpoint]]\nid = \"a\"\nurl = \"https://e.com/\"\nsecret = { env = \"NOT_SET\" }",
     "4:12: endpoint.a.secret.env", "NOT_SET is not set"},
    {"[[endpoint]]\nid = \"a\"\nurl = \"https://e.com/\"\nsecret = { env = \"BAD\" }",
     "4:1: endpoint.a.secret", "whsec_"},
    {"[[endpoint]]\nid = \"a\"\nurl = \"https://e.com/\"\nsecrets = { env = \"SECRET\" }",
     "4:1: endpoint.a.secrets", "must be a list of tables"},
    {"[[endpoint]]\nid = \"a\"\nurl = \"https://e.com/\"\nsecrets = [{ env = \"SECRET\" },\n"
     "  { env = \"BAD\" }]",
     "5:3: endpoint.a.secrets.2", "whsec_"},
    {"+secrets = [{ env = \"OLD_SECRET\" }]", "5:1: endpoint.orders.secrets", "not both"},
    {"+tenant = \"a b\"", "5:1: endpoint.orders.tenant", "letters"},
    {"+typs = [\"*\"]", "5:1: endpoint.orders.typs", "did you mean \"types\"?"},
    {"+types = \"*\"", "5:1: endpoint.orders.types", "list"},
    {"+types = [\"a\",\n \"b c\"]", "6:2: endpoint.orders.types[1]", ""},
    {"+filter = [{ field = \"payload.a\", op = \"eq\", value = 1 }]",
     "5:34: endpoint.orders.filter[0].op", "equals"},
    {"+[[endpoint.filter]]\nany = [{ field = \"payload.a\", op = \"exists\" },\n  { op = "
     "\"exists\" }]",
     "7:3: endpoint.orders.filter[0].any[1].field", ""},
    {"+filter = [{ field = \"a\", op = \"equals\", value = 2026-01-01 }]",
     "5:49: endpoint.orders.filter", "quotes"},
    {"+headers = { Host = \"x\" }", "5:13: endpoint.orders.headers.Host", "Tidemark"},
    {"+headers = { \"X.Y\" = 3 }", "5:13: endpoint.orders.headers.X.Y", "text"},
    {"+format = \"xml\"", "5:1: endpoint.orders.format", "cloudevents_structured"},
    {"+rate = 5", "5:1: endpoint.orders.rate", "must be a table"},
    {"+rate = {}", "5:1: endpoint.orders.rate.per_second", "must be a number"},
    {"+rate = { per_second = 1, burst = 0 }", "5:26: endpoint.orders.rate.burst", "whole number"},
    {"+daily_quota = 0", "5:1: endpoint.orders.daily_quota", "whole number"},
    {"+ordered = 1", "5:1: endpoint.orders.ordered", "true or false"},
    {"+ordered = true\nconcurrency = 2", "6:1: endpoint.orders.concurrency", "must be 1"},
    {"+schedule = [\"soon\"]", "5:13: endpoint.orders.schedule[0]", ""},
    {"+schedule = { attempts = 3 }", "5:1: endpoint.orders.schedule", ""},
    {"+timeout = 15", "5:1: endpoint.orders.timeout", "a duration"},
    {"+disable_after = \"1m\"", "5:1: endpoint.orders.disable_after", "1h"},
    {"+enabled = \"no\"", "5:1: endpoint.orders.enabled", "true or false"},
};
INSTANTIATE_TEST_SUITE_P(All, DeliveryMistake, ::testing::ValuesIn(kMistakes));

}  // namespace
}  // namespace tidemark::app::test
