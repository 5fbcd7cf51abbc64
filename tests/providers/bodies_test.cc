// Listings without sync-collection, ETags, and bodies fetched by name.
#include "providers/dialect_fixture.h"

namespace tidemark::test {
namespace {

using CalDavRule10 = Dialect;
using CalDavRule11 = Dialect;
using CalDavRule13 = Dialect;
using CalDavRule16 = Dialect;
using ResumedPass = Dialect;

// A server that knows RFC 4791 only.
class WithoutSyncCollection : public Dialect {
 protected:
  WithoutSyncCollection() {
    on_report([this](const RawRequest& request) {
      if (!asks_for(request, "calendar-multiget")) return refusal(501);
      std::string rows;
      for (const std::string& one : asked_hrefs(request)) {
        ++bodies_;
        rows += resource_row(one, resources_.contains(one) ? resources_[one] : "", "BODY " + one);
      }
      return DavReply{207, multistatus(rows)};
    });
    server_.on("PROPFIND", "/c/", [this](const RawRequest& request) {
      std::string rows = property_row("/c/", "<cs:getctag>" + ctag_ + "</cs:getctag>");
      if (request.header("depth") == "1") {
        ++listings_;
        for (const auto& [one, tag] : resources_) rows += resource_row(one, tag);
      }
      return DavReply{207, multistatus(rows)};
    });
  }

  std::map<std::string, std::string> resources_{
      {"/c/a.ics", "\"1\""}, {"/c/b.ics", "\"2\""}, {"/c/c.ics", "\"3\""}};
  std::string ctag_ = "one";
  int listings_ = 0;
  int bodies_ = 0;
};
using CalDavRule13Listing = WithoutSyncCollection;
using CalDavRule10Listing = WithoutSyncCollection;

TEST_F(CalDavRule13Listing, SkipsTheListingWhileTheCtagStays) {
  auto first = pass(PullMode::initial);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(mirror_.count(), 3U);
  const std::size_t before = server_.requests().size();
  auto second = pass(PullMode::incremental, first->cursor);
  ASSERT_TRUE(second);
  EXPECT_EQ(server_.requests().size(), before + 1);
  EXPECT_EQ(listings_, 1);
  EXPECT_TRUE(mirror_.items.empty());
  EXPECT_FALSE(second->complete_listing);
}

TEST_F(CalDavRule13Listing, StoresNoCtagThatIsNotTheListings) {
  auto first = pass(PullMode::initial);
  resources_["/c/d.ics"] = "\"4\"";
  ctag_ = "two";
  server_.on("PROPFIND", "/c/", [this](const RawRequest& request) {
    std::string rows = property_row("/c/", "<cs:getctag>" + ctag_ + "</cs:getctag>");
    if (request.header("depth") != "1") return DavReply{207, multistatus(rows)};
    for (const auto& [one, tag] : resources_) rows += resource_row(one, tag);
    ctag_ = "three";  // something changes while the listing is under way
    return DavReply{207, multistatus(rows)};
  });
  auto second = pass(PullMode::incremental, first->cursor);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->cursor.find("two"), std::string::npos);
  EXPECT_EQ(second->cursor.find("three"), std::string::npos);
}

TEST_F(CalDavRule13Listing, FetchesWhatEtagsSayChangedAndNamesWhatVanished) {
  auto first = pass(PullMode::initial);
  bodies_ = 0;
  resources_["/c/a.ics"] = "\"9\"";
  resources_.erase("/c/b.ics");
  resources_["/c/d.ics"] = "\"4\"";
  ctag_ = "two";
  auto second = pass(PullMode::incremental, first->cursor);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(bodies_, 2);
  EXPECT_EQ(mirror_.hrefs(Kind::deleted), std::vector<std::string>{"/c/b.ics"});
  EXPECT_EQ(mirror_.count(), 3U);
}

TEST_F(CalDavRule13Listing, SaysAnEmptiedCalendarIsACompleteListingSoThatItIsConfirmed) {
  auto first = pass(PullMode::initial);
  resources_.clear();
  ctag_ = "two";
  mirror_.begin_pass();
  auto second =
      provider_->pull({calendar(), PullMode::incremental, first->cursor}, mirror_, mirror_.sink());
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->complete_listing);
  EXPECT_TRUE(mirror_.items.empty());
}

TEST_F(CalDavRule10Listing, FetchesWhatHasNoEtagOrAWeakOneEveryTime) {
  resources_ = {{"/c/a.ics", "W/\"1\""}, {"/c/b.ics", ""}, {"/c/c.ics", "\"3\""}};
  auto first = pass(PullMode::initial);
  ASSERT_TRUE(first);
  bodies_ = 0;
  ctag_ = "two";
  ASSERT_TRUE(pass(PullMode::incremental, first->cursor));
  EXPECT_EQ(bodies_, 2);
}

TEST_F(CalDavRule10Listing, DoesNotTrustEtagsThatTwoResourcesShare) {
  resources_ = {{"/c/a.ics", "\"same\""}, {"/c/b.ics", "\"same\""}, {"/c/c.ics", "\"3\""}};
  auto first = pass(PullMode::initial);
  bodies_ = 0;
  ctag_ = "two";
  ASSERT_TRUE(pass(PullMode::incremental, first->cursor));
  EXPECT_EQ(bodies_, 3);
}

// Neither a CTag nor an ETag that names content shows that something was put back.
TEST_F(CalDavRule13Listing, AsksForWhatIsAheadOfTheCtag) {
  auto first = pass(PullMode::initial);
  ASSERT_TRUE(first);
  bodies_ = 0;
  mirror_.ahead_of_cursor = {{"/c/b.ics", "\"2\""}};
  ASSERT_TRUE(pass(PullMode::incremental, first->cursor));
  EXPECT_EQ(bodies_, 1);
  EXPECT_EQ(mirror_.hrefs(Kind::body), std::vector<std::string>{"/c/b.ics"});

  ctag_ = "two";
  resources_.erase("/c/c.ics");
  mirror_.ahead_of_cursor = {{"/c/b.ics", ""}, {"/c/c.ics", ""}, {"/c/gone.ics", ""}};
  ASSERT_TRUE(pass(PullMode::incremental, first->cursor));
  EXPECT_EQ(bodies_, 1);
  EXPECT_EQ(mirror_.hrefs(Kind::unchanged), std::vector<std::string>{"/c/b.ics"});
  const auto deleted = mirror_.hrefs(Kind::deleted);
  EXPECT_EQ(std::set<std::string>(deleted.begin(), deleted.end()),
            (std::set<std::string>{"/c/c.ics", "/c/gone.ics"}));
}

TEST_F(CalDavRule10, DownloadsWhatSyncCollectionReportsEvenWithAnUnchangedEtag) {
  const std::string cursor = mirrored(rows_with_data(0, 2));
  on_report(resource_row(href(0), etag(0), "RECREATED"), "t2");
  ASSERT_TRUE(pass(PullMode::incremental, cursor));
  EXPECT_EQ(mirror_.resources[href(0)].bytes, "RECREATED");
}

TEST_F(ResumedPass, MarksWhatItHasAndFetchesTheRest) {
  mirrored(rows_with_data(0, 10));
  for (int i = 5; i < 10; ++i) mirror_.resources.erase(href(i));
  mirror_.items.clear();
  on_report([](const RawRequest& request) {
    if (!asks_for(request, "calendar-multiget")) {
      EXPECT_FALSE(asks_for(request, "calendar-data"));
      return DavReply{207, multistatus(rows_without_data(0, 10), "t1")};
    }
    return DavReply{207, multistatus(rows_with_data(0, 10))};
  });
  auto result = mirror_.continue_pass(*provider_, calendar(), PullMode::initial);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(mirror_.hrefs(Kind::unchanged).size(), 5U);
  EXPECT_EQ(mirror_.hrefs(Kind::body).size(), 5U);
  EXPECT_TRUE(result->complete_listing);
}

TEST_F(ResumedPass, FetchesEverythingAgainWhenEtagsAreNotUnique) {
  const std::string rows =
      resource_row(href(0), "\"x\"", "A") + resource_row(href(1), "\"x\"", "B");
  mirrored(rows);
  mirror_.items.clear();
  on_report([&](const RawRequest& request) {
    if (asks_for(request, "calendar-multiget")) return DavReply{207, multistatus(rows)};
    return DavReply{
        207, multistatus(resource_row(href(0), "\"x\"") + resource_row(href(1), "\"x\""), "t1")};
  });
  ASSERT_TRUE(mirror_.continue_pass(*provider_, calendar(), PullMode::initial));
  EXPECT_TRUE(mirror_.hrefs(Kind::unchanged).empty());
  EXPECT_EQ(mirror_.hrefs(Kind::body).size(), 2U);
}

TEST_F(CalDavRule11, SettlesEachBodyThatAMultigetLeavesOut) {
  const std::string cursor = mirrored(rows_with_data(0, 1));
  on_report([](const RawRequest& request) {
    if (!asks_for(request, "calendar-multiget")) {
      return DavReply{207, multistatus(rows_without_data(1, 7), "t2")};
    }
    std::string rows = resource_row("/c/unsolicited.ics", "\"u\"", "UNSOLICITED");
    const auto asked = asked_hrefs(request);
    for (const std::string& one : asked) {
      if (one == href(1)) rows += resource_row(one, etag(1), "BATCH");
      if (one == href(2) && asked.size() == 1) rows += resource_row(one, etag(2), "SINGLE");
      if (one == href(6)) rows += status_row(one, 404);
    }
    return DavReply{207, multistatus(rows)};
  });
  server_.on("GET", href(3), DavReply{200, "GOT", "ETag: \"3\"\r\n"});
  server_.on("GET", href(5), refusal(500));
  server_.on("PROPFIND", href(5), DavReply{207, multistatus(rows_without_data(5, 6))});
  auto result = pass(PullMode::incremental, cursor);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(mirror_.resources[href(1)].bytes, "BATCH");
  EXPECT_EQ(mirror_.resources[href(2)].bytes, "SINGLE");
  EXPECT_EQ(mirror_.resources[href(3)].bytes, "GOT");
  const auto deleted = mirror_.hrefs(Kind::deleted);
  EXPECT_EQ(std::set<std::string>(deleted.begin(), deleted.end()),
            (std::set<std::string>{href(4), href(6)}));
  EXPECT_NE(mirror_.failed[href(5)].find("HTTP 500"), std::string::npos);
  EXPECT_FALSE(mirror_.resources.contains("/c/unsolicited.ics"));
}

TEST_F(CalDavRule11, HalvesBatchesThatAreTooMuchAndGrowsThemWhenFast) {
  const std::string cursor = mirrored(rows_with_data(0, 1));
  std::vector<std::size_t> sizes;
  on_report([&](const RawRequest& request) {
    if (!asks_for(request, "calendar-multiget")) {
      return DavReply{207, multistatus(rows_without_data(1, 301), "t2")};
    }
    const auto asked = asked_hrefs(request);
    sizes.push_back(asked.size());
    if (asked.size() > 60) return refusal(507);
    std::string rows;
    for (const std::string& one : asked) rows += resource_row(one, "\"e\"", "BODY");
    return DavReply{207, multistatus(rows)};
  });
  auto result = pass(PullMode::incremental, cursor);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(mirror_.count(), 301U);
  ASSERT_GE(sizes.size(), 4U);
  EXPECT_EQ((std::vector<std::size_t>{sizes.begin(), sizes.begin() + 4}),
            (std::vector<std::size_t>{50, 100, 50, 50}));
}

TEST_F(CalDavRule11, ReplacesSlowMultigetsByOneQuery) {
  on_report([&](const RawRequest& request) {
    if (asks_for(request, "calendar-query"))
      return DavReply{207, multistatus(rows_with_data(0, 700))};
    if (asks_for(request, "calendar-multiget")) {
      const auto asked = asked_hrefs(request);
      time_ms_ += 130 * static_cast<long>(asked.size());
      std::string rows;
      for (const std::string& one : asked) rows += resource_row(one, "\"e\"", "BODY");
      return DavReply{207, multistatus(rows)};
    }
    return DavReply{207, multistatus(rows_without_data(0, 700), "t1")};
  });
  // One resource was stored before the crash, so the pass is resumed by its missing bodies.
  mirror_.apply({.kind = Kind::body, .href = href(0), .etag = etag(0), .bytes = "BODY"});
  mirror_.items.clear();
  auto result = mirror_.continue_pass(*provider_, calendar(), PullMode::initial);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(mirror_.count(), 700U);
  EXPECT_EQ(server_.count("REPORT", "calendar-multiget"), 1U);
  EXPECT_EQ(server_.count("REPORT", "calendar-query"), 1U);
  EXPECT_EQ(mirror_.hrefs(Kind::body).size(), 699U);
}

TEST_F(CalDavRule11, GetsBodiesOneByOneFromAServerWithoutMultiget) {
  const std::string cursor = mirrored(rows_with_data(0, 1));
  on_report([](const RawRequest& request) {
    if (asks_for(request, "calendar-multiget")) return refusal(501);
    return DavReply{207, multistatus(rows_without_data(1, 4), "t2")};
  });
  for (int i = 1; i < 4; ++i) server_.on("GET", href(i), DavReply{200, "GOT"});
  auto result = pass(PullMode::incremental, cursor);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(mirror_.count(), 4U);
  EXPECT_NE(result->cursor.find("no_multiget"), std::string::npos);
}

TEST_F(CalDavRule11, QuarantinesABodyWhoseRedirectsNeverEndAndGoesOn) {
  const std::string cursor = mirrored(rows_with_data(0, 1));
  on_report([](const RawRequest& request) {
    if (asks_for(request, "calendar-multiget")) return refusal(501);
    return DavReply{207, multistatus(rows_without_data(1, 3), "t2")};
  });
  server_.on("GET", href(1), DavReply{302, "", "Location: " + href(1) + "\r\n"});
  server_.on("GET", href(2), DavReply{200, "GOT"});
  auto result = pass(PullMode::incremental, cursor);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_NE(mirror_.failed[href(1)].find("redirects"), std::string::npos);
  EXPECT_EQ(mirror_.resources[href(2)].bytes, "GOT");
}

TEST_F(CalDavRule11, QuarantinesAResourceAboveTheLimitAndGoesOn) {
  settings_.max_resource_bytes = 1000;
  provider_ = caldav::make_provider(settings_, http_, options_);
  on_report(rows_with_data(0, 1) + resource_row("/c/big.ics", "\"b\"", std::string(2000, 'x')),
            "t1");
  auto result = pass(PullMode::initial);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(mirror_.count(), 1U);
  EXPECT_NE(mirror_.failed["/c/big.ics"].find("1000 B"), std::string::npos)
      << mirror_.failed["/c/big.ics"];
}

TEST_F(CalDavRule16, TellsWhyACalendarDoesNotAnswer) {
  const std::string cursor = mirrored(rows_with_data(0, 1));
  const auto error_for = [&](const DavReply& reply) {
    on_report([reply](const RawRequest&) { return reply; });
    server_.on("PROPFIND", "/c/", reply);
    auto result = pass(PullMode::incremental, cursor);
    return result ? Error{Errc::internal, "no error", {}} : result.error();
  };
  EXPECT_EQ(error_for(refusal(404)).code, Errc::not_found);
  EXPECT_EQ(error_for(refusal(403)).code, Errc::forbidden);
  const Error unauthorized = error_for({401, "", "WWW-Authenticate: Basic realm=\"x\"\r\n"});
  EXPECT_EQ(unauthorized.code, Errc::unauthorized);
  EXPECT_NE(unauthorized.message.find("account work"), std::string::npos);
  EXPECT_NE(unauthorized.message.find("/c/"), std::string::npos);
  EXPECT_NE(unauthorized.message.find("password"), std::string::npos);
  EXPECT_EQ(unauthorized.message.find("s3cret-word"), std::string::npos);
  const Error busy = error_for({503, "later", "Retry-After: 30\r\n"});
  EXPECT_EQ(busy.code, Errc::unavailable);
  EXPECT_EQ(busy.retry_after, std::chrono::seconds(30));
  EXPECT_EQ(error_for({429, "slow down"}).code, Errc::unavailable);
  EXPECT_EQ(mirror_.count(), 1U);
}

}  // namespace
}  // namespace tidemark::test
