// Access tokens (calendar rule 15), quota gates and refusals (rules 5, 13 and 14).
#include <gmock/gmock.h>

#include <atomic>
#include <deque>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "providers/google/access_tokens.h"
#include "providers/google/api_client.h"
#include "providers/google/api_error.h"

namespace tidemark::google {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

// Answers from a script, one after the other.
class ScriptedHttp final : public HttpClient {
 public:
  Result<HttpResponse> send(const HttpRequest& request, const BodySink& sink) override {
    const std::lock_guard lock(mutex);
    requests.push_back(request);
    if (meanwhile) meanwhile();
    if (answers.empty()) return fail(Errc::unavailable, "no more answers");
    HttpResponse answer = std::move(answers.front());
    answers.pop_front();
    if (sink && answer.status < 300) {
      TM_TRY(sink(answer.body));
      answer.body.clear();
    }
    return answer;
  }

  void answer(int status, std::string body, HttpHeaders headers = {}) {
    answers.push_back({status, std::move(headers), std::move(body)});
  }
  void answer_token(const std::string& token, int life = 3600) {
    answer(200, R"({"access_token":")" + token + R"(","expires_in":)" + std::to_string(life) + "}");
  }

  std::mutex mutex;
  std::deque<HttpResponse> answers;
  std::function<void()> meanwhile;  // while a request is on its way
  std::vector<HttpRequest> requests;
};

class GoogleAccess : public testing::Test {
 protected:
  GoogleAccess() {
    settings.id = "work";
    settings.oauth =
        OAuthSettings{"client", Secret("hush"), Secret("refresh"), std::nullopt, "s"};
    tokens = std::make_shared<AccessTokens>(http, settings, "https://t.example/token",
                                            [this] { return now; });
  }

  ApiClient api() {
    return ApiClient(http, settings, "https://a.example", tokens, project, [this] { return now; });
  }
  Result<std::string> get(const ApiClient& client) {
    std::string body;
    TM_TRY(client.get({"/x", {{"a", "b c&"}}, "reading", false}, [&](std::string_view piece) {
      body += piece;
      return Result<void>{};
    }));
    return body;
  }

  WallTime now{std::chrono::hours(24 * 20'000)};
  ScriptedHttp http;
  AccountSettings settings;
  std::shared_ptr<AccessTokens> tokens;
  std::shared_ptr<QuotaGate> project = std::make_shared<QuotaGate>();
};

constexpr const char* kInvalidGrant =
    R"({"error":"invalid_grant","error_description":"Token has been expired or revoked."})";

TEST_F(GoogleAccess, ATokenIsMadeOnceAndUsedUntilAMinuteBeforeItsEnd) {
  http.answer_token("t1");
  http.answer_token("t2");
  EXPECT_EQ(tokens->get()->reveal(), "t1");
  now += seconds{3539};
  EXPECT_EQ(tokens->get()->reveal(), "t1");
  now += seconds{1};
  EXPECT_EQ(tokens->get()->reveal(), "t2");
  ASSERT_EQ(http.requests.size(), 2U);
  EXPECT_EQ(http.requests[0].method, "POST");
  EXPECT_EQ(http.requests[0].body,
            "grant_type=refresh_token&refresh_token=refresh&client_id=client&client_secret=hush");
}

TEST_F(GoogleAccess, ALifetimeThatCannotBeIsBounded) {
  for (const char* life : {"-5", "1e300", "-1e300", "0", "\"soon\"", "null"}) {
    http.answer(200, std::string(R"({"access_token":"t","expires_in":)") + life + "}");
    EXPECT_TRUE(tokens->get().has_value()) << life;
    now += std::chrono::hours(25);
  }
  EXPECT_EQ(http.requests.size(), 6U);
}

TEST_F(GoogleAccess, Rule15A401IsAnsweredByOneNewTokenAndOneMoreTry) {
  http.answer_token("old");
  http.answer(401, "{}");
  http.answer_token("new");
  http.answer(200, "page");
  const ApiClient client = api();
  EXPECT_EQ(get(client).value(), "page");
  EXPECT_EQ(http.requests[1].url, "https://a.example/x?a=b%20c%26");
  EXPECT_EQ(find_header(http.requests[1].headers, "Authorization"), "Bearer old");
  EXPECT_EQ(find_header(http.requests[3].headers, "Authorization"), "Bearer new");

  http.answer(401, "{}");
  http.answer_token("newer");
  http.answer(401, "{}");
  const auto refused = get(client);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::unauthorized);
  EXPECT_EQ(http.requests.size(), 7U) << "no third try";
}

TEST_F(GoogleAccess, Rule15InvalidGrantIsUnauthorizedAndSaysWhatToDo) {
  http.answer(400, kInvalidGrant);
  const auto token = tokens->get();
  ASSERT_FALSE(token.has_value());
  EXPECT_EQ(token.error().code, Errc::unauthorized);
  EXPECT_THAT(token.error().message, HasSubstr("needs re-authorization"));
  EXPECT_THAT(token.error().message, HasSubstr("account work"));
  EXPECT_THAT(token.error().message, Not(HasSubstr("hush")));
}

TEST_F(GoogleAccess, ATokenEndpointThatIsBusyOrBrokenIsNoRefusal) {
  http.answer(503, "", {{"Retry-After", "7"}});
  auto token = tokens->get();
  ASSERT_FALSE(token.has_value());
  EXPECT_EQ(token.error().code, Errc::unavailable);
  EXPECT_EQ(token.error().retry_after, seconds{7});
  http.answer(200, "<html>");
  token = tokens->get();
  ASSERT_FALSE(token.has_value());
  EXPECT_EQ(token.error().code, Errc::protocol_error);
  http.answer_token("t");
  EXPECT_EQ(tokens->get()->reveal(), "t") << "a failure is not remembered";
}

// Holds the first request until it is told to go on.
class HeldHttp final : public HttpClient {
 public:
  Result<HttpResponse> send(const HttpRequest&, const BodySink&) override {
    ++asked;
    arrived.set_value();
    go.get_future().wait();
    return HttpResponse{400, {}, kInvalidGrant};
  }
  std::promise<void> arrived;
  std::promise<void> go;
  int asked = 0;
};

TEST_F(GoogleAccess, Rule15RefreshesAreSingleFlightEvenWhenRefused) {
  HeldHttp held;
  std::promise<void> second_asked_the_time;
  std::atomic<int> times{0};
  AccessTokens shared(held, settings, "https://t.example/token", [&] {
    // The first caller asks when it comes and when it makes a token; the third is the other one.
    if (++times == 3) second_asked_the_time.set_value();
    return now;
  });
  auto first = std::async(std::launch::async, [&] { return shared.get(); });
  held.arrived.get_future().wait();
  auto second = std::async(std::launch::async, [&] { return shared.get(); });
  second_asked_the_time.get_future().wait();
  held.go.set_value();
  EXPECT_FALSE(first.get().has_value());
  EXPECT_FALSE(second.get().has_value());
  EXPECT_EQ(held.asked, 1);
}

TEST_F(GoogleAccess, AServiceAccountSignsItsAssertion) {
  settings.oauth->service_account = ServiceAccount{"bot@p.example", "k1", Secret("no key"), ""};
  AccessTokens broken(http, settings, "https://t.example/token", [this] { return now; });
  const auto refused = broken.get();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::invalid_argument);
  EXPECT_THAT(refused.error().message, Not(HasSubstr("no key\"")));
  EXPECT_TRUE(http.requests.empty());
}

TEST_F(GoogleAccess, Rule14AUsedUpQuotaHoldsEverybodyBackWhoSharesIt) {
  http.answer_token("t");
  http.answer(403,
              R"({"error":{"errors":[{"reason":"rateLimitExceeded"}],"message":"slow down"}})");
  const ApiClient one = api();
  const ApiClient other = api();
  const auto refused = get(one);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  EXPECT_EQ(refused.error().retry_after, seconds{1});
  EXPECT_THAT(refused.error().message, HasSubstr("quota"));
  EXPECT_FALSE(get(other).has_value());
  EXPECT_EQ(http.requests.size(), 2U) << "the other client did not even ask";
  now += seconds{1};
  http.answer(200, "page");
  EXPECT_TRUE(get(other).has_value());
}

TEST_F(GoogleAccess, Rule14AQuotaThatEndsWhileATokenIsMadeHoldsBack) {
  const ApiClient client = api();
  http.answer_token("one");
  http.meanwhile = [&] { project->close(now, seconds(30)); };
  EXPECT_EQ(get(client).error().retry_after, seconds(30));
  EXPECT_EQ(http.requests.size(), 1U) << "the token's";
}

TEST_F(GoogleAccess, Rule14AUsersQuotaIsItsOwn) {
  http.answer_token("t");
  http.answer(403, R"({"error":{"errors":[{"reason":"userRateLimitExceeded"}]}})",
              {{"Retry-After", "30"}});
  const ApiClient one = api();
  const ApiClient other = api();
  EXPECT_EQ(get(one).error().retry_after, seconds{30});
  http.answer(200, "page");
  EXPECT_TRUE(get(other).has_value());
  const auto held = get(one);
  ASSERT_FALSE(held.has_value());
  EXPECT_EQ(held.error().retry_after, seconds{30});
}

TEST(QuotaGate, WaitsTwiceAsLongEachTimeUpToAMinute) {
  QuotaGate gate;
  WallTime now{};
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 8; ++i) {
    gate.close(now, std::nullopt);
    gate.close(now, std::nullopt);  // another request of the same moment
    const auto wait = gate.closed_for(now);
    ASSERT_TRUE(wait.has_value());
    waits.push_back(wait->count());
    now += *wait;
    EXPECT_FALSE(gate.closed_for(now).has_value());
  }
  EXPECT_THAT(waits, testing::ElementsAre(1, 2, 4, 8, 16, 32, 64, 64));
  gate.succeed();
  gate.close(now, std::nullopt);
  EXPECT_EQ(gate.closed_for(now), seconds{1});
}

TEST(ApiError, MeansWhatTheRulesSay) {
  struct Case {
    int status;
    const char* reason;
    bool with_token;
    Errc code;
    Quota quota;
  };
  const Case cases[] = {
      {401, "authError", false, Errc::unauthorized, Quota::none},
      {403, "rateLimitExceeded", true, Errc::unavailable, Quota::project},
      {403, "quotaExceeded", true, Errc::unavailable, Quota::project},
      {403, "userRateLimitExceeded", true, Errc::unavailable, Quota::user},
      {403, "forbidden", true, Errc::forbidden, Quota::none},
      {403, "insufficientPermissions", true, Errc::forbidden, Quota::none},
      {429, "rateLimitExceeded", false, Errc::unavailable, Quota::project},
      {429, "", false, Errc::unavailable, Quota::user},
      {500, "backendError", true, Errc::unavailable, Quota::none},
      {503, "", true, Errc::unavailable, Quota::none},
      {404, "notFound", true, Errc::not_found, Quota::none},
      {410, "fullSyncRequired", true, Errc::stale_cursor, Quota::none},
      {410, "updatedMinTooLongAgo", true, Errc::stale_cursor, Quota::none},
      {410, "deleted", true, Errc::not_found, Quota::none},
      {400, "invalid", true, Errc::stale_cursor, Quota::none},
      {400, "badRequest", false, Errc::protocol_error, Quota::none},
      {412, "conditionNotMet", false, Errc::conflict, Quota::none},
      {302, "", false, Errc::protocol_error, Quota::none},
  };
  for (const Case& one : cases) {
    const Json body{{"error", {{"errors", Json::array({{{"reason", one.reason}}})}}}};
    const Refusal refusal = read_refusal({one.status, {}, dump_json(body)}, "here", one.with_token);
    EXPECT_EQ(refusal.error.code, one.code) << one.status << " " << one.reason;
    EXPECT_EQ(refusal.quota, one.quota) << one.status << " " << one.reason;
    EXPECT_THAT(refusal.error.message, HasSubstr("here: HTTP " + std::to_string(one.status)));
  }
  for (const char* body : {"", "<html>", "[]", R"({"error":7})", R"({"error":{"errors":7}})"}) {
    EXPECT_EQ(read_refusal({503, {}, body}, "here", false).error.code, Errc::unavailable);
  }
}

}  // namespace
}  // namespace tidemark::google
