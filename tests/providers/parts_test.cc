// Small parts: cursor, requests, Retry-After, where credentials may go, the registry.
#include <gtest/gtest.h>

#include "providers/caldav/cursor.h"
#include "providers/caldav/dav_client.h"
#include "providers/caldav/requests.h"
#include "providers/caldav/service_lookup.h"
#include "providers/provider_fixture.h"
#include "providers/redirects.h"

namespace tidemark::test {
namespace {

TEST(CalDavCursor, SurvivesBeingWrittenAndRead) {
  caldav::Cursor cursor;
  cursor.token = "data:,\"é&\n";
  cursor.ctag = "7";
  cursor.full = cursor.bodies = cursor.more = cursor.no_data_in_report = true;
  cursor.batch = 12;
  auto read = caldav::parse_cursor(caldav::to_string(cursor));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, cursor);
}

TEST(CalDavCursor, KeepsOnlyTheTokenAndTheServersHabitsAtRest) {
  caldav::Cursor cursor;
  cursor.token = "7";
  cursor.full = cursor.bodies = cursor.slow = true;
  cursor.no_data_in_report = true;
  cursor.batch = 400;
  EXPECT_EQ(caldav::to_string(cursor.at_rest()), R"({"no_data_in_report":true,"token":"7","v":1})");
}

TEST(CalDavCursor, IsStaleWhenAnotherVersionWroteIt) {
  for (const std::string text :
       {"", "x", "[]", "{}", R"({"v":2,"token":"7"})", R"({"token":"7"})"}) {
    auto read = caldav::parse_cursor(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, Errc::stale_cursor) << text;
  }
}

TEST(CalDavRequests, EscapeWhatServersGaveThem) {
  const std::string report = caldav::sync_collection_report("a<b>&\"c", false);
  EXPECT_NE(report.find("<d:sync-token>a&lt;b&gt;&amp;&quot;c</d:sync-token>"), std::string::npos);
  EXPECT_EQ(report.find("calendar-data"), std::string::npos);
  const std::string multiget = caldav::multiget_report({"/c/a&b é.ics"});
  EXPECT_NE(multiget.find("<d:href>/c/a&amp;b%20%C3%A9.ics</d:href>"), std::string::npos);
}

TEST(CalDavRule1, DiscoveryNeverAsksForWhatMakesServersReadEveryResource) {
  for (const std::string& body : {caldav::principal_propfind(), caldav::calendars_propfind()}) {
    EXPECT_EQ(body.find("getctag"), std::string::npos);
    EXPECT_EQ(body.find("sync-token"), std::string::npos);
  }
}

TEST(CalDavRule5, AsksForLevelOneWithAnEmptyTokenElementAtFirst) {
  const std::string report = caldav::sync_collection_report("", true);
  EXPECT_NE(report.find("<d:sync-token></d:sync-token><d:sync-level>1</d:sync-level>"),
            std::string::npos);
  EXPECT_EQ(report.find("limit"), std::string::npos);
}

TEST(CalDavRule10, TakesWeakEtagsForNone) {
  EXPECT_EQ(caldav::strong_etag("\"1\""), "\"1\"");
  EXPECT_EQ(caldav::strong_etag(" 1 "), "1");
  EXPECT_EQ(caldav::strong_etag("W/\"1\""), "");
  EXPECT_EQ(caldav::strong_etag("\"\""), "");
  EXPECT_EQ(caldav::strong_etag(""), "");
}

TEST(RetryAfter, IsReadAsSecondsOrAgainstTheAnswersOwnDate) {
  EXPECT_EQ(retry_after({{"Retry-After", "120"}}), std::chrono::seconds(120));
  EXPECT_EQ(retry_after({{"retry-after", "99999999999999999999"}}), std::chrono::hours(24));
  EXPECT_EQ(retry_after({{"Date", "Sun, 06 Nov 1994 08:49:37 GMT"},
                         {"Retry-After", "Sun, 06 Nov 1994 08:50:37 GMT"}}),
            std::chrono::seconds(60));
  EXPECT_EQ(retry_after({{"Date", "Sun, 06 Nov 1994 08:49:37 GMT"},
                         {"Retry-After", "Sun, 06 Nov 1994 08:00:00 GMT"}}),
            std::chrono::seconds(0));
  EXPECT_FALSE(retry_after({{"Retry-After", "Sun, 06 Nov 1994 08:50:37 GMT"}}));
  EXPECT_FALSE(retry_after({{"Retry-After", "soon"}}));
  EXPECT_FALSE(retry_after({}));
}

TEST(CalDavRule1, SendsCredentialsToTheConfiguredHostAndTheAllowedOnesOnly) {
  CurlHttpClient http;
  AccountSettings settings = account_at("https://dav.example/");
  settings.allowed_hosts = {"Calendars.Example", "other.example:8443"};
  const RedirectingClient client(http, settings);
  const auto may = [&](const char* url) { return client.may_have_credentials(*parse_url(url)); };
  EXPECT_TRUE(may("https://dav.example/x"));
  EXPECT_TRUE(may("https://calendars.example/x"));
  EXPECT_TRUE(may("https://other.example:8443/x"));
  EXPECT_FALSE(may("https://other.example/x"));
  EXPECT_FALSE(may("https://dav.example:8443/x"));
  EXPECT_FALSE(may("https://evil-dav.example/x"));
  EXPECT_FALSE(may("http://dav.example/x"));
  EXPECT_FALSE(may("http://calendars.example/x"));

  const RedirectingClient plain(http, account_at("http://dav.example/"));
  EXPECT_TRUE(plain.may_have_credentials(*parse_url("https://dav.example/")));
  EXPECT_FALSE(plain.may_have_credentials(*parse_url("http://dav.example:81/")));
}

TEST(CalDavRule1, AsksNoNameServerAboutAddressesAndSingleNames) {
  for (const std::string host : {"127.0.0.1", "[::1]", "localhost", "a.localhost"}) {
    auto found = caldav::lookup_service(host);
    ASSERT_TRUE(found);
    EXPECT_FALSE(*found) << host;
  }
}

TEST(Registry, ListsEachProviderOnceAndFindsItByName) {
  ASSERT_EQ(calendar_providers().size(), 3U);
  CurlHttpClient http;
  for (const ProviderInfo& info : calendar_providers()) {
    EXPECT_EQ(find_calendar_provider(info.name), &info);
    AccountSettings settings = account_at("http://127.0.0.1/");
    EXPECT_NE(info.make(settings, http), nullptr);
  }
  EXPECT_EQ(find_calendar_provider("gopher"), nullptr);
}

}  // namespace
}  // namespace tidemark::test
