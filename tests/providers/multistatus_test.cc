#include "providers/caldav/multistatus.h"

#include <gtest/gtest.h>

#include "support/dav_server.h"

namespace tidemark::caldav {
namespace {

struct Parsed {
  Result<void> result;
  std::vector<DavRow> rows;
  std::string token;
};

Parsed parse(const std::string& text, std::size_t step = 7, MultistatusLimits limits = {}) {
  Parsed parsed;
  MultistatusParser parser(limits, [&](DavRow&& row) -> Result<void> {
    parsed.rows.push_back(std::move(row));
    return {};
  });
  for (std::size_t at = 0; at < text.size() && parsed.result; at += step) {
    parsed.result = parser.feed(std::string_view(text).substr(at, step));
  }
  if (parsed.result) parsed.result = parser.finish();
  parsed.token = parser.sync_token();
  return parsed;
}

TEST(Multistatus, ReadsRowsWhateverTheNamespacePrefixesAndPieces) {
  const std::string text =
      "<ns0:multistatus xmlns:ns0=\"DAV:\" xmlns:ns1=\"urn:ietf:params:xml:ns:caldav\">"
      "<ns0:response><ns0:href>/c/a.ics</ns0:href><ns0:propstat><ns0:status>HTTP/1.1 200 OK"
      "</ns0:status><ns0:prop><ns0:getetag>\"1\"</ns0:getetag><ns1:calendar-data>BEGIN:&lt;&#13;\n"
      "</ns1:calendar-data></ns0:prop></ns0:propstat></ns0:response>"
      "<ns0:sync-token> data:,7 </ns0:sync-token></ns0:multistatus>";
  for (const std::size_t step : {1U, 7U, 1000U}) {
    const Parsed parsed = parse(text, step);
    ASSERT_TRUE(parsed.result) << parsed.result.error().message;
    ASSERT_EQ(parsed.rows.size(), 1U);
    EXPECT_EQ(parsed.rows[0].hrefs, std::vector<std::string>{"/c/a.ics"});
    EXPECT_EQ(parsed.rows[0].properties.etag, "\"1\"");
    EXPECT_EQ(parsed.rows[0].properties.calendar_data, "BEGIN:<\r\n");
    EXPECT_EQ(parsed.token, "data:,7");
  }
}

TEST(Multistatus, IgnoresSameNamesOfOtherNamespaces) {
  const Parsed parsed = parse(
      "<multistatus xmlns=\"DAV:\"><response><href>/a</href><propstat><prop>"
      "<getetag xmlns=\"urn:other\">no</getetag></prop><status>HTTP/1.1 200 OK</status></propstat>"
      "</response></multistatus>");
  ASSERT_EQ(parsed.rows.size(), 1U);
  EXPECT_FALSE(parsed.rows[0].properties.etag);
}

TEST(CalDavRule2, ReadsTheInnerStatusBecauseA207ProvesNothing) {
  const Parsed parsed = parse(test::multistatus(test::status_row("/c/", 404)));
  ASSERT_EQ(parsed.rows.size(), 1U);
  EXPECT_EQ(parsed.rows[0].status, 404);
}

TEST(CalDavRule4, KeepsAPropertyLevel404ApartFromAResponseLevelOne) {
  const Parsed parsed = parse(test::multistatus(test::resource_row("/c/a.ics", "\"1\"")));
  ASSERT_EQ(parsed.rows.size(), 1U);
  EXPECT_EQ(parsed.rows[0].status, 0);
  EXPECT_EQ(parsed.rows[0].properties.etag, "\"1\"");
  EXPECT_FALSE(parsed.rows[0].properties.calendar_data);
}

TEST(CalDavRule4, ReadsSeveralHrefsOfOneStatusRow) {
  const Parsed parsed = parse(
      "<multistatus xmlns=\"DAV:\"><response><href>/a</href><href>/b</href>"
      "<status>HTTP/1.1 404 Not Found</status></response></multistatus>");
  ASSERT_EQ(parsed.rows.size(), 1U);
  EXPECT_EQ(parsed.rows[0].hrefs.size(), 2U);
}

TEST(Multistatus, RefusesAnXmlBombBeforeAnythingIsExpanded) {
  const Parsed parsed = parse(
      "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 "
      "\"&lol;&lol;&lol;\">]><multistatus xmlns=\"DAV:\">&lol2;</multistatus>");
  ASSERT_FALSE(parsed.result);
  EXPECT_EQ(parsed.result.error().code, Errc::protocol_error);
  EXPECT_NE(parsed.result.error().message.find("DTD"), std::string::npos);
}

TEST(Multistatus, SaysThatHtmlIsNoMultistatus) {
  for (const std::string page :
       {"<!DOCTYPE html><html><body>Login</body></html>", "<html><br></html>",
        "<html xmlns=\"http://www.w3.org/1999/xhtml\"><body/></html>", "Internal error", ""}) {
    const Parsed parsed = parse(page);
    ASSERT_FALSE(parsed.result) << page;
    EXPECT_EQ(parsed.result.error().code, Errc::protocol_error) << page;
  }
}

TEST(Multistatus, TellsAnAnswerThatBrokeHalfwayFromOneThatNeverWasAny) {
  const std::string whole = test::multistatus(test::resource_row("/c/a.ics", "\"1\"", "X"));
  const Parsed cut = parse(whole.substr(0, whole.size() - 5));
  ASSERT_FALSE(cut.result);
  EXPECT_EQ(cut.result.error().code, Errc::parse_error);
  EXPECT_EQ(cut.rows.size(), 1U);
  const Parsed control = parse(test::multistatus(test::resource_row("/c/a.ics", "\"1\"", "\x0b")));
  ASSERT_FALSE(control.result);
  EXPECT_EQ(control.result.error().code, Errc::parse_error);
}

TEST(Multistatus, LimitsDepthAttributesTextAndTags) {
  std::string deep = "<multistatus xmlns=\"DAV:\">";
  for (int i = 0; i < 100; ++i) deep += "<x>";
  EXPECT_EQ(parse(deep).result.error().code, Errc::limit_exceeded);

  std::string wide = "<multistatus xmlns=\"DAV:\"><x ";
  for (int i = 0; i < 100; ++i) wide += "a" + std::to_string(i) + "=\"\" ";
  EXPECT_EQ(parse(wide + "/></multistatus>").result.error().code, Errc::limit_exceeded);

  const std::string name = test::multistatus(
      test::property_row("/c/", "<d:displayname>" + std::string(70'000, 'n') + "</d:displayname>"));
  EXPECT_EQ(parse(name, 4096).result.error().code, Errc::limit_exceeded);

  const std::string tag = "<multistatus xmlns=\"DAV:\"><x a=\"" + std::string(3U << 20, 'a');
  EXPECT_EQ(parse(tag, 16'384).result.error().code, Errc::limit_exceeded);
  const std::string comment = "<multistatus xmlns=\"DAV:\"><!-- " + std::string(3U << 20, 'a');
  EXPECT_EQ(parse(comment, 16'384).result.error().code, Errc::limit_exceeded);
}

TEST(Multistatus, DropsTheTextOfOneObjectAboveTheLimitAndReadsOn) {
  MultistatusLimits limits;
  limits.calendar_data_bytes = 1000;
  const Parsed parsed =
      parse(test::multistatus(test::resource_row("/c/big.ics", "\"1\"", std::string(1001, 'x')) +
                              test::resource_row("/c/fits.ics", "\"2\"", std::string(1000, 'x'))),
            100, limits);
  ASSERT_TRUE(parsed.result) << parsed.result.error().message;
  ASSERT_EQ(parsed.rows.size(), 2U);
  EXPECT_TRUE(parsed.rows[0].properties.calendar_data_too_large);
  EXPECT_FALSE(parsed.rows[1].properties.calendar_data_too_large);
  EXPECT_EQ(parsed.rows[1].properties.calendar_data->size(), 1000U);
}

TEST(Multistatus, HandsRowsOnWhileTheDocumentIsStillArriving) {
  std::size_t rows = 0;
  MultistatusParser parser({}, [&](DavRow&&) -> Result<void> {
    ++rows;
    return {};
  });
  const std::string whole = test::multistatus(test::resource_row("/c/a.ics", "\"1\"", "X"));
  ASSERT_TRUE(parser.feed(std::string_view(whole).substr(0, whole.size() - 5)));
  EXPECT_EQ(rows, 1U);
}

TEST(Multistatus, StopsWithTheErrorOfItsHandler) {
  MultistatusParser parser({}, [](DavRow&&) { return fail(Errc::cancelled, "enough"); });
  const auto fed = parser.feed(test::multistatus(test::status_row("/a", 404)));
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().code, Errc::cancelled);
}

TEST(ErrorBody, NamesItsConditions) {
  EXPECT_EQ(error_conditions("<error xmlns=\"DAV:\"><valid-sync-token /></error>"),
            std::vector<std::string>{"valid-sync-token"});
  EXPECT_TRUE(error_conditions("<html><valid-sync-token/></html>").empty());
  EXPECT_TRUE(error_conditions("plain text").empty());
  EXPECT_TRUE(error_conditions("").empty());
}

}  // namespace
}  // namespace tidemark::caldav
