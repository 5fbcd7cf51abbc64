#include <gtest/gtest.h>

#include "net/async_http_support.h"
#include "support/http2_server.h"
#include "support/temporary_directory.h"
#include "support/tls_server.h"

namespace tidemark {
namespace {

using test::Http2Server;
using test::make_client;
using test::Outcome;
using test::post_to;
using test::send;
using test::start;
using test::TlsServer;

class AsyncHttpTls : public testing::Test {
 protected:
  HttpRequest get(const std::string& url, const std::string& ca_file = {}) {
    HttpRequest request;
    request.url = url;
    request.tls.ca_file = ca_file;
    return request;
  }

  test::TemporaryDirectory directory_;
  const std::string ca_file_ = directory_ / "ca.pem";
};

TEST_F(AsyncHttpTls, TrustsOnlyTheAuthorityThatIsNamed) {
  TlsServer server(ca_file_);
  TlsServer other(directory_ / "other.pem");
  const auto client = make_client();
  EXPECT_TRUE(send(*client, get(server.url(), ca_file_)).response);
  EXPECT_TRUE(send(*client, get(other.url(), directory_ / "other.pem")).response);
  for (const std::string& file :
       {std::string(), directory_ / "other.pem", directory_ / "none.pem"}) {
    const auto [response, timing] = send(*client, get(server.url(), file));
    ASSERT_FALSE(response) << file;
    EXPECT_EQ(response.error().code, Errc::tls_error) << response.error().message;
  }
  const auto configured = make_client({.tls = {.ca_file = ca_file_}});
  EXPECT_TRUE(send(*configured, get(server.url())).response);
}

TEST_F(AsyncHttpTls, RefusesACertificateForAnotherHost) {
  TlsServer server(ca_file_, "127.0.0.9");
  const auto client = make_client();
  EXPECT_EQ(send(*client, get(server.url(), ca_file_)).response.error().code, Errc::tls_error);
}

TEST_F(AsyncHttpTls, AnswersAllOfManyRequestsToAServerWithoutHttp2) {
  TlsServer server(ca_file_);
  const auto client = make_client({.max_per_host = 4, .tls = {.ca_file = ca_file_}});
  std::vector<std::future<Outcome>> futures;
  for (int i = 0; i < 12; ++i) futures.push_back(start(*client, get(server.url())));
  for (auto& future : futures) {
    const Outcome outcome = future.get();
    EXPECT_TRUE(outcome.response) << outcome.response.error().message;
  }
}

TEST_F(AsyncHttpTls, SendsManyRequestsAtOnceOnOneHttp2Connection) {
  constexpr std::size_t kAtOnce = 20;
  Http2Server server(ca_file_, kAtOnce);
  const auto client = make_client({.tls = {.ca_file = ca_file_}});
  for (std::size_t round = 1; round <= 3; ++round) {
    std::vector<std::future<Outcome>> futures;
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      futures.push_back(start(*client, post_to(server.url(), std::string(512, 'b'))));
    }
    for (auto& future : futures) {
      const Outcome outcome = future.get();
      ASSERT_TRUE(outcome.response) << outcome.response.error().message;
      EXPECT_EQ(outcome.response->status, 204);
    }
    EXPECT_EQ(server.requests(), round * kAtOnce);
    EXPECT_EQ(server.connections(), 1U);
  }
}

}  // namespace
}  // namespace tidemark
