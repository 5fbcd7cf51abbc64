#include <algorithm>

#include "accounts/accounts_world.h"
#include "accounts/kept_tokens.h"
#include "engine/journal.h"

namespace tidemark::test {
namespace {

using accounts::AccountSecret;
using accounts::secret_name;
using testing::HasSubstr;

class AccountService : public AccountsWorld {};

TEST_F(AccountService, ConnectsAnAddedAccountAndMirrorsIt) {
  ASSERT_TRUE(service_->add(google_account()));
  ASSERT_TRUE(sync());
  EXPECT_EQ(status().state, "needs_credentials");
  EXPECT_THAT(status().error, HasSubstr("tidemark account connect work"));
  EXPECT_EQ(google_.refreshes(), 0) << "without a refresh token there is nothing to ask";

  const auto connected = connect();
  ASSERT_TRUE(connected) << connected.error().message;
  EXPECT_EQ(connected->id, "work");
  ASSERT_TRUE(sync());
  EXPECT_EQ(status().state, "ok");
  ASSERT_EQ(calendars().size(), 1U);
  EXPECT_EQ(calendars()[0].events, 1U);
  EXPECT_EQ(told("account.*").size(), 4U)
      << "added, in need of consent, connected, authorized again";
}

TEST_F(AccountService, AsksForTheLeastScopeWithPkce) {
  ASSERT_TRUE(service_->add(google_account()));
  const auto consent = service_->connect("acme", "work", kRedirect, {});
  ASSERT_TRUE(consent) << consent.error().message;
  EXPECT_THAT(consent->link, HasSubstr("scope=https%3A%2F%2Fwww.googleapis.com%2Fauth%2F"
                                       "calendar.readonly&"));
  EXPECT_THAT(consent->link, HasSubstr("code_challenge_method=S256"));
  EXPECT_THAT(consent->link, HasSubstr("access_type=offline"));
  auto answer = open_link(consent->link);
  // Somebody else's verifier does not fit the challenge.
  auto wrong = vault_->seal("acme", secret_name("work", AccountSecret::verifier),
                            Secret(std::string(43, 'x')));
  ASSERT_TRUE(wrong);
  Input input = accounts::connection_input("acme", "work", accounts::ConnectionMachine::Rotated{});
  input.secrets.push_back(std::move(*wrong));
  ASSERT_TRUE(engine_->submit(std::move(input)));
  const auto refused = service_->redeem(answer["state"], Secret(answer["code"]));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unauthorized);
  EXPECT_EQ(service_->connection("acme", "work")->error_code, "unauthorized");
}

TEST_F(AccountService, GoesOnAfterARestartInTheMiddleOfConsent) {
  ASSERT_TRUE(service_->add(google_account()));
  const auto consent = service_->connect("acme", "work", kRedirect, {});
  ASSERT_TRUE(consent);
  auto answer = open_link(consent->link);
  restart();
  ASSERT_TRUE(service_->redeem(answer["state"], Secret(answer["code"])));
  restart();
  ASSERT_TRUE(sync());
  EXPECT_EQ(status().state, "ok");
  EXPECT_EQ(calendars()[0].events, 1U);
}

TEST_F(AccountService, TakesEachConsentOnceAndOnlyTheLast) {
  ASSERT_TRUE(service_->add(google_account()));
  const auto first = service_->connect("acme", "work", kRedirect, {});
  ASSERT_TRUE(first);
  auto early = open_link(first->link);
  const auto second = service_->connect("acme", "work", kRedirect, {});
  ASSERT_TRUE(second);
  auto late = open_link(second->link);
  const auto expect_unknown = [&](const std::string& state, const std::string& code) {
    const auto taken = service_->redeem(state, Secret(code));
    ASSERT_FALSE(taken) << state;
    EXPECT_EQ(taken.error().code, Errc::not_found) << taken.error().message;
  };
  const int asked = google_.token_requests("authorization_code");
  expect_unknown(early["state"], early["code"]);
  expect_unknown("", late["code"]);
  expect_unknown("acme.work." + std::string(43, 'a'), late["code"]);
  expect_unknown("rival.work." + late["state"].substr(10), late["code"]);
  expect_unknown(late["state"] + "x", late["code"]);
  EXPECT_EQ(google_.token_requests("authorization_code"), asked) << "Google was asked for nothing";
  ASSERT_TRUE(service_->redeem(late["state"], Secret(late["code"])));
  expect_unknown(late["state"], late["code"]);

  const auto third = service_->connect("acme", "work", kRedirect, {});
  ASSERT_TRUE(third);
  auto slow = open_link(third->link);
  clock_.advance(accounts::kConsentMayTake);
  expect_unknown(slow["state"], slow["code"]);
}

TEST_F(AccountService, TellsOfConsentThatWasNotGiven) {
  ASSERT_TRUE(service_->add(google_account()));
  google_.with_oauth([](auto& oauth, WallTime) { oauth.refuse_next_consent(); });
  const auto consent = service_->connect("acme", "work", kRedirect, {});
  ASSERT_TRUE(consent);
  auto answer = open_link(consent->link);
  EXPECT_EQ(answer["error"], "access_denied");
  ASSERT_TRUE(service_->refuse(answer["state"], answer["error"]));
  const auto connection = service_->connection("acme", "work");
  ASSERT_TRUE(connection);
  EXPECT_EQ(connection->error_code, "forbidden");
  EXPECT_THAT(connection->error, HasSubstr("access_denied"));
  EXPECT_FALSE(service_->refuse(answer["state"], "access_denied")) << "it was taken already";
  ASSERT_TRUE(connect()) << "and the next one may be given";
  EXPECT_EQ(service_->connection("acme", "work")->error, "");
}

TEST_F(AccountService, RefusesConsentToLessThanItNeeds) {
  ASSERT_TRUE(service_->add(google_account()));
  google_.set_fault([](const HttpRequest& request) -> std::optional<HttpResponse> {
    if (request.url.find("/token") == std::string::npos) return std::nullopt;
    HttpResponse answer;
    answer.status = 200;
    answer.body = R"({"access_token":"a","refresh_token":"r","scope":"openid","expires_in":3599})";
    return answer;
  });
  const auto refused = connect();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::forbidden);
  EXPECT_THAT(refused.error().message, HasSubstr("calendar.readonly"));
}

TEST_F(AccountService, ACodeStaysGoodWhileGoogleCannotBeAsked) {
  ASSERT_TRUE(service_->add(google_account()));
  const auto consent = service_->connect("acme", "work", kRedirect, {});
  ASSERT_TRUE(consent);
  auto answer = open_link(consent->link);
  client_.set_trouble([](const HttpRequest&) { return Error{Errc::timeout, "no answer", {}}; });
  EXPECT_EQ(service_->redeem(answer["state"], Secret(answer["code"])).error().code, Errc::timeout);
  client_.set_trouble({});
  EXPECT_TRUE(service_->redeem(answer["state"], Secret(answer["code"])));
}

TEST_F(AccountService, SendsBrowsersOnlyWhereConsentIsSafe) {
  ASSERT_TRUE(service_->add(google_account()));
  const std::vector<std::string> own{"https://tidemark.example.com/oauth/callback"};
  for (const auto* good : {"http://localhost:1/", "http://127.0.0.1/x", "http://[::1]:4711/",
                           "https://tidemark.example.com/oauth/callback"}) {
    EXPECT_TRUE(service_->connect("acme", "work", good, own)) << good;
  }
  for (const auto* bad : {"https://evil.example.com/", "http://127.0.0.1.evil.example.com/",
                          "https://tidemark.example.com/oauth/callback/x", "", "javascript:1",
                          "http://localhost.example.com/", "http://user@evil.example.com/"}) {
    const auto refused = service_->connect("acme", "work", bad, own);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code, Errc::invalid_argument);
  }
}

TEST_F(AccountService, KeepsRotatedRefreshTokens) {
  google_.with_oauth(
      [](auto& oauth, WallTime) { oauth.set_options({.rotate_refresh_tokens = true}); });
  ASSERT_TRUE(service_->add(google_account()));
  ASSERT_TRUE(connect());
  for (int round = 0; round < 3; ++round) {
    clock_.advance(std::chrono::hours(2));
    ASSERT_TRUE(sync());
    EXPECT_EQ(status().state, "ok") << status().error;
    restart();
  }
  EXPECT_GE(google_.refreshes(), 3);
  EXPECT_EQ(status().state, "ok") << status().error;
}

TEST_F(AccountService, ARevokedAccountWithManyCalendarsAsksOnce) {
  for (int i = 0; i < 49; ++i) {
    google_.add_calendar(kUser,
                         {.id = "c" + std::to_string(i), .summary = "C" + std::to_string(i)});
  }
  ASSERT_TRUE(service_->add(google_account()));
  ASSERT_TRUE(connect());
  ASSERT_TRUE(sync());
  ASSERT_EQ(calendars().size(), 50U);
  const auto before = calendars();

  google_.with_oauth([](auto& oauth, WallTime) { oauth.revoke_user(kUser); });
  clock_.advance(std::chrono::hours(2));
  google_.clear_counts();
  ASSERT_TRUE(sync());
  EXPECT_EQ(google_.refreshes(), 1);
  EXPECT_EQ(status().state, "needs_credentials");
  EXPECT_THAT(status().error, HasSubstr("re-authorization"));
  EXPECT_THAT(status().error, HasSubstr("tidemark account connect work"));
  const auto events = told("account.needs_authorization");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events.back().payload["mend"], "run: tidemark account connect work");
  EXPECT_EQ(events.back().payload["account"]["id"], "work");
  ASSERT_EQ(calendars().size(), 50U);
  EXPECT_EQ(calendars()[7].cursor, before[7].cursor) << "data and cursor are kept";

  google_.insert_event("team", timed_event("New", "2026-01-06T09:00:00Z", "2026-01-06T09:15:00Z"));
  ASSERT_TRUE(connect());
  ASSERT_TRUE(sync());
  EXPECT_EQ(status().state, "ok") << status().error;
  EXPECT_EQ(told("account.authorized_again").size(), 1U);
  EXPECT_EQ(told("calendar.event.created").size(), 2U) << "nothing was told twice";
}

TEST_F(AccountService, NoSecretReachesTheStoreUnsealed) {
  ASSERT_TRUE(service_->add(google_account()));
  const auto consent = service_->connect("acme", "work", kRedirect, {});
  ASSERT_TRUE(consent);
  auto answer = open_link(consent->link);
  ASSERT_TRUE(service_->redeem(answer["state"], Secret(answer["code"])));
  accounts::KeptTokens tokens(*engine_, *vault_, "acme", "work", {});
  const auto token = tokens.load();
  ASSERT_TRUE(token);
  for (std::size_t table = 0; table < kTableCount; ++table) {
    const auto scanned = store_->scan(
        static_cast<Table>(table), "", "", [&](std::string_view, std::string_view value) {
          for (const auto& secret :
               {std::string("hush-hush"), token->reveal(), answer["code"], answer["state"]}) {
            EXPECT_EQ(value.find(secret), std::string_view::npos)
                << name(static_cast<Table>(table));
          }
          return true;
        });
    ASSERT_TRUE(scanned);
  }
}

TEST_F(AccountService, RemovingErasesSecretsAndKeepsTheMirror) {
  ASSERT_TRUE(service_->add(google_account()));
  ASSERT_TRUE(connect());
  ASSERT_TRUE(sync());
  ASSERT_TRUE(service_->remove("acme", "work"));
  run();
  for (const auto which :
       {AccountSecret::client_secret, AccountSecret::refresh_token, AccountSecret::verifier}) {
    const auto opened = vault_->open("acme", secret_name("work", which));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::not_found);
  }
  EXPECT_EQ(status().error_code, "not_configured");
  EXPECT_EQ(calendars()[0].events, 1U);
  EXPECT_EQ(service_->remove("acme", "work").error().code, Errc::not_found);
  google_.clear_counts();
  restart();
  EXPECT_FALSE(sync());
  EXPECT_TRUE(google_.requests().empty());
  EXPECT_TRUE(service_->add(google_account())) << "and it may come back";
}

TEST_F(AccountService, RemovingStopsTheChannels) {
  push_ = {"https://tidemark.example.com/hooks/google", Secret("key")};
  scheduled_ = true;
  restart();
  ASSERT_TRUE(service_->add(google_account()));
  ASSERT_TRUE(connect());
  ASSERT_EQ(google_.live_channels("team").size(), 1U);
  ASSERT_TRUE(service_->remove("acme", "work"));
  run();
  EXPECT_TRUE(google_.live_channels("team").empty());
}

TEST_F(AccountService, ADeclaredAccountIsConnectedButNotRemoved) {
  declared_ = {google_account()};
  restart();
  EXPECT_EQ(service_->add(google_account()).error().code, Errc::conflict);
  ASSERT_TRUE(connect());
  ASSERT_TRUE(sync());
  EXPECT_EQ(status().state, "ok");
  const auto refused = service_->remove("acme", "work");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::conflict);
  restart();
  ASSERT_TRUE(sync());
  EXPECT_EQ(status().state, "ok");
}

TEST_F(AccountService, AConfiguredRefreshTokenCountsAgainOnceItChanges) {
  const auto issue = [&] {
    return google_.with_oauth([](auto& oauth, WallTime now) {
      return oauth.issue_refresh_token(kUser, "client",
                                       std::string(::tidemark::google::kReadOnlyScope), now);
    });
  };
  declared_ = {google_account()};
  declared_[0].settings.oauth->refresh_token = Secret(issue());
  restart();
  ASSERT_TRUE(sync());
  EXPECT_EQ(status().state, "ok") << status().error;
  ASSERT_TRUE(connect());
  google_.with_oauth([](auto& oauth, WallTime) { oauth.revoke_user(kUser); });
  clock_.advance(std::chrono::hours(2));
  ASSERT_TRUE(sync());
  EXPECT_EQ(status().state, "needs_credentials");
  declared_[0].settings.oauth->refresh_token = Secret(issue());
  restart();
  ASSERT_TRUE(sync());
  EXPECT_EQ(status().state, "ok") << status().error;
}

TEST_F(AccountService, WithoutAMasterKeyNothingIsAdded) {
  master_keys_.clear();
  restart();
  const auto refused = service_->add(google_account());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::no_key);
  EXPECT_EQ(service_->find("acme", "work").error().code, Errc::not_found);
}

TEST_F(AccountService, AnAccountWhoseSecretsCannotBeOpenedIsLeftOut) {
  ASSERT_TRUE(service_->add(google_account()));
  ASSERT_TRUE(connect());
  master_keys_.clear();
  restart();
  EXPECT_TRUE(service_->find("acme", "work"));
  EXPECT_EQ(status().error_code, "not_configured");
  google_.clear_counts();
  EXPECT_FALSE(sync());
  EXPECT_TRUE(google_.requests().empty());
}

TEST_F(AccountService, TheSameIdMayBelongToTwoTenants) {
  ASSERT_TRUE(service_->add(google_account()));
  AccountDefinition other = google_account();
  other.settings.tenant = "rival";
  ASSERT_TRUE(service_->add(other));
  EXPECT_EQ(service_->find("", "work").error().code, Errc::conflict);
  EXPECT_EQ(service_->find("rival", "work")->settings.tenant, "rival");
  ASSERT_TRUE(service_->remove("rival", "work"));
  EXPECT_TRUE(service_->find("acme", "work"));
}

}  // namespace
}  // namespace tidemark::test
