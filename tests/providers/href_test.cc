#include "providers/caldav/href.h"

#include <gtest/gtest.h>

namespace tidemark::caldav {
namespace {

Url base() {
  return *parse_url("http://dav.example:5232/alice/cal/");
}
std::string key(std::string_view href) {
  auto found = href_key(base(), href);
  return found ? *found : "error: " + found.error().message;
}

TEST(CalDavRule3, ComparesHrefsDecodedInAllSpellings) {
  EXPECT_EQ(key("/alice/cal/a%20b.ics"), "/alice/cal/a b.ics");
  EXPECT_EQ(key("/alice/cal/a b.ics"), "/alice/cal/a b.ics");
  EXPECT_EQ(key("a%20b.ics"), "/alice/cal/a b.ics");
  EXPECT_EQ(key("http://dav.example:5232/alice/cal/a%20b.ics"), "/alice/cal/a b.ics");
  EXPECT_EQ(key("  /alice/cal/a%20b.ics\n"), "/alice/cal/a b.ics");
  EXPECT_EQ(key("/alice/cal/x%40y.ics"), key("/alice/cal/x@y.ics"));
  EXPECT_EQ(key("/alice/cal/%C3%A9.ics"), key("/alice/cal/\xC3\xA9.ics"));
  EXPECT_EQ(key("/alice/cal/%c3%a9.ics"), "/alice/cal/\xC3\xA9.ics");
  EXPECT_EQ(key("/alice/other/../cal/a.ics"), "/alice/cal/a.ics");
}

TEST(CalDavRule3, DropsAnOriginThatIsRepeatedInsideTheHref) {
  EXPECT_EQ(key("http%3A//dav.example%3A5232/alice/cal/a.ics"), "/alice/cal/a.ics");
  EXPECT_EQ(key("/http%3A//dav.example%3A5232/alice/cal/a.ics"), "/alice/cal/a.ics");
  EXPECT_EQ(key("http://dav.example:5232/http://dav.example:5232/alice/cal/a.ics"),
            "/alice/cal/a.ics");
  EXPECT_EQ(key("/http%3A//other.example/a.ics"), "/http://other.example/a.ics");
}

TEST(CalDavRule3, TakesThePathOfAnHrefThatAProxyWroteForItsInnerOrigin) {
  EXPECT_EQ(key("http://localhost:8080/alice/cal/a.ics"), "/alice/cal/a.ics");
}

TEST(CalDavRule3, DecodesExactlyOnce) {
  EXPECT_EQ(key("/alice/cal/100%25.ics"), "/alice/cal/100%.ics");
  EXPECT_NE(key("/alice/cal/a%2520b.ics"), key("/alice/cal/a%20b.ics"));
  EXPECT_NE(key("/alice/cal/a%2Fb.ics"), key("/alice/cal/a/b.ics"));
  EXPECT_NE(key("/alice/cal/a%252Fb.ics"), key("/alice/cal/a%2Fb.ics"));
  EXPECT_EQ(key("/alice/cal/a%2fb.ics"), key("/alice/cal/a%2Fb.ics"));
}

TEST(CalDavRule3, RequestsWhatTheServerMeantByEncodingTheKeyAgain) {
  for (const std::string encoded :
       {"/alice/cal/a%20b.ics", "/alice/cal/%C3%A9.ics", "/alice/cal/a%2Fb.ics",
        "/alice/cal/a%2520b.ics", "/alice/cal/100%25.ics", "/alice/cal/x@y.ics",
        "/alice/cal/a%3Fb%23c.ics", "/alice/cal/%252F.ics", "/alice/cal/%25252F.ics"}) {
    EXPECT_EQ(encode_key(key(encoded)), encoded);
  }
}

TEST(CalDavRule3, TakesAnyExtensionAndNone) {
  EXPECT_EQ(key("/alice/cal/event"), "/alice/cal/event");
  EXPECT_EQ(key("/alice/cal/event.EML"), "/alice/cal/event.EML");
}

TEST(CalDavRule3, ReadsAPercentSignThatEscapesNothingAsItself) {
  EXPECT_EQ(key("/alice/cal/100% sure.ics"), "/alice/cal/100% sure.ics");
  EXPECT_EQ(encode_key("/alice/cal/100% sure.ics"), "/alice/cal/100%25%20sure.ics");
}

TEST(Href, TakesAPathOfTwoSlashesForAPathAndNotForAHost) {
  EXPECT_EQ(key("http://dav.example//alice/cal/a.ics"), "//alice/cal/a.ics");
  EXPECT_EQ(key("/..//alice/cal/a.ics"), "//alice/cal/a.ics");
  EXPECT_EQ(encode_href("//alice/cal/a.ics"), "/.//alice/cal/a.ics");
  EXPECT_EQ(key(encode_href("//alice/cal/a.ics")), "//alice/cal/a.ics");
  EXPECT_EQ(encode_href("/alice/cal/a b.ics"), "/alice/cal/a%20b.ics");
}

TEST(Href, TakesAColonInARelativePathForNoScheme) {
  const Url base = *parse_url("https://example.com/dav/cal/");
  EXPECT_EQ(href_key(base, "http%3a/1/b.ics"), "/dav/cal/http:/1/b.ics");
  EXPECT_EQ(href_key(base, "12:30.ics"), "/dav/cal/12:30.ics");
}

TEST(Href, RefusesWhatIsEmptyOrTooLong) {
  EXPECT_FALSE(href_key(base(), "  "));
  EXPECT_FALSE(href_key(base(), "/" + std::string(kMaxHrefBytes, 'a')));
}

TEST(Href, NamesTheSameCollectionWithAndWithoutTrailingSlash) {
  EXPECT_TRUE(same_collection("/alice/cal/", "/alice/cal"));
  EXPECT_FALSE(same_collection("/alice/cal/", "/alice/cal2/"));
  EXPECT_EQ(normalised_collection(*parse_url("HTTP://dav.Example:80/al%69ce/x%40y")).to_string(),
            "http://dav.example/alice/x@y/");
}

TEST(Href, ResolvesPrincipalsToOtherOrigins) {
  auto url = href_url(base(), "https://p01.example/123/principal/");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->to_string(), "https://p01.example/123/principal/");
}

}  // namespace
}  // namespace tidemark::caldav
