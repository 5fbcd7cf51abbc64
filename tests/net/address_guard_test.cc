#include "net/address_guard.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

namespace tidemark {
namespace {

AddressGuard guard_for(const std::vector<std::string>& allow,
                       AddressGuard::Resolver resolver = {}) {
  auto guard = AddressGuard::make(allow, std::move(resolver));
  EXPECT_TRUE(guard) << guard.error().message;
  return guard ? *std::move(guard) : AddressGuard();
}

// Answers every name with the same addresses.
AddressGuard::Resolver resolving_to(const std::vector<std::string>& addresses) {
  return [addresses](const std::string&) -> Result<std::vector<IpAddress>> {
    std::vector<IpAddress> found;
    for (const std::string& address : addresses) found.push_back(*IpAddress::parse(address));
    return found;
  };
}

TEST(AddressGuard, RefusesEverySpecialPurposeAddress) {
  const AddressGuard guard;
  for (const char* text : {
           "0.0.0.0",
           "0.1.2.3",
           "10.0.0.1",
           "10.255.255.255",
           "100.64.0.1",
           "100.100.100.200",
           "100.127.255.255",
           "127.0.0.1",
           "127.255.255.254",
           "168.63.129.16",
           "169.254.0.1",
           "169.254.169.254",
           "169.254.170.2",
           "172.16.0.1",
           "172.31.255.255",
           "192.0.0.1",
           "192.0.0.192",
           "192.0.2.1",
           "192.88.99.1",
           "192.168.0.1",
           "192.168.255.255",
           "198.18.0.1",
           "198.19.255.255",
           "198.51.100.1",
           "203.0.113.1",
           "224.0.0.1",
           "239.255.255.255",
           "240.0.0.1",
           "255.255.255.255",
           "::",
           "::1",
           "::2:0:0:1",
           "::10.0.0.1",
           "::127.0.0.1",
           "::ffff:0.0.0.0",
           "::ffff:10.0.0.1",
           "::ffff:127.0.0.1",
           "::ffff:169.254.169.254",
           "64:ff9b::8.8.8.8",
           "64:ff9b::a00:1",
           "64:ff9b:1::1",
           "64:ff9b:1:ffff::10.0.0.1",
           "100::1",
           "2001::1",
           "2001:0:4136:e378:8000:63bf:3fff:fdd2",
           "2001:2::1",
           "2001:10::1",
           "2001:1ff::1",
           "2001:db8::1",
           "2002:a00:1::1",
           "2002:808:808::1",
           "3fff::1",
           "3fff:fff::1",
           "4000::1",
           "5f00::1",
           "fc00::1",
           "fd00:ec2::254",
           "fd20:ce::254",
           "fdff:ffff::1",
           "fe80::1",
           "febf::1",
           "fec0::1",
           "ff02::1",
           "ff0e::1",
       }) {
    const auto address = IpAddress::parse(text);
    ASSERT_TRUE(address) << text;
    const auto checked = guard.check_address(*address);
    ASSERT_FALSE(checked) << text;
    EXPECT_EQ(checked.error().code, Errc::forbidden) << text;
  }
}

TEST(AddressGuard, LetsThePublicInternetThroughUpToTheEdgesOfTheRanges) {
  const AddressGuard guard;
  for (const char* text :
       {"1.0.0.0",         "8.8.8.8",         "9.255.255.255",   "11.0.0.0",
        "100.63.255.255",  "100.128.0.0",     "126.255.255.255", "128.0.0.1",
        "169.253.255.255", "169.255.0.0",     "172.15.255.255",  "172.32.0.0",
        "192.0.1.0",       "192.0.3.0",       "192.167.255.255", "192.169.0.0",
        "198.17.255.255",  "198.20.0.0",      "203.0.114.0",     "223.255.255.255",
        "::ffff:8.8.8.8",  "2000::1",         "2001:200::1",     "2001:4860:4860::8888",
        "2003::1",         "2606:4700::1111", "3ffe::1",         "3fff:1000::1"}) {
    const auto checked = guard.check_address(IpAddress::parse(text).value());
    EXPECT_TRUE(checked) << text << ": " << checked.error().message;
  }
}

TEST(AddressGuard, SeesThroughEverySpellingOfAHost) {
  const AddressGuard guard;
  for (const char* host : {
           "127.0.0.1",
           "127.0.0.1.",
           "2130706433",
           "017700000001",
           "0x7f000001",
           "0X7F000001",
           "0177.0.0.1",
           "0x7f.1",
           "0x7f.0x0.0x0.0x1",
           "127.1",
           "127.0.1",
           "10.1",
           "0",
           "0.0.0.0",
           "0xa9fea9fe",
           "2852039166",
           "169.254.43518",
           "%31%32%37.0.0.1",
           "127%2e0%2e0%2e1",
           "[::1]",
           "[::]",
           "[0:0:0:0:0:0:0:1]",
           "[::ffff:127.0.0.1]",
           "[::FFFF:7F00:1]",
           "[::127.0.0.1]",
           "[fe80::1%25eth0]",
           "[fd00:EC2::254]",
           "[64:ff9b::7f00:1]",
           "::1",
           "localhost",
           "LOCALHOST",
           "localhost.",
           "LocalHost.",
           "%6cocalhost",
           "a.localhost",
           "deep.in.localhost.",
           "localhost.localdomain",
           "ip6-loopback",
           "metadata.google.internal",
           "Metadata.Google.Internal.",
       }) {
    const auto checked = guard.check_host(host);
    ASSERT_FALSE(checked) << host;
    EXPECT_EQ(checked.error().code, Errc::forbidden) << host << ": " << checked.error().message;
    EXPECT_NE(checked.error().message.find("to allow in [delivery]"), std::string::npos);
  }
}

TEST(AddressGuard, RefusesWhatIsNoHostAtAll) {
  const AddressGuard guard;
  for (const char* host : {"",
                           ".",
                           "..",
                           "a..b",
                           ".a",
                           "256.0.0.1",
                           "1.2.3.4.5",
                           "127.0.0.08",
                           "4294967296",
                           "1.2.3.65536",
                           "a.0x7f",
                           "1.2.3.0xzz.4",
                           "%zz",
                           "%00",
                           "a b",
                           "a%20b",
                           "a%0d%0ab",
                           "127.0.0.1%2523",
                           "a%40b",
                           "[127.0.0.1]",
                           "[::g]",
                           "[::1",
                           "::1::",
                           "a/b",
                           "a\\b",
                           "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1",
                           "127\xe3\x80\x82"
                           "0.0.1",
                           "xn--\xc3\xa9"}) {
    const auto checked = guard.check_host(host);
    ASSERT_FALSE(checked) << host;
    EXPECT_EQ(checked.error().code, Errc::invalid_argument) << host;
  }
  EXPECT_FALSE(guard.check_host(std::string(64, 'a') + ".example"));
  EXPECT_FALSE(guard.check_host(std::string(500, 'a')));
}

TEST(AddressGuard, LeavesOrdinaryNamesToTheResolver) {
  const AddressGuard guard;
  for (const char* host : {"example.com", "EXAMPLE.com.", "hooks.internal", "xn--bcher-kva.example",
                           "127.0.0.1.example.com", "localhost.example.com", "notlocalhost",
                           "a_b.example", "8.8.8.8", "0x8080808", "[2606:4700::1111]"}) {
    const auto checked = guard.check_host(host);
    EXPECT_TRUE(checked) << host << ": " << checked.error().message;
  }
}

TEST(AddressGuard, JudgesUrlsByTheHostThatWouldBeConnectedTo) {
  const AddressGuard guard = guard_for({}, resolving_to({"8.8.8.8"}));
  for (const char* url : {"http://127.0.0.1/",
                          "http://127.0.0.1:8080/x",
                          "https://0x7f.1/",
                          "http://2130706433/",
                          "http://[::1]:80/",
                          "http://[::ffff:10.0.0.1]/",
                          "http://localhost/",
                          "http://LOCALHOST./",
                          "http://127.0.0.1#@example.com/",
                          "http://127.0.0.1?@example.com/",
                          "http://%31%32%37.1/",
                          "http://127.0.0.1%2f@example.com",
                          "http://example.com@127.0.0.1/",
                          "http://example.com:80@127.0.0.1/",
                          "http://example.com\\@127.0.0.1/",
                          "http:///127.0.0.1/",
                          "http://example.com%00.internal/",
                          "ftp://example.com/",
                          "//example.com/",
                          "example.com",
                          "http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/",
                          "http://169.254.169.254/latest/"}) {
    EXPECT_FALSE(guard.check_url(url)) << url;
  }
  for (const char* url : {"https://example.com/", "http://example.com:8080/127.0.0.1",
                          "https://example.com/@localhost", "https://example.com?u=localhost"}) {
    const auto checked = guard.check_url(url);
    EXPECT_TRUE(checked) << url << ": " << checked.error().message;
  }
}

TEST(AddressGuard, WantsEveryAddressOfANameToBePublic) {
  const std::string url = "https://hooks.example/";
  EXPECT_TRUE(guard_for({}, resolving_to({"8.8.8.8", "2606:4700::1111"})).check_url(url));
  const auto mixed = guard_for({}, resolving_to({"8.8.8.8", "10.0.0.5"})).check_url(url);
  ASSERT_FALSE(mixed);
  EXPECT_EQ(mixed.error().code, Errc::forbidden);
  for (const char* part : {"hooks.example", "10.0.0.5", "RFC 1918", "allow in [delivery]"}) {
    EXPECT_NE(mixed.error().message.find(part), std::string::npos) << mixed.error().message;
  }
  EXPECT_EQ(guard_for({}, resolving_to({})).check_url(url).error().code, Errc::unavailable);
  const auto failing = guard_for({}, [](const std::string&) -> Result<std::vector<IpAddress>> {
    return fail(Errc::unavailable, "no such name");
  });
  EXPECT_EQ(failing.check_url(url).error().message, "the host hooks.example: no such name");
}

TEST(AddressGuard, AsksTheSystemForAddresses) {
  const auto unknown = AddressGuard().check_url("http://nonexistent.invalid/");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Errc::unavailable);
}

TEST(AddressGuard, LetsAllowedAddressesAndRangesThrough) {
  const AddressGuard guard =
      guard_for({"10.0.0.0/8", "127.0.0.1", "[::1]", "fd00:1::/32", "::ffff:192.168.1.0/120"});
  for (const char* host :
       {"10.0.0.1", "10.255.255.255", "127.0.0.1", "127.1", "0x7f000001", "[::1]",
        "[::ffff:10.1.2.3]", "[fd00:1:2::3]", "192.168.1.77", "8.8.8.8"}) {
    const auto checked = guard.check_host(host);
    EXPECT_TRUE(checked) << host << ": " << checked.error().message;
  }
  for (const char* host :
       {"127.0.0.2", "172.16.0.1", "[fd00:2::1]", "192.168.2.1", "[64:ff9b::a00:1]", "localhost"}) {
    EXPECT_FALSE(guard.check_host(host)) << host;
  }
}

TEST(AddressGuard, LetsAnAllowedNameHaveAnyAddress) {
  const AddressGuard guard =
      guard_for({"Hooks.Internal.", "localhost"}, resolving_to({"10.0.0.5"}));
  EXPECT_TRUE(guard.check_url("http://hooks.internal/x"));
  EXPECT_TRUE(guard.check_url("http://HOOKS.internal./x"));
  EXPECT_TRUE(guard.check_host("localhost."));
  EXPECT_TRUE(guard.allows_name("hooks.INTERNAL."));
  EXPECT_FALSE(guard.allows_name("other.internal"));
  EXPECT_FALSE(guard.check_url("http://other.internal/"));
  EXPECT_FALSE(guard.check_url("http://a.hooks.internal/")) << "exactly that name";
  EXPECT_FALSE(guard.check_host("10.0.0.5")) << "the name is allowed, not its address";
}

TEST(AddressGuard, SaysWhichAllowedEntryIsWrong) {
  for (const char* entry :
       {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1", "10.0.0.1/8", "::1/129",
        "fd00::1/8", "*.internal", "a b", "10.0.0", "256.1.1.1", "2130706433", "http://x/",
        "hooks.internal:80", "hooks.internal/8", "/8", "a..b"}) {
    const auto guard = AddressGuard::make({"10.0.0.0/8", entry});
    ASSERT_FALSE(guard) << entry;
    EXPECT_EQ(guard.error().code, Errc::invalid_argument);
    EXPECT_NE(guard.error().message.find("\"" + std::string(entry) + "\""), std::string::npos)
        << guard.error().message;
  }
}

TEST(AddressGuard, ReadsSocketAddressesAndRefusesOtherFamilies) {
  const AddressGuard guard;
  sockaddr_storage storage{};
  auto& four = reinterpret_cast<sockaddr_in&>(storage);
  four.sin_family = AF_INET;
  four.sin_addr.s_addr = htonl(0x0a000001);
  const auto& address = reinterpret_cast<const sockaddr&>(storage);
  EXPECT_FALSE(guard.check_address(address, "h"));
  four.sin_addr.s_addr = htonl(0x08080808);
  EXPECT_TRUE(guard.check_address(address, "h"));
  auto& six = reinterpret_cast<sockaddr_in6&>(storage);
  six = {};
  six.sin6_family = AF_INET6;
  six.sin6_addr = in6addr_loopback;
  EXPECT_FALSE(guard.check_address(address, "h"));
  reinterpret_cast<sockaddr_un&>(storage).sun_family = AF_UNIX;
  EXPECT_EQ(guard.check_address(address, "h").error().code, Errc::forbidden);
}

}  // namespace
}  // namespace tidemark
