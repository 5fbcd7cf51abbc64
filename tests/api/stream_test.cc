// Server-sent events, over a real server.
#include <future>
#include <mutex>

#include "api/api_world.h"

namespace tidemark::test {
namespace {

class FeedStreams : public ApiWorld {
 protected:
  FeedStreams() {
    server_ = make_http_server();
    api_->mount(*server_);
    EXPECT_TRUE(server_->listen("127.0.0.1:0"));
    EXPECT_TRUE(server_->start());
  }
  ~FeedStreams() override { server_->stop(std::chrono::seconds(2)); }

  // Reads the stream until so many events came; their ids.
  std::vector<std::string> follow(std::size_t count, const std::string& key,
                                  const HttpHeaders& more = {}, const std::string& query = "") {
    HttpRequest request;
    request.url = "http://127.0.0.1:" + std::to_string(server_->port()) + "/v1/feed" + query;
    request.headers = {{"Accept", "text/event-stream"}, {"Authorization", "Bearer " + key}};
    request.headers.insert(request.headers.end(), more.begin(), more.end());
    request.total_timeout = std::chrono::seconds(30);
    std::string text;
    std::vector<std::string> ids;
    const auto done = http_.send(request, [&](std::string_view piece) -> Result<void> {
      text += piece;
      ids.clear();
      for (auto at = text.find("\nid: evt_"); at != std::string::npos;
           at = text.find("\nid: evt_", at + 1)) {
        ids.push_back(text.substr(at + 5, 30));
      }
      const bool whole = text.ends_with("\n\n");
      return ids.size() >= count && whole ? fail(Errc::cancelled, "enough") : Result<void>();
    });
    EXPECT_TRUE(done || done.error().message == "enough") << done.error().message;
    return ids;
  }

  std::unique_ptr<HttpServer> server_;
};

TEST_F(FeedStreams, GiveWhatIsThereAndThenWhatComes) {
  sync_all();
  const std::string key = make_key("acme");
  auto following = std::async(std::launch::async, [&] { return follow(3, key); });
  write_event("acme", "three", "Acme grows");
  sync_all();
  const auto ids = following.get();
  std::vector<std::string> wanted;
  const Json feed = get("/v1/feed?tenant=acme");
  for (const auto& event : feed["items"]) wanted.push_back(event["id"]);
  EXPECT_EQ(ids, wanted);
  EXPECT_EQ(ids.size(), 3U);
}

TEST_F(FeedStreams, GoOnAfterTheLastEventThatWasSeen) {
  sync_all();
  const std::string key = make_key("acme");
  const auto ids = follow(2, key);
  ASSERT_EQ(ids.size(), 2U);
  EXPECT_EQ(follow(1, key, {{"Last-Event-ID", ids[0]}}), std::vector{ids[1]});
  // A browser sends its first URL again: where it was comes from the header.
  EXPECT_EQ(follow(1, key, {{"Last-Event-ID", ids[0]}}, "?after=0"), std::vector{ids[1]});
}

TEST_F(FeedStreams, EndWithTheServer) {
  sync_all();
  const std::string key = make_key("acme");
  std::promise<void> began;
  auto following = std::async(std::launch::async, [&] {
    HttpRequest request;
    request.url = "http://127.0.0.1:" + std::to_string(server_->port()) + "/v1/feed";
    request.headers = {{"Accept", "text/event-stream"}, {"Authorization", "Bearer " + key}};
    std::once_flag once;
    return http_.send(request, [&](std::string_view) -> Result<void> {
      std::call_once(once, [&] { began.set_value(); });
      return {};
    });
  });
  began.get_future().wait();
  server_->stop(std::chrono::seconds(5));
  EXPECT_EQ(following.wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST_F(FeedStreams, NeedAKeyLikeEverythingElse) {
  HttpRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(server_->port()) + "/v1/feed";
  request.headers = {{"Accept", "text/event-stream"}};
  const auto response = http_.send(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 401);
  EXPECT_EQ(find_header(response->headers, "Content-Type"), "application/problem+json");
}

TEST_F(FeedStreams, AreBesideOrdinaryAnswersOnTheSameServer) {
  sync_all();
  HttpRequest request;
  request.headers = {{"Authorization", "Bearer " + make_key("acme")}};
  const std::string base = "http://127.0.0.1:" + std::to_string(server_->port());
  for (const auto& [path, status] : std::vector<std::pair<std::string, int>>{
           {"/livez", 200},
           {"/v1/calendars/acme-files%2Facme", 200},
           {"/v1/calendars/" + calendar_of("acme") + ".ics", 200},
           {"/v1/calendars/" + calendar_of("rival") + ".ics", 404},
           {"/v1/feed?limit=1", 200},
           {"/metrics", 200},
           {"/nothing", 404}}) {
    request.url = base + path;
    const auto response = http_.send(request);
    ASSERT_TRUE(response) << path << ": " << response.error().message;
    EXPECT_EQ(response->status, status) << path << ": " << response->body;
  }
}

}  // namespace
}  // namespace tidemark::test
