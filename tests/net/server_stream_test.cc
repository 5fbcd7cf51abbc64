#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "net/http_server.h"
#include "net/raw_client.h"

namespace tidemark {
namespace {

using std::chrono::seconds;
using test::RawClient;
using test::status_of;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kGetFeed = "GET /feed HTTP/1.1\r\nHost: h\r\n\r\n";

// A feed whose stream functions run until their client or the server goes.
class HttpServerStream : public testing::Test {
 protected:
  void start(const ServerLimits& limits) {
    server_ = make_http_server(limits);
    server_->route("GET", "/feed", [this](const ServerRequest&) {
      return ServerResponse{.content_type = "text/event-stream",
                            .stream = [this](StreamWriter& writer) { run(writer); }};
    });
    server_->route("GET", "/short", [](const ServerRequest&) {
      return ServerResponse{.content_type = "text/event-stream",
                            .stream = [](StreamWriter& writer) {
                              EXPECT_TRUE(writer.write("data: 1\n\n"));
                              EXPECT_TRUE(writer.write(""));
                              EXPECT_TRUE(writer.write("data: 2\n\n"));
                            }};
    });
    server_->route("GET", "/broken", [](const ServerRequest&) {
      return ServerResponse{.stream = [](StreamWriter& writer) {
        writer.write("part");
        throw std::runtime_error("bang");
      }};
    });
    server_->route("GET", "/plain",
                   [](const ServerRequest&) { return ServerResponse{.body = "plain"}; });
    ASSERT_TRUE(server_->listen("127.0.0.1:0"));
    ASSERT_TRUE(server_->start());
  }

  void run(StreamWriter& writer) {
    writer.write("data: begun\n\n");
    // Flooding, so that a full socket buffer is met too.
    const std::string heartbeat(1 << 16, ':');
    while (writer.open() && writer.write(heartbeat)) {
    }
    EXPECT_FALSE(writer.open());
    const std::lock_guard lock(mutex_);
    ++ended_;
    changed_.notify_all();
  }

  void wait_for_ended(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ >= count; });
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int ended_ = 0;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerStream, SendsPiecesAsChunksAndEndsThemProperly) {
  start({});
  RawClient client(server_->port());
  client.send("GET /short HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string all = client.read_to_end();
  EXPECT_EQ(status_of(all), 200);
  EXPECT_THAT(all, HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_THAT(all, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(all, testing::EndsWith("9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n"));
}

TEST_F(HttpServerStream, LeavesABrokenStreamVisiblyUnfinished) {
  start({});
  RawClient client(server_->port());
  client.send("GET /broken HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string all = client.read_to_end();
  EXPECT_THAT(all, HasSubstr("4\r\npart\r\n"));
  EXPECT_THAT(all, Not(testing::EndsWith("0\r\n\r\n")));
}

TEST_F(HttpServerStream, AnswersHeadWithoutRunningTheStream) {
  start({});
  RawClient client(server_->port());
  client.send("HEAD /feed HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(status_of(client.read_response()), 200);
  EXPECT_EQ(ended_, 0);
}

TEST_F(HttpServerStream, HoldsNoWorkerAndRefusesStreamsOverTheLimit) {
  start({.threads = 1, .streams = 2});
  RawClient first(server_->port());
  RawClient second(server_->port());
  for (RawClient* client : {&first, &second}) {
    client->send(kGetFeed);
    ASSERT_TRUE(client->read_until("data: begun"));
  }
  RawClient third(server_->port());
  third.send(kGetFeed);
  EXPECT_EQ(status_of(third.read_to_end()), 503);
  RawClient plain(server_->port());
  plain.send("GET /plain HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(plain.read_response(), HasSubstr("plain"));
}

TEST_F(HttpServerStream, EndsWhenItsClientGoesAndMakesRoomForAnother) {
  start({.streams = 1});
  for (int round = 1; round <= 3; ++round) {
    {
      RawClient client(server_->port());
      client.send(kGetFeed);
      // The thread of the stream before may be at its last steps: then the answer is 503.
      while (!client.read_until("data: begun")) {
        RawClient retry(server_->port());
        retry.send(kGetFeed);
        if (retry.read_until("data: begun")) break;
      }
    }
    wait_for_ended(round);
  }
}

TEST_F(HttpServerStream, EndsWhenTheServerStops) {
  start({});
  RawClient reading(server_->port());
  RawClient stuck(server_->port());
  for (RawClient* client : {&reading, &stuck}) {
    client->send(kGetFeed);
    ASSERT_TRUE(client->read_until("data: begun"));
  }
  server_->stop(seconds(60));
  wait_for_ended(2);
  reading.read_to_end();
}

}  // namespace
}  // namespace tidemark
