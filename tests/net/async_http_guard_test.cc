#include <gtest/gtest.h>

#include "net/address_guard.h"
#include "net/async_http_support.h"
#include "support/raw_http_server.h"

namespace tidemark {
namespace {

using test::make_client;
using test::post_to;
using test::RawConnection;
using test::RawHttpServer;
using test::RawRequest;
using test::send;

class AsyncHttpGuard : public testing::Test {
 protected:
  // "hooks.example" has a public address for whoever asks, and then is at home here.
  AddressGuard guard(const std::vector<std::string>& allow) {
    auto made = AddressGuard::make(allow, [](const std::string&) -> Result<std::vector<IpAddress>> {
      return std::vector{IpAddress::parse("93.184.215.14").value()};
    });
    EXPECT_TRUE(made) << made.error().message;
    return *std::move(made);
  }
  AsyncHttpOptions rebound(const AddressGuard* guard, const std::string& address = "127.0.0.1") {
    AsyncHttpOptions options;
    options.guard = guard;
    options.resolve = {"hooks.example:" + std::to_string(server_.port()) + ":" + address};
    return options;
  }
  std::string rebound_url() const {
    return "http://hooks.example:" + std::to_string(server_.port()) + "/";
  }
  // Proves that nobody has connected to the server before.
  void expect_untouched() {
    const auto client = make_client();
    ASSERT_TRUE(send(*client, post_to(server_.url())).response);
    EXPECT_EQ(server_.requests().size(), 1U);
    EXPECT_EQ(server_.requests().back().connection, 1);
  }

  RawHttpServer server_{
      [](const RawRequest&, RawConnection& connection) { connection.reply(200, "reached"); }};
};

TEST_F(AsyncHttpGuard, RefusesANameThatChangedItsAddressAfterTheCheck) {
  const AddressGuard nothing_allowed = guard({});
  ASSERT_TRUE(nothing_allowed.check_url(rebound_url())) << "public when it was saved";
  const auto client = make_client(rebound(&nothing_allowed));
  const auto [response, timing] = send(*client, post_to(rebound_url()));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::forbidden);
  for (const char* part : {"hooks.example", "127.0.0.1", "allow in [delivery]"}) {
    EXPECT_NE(response.error().message.find(part), std::string::npos) << response.error().message;
  }
  expect_untouched();
}

TEST_F(AsyncHttpGuard, ConnectsToTheAllowedOneOfSeveralAddresses) {
  const AddressGuard loopback_allowed = guard({"127.0.0.1"});
  const auto client = make_client(rebound(&loopback_allowed, "127.0.0.2,127.0.0.1"));
  const auto [response, timing] = send(*client, post_to(rebound_url()));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "reached");
}

TEST_F(AsyncHttpGuard, ReachesAllowedNamesAndAddresses) {
  const AddressGuard name_allowed = guard({"hooks.example"});
  const auto by_name = make_client(rebound(&name_allowed));
  EXPECT_TRUE(send(*by_name, post_to(rebound_url())).response);
  EXPECT_EQ(send(*by_name, post_to(server_.url())).response.error().code, Errc::forbidden)
      << "only under its name";
  const AddressGuard range_allowed = guard({"127.0.0.0/8"});
  const auto by_range = make_client(rebound(&range_allowed));
  EXPECT_TRUE(send(*by_range, post_to(rebound_url())).response);
  EXPECT_TRUE(send(*by_range, post_to(server_.url())).response);
}

TEST_F(AsyncHttpGuard, RefusesEverySpellingOfLoopback) {
  const AddressGuard nothing_allowed = guard({});
  const auto client = make_client(rebound(&nothing_allowed));
  const std::string port = ":" + std::to_string(server_.port()) + "/";
  for (const char* host :
       {"127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0", "localhost", "LOCALHOST.",
        "a.localhost", "[::1]", "[::ffff:127.0.0.1]", "%31%32%37.0.0.1"}) {
    const auto [response, timing] = send(*client, post_to("http://" + (host + port)));
    ASSERT_FALSE(response) << host;
    EXPECT_EQ(response.error().code, Errc::forbidden) << host << ": " << response.error().message;
  }
  expect_untouched();
}

}  // namespace
}  // namespace tidemark
