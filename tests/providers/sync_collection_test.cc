// sync-collection as different servers speak it: paging, tokens, deletions.
#include "providers/dialect_fixture.h"

namespace tidemark::test {
namespace {

using CalDavRule2 = Dialect;
using CalDavRule4 = Dialect;
using CalDavRule5 = Dialect;
using CalDavRule6 = Dialect;
using CalDavRule7 = Dialect;
using CalDavRule8 = Dialect;
using CalDavRule9 = Dialect;
using CalDavRule12 = Dialect;

TEST_F(CalDavRule12, TakesBodiesFromTheListingInOneRequest) {
  on_report(rows_with_data(0, 120), "t1");
  auto result = pass(PullMode::initial);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(result->complete_listing);
  EXPECT_EQ(mirror_.count(), 120U);
  EXPECT_EQ(mirror_.resources[href(7)].etag, etag(7));
  EXPECT_EQ(server_.count("REPORT"), 1U);
  EXPECT_EQ(server_.count("PROPFIND"), 1U) << "whether there is a token to begin from";
}

TEST_F(CalDavRule12, QueriesEverythingAtOnceAfterReadingTheToken) {
  tell_token("t0");
  on_report([](const RawRequest& request) {
    EXPECT_TRUE(asks_for(request, "calendar-query")) << request.body;
    EXPECT_FALSE(asks_for(request, "VEVENT")) << "tasks are resources, too";
    return DavReply{207, multistatus(property_row("/c/", "<d:getetag>\"c\"</d:getetag>") +
                                     rows_with_data(0, 120))};
  });
  auto result = pass(PullMode::initial);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(result->complete_listing);
  EXPECT_EQ(mirror_.count(), 120U);
  EXPECT_EQ(server_.count("REPORT"), 1U);

  on_report(status_row(href(3), 404), "t1");
  ASSERT_TRUE(pass(PullMode::incremental, result->cursor));
  EXPECT_EQ(server_.count("REPORT", "<d:sync-token>t0<"), 1U) << "goes on from before the query";
  EXPECT_EQ(mirror_.count(), 119U);
}

TEST_F(CalDavRule12, FetchesByNameWhatTheQueryForEverythingHadNoBodyFor) {
  tell_token("t0");
  on_report([](const RawRequest& request) {
    if (asks_for(request, "calendar-multiget")) {
      return DavReply{207, multistatus(rows_with_data(2, 3))};
    }
    return DavReply{207, multistatus(rows_with_data(0, 2) + rows_without_data(2, 3))};
  });
  auto result = pass(PullMode::initial);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(mirror_.count(), 3U);
}

TEST_F(CalDavRule12, ListsEverythingWhenTheQueryIsRefusedOrSaysOnlyPart) {
  for (const DavReply& reply :
       {refusal(403), refusal(500), refusal(507), DavReply{207, multistatus("")},
        DavReply{207, multistatus(rows_with_data(0, 2) + truncation_row("/c/"))},
        DavReply{207, multistatus(rows_with_data(0, 2)).substr(0, 400)}}) {
    mirror_ = MemoryResources{};
    tell_token("t0");
    on_report([&](const RawRequest& request) {
      if (asks_for(request, "calendar-query")) return reply;
      if (asks_for(request, "calendar-multiget")) {
        return DavReply{207, multistatus(rows_with_data(0, 5))};
      }
      const bool data = asks_for(request, "calendar-data");
      return DavReply{207,
                      multistatus(data ? rows_with_data(0, 5) : rows_without_data(0, 5), "t1")};
    });
    auto result = pass(PullMode::initial);
    ASSERT_TRUE(result) << reply.body << result.error().message;
    EXPECT_EQ(mirror_.count(), 5U) << reply.body;
    EXPECT_TRUE(result->complete_listing);
    EXPECT_NE(result->cursor.find("t1"), std::string::npos) << result->cursor;
  }
}

TEST_F(CalDavRule12, PrefersOneQueryToManyMultigetsWhereListingsHaveNoBodies) {
  on_report([](const RawRequest& request) {
    if (asks_for(request, "calendar-query"))
      return DavReply{207, multistatus(rows_with_data(0, 200))};
    return DavReply{207, multistatus(rows_without_data(0, 200), "t1")};
  });
  auto result = pass(PullMode::initial);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(result->complete_listing);
  EXPECT_EQ(mirror_.count(), 200U);
  EXPECT_EQ(server_.count("REPORT"), 2U);
  EXPECT_EQ(server_.count("REPORT", "calendar-multiget"), 0U);
}

TEST_F(CalDavRule12, FetchesByNameWhatAQueryForEventsLeftOut) {
  on_report([](const RawRequest& request) {
    if (asks_for(request, "calendar-query"))
      return DavReply{207, multistatus(rows_with_data(0, 90))};
    if (asks_for(request, "calendar-multiget")) {
      return DavReply{207, multistatus(rows_with_data(90, 100))};
    }
    return DavReply{207, multistatus(rows_without_data(0, 100), "t1")};
  });
  auto result = pass(PullMode::initial);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(mirror_.count(), 100U);
  EXPECT_EQ(mirror_.listed.size(), 10U);
}

TEST_F(CalDavRule12, FetchesTheOneBodyThatAListingLeftOut) {
  on_report([](const RawRequest& request) {
    if (asks_for(request, "calendar-multiget")) {
      return DavReply{207, multistatus(rows_with_data(2, 3))};
    }
    return DavReply{207, multistatus(rows_with_data(0, 2) + rows_without_data(2, 3), "t1")};
  });
  ASSERT_TRUE(pass(PullMode::initial));
  EXPECT_EQ(mirror_.count(), 3U);
  EXPECT_EQ(server_.count("REPORT"), 2U);
}

TEST_F(CalDavRule12, ListsWithoutBodiesWhenOneOfThemCannotBeSaidInXml) {
  on_report([](const RawRequest& request) {
    if (asks_for(request, "calendar-multiget")) {
      const auto asked = asked_hrefs(request);
      const bool bad = std::find(asked.begin(), asked.end(), href(1)) != asked.end();
      std::string rows;
      for (const std::string& one : asked)
        rows += resource_row(one, "\"e\"", bad ? "\x0b" : "BODY");
      return DavReply{207, multistatus(rows)};
    }
    if (asks_for(request, "calendar-data")) {
      return DavReply{
          207, multistatus(rows_with_data(0, 1) + resource_row(href(1), "\"x\"", "\x0b"), "t1")};
    }
    return DavReply{207, multistatus(rows_without_data(0, 3), "t1")};
  });
  server_.on("GET", href(1), DavReply{200, "BEGIN:VCALENDAR\x0b", "ETag: \"9\"\r\n"});
  auto result = pass(PullMode::initial);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(mirror_.count(), 3U);
  EXPECT_EQ(mirror_.resources[href(1)].bytes, "BEGIN:VCALENDAR\x0b");
  EXPECT_EQ(mirror_.resources[href(1)].etag, "\"9\"");
}

TEST_F(CalDavRule5, TakesTokensAsOpaqueAndAnUnchangedOneAsNoChange) {
  for (const std::string token : {"0", "-1", "data:,1_2", "a b<&>"}) {
    const std::string cursor = mirrored(rows_with_data(0, 3), token);
    on_report("", token);
    const std::size_t before = server_.requests().size();
    auto result = pass(PullMode::incremental, cursor);
    ASSERT_TRUE(result) << token << result.error().message;
    EXPECT_EQ(server_.requests().size() - before, 1U) << token;
    EXPECT_TRUE(mirror_.items.empty());
    EXPECT_EQ(result->cursor, cursor);
  }
}

TEST_F(CalDavRule4, SkipsTheCollectionsOwnRowAndNestedCollections) {
  on_report(property_row("/c/", "<d:getetag>\"c\"</d:getetag>") +
                property_row("/c", "<d:getetag>\"c\"</d:getetag>") +
                property_row("/c/nested/", "<d:resourcetype><d:collection/></d:resourcetype>") +
                rows_with_data(0, 1),
            "t1");
  ASSERT_TRUE(pass(PullMode::initial));
  EXPECT_EQ(mirror_.items.size(), 1U);
}

TEST_F(CalDavRule4, DeletesForAResponseLevel404OnlyAndNotInAFirstListing) {
  const std::string cursor = mirrored(rows_with_data(0, 2) + status_row("/c/tombstone.ics", 404));
  EXPECT_TRUE(mirror_.hrefs(Kind::deleted).empty());
  on_report(status_row(href(0), 404) + status_row("/c/unknown.ics", 404), "t2");
  ASSERT_TRUE(pass(PullMode::incremental, cursor));
  EXPECT_EQ(mirror_.hrefs(Kind::deleted), (std::vector<std::string>{href(0), "/c/unknown.ics"}));
  EXPECT_EQ(mirror_.count(), 1U);
}

TEST_F(CalDavRule2, TakesA207ThatSaysTheCollectionIsMissingForNotFound) {
  const std::string port = std::to_string(server_.port());
  on_report(status_row("http%3A//127.0.0.1%3A" + port + "/c/", 404), "");
  auto result = pass(PullMode::initial);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::not_found);
}

TEST_F(CalDavRule6, FollowsPagesOf507UntilTheTokenStops) {
  on_report([](const RawRequest& request) {
    if (asks_for(request, "<d:sync-token></d:sync-token>")) {
      return DavReply{207, multistatus(rows_with_data(0, 10) + truncation_row("/c/"), "p1")};
    }
    if (asks_for(request, "<d:sync-token>p1<")) {
      return DavReply{207, multistatus(rows_with_data(10, 20) + truncation_row("/c/"), "p2")};
    }
    return DavReply{207, multistatus(rows_with_data(20, 25), "p3")};
  });
  auto result = pass(PullMode::initial);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(mirror_.count(), 25U);
  EXPECT_EQ(mirror_.pulls, 3);
  EXPECT_TRUE(result->complete_listing);
  EXPECT_NE(result->cursor.find("p3"), std::string::npos);
}

TEST_F(CalDavRule6, PagesAnIncrementalPassToo) {
  const std::string cursor = mirrored(rows_with_data(0, 5));
  on_report([](const RawRequest& request) {
    if (asks_for(request, "<d:sync-token>t1<")) {
      return DavReply{207, multistatus(rows_with_data(5, 7) + truncation_row("/c/"), "t2")};
    }
    return DavReply{207, multistatus(status_row(href(0), 404), "t3")};
  });
  auto result = pass(PullMode::incremental, cursor);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(mirror_.pulls, 2);
  EXPECT_FALSE(result->complete_listing);
  EXPECT_EQ(mirror_.count(), 6U);
}

TEST_F(CalDavRule6, StopsWithAnErrorWhenTheTokenDoesNotAdvance) {
  const std::string cursor = mirrored(rows_with_data(0, 1));
  on_report(rows_with_data(0, 1) + truncation_row("/c/"), "t1");
  auto result = pass(PullMode::incremental, cursor);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::protocol_error);
  EXPECT_NE(result.error().message.find("does not move"), std::string::npos);
}

TEST_F(CalDavRule6, AsksWithoutBodiesAndThenByPropfindAfterAWholeResponse507) {
  on_report([](const RawRequest& request) {
    if (asks_for(request, "calendar-multiget")) {
      return DavReply{207, multistatus(rows_with_data(0, 3))};
    }
    return refusal(507, "number-of-matches-within-limits");
  });
  server_.on("PROPFIND", "/c/", [](const RawRequest& request) {
    return DavReply{207,
                    multistatus(property_row("/c/", "<cs:getctag>7</cs:getctag>") +
                                (request.header("depth") == "1" ? rows_without_data(0, 3) : ""))};
  });
  auto result = pass(PullMode::initial);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(result->complete_listing);
  EXPECT_EQ(mirror_.count(), 3U);
}

TEST_F(CalDavRule7, AnnouncesBodiesBeforeTheTokenMovesPastThem) {
  const std::string cursor = mirrored(rows_with_data(0, 5));
  on_report(rows_without_data(5, 8), "t2");
  mirror_.begin_pass();
  auto announced =
      provider_->pull({calendar(), PullMode::incremental, cursor}, mirror_, mirror_.sink());
  ASSERT_TRUE(announced);
  EXPECT_FALSE(announced->last);
  EXPECT_EQ(mirror_.hrefs(Kind::pending).size(), 3U);
  on_report(rows_with_data(5, 8), "");
  auto fetched = provider_->pull({calendar(), PullMode::incremental, announced->cursor}, mirror_,
                                 mirror_.sink());
  ASSERT_TRUE(fetched) << fetched.error().message;
  EXPECT_TRUE(fetched->last);
  EXPECT_EQ(mirror_.count(), 8U);
  EXPECT_NE(fetched->cursor.find("t2"), std::string::npos);
}

// A token that names content says of a resource that was put back as it had been that nothing has
// changed, while the mirror has the version in between.
TEST_F(CalDavRule7, AsksForWhatIsAheadOfTheTokenUnlessTheAnswerNamesIt) {
  const std::string cursor = mirrored(rows_with_data(0, 4));
  mirror_.ahead_of_cursor = {
      {"/c/made-and-gone.ics", ""}, {href(1), "\"back\""}, {href(2), "\"was\""}, {href(3), ""}};
  on_report([](const RawRequest& request) {
    if (asks_for(request, "calendar-multiget")) {
      EXPECT_EQ(asked_hrefs(request), (std::vector<std::string>{href(1), "/c/made-and-gone.ics"}));
      return DavReply{207, multistatus(resource_row(href(1), "\"back\"", "BACK") +
                                       status_row("/c/made-and-gone.ics", 404))};
    }
    return DavReply{
        207, multistatus(resource_row(href(2), "\"new\"", "NEW") + status_row(href(3), 404), "t1")};
  });
  auto result = pass(PullMode::incremental, cursor);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(mirror_.resources[href(1)].bytes, "BACK");
  EXPECT_EQ(mirror_.resources[href(2)].bytes, "NEW");
  EXPECT_EQ(mirror_.count(), 3U);
  EXPECT_EQ(server_.count("REPORT", "calendar-multiget"), 1U);
}

// What was told may have been taken back since, and then the same token tells nothing.
TEST_F(CalDavRule7, ListsEverythingAfterAnAnswerThatBrokeOffWhenSomeOfItWasTakenIn) {
  const std::string cursor = mirrored(rows_with_data(0, 2));
  mirror_.was_interrupted = true;
  const auto result = pass(PullMode::incremental, cursor);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::stale_cursor);
  EXPECT_TRUE(pass(PullMode::reconcile)) << "a listing cannot miss anything";
}

TEST_F(CalDavRule7, AsksForWhatIsAheadOnceTheLastPageHasNotNamedIt) {
  const std::string cursor = mirrored(rows_with_data(0, 2));
  mirror_.ahead_of_cursor = {{href(0), ""}, {href(1), ""}};
  on_report([this](const RawRequest& request) {
    if (asks_for(request, "calendar-multiget")) {
      EXPECT_EQ(asked_hrefs(request), std::vector<std::string>{href(1)});
      return DavReply{207, multistatus(rows_with_data(1, 2))};
    }
    if (asks_for(request, ">t1<")) {
      mirror_.ahead_of_cursor.erase(href(0));  // the machine has taken this page in
      return DavReply{
          207, multistatus(resource_row(href(0), "\"new\"", "NEW") + truncation_row("/c/"), "t2")};
    }
    return DavReply{207, multistatus("", "t3")};
  });
  ASSERT_TRUE(pass(PullMode::incremental, cursor));
  EXPECT_EQ(server_.count("REPORT", "calendar-multiget"), 1U);
}

TEST_F(CalDavRule8, KnowsARefusedTokenInAllDialects) {
  const std::string cursor = mirrored(rows_with_data(0, 1));
  for (const DavReply& reply : {refusal(403, "valid-sync-token"), refusal(409, "valid-sync-token"),
                                refusal(412, "valid-sync-token"), refusal(403), refusal(409),
                                refusal(412), refusal(400), refusal(410), refusal(500)}) {
    on_report([reply](const RawRequest&) { return reply; });
    auto result = pass(PullMode::incremental, cursor);
    ASSERT_FALSE(result) << reply.status;
    EXPECT_EQ(result.error().code, Errc::stale_cursor) << reply.status << result.error().message;
  }
}

TEST_F(CalDavRule8, TellsAServerInTroubleAndALostCalendarFromARefusedToken) {
  const std::string cursor = mirrored(rows_with_data(0, 1));
  on_report([](const RawRequest&) { return refusal(500); });
  server_.on("PROPFIND", "/c/", refusal(500));
  EXPECT_EQ(pass(PullMode::incremental, cursor).error().code, Errc::unavailable);
  on_report([](const RawRequest&) { return refusal(403); });
  server_.on("PROPFIND", "/c/", refusal(403));
  EXPECT_EQ(pass(PullMode::incremental, cursor).error().code, Errc::forbidden);
  server_.on("PROPFIND", "/c/", DavReply{207, multistatus(status_row("/c/", 404))});
  EXPECT_EQ(pass(PullMode::incremental, cursor).error().code, Errc::not_found);
}

TEST_F(CalDavRule8, ListsByPropfindWhenAnEmptyTokenIsRefusedToo) {
  on_report([](const RawRequest& request) {
    if (asks_for(request, "calendar-multiget")) {
      return DavReply{207, multistatus(rows_with_data(0, 2))};
    }
    return refusal(403);
  });
  server_.on("PROPFIND", "/c/",
             DavReply{207, multistatus(property_row("/c/", "<d:x/>") + rows_without_data(0, 2))});
  auto result = pass(PullMode::reconcile);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(mirror_.count(), 2U);
  EXPECT_TRUE(result->complete_listing);
}

TEST_F(CalDavRule9, CallsAnAnswerThatCoversMostOfTheCalendarSuspicious) {
  const std::string cursor = mirrored(rows_with_data(0, 20));
  on_report(rows_with_data(0, 16), "t2");
  EXPECT_TRUE(pass(PullMode::incremental, cursor)->suspicious);
  on_report(rows_with_data(0, 15), "t2");
  EXPECT_FALSE(pass(PullMode::incremental, cursor)->suspicious);
}

TEST_F(CalDavRule9, DoesNotSuspectSmallCalendars) {
  const std::string cursor = mirrored(rows_with_data(0, 9));
  on_report(rows_with_data(0, 9), "t2");
  EXPECT_FALSE(pass(PullMode::incremental, cursor)->suspicious);
}

TEST_F(CalDavRule9, ListsEverythingInAReconcileWhateverTheTokenWouldHaveSaid) {
  mirrored(rows_with_data(0, 5));
  on_report(rows_with_data(3, 7), "t9");
  auto result = pass(PullMode::reconcile);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->complete_listing);
  EXPECT_EQ(mirror_.count(), 4U);
  EXPECT_TRUE(mirror_.hrefs(Kind::deleted).empty());
}

}  // namespace
}  // namespace tidemark::test
