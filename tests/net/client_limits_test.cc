#include <gtest/gtest.h>
#include <sys/resource.h>
#include <zlib.h>

#include "net/curl_client.h"
#include "support/raw_http_server.h"

namespace tidemark {
namespace {

using std::chrono::milliseconds;
using test::RawConnection;
using test::RawHttpServer;
using test::RawRequest;

HttpRequest get(const std::string& url) {
  HttpRequest request;
  request.url = url;
  return request;
}

std::string gzip(std::size_t zeros) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string input(zeros, '0');
  std::string output(deflateBound(&stream, zeros), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(output.data());
  stream.avail_out = static_cast<uInt>(output.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  output.resize(stream.total_out);
  deflateEnd(&stream);
  return output;
}

TEST(HttpClientLimits, DecompressesWhatItAskedFor) {
  const std::string packed = gzip(5000);
  RawHttpServer server([&](const RawRequest& request, RawConnection& connection) {
    EXPECT_EQ(request.header("accept-encoding"), "gzip, deflate");
    connection.reply(200, packed, "Content-Encoding: gzip\r\n");
  });
  CurlHttpClient client;
  const auto response = client.send(get(server.url()));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, std::string(5000, '0'));
}

TEST(HttpClientLimits, StopsAZipBomb) {
  const std::string bomb = gzip(64U << 20);
  ASSERT_LT(bomb.size(), 100'000U);
  RawHttpServer server([&](const RawRequest&, RawConnection& connection) {
    connection.reply(200, bomb, "Content-Encoding: gzip\r\n");
  });
  CurlHttpClient client;
  HttpRequest request = get(server.url());
  request.max_body_bytes = 1 << 20;
  std::size_t taken = 0;
  const auto response = client.send(request, [&](std::string_view piece) -> Result<void> {
    taken += piece.size();
    return {};
  });
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::limit_exceeded);
  EXPECT_LE(taken, request.max_body_bytes);
}

TEST(HttpClientLimits, StopsABodyOverTheLimit) {
  RawHttpServer server([](const RawRequest&, RawConnection& connection) {
    connection.reply(200, std::string(1001, 'x'));
  });
  CurlHttpClient client;
  HttpRequest request = get(server.url());
  request.max_body_bytes = 1001;
  EXPECT_TRUE(client.send(request));
  request.max_body_bytes = 1000;
  const auto response = client.send(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::limit_exceeded);
  EXPECT_NE(response.error().message.find("GET 127.0.0.1:"), std::string::npos);
}

TEST(HttpClientLimits, KeepsOnlyTheBeginningOfALongErrorPage) {
  RawHttpServer server([](const RawRequest&, RawConnection& connection) {
    connection.reply(500, std::string(1 << 20, 'e'));
  });
  CurlHttpClient client;
  const auto response = client.send(get(server.url()));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 500);
  EXPECT_EQ(response->body.size(), 64U << 10);
}

TEST(HttpClientLimits, StopsHeadersWithoutEnd) {
  RawHttpServer server([](const RawRequest& request, RawConnection& connection) {
    connection.send("HTTP/1.1 200 OK\r\n");
    const std::string line =
        request.target == "/many" ? "X: y\r\n" : "X: " + std::string(1000, 'y') + "\r\n";
    while (connection.send(line)) {
    }
  });
  CurlHttpClient client;
  for (const char* path : {"/many", "/long"}) {
    const auto response = client.send(get(server.url(path)));
    ASSERT_FALSE(response) << path;
    EXPECT_EQ(response.error().code, Errc::limit_exceeded) << response.error().message;
  }
}

TEST(HttpClientLimits, GivesUpOnASilentServer) {
  RawHttpServer server([](const RawRequest& request, RawConnection& connection) {
    if (request.target == "/midway") {
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbeginning");
    }
    connection.wait_until_closed();
  });
  CurlHttpClient client;
  for (const char* path : {"/", "/midway"}) {
    HttpRequest request = get(server.url(path));
    request.stall_timeout = milliseconds(30);
    const auto response = client.send(request);
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Errc::timeout);
    EXPECT_NE(response.error().message.find("silent for 30ms"), std::string::npos);
  }
}

TEST(HttpClientLimits, GivesUpAtTheTotalTimeoutHoweverBusyTheServer) {
  RawHttpServer server([](const RawRequest&, RawConnection& connection) {
    connection.send("HTTP/1.1 200 OK\r\n\r\n");
    while (connection.send("more ")) {
    }
  });
  CurlHttpClient client;
  HttpRequest request = get(server.url());
  request.total_timeout = milliseconds(50);
  request.max_body_bytes = UINT64_MAX;
  const auto response = client.send(request, [](std::string_view) -> Result<void> { return {}; });
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::timeout);
}

TEST(HttpClientLimits, StreamsTwoHundredMegabytesInFlatMemory) {
  constexpr std::size_t kPiece = 1 << 20;
  constexpr std::size_t kPieces = 200;
  const std::string piece(kPiece, 'p');
  RawHttpServer server([&](const RawRequest&, RawConnection& connection) {
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kPiece * kPieces) +
                    "\r\n\r\n");
    for (std::size_t count = 0; count < kPieces; ++count) connection.send(piece);
  });
  CurlHttpClient client;
  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  HttpRequest request = get(server.url());
  request.max_body_bytes = 1ULL << 30;
  std::size_t taken = 0;
  const auto response = client.send(request, [&](std::string_view bytes) -> Result<void> {
    taken += bytes.size();
    return {};
  });
  ASSERT_TRUE(response) << response.error().message;
  rusage after{};
  getrusage(RUSAGE_SELF, &after);
  EXPECT_EQ(taken, kPiece * kPieces);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 32 * 1024) << "KiB more at the peak";
}

}  // namespace
}  // namespace tidemark
