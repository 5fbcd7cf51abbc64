#include <gtest/gtest.h>

#include <fstream>

#include "net/curl_client.h"
#include "support/temporary_directory.h"
#include "support/tls_server.h"

namespace tidemark {
namespace {

using test::TlsServer;

class HttpClientTls : public testing::Test {
 protected:
  Result<HttpResponse> get(const std::string& url, const std::string& ca_file,
                           bool with_credentials = false) {
    HttpRequest request;
    request.url = url;
    request.tls.ca_file = ca_file;
    if (with_credentials) request.credentials = Credentials{"alice", Secret("pw")};
    return client_.send(request);
  }

  test::TemporaryDirectory directory_;
  const std::string ca_file_ = directory_ / "ca.pem";
  CurlHttpClient client_;
};

TEST_F(HttpClientTls, TrustsAPrivateAuthorityThatIsNamed) {
  TlsServer server(ca_file_);
  const auto response = get(server.url(), ca_file_);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
}

TEST_F(HttpClientTls, RefusesAnUnknownAuthorityAndSaysWhatToDo) {
  TlsServer server(ca_file_);
  const auto response = get(server.url(), "");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::tls_error);
  EXPECT_NE(response.error().message.find("certificate"), std::string::npos);
  EXPECT_NE(response.error().message.find("ca_file"), std::string::npos);
  EXPECT_TRUE(server.authorizations().empty());
}

TEST_F(HttpClientTls, RefusesAServerOfAnotherAuthority) {
  TlsServer server(ca_file_);
  TlsServer other(directory_ / "other.pem");
  EXPECT_EQ(get(server.url(), directory_ / "other.pem").error().code, Errc::tls_error);
}

TEST_F(HttpClientTls, TrustOfOneRequestDoesNotReachTheNext) {
  TlsServer server(ca_file_);
  ASSERT_TRUE(get(server.url(), ca_file_));
  EXPECT_EQ(get(server.url(), "").error().code, Errc::tls_error);
}

TEST_F(HttpClientTls, RefusesACertificateForAnotherHost) {
  TlsServer server(ca_file_, "127.0.0.9");
  EXPECT_EQ(get(server.url(), ca_file_).error().code, Errc::tls_error);
}

TEST_F(HttpClientTls, NamesAnAuthorityFileThatCannotBeRead) {
  TlsServer server(ca_file_);
  const auto missing = get(server.url(), directory_ / "missing.pem");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::tls_error);
  EXPECT_NE(missing.error().message.find("missing.pem"), std::string::npos);
  std::ofstream(directory_ / "garbage.pem") << "not a certificate";
  EXPECT_EQ(get(server.url(), directory_ / "garbage.pem").error().code, Errc::tls_error);
}

TEST_F(HttpClientTls, SendsBasicAtOnceOverHttps) {
  TlsServer server(ca_file_);
  const auto response = get(server.url(), ca_file_, true);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "Basic YWxpY2U6cHc=");
  EXPECT_EQ(server.authorizations().size(), 1U);
}

TEST_F(HttpClientTls, FallsBackToDigestOverHttps) {
  TlsServer server(ca_file_);
  const auto response = get(server.url("/digest"), ca_file_, true);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_TRUE(response->body.starts_with("Digest username=\"alice\"")) << response->body;
  const std::size_t before = server.authorizations().size();
  ASSERT_EQ(get(server.url("/digest"), ca_file_, true)->status, 200);
  EXPECT_EQ(server.authorizations().size(), before + 1) << "the scheme and nonce are remembered";
}

}  // namespace
}  // namespace tidemark
