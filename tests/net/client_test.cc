#include <gtest/gtest.h>

#include <cstdlib>
#include <future>
#include <thread>

#include "net/curl_client.h"
#include "support/raw_http_server.h"
#include "support/temporary_directory.h"

namespace tidemark {
namespace {

using test::RawConnection;
using test::RawHttpServer;
using test::RawRequest;

HttpRequest get(const std::string& url) {
  HttpRequest request;
  request.url = url;
  return request;
}

TEST(HttpClient, SendsMethodHeadersAndBodyAsGiven) {
  RawHttpServer server([](const RawRequest&, RawConnection& connection) {
    connection.reply(207, "<ok/>", "ETag: \"7\"\r\n");
  });
  CurlHttpClient client;
  HttpRequest request = get(server.url("/cal/a%20b/?x=1"));
  request.method = "REPORT";
  request.headers = {{"Depth", "1"}, {"Content-Type", "application/xml"}, {"X-Empty", ""}};
  request.body = "<query/>";
  const auto response = client.send(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 207);
  EXPECT_EQ(response->body, "<ok/>");
  EXPECT_EQ(find_header(response->headers, "etag"), "\"7\"");
  const RawRequest seen = server.requests().at(0);
  EXPECT_EQ(seen.method, "REPORT");
  EXPECT_EQ(seen.target, "/cal/a%20b/?x=1");
  EXPECT_EQ(seen.header("depth"), "1");
  EXPECT_EQ(seen.header("content-type"), "application/xml");
  EXPECT_EQ(seen.headers.count("x-empty"), 1U);
  EXPECT_EQ(seen.header("content-length"), "8");
  EXPECT_EQ(seen.headers.count("expect"), 0U);
  EXPECT_EQ(seen.headers.count("authorization"), 0U);
  EXPECT_EQ(seen.body, "<query/>");
}

TEST(HttpClient, ReusesItsConnectionForEveryMethod) {
  RawHttpServer server([](const RawRequest& request, RawConnection& connection) {
    request.method == "HEAD" ? connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
                             : connection.reply(200, request.method);
  });
  CurlHttpClient client;
  for (const char* method :
       {"GET", "PROPFIND", "HEAD", "PUT", "OPTIONS", "DELETE", "POST", "GET"}) {
    HttpRequest request = get(server.url());
    request.method = method;
    if (request.method == "PUT" || request.method == "PROPFIND") request.body = "body";
    const auto response = client.send(request);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->body, request.method == "HEAD" ? "" : method);
    EXPECT_EQ(server.requests().back().body, request.body);
    EXPECT_EQ(server.requests().back().connection, 1) << method;
  }
}

TEST(HttpClient, NeverFollowsARedirect) {
  RawHttpServer other(
      [](const RawRequest&, RawConnection& connection) { connection.reply(200, "stolen"); });
  RawHttpServer server([&](const RawRequest&, RawConnection& connection) {
    connection.reply(302, "moved", "Location: " + other.url() + "\r\n");
  });
  CurlHttpClient client;
  HttpRequest request = get(server.url());
  request.credentials = Credentials{"alice", Secret("pw")};
  const auto response = client.send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(find_header(response->headers, "Location"), other.url());
  EXPECT_EQ(server.requests().size(), 1U);
  EXPECT_TRUE(other.requests().empty());
}

TEST(HttpClient, GivesTheSinkOnlyTheBodyOfASuccess) {
  RawHttpServer server([](const RawRequest& request, RawConnection& connection) {
    connection.reply(request.target == "/ok" ? 200 : 404, "text of " + request.target);
  });
  CurlHttpClient client;
  std::string taken;
  const BodySink sink = [&](std::string_view piece) -> Result<void> {
    taken += piece;
    return {};
  };
  const auto good = client.send(get(server.url("/ok")), sink);
  ASSERT_TRUE(good);
  EXPECT_EQ(taken, "text of /ok");
  EXPECT_EQ(good->body, "");
  taken.clear();
  const auto bad = client.send(get(server.url("/no")), sink);
  ASSERT_TRUE(bad);
  EXPECT_EQ(taken, "");
  EXPECT_EQ(bad->body, "text of /no");
}

TEST(HttpClient, EndsTheTransferWithTheSinksOwnError) {
  RawHttpServer server([](const RawRequest&, RawConnection& connection) {
    connection.reply(200, std::string(1 << 20, 'x'));
  });
  CurlHttpClient client;
  const auto response = client.send(get(server.url()), [](std::string_view) -> Result<void> {
    return fail(Errc::parse_error, "not XML");
  });
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error(), (Error{Errc::parse_error, "not XML", std::nullopt}));
  const auto thrown = client.send(get(server.url()), [](std::string_view) -> Result<void> {
    throw std::runtime_error("bang");
  });
  ASSERT_FALSE(thrown);
  EXPECT_EQ(thrown.error().code, Errc::internal);
}

TEST(HttpClient, RefusesHeadersThatWouldChangeTheRequest) {
  RawHttpServer server(
      [](const RawRequest&, RawConnection& connection) { connection.reply(200, ""); });
  CurlHttpClient client;
  const std::pair<std::string, std::string> bad_headers[] = {{"X", "a\r\nX-Injected: 1"},
                                                             {"X", "a\nb"},
                                                             {"X", std::string("a\0b", 3)},
                                                             {"X: y\r\nZ", "1"},
                                                             {"", "1"},
                                                             {"a b", "1"},
                                                             {"Content-Length", "0"},
                                                             {"transfer-encoding", "chunked"},
                                                             {"Host", "other"}};
  for (const auto& header : bad_headers) {
    HttpRequest request = get(server.url());
    request.headers = {header};
    const auto response = client.send(request);
    ASSERT_FALSE(response) << header.first;
    EXPECT_EQ(response.error().code, Errc::invalid_argument);
  }
  HttpRequest request = get(server.url());
  request.method = "GET /x HTTP/1.1\r\nX:";
  EXPECT_EQ(client.send(request).error().code, Errc::invalid_argument);
  EXPECT_TRUE(server.requests().empty());
}

TEST(HttpClient, RefusesOtherSchemesAndCredentialsInTheUrl) {
  CurlHttpClient client;
  for (const char* url : {"file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "x",
                          "http://alice:hunter2@127.0.0.1/"}) {
    const auto response = client.send(get(url));
    ASSERT_FALSE(response) << url;
    EXPECT_EQ(response.error().code, Errc::invalid_argument);
    EXPECT_EQ(response.error().message.find("hunter2"), std::string::npos);
  }
}

TEST(HttpClient, SaysWhereItCouldNotConnect) {
  std::uint16_t port = 0;
  {
    RawHttpServer gone([](const RawRequest&, RawConnection&) {});
    port = gone.port();
  }
  CurlHttpClient client;
  const auto response =
      client.send(get("http://127.0.0.1:" + std::to_string(port) + "/dav/?token=hunter2"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::unavailable);
  EXPECT_NE(response.error().message.find("GET 127.0.0.1:" + std::to_string(port) + "/dav/"),
            std::string::npos)
      << response.error().message;
  EXPECT_EQ(response.error().message.find("hunter2"), std::string::npos);
}

TEST(HttpClient, CallsAnUnknownHostUnavailable) {
  CurlHttpClient client;
  const auto response = client.send(get("http://nonexistent.invalid/"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::unavailable);
  EXPECT_NE(response.error().message.find("nonexistent.invalid"), std::string::npos);
}

TEST(HttpClient, CallsGarbageAProtocolErrorAndABrokenAnswerUnavailable) {
  RawHttpServer server([](const RawRequest& request, RawConnection& connection) {
    if (request.target == "/garbage") connection.send("220 mail.example.com ESMTP\r\n");
    if (request.target == "/short") {
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
    }
    connection.close();
  });
  CurlHttpClient client;
  EXPECT_EQ(client.send(get(server.url("/garbage"))).error().code, Errc::protocol_error);
  EXPECT_EQ(client.send(get(server.url("/short"))).error().code, Errc::unavailable);
  EXPECT_EQ(client.send(get(server.url("/nothing"))).error().code, Errc::unavailable);
}

TEST(HttpClient, IgnoresProxiesOfTheEnvironment) {
  RawHttpServer server(
      [](const RawRequest&, RawConnection& connection) { connection.reply(200, "direct"); });
  ::setenv("http_proxy", "http://127.0.0.1:1/", 1);
  ::setenv("ALL_PROXY", "http://127.0.0.1:1/", 1);
  CurlHttpClient client;
  const auto response = client.send(get(server.url()));
  ::unsetenv("http_proxy");
  ::unsetenv("ALL_PROXY");
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "direct");
}

TEST(HttpClient, KeepsNoCookies) {
  RawHttpServer server([](const RawRequest&, RawConnection& connection) {
    connection.reply(200, "", "Set-Cookie: session=1; Path=/\r\n");
  });
  CurlHttpClient client;
  ASSERT_TRUE(client.send(get(server.url())));
  ASSERT_TRUE(client.send(get(server.url())));
  EXPECT_EQ(server.requests().at(1).headers.count("cookie"), 0U);
}

TEST(HttpClient, CancelEndsARunningRequestAndEveryLaterOne) {
  RawHttpServer server(
      [](const RawRequest&, RawConnection& connection) { connection.wait_until_closed(); });
  CurlHttpClient client;
  auto waiting = std::async(std::launch::async, [&] { return client.send(get(server.url())); });
  server.wait_for_requests(1);
  client.cancel_all();
  const auto cancelled = waiting.get();
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().code, Errc::cancelled);
  EXPECT_EQ(client.send(get(server.url())).error().code, Errc::cancelled);
}

TEST(HttpClient, ServesManyThreadsAtOnce) {
  RawHttpServer server([](const RawRequest& request, RawConnection& connection) {
    connection.reply(200, request.target);
  });
  CurlHttpClient client;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (int round = 0; round < 20; ++round) {
        const std::string path = "/" + std::to_string(thread) + "/" + std::to_string(round);
        const auto response = client.send(get(server.url(path)));
        ASSERT_TRUE(response) << response.error().message;
        EXPECT_EQ(response->body, path);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  int connections = 0;
  for (const RawRequest& request : server.requests()) {
    connections = std::max(connections, request.connection);
  }
  EXPECT_LE(connections, 8);
}

TEST(HttpClient, SaysThatNobodyAnswersOnAUnixSocket) {
  test::TemporaryDirectory directory;
  CurlHttpClient client;
  HttpRequest request = get("http://tidemark/livez");
  request.unix_socket = directory / "none.sock";
  const auto response = client.send(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::unavailable);
  EXPECT_NE(response.error().message.find("none.sock"), std::string::npos);
}

}  // namespace
}  // namespace tidemark
