#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "net/http_server.h"
#include "net/raw_client.h"
#include "support/temporary_directory.h"

namespace tidemark {
namespace {

using std::chrono::milliseconds;
using test::RawClient;
using test::status_of;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

std::unique_ptr<HttpServer> start_server(const ServerLimits& limits) {
  auto server = make_http_server(limits);
  const auto echo = [](const ServerRequest& request) {
    return ServerResponse{.body = "length " + std::to_string(request.body.size())};
  };
  server->route("GET", "/", echo);
  server->route("POST", "/", echo);
  server->route("GET", "/large", [](const ServerRequest&) {
    return ServerResponse{.body = std::string(64U << 20, 'x')};
  });
  EXPECT_TRUE(server->listen("127.0.0.1:0"));
  EXPECT_TRUE(server->start());
  return server;
}

// What the server says to these bytes; 0 when it just closes.
int answer_to(const HttpServer& server, const std::string& bytes) {
  RawClient client(server.port());
  client.send(bytes);
  return status_of(client.read_response());
}

TEST(HttpServerLimits, RefusesWhatCouldSmuggleAnotherRequest) {
  const auto server = start_server({});
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
  for (const std::string& bytes : {
           post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
           post + "Content-Length: 5, 5\r\n\r\nhello",
           post + "Content-Length: +5\r\n\r\nhello",
           post + "Content-Length: -1\r\n\r\n",
           post + "Content-Length:\r\n\r\n",
           post + "Content-Length : 5\r\n\r\nhello",
           post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           post + "Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n",
           post + "Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n",
           post + "Transfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n0\r\n\r\n",
           post + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
           post + "X: a\r\n folded\r\n\r\n",
           post + "X: a\nY: b\r\n\r\n",
           post + "X: a\rY: b\r\n\r\n",
           post + "no colon\r\n\r\n",
           post + "Host: other\r\n\r\n",
           std::string("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
           std::string("GET / HTTP/1.1\r\n\r\n"),
       }) {
    EXPECT_EQ(answer_to(*server, bytes), 400) << bytes;
  }
  EXPECT_EQ(answer_to(*server, post + "Transfer-Encoding: gzip, chunked\r\n\r\n"), 501);
}

TEST(HttpServerLimits, RefusesMalformedRequestLines) {
  const auto server = start_server({});
  for (const char* line :
       {"GET", "GET /", "/ GET HTTP/1.1 x", "GET  / HTTP/1.1", "GET x HTTP/1.1",
        "GET /%zz HTTP/1.1", "GET /%2 HTTP/1.1", "GET /%00 HTTP/1.1", "GET /?a=%g0 HTTP/1.1",
        "G{T / HTTP/1.1", "GET /a b HTTP/1.1", "GET /\xff HTTP/1.1", "GET /#x HTTP/1.1",
        "GET / FTP/1.1", "\x16\x03\x01\x02"}) {
    EXPECT_EQ(answer_to(*server, std::string(line) + "\r\nHost: h\r\n\r\n"), 400) << line;
  }
  EXPECT_EQ(answer_to(*server, "GET / HTTP/2.0\r\nHost: h\r\n\r\n"), 505);
  EXPECT_EQ(answer_to(*server, "GET / HTTP/1.1\r\nHost: h\r\nExpect: tea\r\n\r\n"), 417);
  EXPECT_EQ(answer_to(*server, "GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n"), 200);
  EXPECT_EQ(answer_to(*server, "GET /../../etc/passwd HTTP/1.1\r\nHost: h\r\n\r\n"), 404);
}

TEST(HttpServerLimits, RefusesHeadersOverTheLimit) {
  const auto server = start_server({.header_bytes = 1000});
  const std::string start = "GET / HTTP/1.1\r\nHost: h\r\n";
  EXPECT_EQ(answer_to(*server, start + "X: " + std::string(900, 'x') + "\r\n\r\n"), 200);
  EXPECT_EQ(answer_to(*server, start + "X: " + std::string(1000, 'x') + "\r\n\r\n"), 431);
  EXPECT_EQ(answer_to(*server, start + "X: " + std::string(1000, 'x')), 431) << "unfinished";
  std::string many = start;
  for (int count = 0; count < 101; ++count) many += "a:\r\n";
  EXPECT_EQ(answer_to(*server, many + "\r\n"), 431);
  const auto roomy = start_server({.header_bytes = 20000});
  EXPECT_EQ(answer_to(*roomy, "GET /" + std::string(9000, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n"),
            414);
}

TEST(HttpServerLimits, RefusesBodiesOverTheLimit) {
  const auto server = start_server({.body_bytes = 1000});
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
  const auto sized = [&](const std::string& length) {
    return answer_to(*server,
                     post + "Content-Length: " + length + "\r\n\r\n" + std::string(1001, 'x'));
  };
  EXPECT_EQ(sized("1000"), 200);
  EXPECT_EQ(sized("1001"), 413);
  EXPECT_EQ(sized("99999999999999999999999999"), 413);
  const auto chunked = [&](const std::string& chunks) {
    return answer_to(*server, post + "Transfer-Encoding: chunked\r\n\r\n" + chunks);
  };
  const std::string half = "1f4\r\n" + std::string(500, 'x') + "\r\n";
  EXPECT_EQ(chunked(half + half + "0\r\n\r\n"), 200);
  EXPECT_EQ(chunked(half + half + "1\r\n"), 413) << "before the byte itself has arrived";
  EXPECT_EQ(chunked("ffffffff\r\n"), 413);
  EXPECT_EQ(chunked("0\r\n" + std::string(5000, 't')), 400) << "endless trailers";
}

TEST(HttpServerLimits, DoesNotInviteABodyThatIsTooLarge) {
  const auto server = start_server({.body_bytes = 1000});
  EXPECT_EQ(answer_to(*server,
                      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n"
                      "Expect: 100-continue\r\n\r\n"),
            413);
}

TEST(HttpServerLimits, ClosesConnectionsOverTheTotal) {
  const auto server = start_server({.connections = 2});
  RawClient first(server->port());
  RawClient second(server->port());
  first.send(kGet);
  EXPECT_EQ(status_of(first.read_response()), 200);
  second.send(kGet);
  EXPECT_EQ(status_of(second.read_response()), 200);
  RawClient third(server->port());
  EXPECT_EQ(third.read_to_end(), "");
}

TEST(HttpServerLimits, ClosesConnectionsOverTheAddressesShareButNotTheOperators) {
  test::TemporaryDirectory directory;
  auto server = make_http_server({.connections_per_address = 1});
  server->route("GET", "/", [](const ServerRequest&) { return ServerResponse{}; });
  ASSERT_TRUE(server->listen("127.0.0.1:0"));
  ASSERT_TRUE(server->listen_unix(directory / "s"));
  ASSERT_TRUE(server->start());
  RawClient first(server->port());
  first.send(kGet);
  EXPECT_EQ(status_of(first.read_response()), 200);
  RawClient second(server->port());
  EXPECT_EQ(second.read_to_end(), "");
  RawClient operators(directory / "s");
  operators.send(kGet);
  EXPECT_EQ(status_of(operators.read_response()), 200);
}

TEST(HttpServerLimits, CountsAClosedConnectionNoLonger) {
  const auto server = start_server({.connections = 1});
  // The client sees the end a moment before the server has forgotten the connection, so some
  // attempts are turned away; were the count never lowered, all but the first would be.
  for (int served = 0; served < 20;) {
    RawClient client(server->port());
    client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    served += status_of(client.read_response()) == 200 ? 1 : 0;
  }
}

TEST(HttpServerLimits, TellsASlowSenderOfHeadersThatTimeIsUp) {
  const auto server = start_server({.header_timeout = milliseconds(30)});
  RawClient client(server->port());
  client.send("GET / HTTP/1.1\r\nHost: ");
  EXPECT_EQ(status_of(client.read_to_end()), 408);
}

TEST(HttpServerLimits, GivesNoExtraTimeForATrickleOfHeaders) {
  const auto server = start_server({.header_timeout = milliseconds(50)});
  RawClient client(server->port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\nX: ");
  while (client.send("x")) {
  }
  SUCCEED() << "the server has closed although bytes kept coming";
}

TEST(HttpServerLimits, TellsASlowSenderOfABodyThatTimeIsUp) {
  const auto server = start_server({.body_timeout = milliseconds(30)});
  RawClient client(server->port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel");
  EXPECT_EQ(status_of(client.read_to_end()), 408);
}

TEST(HttpServerLimits, ClosesIdleConnectionsWithoutAWord) {
  const auto server = start_server({.idle_timeout = milliseconds(30)});
  RawClient silent(server->port());
  EXPECT_EQ(silent.read_to_end(), "");
  RawClient client(server->port());
  client.send(kGet);
  EXPECT_EQ(status_of(client.read_response()), 200);
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(HttpServerLimits, ServesOthersWhileSlowClientsOutnumberItsThreads) {
  const auto server = start_server({.threads = 1});
  std::vector<std::unique_ptr<RawClient>> slow;
  for (const char* bytes :
       {"", "GET", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n1",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n1",
        "GET /large HTTP/1.1\r\nHost: h\r\n\r\n", "GET /large HTTP/1.1\r\nHost: h\r\n\r\n"}) {
    slow.push_back(std::make_unique<RawClient>(server->port()));
    slow.back()->send(bytes);
  }
  // One of the large answers has begun and nobody reads it on.
  ASSERT_TRUE(slow.back()->read_until("\r\n\r\n"));
  RawClient client(server->port());
  client.send(kGet);
  EXPECT_EQ(status_of(client.read_response()), 200);
}

TEST(HttpServerLimits, GivesUpOnAClientThatDoesNotReadItsAnswer) {
  const auto server = start_server({.write_timeout = milliseconds(30)});
  RawClient client(server->port());
  client.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
  // As many requests again as the answer needs to time out: they end when the server closes.
  while (client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")) {
  }
  EXPECT_LT(client.read_to_end().size(), 64U << 20);
}

}  // namespace
}  // namespace tidemark
