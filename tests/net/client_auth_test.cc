#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <mutex>

#include "net/curl_client.h"
#include "support/raw_http_server.h"

namespace tidemark {
namespace {

using test::RawConnection;
using test::RawHttpServer;
using test::RawRequest;

constexpr const char* kBasicOfAlice = "Basic YWxpY2U6b3BlbiBzZXNhbWU=";  // alice:open sesame

std::string hex_digest(const EVP_MD* algorithm, const std::string& text) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), bytes, &size, algorithm, nullptr);
  std::string hex;
  for (unsigned at = 0; at < size; ++at) {
    char pair[3];
    std::snprintf(pair, sizeof pair, "%02x", bytes[at]);
    hex += pair;
  }
  return hex;
}

std::string field(const std::string& header, const std::string& name) {
  const std::size_t at = header.find(" " + name + "=");
  if (at == std::string::npos) return {};
  std::size_t from = at + name.size() + 2;
  const bool quoted = header[from] == '"';
  if (quoted) ++from;
  return header.substr(from, header.find_first_of(quoted ? "\"" : ",", from) - from);
}

// RFC 7616 section 3.4.1, for qop=auth.
bool digest_is_right(const RawRequest& request, const EVP_MD* algorithm, const std::string& nonce) {
  const std::string header = request.header("authorization");
  if (!header.starts_with("Digest ") || field(header, "nonce") != nonce) return false;
  const std::string secret = hex_digest(algorithm, "alice:Calendars:open sesame");
  const std::string action = hex_digest(algorithm, request.method + ":" + field(header, "uri"));
  const std::string expected =
      hex_digest(algorithm, secret + ":" + nonce + ":" + field(header, "nc") + ":" +
                                field(header, "cnonce") + ":auth:" + action);
  return field(header, "username") == "alice" && field(header, "uri") == request.target &&
         field(header, "response") == expected;
}

HttpRequest request_as_alice(const std::string& url, const std::string& body = {}) {
  HttpRequest request;
  request.url = url;
  request.method = body.empty() ? "GET" : "PROPFIND";
  request.body = body;
  request.credentials = Credentials{"alice", Secret("open sesame")};
  return request;
}

void ask_for(RawConnection& connection, const std::string& challenges) {
  connection.reply(401, "who are you?", challenges);
}

constexpr const char* kBasicChallenge = "WWW-Authenticate: Basic realm=\"Calendars\"\r\n";

std::string digest_challenge(const std::string& algorithm, const std::string& nonce) {
  return "WWW-Authenticate: Digest realm=\"Calendars\", qop=\"auth\", algorithm=" + algorithm +
         ", nonce=\"" + nonce + "\"\r\n";
}

TEST(HttpClientAuth, AsksFirstOverPlainHttpAndThenRemembersBasic) {
  RawHttpServer server([](const RawRequest& request, RawConnection& connection) {
    request.header("authorization") == kBasicOfAlice ? (void)connection.reply(200, "hello")
                                                     : ask_for(connection, kBasicChallenge);
  });
  CurlHttpClient client;
  for (int round = 0; round < 3; ++round) {
    const auto response = client.send(request_as_alice(server.url(), "<propfind/>"));
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "hello");
  }
  const auto seen = server.requests();
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_EQ(seen[0].header("authorization"), "");
  EXPECT_EQ(seen[1].body, "<propfind/>");
  EXPECT_EQ(seen[3].header("authorization"), kBasicOfAlice);
}

class DigestTest : public testing::TestWithParam<std::string> {};

TEST_P(DigestTest, AnswersAndReusesTheNonce) {
  const EVP_MD* algorithm = GetParam() == "MD5" ? EVP_md5() : EVP_sha256();
  RawHttpServer server([&](const RawRequest& request, RawConnection& connection) {
    digest_is_right(request, algorithm, "n0nce")
        ? (void)connection.reply(207, "hello")
        : ask_for(connection, kBasicChallenge + digest_challenge(GetParam(), "n0nce"));
  });
  CurlHttpClient client;
  for (int round = 0; round < 3; ++round) {
    const auto response = client.send(request_as_alice(server.url("/dav/?x=1"), "<propfind/>"));
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, 207);
    EXPECT_EQ(server.requests().back().body, "<propfind/>");
  }
  EXPECT_EQ(server.requests().size(), 4U) << "one challenge, three answers";
  for (const RawRequest& request : server.requests()) {
    EXPECT_EQ(request.header("authorization").find("Basic"), std::string::npos)
        << "the password must not travel when Digest is offered";
  }
}

INSTANTIATE_TEST_SUITE_P(Algorithms, DigestTest, testing::Values("MD5", "SHA-256"),
                         [](const auto& info) { return info.param.substr(0, 3); });

TEST(HttpClientAuth, TakesANewNonceWhenTheOldOneIsStale) {
  std::mutex mutex;
  std::string nonce = "first";
  RawHttpServer server([&](const RawRequest& request, RawConnection& connection) {
    const std::lock_guard lock(mutex);
    if (digest_is_right(request, EVP_md5(), nonce)) {
      nonce = "second";
      connection.reply(200, "hello");
    } else {
      connection.reply(401, "",
                       "WWW-Authenticate: Digest realm=\"Calendars\", qop=\"auth\", "
                       "stale=true, nonce=\"" +
                           nonce + "\"\r\n");
    }
  });
  CurlHttpClient client;
  EXPECT_EQ(client.send(request_as_alice(server.url(), "<a/>"))->status, 200);
  EXPECT_EQ(server.requests().size(), 2U);
  const std::lock_guard lock(mutex);
  EXPECT_EQ(nonce, "second");
}

TEST(HttpClientAuth, ReturnsThe401WhenThePasswordIsWrong) {
  for (const std::string& challenge :
       {std::string(kBasicChallenge), digest_challenge("MD5", "n"), std::string()}) {
    RawHttpServer server(
        [&](const RawRequest&, RawConnection& connection) { ask_for(connection, challenge); });
    CurlHttpClient client;
    const auto response = client.send(request_as_alice(server.url()));
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, 401);
    EXPECT_EQ(response->body, "who are you?");
    EXPECT_LE(server.requests().size(), 2U) << "no guessing at the server's lock-out counter";
  }
}

TEST(HttpClientAuth, FollowsAServerThatChangesItsScheme) {
  std::atomic<bool> wants_digest{false};
  RawHttpServer server([&](const RawRequest& request, RawConnection& connection) {
    if (wants_digest) {
      digest_is_right(request, EVP_md5(), "n") ? (void)connection.reply(200, "digest")
                                               : ask_for(connection, digest_challenge("MD5", "n"));
    } else {
      request.header("authorization") == kBasicOfAlice ? (void)connection.reply(200, "basic")
                                                       : ask_for(connection, kBasicChallenge);
    }
  });
  CurlHttpClient client;
  EXPECT_EQ(client.send(request_as_alice(server.url()))->body, "basic");
  wants_digest = true;
  EXPECT_EQ(client.send(request_as_alice(server.url(), "<a/>"))->body, "digest");
  EXPECT_EQ(server.requests().back().body, "<a/>");
  wants_digest = false;
  EXPECT_EQ(client.send(request_as_alice(server.url()))->body, "basic");
}

TEST(HttpClientAuth, KeepsUsersApartOnTheSameServer) {
  RawHttpServer server([](const RawRequest& request, RawConnection& connection) {
    request.header("authorization").empty()
        ? ask_for(connection, kBasicChallenge)
        : (void)connection.reply(200, request.header("authorization"));
  });
  CurlHttpClient client;
  EXPECT_EQ(client.send(request_as_alice(server.url()))->body, kBasicOfAlice);
  HttpRequest bob = request_as_alice(server.url());
  bob.credentials = Credentials{"bob", Secret("pw")};
  EXPECT_EQ(client.send(bob)->body, "Basic Ym9iOnB3");
  HttpRequest nobody = request_as_alice(server.url());
  nobody.credentials.reset();
  EXPECT_EQ(client.send(nobody)->status, 401);
  EXPECT_EQ(server.requests().back().header("authorization"), "");
}

TEST(HttpClientAuth, NeverSendsOneHostsCredentialsToAnother) {
  const auto open_door = [](const RawRequest& request, RawConnection& connection) {
    request.target == "/login" && request.header("authorization").empty()
        ? ask_for(connection, kBasicChallenge)
        : (void)connection.reply(200, "");
  };
  RawHttpServer first(open_door);
  RawHttpServer second(open_door);
  CurlHttpClient client;
  ASSERT_EQ(client.send(request_as_alice(first.url("/login")))->status, 200);
  HttpRequest other = request_as_alice(second.url());
  other.credentials.reset();
  ASSERT_EQ(client.send(other)->status, 200);
  EXPECT_EQ(second.requests().at(0).header("authorization"), "");
}

}  // namespace
}  // namespace tidemark
