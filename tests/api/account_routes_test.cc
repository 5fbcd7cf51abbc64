// Adding, showing, connecting and removing accounts over the API.
#include <gmock/gmock.h>

#include "api/api_world.h"

namespace tidemark::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Json kGoogle{{"id", "work"},
                   {"provider", "google"},
                   {"client_id", "client"},
                   {"client_secret", "hush-hush"}};

class AccountRoutes : public ApiWorld {
 protected:
  ServerResponse post(const std::string& path, const Json& body,
                      const std::string& key = "operator") const {
    return ask("POST " + path, key, {}, dump_json(body));
  }
};

TEST_F(AccountRoutes, AnAccountIsAddedShownAndRemoved) {
  const std::string key = make_key("acme");
  const auto added = post("/v1/accounts", kGoogle, key);
  ASSERT_EQ(added.status, 201) << added.body;
  EXPECT_EQ(find_header(added.headers, "Location"), "/v1/accounts/work");
  const Json shown = get("/v1/accounts/work", key);
  EXPECT_EQ(shown["tenant"], "acme");
  EXPECT_EQ(shown["added"], true);
  EXPECT_EQ(shown["write"], false);
  EXPECT_EQ(shown["connection"]["state"], "none");
  EXPECT_EQ(get("/v1/accounts", key)["items"].size(), 2U) << "one is configured";
  EXPECT_THAT(ask("GET /v1/accounts").body, Not(HasSubstr("hush")));
  EXPECT_EQ(get("/v1/accounts/acme-files", key)["connection"], Json(nullptr));
  EXPECT_EQ(post("/v1/accounts", kGoogle, key).status, 409);
  EXPECT_EQ(ask("DELETE /v1/accounts/work", key).status, 204);
  EXPECT_EQ(ask("GET /v1/accounts/work", key).status, 404);
  EXPECT_EQ(ask("DELETE /v1/accounts/acme-files", key).status, 409) << "it is in the configuration";
}

TEST_F(AccountRoutes, ATenantSeesItsOwnOnly) {
  ASSERT_EQ(post("/v1/accounts", kGoogle, make_key("acme")).status, 201);
  const std::string rival = make_key("rival");
  EXPECT_EQ(ask("GET /v1/accounts/work", rival).status, 404);
  EXPECT_EQ(ask("DELETE /v1/accounts/work", rival).status, 404);
  EXPECT_EQ(post("/v1/accounts/work/connect", Json::object(), rival).status, 404);
  const auto link = post("/v1/accounts/work/connect", {{"redirect_uri", "http://127.0.0.1:1/"}});
  ASSERT_EQ(link.status, 200) << link.body;
  const std::string text = (*parse_json(link.body))["link"];
  const auto begin = text.find("state=") + 6;
  const std::string state = text.substr(begin, text.find('&', begin) - begin);
  EXPECT_EQ(post("/v1/consents", {{"state", state}, {"error", "x"}}, rival).status, 404);
  EXPECT_EQ(get("/v1/accounts/work")["connection"]["state"], "pending");
  EXPECT_EQ(post("/v1/consents", {{"state", state}, {"error", "access_denied"}}).status, 200);
  EXPECT_EQ(get("/v1/accounts/work")["connection"]["state"], "failed");
}

TEST_F(AccountRoutes, WhatIsWrongIsNamed) {
  const auto refused = [&](const Json& changes, const std::string& named,
                           const std::string& key = "operator") {
    Json body = kGoogle;
    body.merge_patch(changes);
    const auto response = post("/v1/accounts", body, key);
    EXPECT_GE(response.status, 400) << dump_json(changes);
    EXPECT_LT(response.status, 500) << response.body;
    EXPECT_THAT(response.body, HasSubstr(named));
    EXPECT_THAT(response.body, Not(HasSubstr("hush")));
  };
  refused({{"id", nullptr}}, "id");
  refused({{"id", "Wörk"}}, "id");
  refused({{"id", std::string(65, 'a')}}, "id");
  refused({{"provider", "gogle"}}, "google");
  refused({{"client_id", nullptr}}, "client_id");
  refused({{"subject", "ada@example.com"}}, "subject");
  refused({{"service_account", {{"type", "x"}}}}, "service_account");
  refused({{"calendars", Json::array()}}, "calendars");
  refused({{"calendars", {1}}}, "calendars");
  refused({{"poll", "0s"}}, "poll");
  refused({{"pol", "1s"}}, "pol");
  refused({{"url", "nonsense"}}, "url");
  refused({{"url", "http://127.0.0.1/"}}, "operator", make_key("acme"));
  refused({{"write", "yes"}}, "write");
  refused({{"provider", "ics"},
           {"url", "https://example.com/a.ics"},
           {"write", true},
           {"client_id", nullptr},
           {"client_secret", nullptr}},
          "write");
  refused({{"provider", "caldav"}, {"client_id", nullptr}, {"client_secret", nullptr}}, "url");
  EXPECT_EQ(get("/v1/accounts")["items"].size(), 2U) << "nothing of it is kept";
}

TEST_F(AccountRoutes, TheCallbackTellsABrowserLittle) {
  ASSERT_EQ(post("/v1/accounts", kGoogle).status, 201);
  for (const auto* path : {"/oauth/callback", "/oauth/callback?state=a", "/oauth/callback?code=b",
                           "/oauth/callback?state=default.work.x&code=y",
                           "/oauth/callback?state=nobody.work.x&code=y"}) {
    const auto response = ask(std::string("GET ") + path, "");
    EXPECT_EQ(response.status, 400) << path;
    EXPECT_THAT(response.body, Not(HasSubstr("default")));
    EXPECT_THAT(response.content_type, HasSubstr("text/html"));
    EXPECT_EQ(find_header(response.headers, "Cache-Control"), "no-store");
  }
}

}  // namespace
}  // namespace tidemark::test
