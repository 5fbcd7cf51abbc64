#include "net/url.h"

#include <gtest/gtest.h>

namespace tidemark {
namespace {

std::string resolved(const std::string& base, const std::string& reference) {
  const auto start = parse_url(base);
  if (!start) return "bad base: " + start.error().message;
  const auto url = resolve(*start, reference);
  return url ? url->to_string() : "error: " + url.error().message;
}

TEST(Url, TakesAnAddressApart) {
  const auto url = parse_url("HTTPS://Cal.Example.COM:8443/dav/%7Ealice/?x=1&y=2#frag");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->host, "cal.example.com");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->path, "/dav/%7Ealice/");
  EXPECT_EQ(url->query, "x=1&y=2");
  EXPECT_EQ(url->origin(), "https://cal.example.com:8443");
}

TEST(Url, KnowsDefaultPortsAndTheEmptyPath) {
  EXPECT_EQ(parse_url("http://h")->port, 80);
  EXPECT_EQ(parse_url("https://h")->port, 443);
  EXPECT_EQ(parse_url("https://h")->path, "/");
  EXPECT_EQ(parse_url("https://h:443/x")->to_string(), "https://h/x");
  EXPECT_EQ(parse_url("http://[::1]:5232/")->host, "[::1]");
}

TEST(Url, RefusesWhatIsNotAPlainWebAddress) {
  for (const char* text :
       {"", "calendar", "/path", "ftp://h/", "file:///etc/passwd", "http://", "http://h:99999/",
        "http://h/a b", "http://h/\r\nX: y", "https://alice:secret@h/", "https://alice@h/",
        "javascript:alert(1)", "http:///path",
        // Read once these are names, read twice they are addresses.
        "http://%31%32%37.030.1/", "http://0%78%37f000001/"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text << " became " << url->to_string();
    EXPECT_EQ(url.error().code, Errc::invalid_argument) << text;
    EXPECT_EQ(url.error().message.find("secret"), std::string::npos);
  }
  EXPECT_FALSE(parse_url("http://h/" + std::string(kMaxUrlBytes, 'a')));
}

TEST(Url, MayHaveAnEmptySegmentAfterAColonInItsPath) {
  EXPECT_EQ(resolved("http://h/a/", "/b/c:///d"), "http://h/b/c:///d");
  EXPECT_EQ(resolved("http://h/a/", "b/c:///d"), "http://h/a/b/c:///d");
  EXPECT_EQ(resolved("http://h/a/", "?c:///d"), "http://h/a/?c:///d");
  EXPECT_FALSE(resolve(*parse_url("http://h/a/"), "http:///d"));
}

// The examples of RFC 3986 section 5.4 that have an http result.
TEST(Url, ResolvesReferencesAsTheRfcDoes) {
  const std::string base = "http://a/b/c/d;p?q";
  EXPECT_EQ(resolved(base, "g"), "http://a/b/c/g");
  EXPECT_EQ(resolved(base, "./g"), "http://a/b/c/g");
  EXPECT_EQ(resolved(base, "g/"), "http://a/b/c/g/");
  EXPECT_EQ(resolved(base, "/g"), "http://a/g");
  EXPECT_EQ(resolved(base, "//g"), "http://g/");
  EXPECT_EQ(resolved(base, "?y"), "http://a/b/c/d;p?y");
  EXPECT_EQ(resolved(base, "g?y"), "http://a/b/c/g?y");
  EXPECT_EQ(resolved(base, "#s"), "http://a/b/c/d;p?q");
  EXPECT_EQ(resolved(base, "g#s"), "http://a/b/c/g");
  EXPECT_EQ(resolved(base, ";x"), "http://a/b/c/;x");
  EXPECT_EQ(resolved(base, ""), "http://a/b/c/d;p?q");
  EXPECT_EQ(resolved(base, "."), "http://a/b/c/");
  EXPECT_EQ(resolved(base, ".."), "http://a/b/");
  EXPECT_EQ(resolved(base, "../g"), "http://a/b/g");
  EXPECT_EQ(resolved(base, "../.."), "http://a/");
  EXPECT_EQ(resolved(base, "../../g"), "http://a/g");
  EXPECT_EQ(resolved(base, "../../../g"), "http://a/g");
  EXPECT_EQ(resolved(base, "/../g"), "http://a/g");
  EXPECT_EQ(resolved(base, "g;x=1/../y"), "http://a/b/c/y");
  EXPECT_EQ(resolved(base, "https://other:8443/x"), "https://other:8443/x");
}

TEST(Url, ResolvesTheHrefsThatServersReallySend) {
  const std::string base = "https://cal.example.com/dav/alice/";
  EXPECT_EQ(resolved(base, "/dav/alice/Tea time.ics"),
            "https://cal.example.com/dav/alice/Tea%20time.ics");
  EXPECT_EQ(resolved(base, "/dav/alice/caf\xc3\xa9.ics"),
            "https://cal.example.com/dav/alice/caf%C3%A9.ics");
  EXPECT_EQ(resolved(base, "/dav/alice@example.com/a%2Fb.ics"),
            "https://cal.example.com/dav/alice@example.com/a%2Fb.ics");
  EXPECT_EQ(resolved(base, "  /dav/x.ics\r\n"), "https://cal.example.com/dav/x.ics");
  EXPECT_EQ(resolved(base, "https://eve:pw@cal.example.com/x"), "https://cal.example.com/x");
}

TEST(Url, RefusesReferencesThatLeaveTheWeb) {
  const auto base = parse_url("https://h/");
  for (const char* text : {"ftp://h/", "file:///etc/passwd", "/a\r\nX: y", "/a\x01"}) {
    const auto url = resolve(*base, text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, Errc::invalid_argument);
  }
}

TEST(Url, ComparesOrigins) {
  const auto origin = parse_url("https://Example.com/a");
  EXPECT_TRUE(same_origin(*origin, *parse_url("https://example.com:443/b")));
  EXPECT_FALSE(same_origin(*origin, *parse_url("http://example.com/a")));
  EXPECT_FALSE(same_origin(*origin, *parse_url("https://example.com:444/a")));
  EXPECT_FALSE(same_origin(*origin, *parse_url("https://www.example.com/a")));
}

TEST(Url, ShowsNoQueryAndNoLongTokenInMessages) {
  const auto url = parse_url(
      "https://h/ical/private-0123/0123456789abcdef0123456789abcdef/basic.ics?token=hunter2");
  EXPECT_EQ(url->for_messages(), "h:443/ical/private-.../01234567.../basic.ics");
}

TEST(PercentCoding, RoundTripsAnyText) {
  const std::string text = "/a b/\xc3\xa9+%?#[]&=:@~";
  EXPECT_EQ(percent_encode_path(text), "/a%20b/%C3%A9+%25%3F%23%5B%5D&=:@~");
  EXPECT_EQ(percent_decode(percent_encode_path(text)).value(), text);
  EXPECT_EQ(percent_encode_segment("a/b"), "a%2Fb");
}

TEST(PercentCoding, RefusesBrokenSequences) {
  for (const char* text : {"%", "%4", "%zz", "a%4g", "%00"}) {
    const auto decoded = percent_decode(text);
    ASSERT_FALSE(decoded) << text;
    EXPECT_EQ(decoded.error().code, Errc::parse_error);
  }
}

}  // namespace
}  // namespace tidemark
