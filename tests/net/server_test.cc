#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <future>
#include <mutex>

#include "net/curl_client.h"
#include "net/http_server.h"
#include "net/raw_client.h"
#include "support/temporary_directory.h"

namespace tidemark {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::RawClient;
using test::status_of;
using testing::HasSubstr;
using testing::Not;

class HttpServerTest : public testing::Test {
 protected:
  void start() {
    ASSERT_TRUE(server_->listen("127.0.0.1:0"));
    const auto started = server_->start();
    ASSERT_TRUE(started) << started.error().message;
  }

  void echo(const std::string& method, const std::string& pattern) {
    server_->route(method, pattern, [pattern](const ServerRequest& request) {
      std::string text = pattern;
      for (const auto& [name, value] : request.captures) text += " " + name + "=" + value;
      for (const auto& [name, value] : request.query) text += " " + name + ":" + value;
      return ServerResponse{.body = text + request.body, .content_type = "text/plain"};
    });
  }

  HttpResponse get(const std::string& path, const std::string& method = "GET",
                   const std::string& body = {}) {
    HttpRequest request;
    request.method = method;
    request.url = "http://127.0.0.1:" + std::to_string(server_->port()) + path;
    request.body = body;
    auto response = client_.send(request);
    EXPECT_TRUE(response) << response.error().message;
    return response.value_or(HttpResponse{});
  }

  std::unique_ptr<HttpServer> server_ = make_http_server();
  CurlHttpClient client_;
};

TEST_F(HttpServerTest, CapturesAndDecodesPartsOfThePath) {
  echo("GET", "/v1/calendars/{id}");
  echo("GET", "/v1/calendars/{id}.ics");
  echo("GET", "/v1/calendars/{id}/events");
  echo("GET", "/v1/calendars/all");
  start();
  EXPECT_EQ(get("/v1/calendars/a%20b%2Fc").body, "/v1/calendars/{id} id=a b/c");
  EXPECT_EQ(get("/v1/calendars/work.ics").body, "/v1/calendars/{id}.ics id=work");
  EXPECT_EQ(get("/v1/calendars/work%2Eics").body, "/v1/calendars/{id} id=work.ics");
  EXPECT_EQ(get("/v1/calendars/all").body, "/v1/calendars/all");
  EXPECT_EQ(get("/v1/calendars/x/events?to=a%26b&from=1+2").body,
            "/v1/calendars/{id}/events id=x from:1 2 to:a&b");
  EXPECT_EQ(get("/v1/calendars/").status, 404);
  EXPECT_EQ(get("/v1/calendars/x/events/").status, 404);
}

TEST_F(HttpServerTest, AnswersUnknownPathsAndMethodsThroughTheErrorHandler) {
  echo("GET", "/thing");
  echo("POST", "/thing");
  server_->error_handler([](int status, std::string_view) {
    return ServerResponse{.status = status, .body = "mine"};
  });
  start();
  EXPECT_EQ(get("/nothing").status, 404);
  EXPECT_EQ(get("/nothing").body, "mine");
  const HttpResponse wrong = get("/thing", "DELETE");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(find_header(wrong.headers, "Allow"), "GET, HEAD, POST");
  EXPECT_EQ(get("/thing", "PROPFIND").status, 405);
}

TEST_F(HttpServerTest, AnswersHeadLikeGetWithoutTheBody) {
  echo("GET", "/thing");
  start();
  const HttpResponse response = get("/thing", "HEAD");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(find_header(response.headers, "Content-Length"), "6");
  EXPECT_EQ(response.body, "");
}

TEST_F(HttpServerTest, SurvivesHandlersThatThrowOrAnswerNonsense) {
  server_->route("GET", "/throw", [](const ServerRequest&) -> ServerResponse {
    throw std::runtime_error("the detail");
  });
  server_->route("GET", "/throw-int", [](const ServerRequest&) -> ServerResponse { throw 7; });
  server_->route("GET", "/split", [](const ServerRequest&) {
    return ServerResponse{.headers = {{"X", "a\r\nSet-Cookie: b"}}};
  });
  server_->route("GET", "/status",
                 [](const ServerRequest&) { return ServerResponse{.status = 99999}; });
  echo("GET", "/fine");
  start();
  for (const char* path : {"/throw", "/throw-int", "/split", "/status"}) {
    const HttpResponse response = get(path);
    EXPECT_EQ(response.status, 500) << path;
    EXPECT_THAT(response.body, Not(HasSubstr("the detail")));
  }
  EXPECT_EQ(get("/fine").body, "/fine");
}

TEST_F(HttpServerTest, LeavesOutTheLengthWhereTheStatusForbidsIt) {
  server_->route("GET", "/none",
                 [](const ServerRequest&) { return ServerResponse{.status = 204}; });
  server_->route("GET", "/same", [](const ServerRequest&) {
    return ServerResponse{.status = 304, .headers = {{"ETag", "\"1\""}}};
  });
  start();
  EXPECT_FALSE(find_header(get("/none").headers, "Content-Length"));
  const HttpResponse same = get("/same");
  EXPECT_FALSE(find_header(same.headers, "Content-Length"));
  EXPECT_EQ(find_header(same.headers, "ETag"), "\"1\"");
  EXPECT_TRUE(find_header(same.headers, "Date"));
}

TEST_F(HttpServerTest, IgnoresRangeAndCompressionItWasNotBuiltFor) {
  server_->route("GET", "/text", [](const ServerRequest&) {
    return ServerResponse{.body = std::string(5000, 'x'), .content_type = "text/plain"};
  });
  start();
  RawClient client(server_->port());
  client.send("GET /text HTTP/1.1\r\nHost: h\r\nRange: bytes=0-1\r\nAccept-Encoding: br\r\n\r\n");
  const std::string response = client.read_response();
  EXPECT_EQ(status_of(response), 200);
  EXPECT_THAT(response, HasSubstr("Content-Length: 5000\r\n"));
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  echo("POST", "/a");
  echo("GET", "/b");
  start();
  RawClient client(server_->port());
  client.send(
      "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\none"
      "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\ntw\r\n1;x=y\r\no\r\n"
      "0\r\nTrailer: t\r\n\r\n"
      "\r\nGET /b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.read_response(), testing::EndsWith("\r\n\r\n/aone"));
  EXPECT_THAT(client.read_response(), testing::EndsWith("\r\n\r\n/atwo"));
  EXPECT_THAT(client.read_to_end(), testing::EndsWith("\r\n\r\n/b"));
}

TEST_F(HttpServerTest, TakesRequestsByteByByteAndFromHalfClosedClients) {
  echo("POST", "/a");
  start();
  RawClient client(server_->port());
  const std::string request =
      "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  for (const char byte : request) ASSERT_TRUE(client.send({&byte, 1}));
  EXPECT_THAT(client.read_response(), HasSubstr("/aabc"));
  client.send("POST /a HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi");
  client.finish_sending();
  EXPECT_THAT(client.read_to_end(), testing::EndsWith("/ahi"));
}

TEST_F(HttpServerTest, InvitesABodyThatWaitsToBeInvited) {
  echo("POST", "/a");
  start();
  RawClient client(server_->port());
  client.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_response(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  EXPECT_THAT(client.read_response(), HasSubstr("/aok"));
}

TEST_F(HttpServerTest, TellsTheObserverWhatWasAnswered) {
  std::mutex mutex;
  std::vector<std::string> seen;
  server_->observe([&](const ServerRequest& request, int status, double seconds) {
    const std::lock_guard lock(mutex);
    EXPECT_GE(seconds, 0);
    seen.push_back(request.method + " " + request.route + " " + std::to_string(status));
  });
  echo("GET", "/v1/{id}");
  start();
  get("/v1/a");
  get("/v2");
  RawClient client(server_->port());
  client.send("nonsense\r\n\r\n");
  client.read_to_end();
  const std::lock_guard lock(mutex);
  EXPECT_THAT(seen, testing::ElementsAre("GET /v1/{id} 200", "GET  404", "  400"));
}

TEST_F(HttpServerTest, ServesTheOperatorOnAUnixSocketOnlyHeCanOpen) {
  test::TemporaryDirectory directory;
  const std::string path = directory / "tidemark.sock";
  server_->route("GET", "/who", [](const ServerRequest& request) {
    return ServerResponse{.body = request.peer + (request.from_unix_socket ? "!" : "?")};
  });
  ASSERT_TRUE(server_->listen_unix(path));
  start();
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  HttpRequest request;
  request.url = "http://tidemark/who";
  request.unix_socket = path;
  EXPECT_EQ(client_.send(request)->body, "unix!");
  EXPECT_EQ(get("/who").body, "127.0.0.1?");
  server_->stop(seconds(1));
  EXPECT_NE(::stat(path.c_str(), &status), 0) << "the socket file goes with the server";
}

TEST_F(HttpServerTest, ReplacesASocketFileThatNobodyListensOn) {
  test::TemporaryDirectory directory;
  const std::string path = directory / "s";
  const std::string kept = directory / "kept";
  ASSERT_TRUE(server_->listen_unix(path));
  const auto second = make_http_server()->listen_unix(path);
  ASSERT_FALSE(second) << "somebody listens";
  EXPECT_EQ(second.error().code, Errc::conflict);
  ASSERT_EQ(::link(path.c_str(), kept.c_str()), 0);
  server_.reset();
  ASSERT_EQ(::rename(kept.c_str(), path.c_str()), 0);  // as a killed process leaves it
  const auto third = make_http_server()->listen_unix(path);
  EXPECT_TRUE(third) << third.error().message;
}

TEST_F(HttpServerTest, SaysWhyItCannotListen) {
  test::TemporaryDirectory directory;
  const auto too_long = server_->listen_unix(directory / std::string(200, 'x'));
  EXPECT_EQ(too_long.error().code, Errc::invalid_argument);
  EXPECT_THAT(too_long.error().message, HasSubstr("107"));
  std::ofstream(directory / "file") << "precious";
  EXPECT_EQ(server_->listen_unix(directory / "file").error().code, Errc::conflict);
  EXPECT_TRUE(std::filesystem::exists(directory / "file"));
  for (const char* address : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "::1:80",
                              "example.com:80", "127.0.0.1:8x"}) {
    const auto result = server_->listen(address);
    ASSERT_FALSE(result) << address;
    EXPECT_EQ(result.error().code, Errc::invalid_argument) << address;
  }
  ASSERT_TRUE(server_->listen(":0"));
  const auto taken = server_->listen("127.0.0.1:" + std::to_string(server_->port()));
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Errc::conflict);
}

TEST_F(HttpServerTest, LetsARunningRequestFinishWhenItStops) {
  std::promise<void> entered;
  std::promise<void> release;
  server_->route("GET", "/slow", [&](const ServerRequest&) {
    entered.set_value();
    release.get_future().wait();
    return ServerResponse{.body = "done"};
  });
  start();
  RawClient idle(server_->port());
  RawClient client(server_->port());
  client.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
  entered.get_future().wait();
  auto stopped = std::async(std::launch::async, [&] { server_->stop(seconds(60)); });
  EXPECT_EQ(idle.read_to_end(), "");
  release.set_value();
  EXPECT_THAT(client.read_to_end(), HasSubstr("done"));
  stopped.get();
  EXPECT_FALSE(RawClient(server_->port()).connected());
}

TEST_F(HttpServerTest, GivesUpOnARequestAtTheDeadline) {
  std::promise<void> entered;
  std::promise<void> release;
  server_->route("GET", "/stuck", [&](const ServerRequest&) {
    entered.set_value();
    release.get_future().wait();
    return ServerResponse{.body = "late"};
  });
  start();
  RawClient client(server_->port());
  client.send("GET /stuck HTTP/1.1\r\nHost: h\r\n\r\n");
  entered.get_future().wait();
  server_->stop(milliseconds(20));
  EXPECT_EQ(client.read_to_end(), "");
  release.set_value();
}

}  // namespace
}  // namespace tidemark
