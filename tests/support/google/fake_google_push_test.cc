// The fake's push channels against rule 16.
#include <gmock/gmock.h>

#include "net/url.h"
#include "support/google/fake_google_fixture.h"

namespace tidemark::test {
namespace {

using ::testing::ElementsAre;

class FakeGooglePush : public FakeGoogleFixture {
 protected:
  Answer watch(const std::string& id, Json more = Json::object()) {
    Json channel = {{"id", id},
                    {"type", "web_hook"},
                    {"address", "https://tidemark.example/push"},
                    {"token", "secret"}};
    channel.merge_patch(more);
    return call("POST", events_path("watch"), channel);
  }
  static std::string header(const HttpRequest& push, const std::string& name) {
    return find_header(push.headers, name).value_or("(none)");
  }
  std::vector<std::string> states() {
    std::vector<std::string> out;
    for (const HttpRequest& push : google_.take_pushes()) {
      out.push_back(header(push, "X-Goog-Resource-State"));
    }
    return out;
  }
};

TEST_F(FakeGooglePush, BeginsWithASyncMessage) {
  const Answer made = watch("channel-1");
  ASSERT_EQ(made.verdict(), "200");
  EXPECT_EQ(made.text("kind"), "api#channel");
  EXPECT_EQ(made.text("token"), "secret");
  const auto pushes = google_.take_pushes();
  ASSERT_EQ(pushes.size(), 1U);
  const HttpRequest& push = pushes[0];
  EXPECT_EQ(push.method, "POST");
  EXPECT_EQ(push.url, "https://tidemark.example/push");
  EXPECT_EQ(push.body, "");
  EXPECT_EQ(header(push, "X-Goog-Channel-ID"), "channel-1");
  EXPECT_EQ(header(push, "X-Goog-Channel-Token"), "secret");
  EXPECT_EQ(header(push, "X-Goog-Resource-ID"), made.text("resourceId"));
  EXPECT_EQ(header(push, "X-Goog-Resource-URI"), made.text("resourceUri"));
  EXPECT_EQ(header(push, "X-Goog-Resource-State"), "sync");
  EXPECT_EQ(header(push, "X-Goog-Message-Number"), "1");
  // A week from Tue, 16 Dec 2025, in words here and in milliseconds there.
  EXPECT_EQ(header(push, "X-Goog-Channel-Expiration"), "Tue, 23 Dec 2025 12:00:00 GMT");
  EXPECT_EQ(made.text("expiration"), "1766491200000");
  EXPECT_THAT(states(), ElementsAre());
}

TEST_F(FakeGooglePush, TellsOfEveryChangeWhoeverMadeItWithGrowingNumbers) {
  watch("channel-1");
  google_.insert_event(kTeam, timed("theirs"));
  call("POST", events_path(), timed("ours1"));
  google_.delete_event(kTeam, "theirs");
  std::vector<int> numbers;
  for (const HttpRequest& push : google_.take_pushes()) {
    numbers.push_back(std::stoi(header(push, "X-Goog-Message-Number")));
  }
  EXPECT_THAT(numbers, ElementsAre(1, 3, 7, 8));
  google_.remove_calendar(kTeam);
  EXPECT_THAT(states(), ElementsAre("not_exists"));
}

TEST_F(FakeGooglePush, HasOneResourceAndTwoChannelsWhileTheyOverlap) {
  const std::string first = watch("channel-1").text("resourceId");
  EXPECT_EQ(watch("channel-2").text("resourceId"), first);
  EXPECT_EQ(watch("channel-2").verdict(), "400 channelIdNotUnique");
  EXPECT_THAT(states(), ElementsAre("sync", "sync"));
  google_.insert_event(kTeam, timed("event"));
  EXPECT_THAT(states(), ElementsAre("exists", "exists"));
  EXPECT_EQ(google_.live_channels(kTeam).size(), 2U);
}

TEST_F(FakeGooglePush, FallsSilentWhenStopped) {
  const std::string resource = watch("channel-1").text("resourceId");
  google_.insert_event(kTeam, timed("event"));
  const auto stop = [&](const Json& body) {
    return call("POST", "/channels/stop", body).verdict();
  };
  EXPECT_EQ(stop({{"id", "channel-1"}, {"resourceId", "another"}}), "404 notFound");
  EXPECT_EQ(stop({{"id", "channel-1"}, {"resourceId", resource}}), "204");
  EXPECT_EQ(stop({{"id", "channel-1"}, {"resourceId", resource}}), "404 notFound");
  google_.insert_event(kTeam, timed("another"));
  EXPECT_THAT(states(), ElementsAre());
  EXPECT_TRUE(google_.live_channels(kTeam).empty());
  EXPECT_EQ(watch("channel-1").verdict(), "400 channelIdNotUnique");
}

TEST_F(FakeGooglePush, FallsSilentAtItsExpiration) {
  const auto wanted = clock_.now().time_since_epoch().count() + 60'000;
  EXPECT_EQ(watch("channel-1", {{"expiration", wanted}}).text("expiration"),
            std::to_string(wanted));
  EXPECT_EQ(watch("channel-2", {{"params", {{"ttl", "30"}}}}).text("expiration"),
            std::to_string(wanted - 30'000));
  google_.take_pushes();
  clock_.advance(std::chrono::seconds(30));
  google_.insert_event(kTeam, timed("event"));
  EXPECT_THAT(states(), ElementsAre("exists"));
  clock_.advance(std::chrono::seconds(30));
  google_.insert_event(kTeam, timed("another"));
  EXPECT_THAT(states(), ElementsAre());
  const auto far = std::to_string(clock_.now().time_since_epoch().count() + 9'000'000'000);
  EXPECT_NE(watch("channel-3", {{"expiration", far}}).text("expiration"), far);
}

TEST_F(FakeGooglePush, RefusesChannelsThatCannotBe) {
  EXPECT_EQ(watch("").verdict(), "400 required");
  EXPECT_EQ(watch("not an id").verdict(), "400 invalid");
  EXPECT_EQ(watch("c", {{"type", "carrier_pigeon"}}).verdict(), "400 push.channelTypeNotSupported");
  EXPECT_EQ(watch("c", {{"token", std::string(257, 'x')}}).verdict(), "400 invalid");
  EXPECT_EQ(watch("c", {{"expiration", 5}}).verdict(), "400 invalid");
  EXPECT_EQ(watch("c", {{"address", "http://127.0.0.1/push"}}).verdict(),
            "400 push.webhookUrlNotHttps");
  google_.accept_http_channels(true);
  EXPECT_EQ(watch("c", {{"address", "http://127.0.0.1/push"}}).verdict(), "200");
  google_.set_forbidden(kTeam, true);
  EXPECT_EQ(watch("d").verdict(), "403 forbidden");
  google_.remove_calendar(kTeam);
  EXPECT_EQ(watch("d").verdict(), "404 notFound");
}

}  // namespace
}  // namespace tidemark::test
