// What is sent to a CalDAV server to change a resource, and what its answers mean.
#include "providers/calendar_writer.h"
#include "providers/dialect_fixture.h"

namespace tidemark::test {
namespace {

class ResourceWriting : public Dialect {
 protected:
  ResourceWriting() {
    server_.on("GET", "/c/a.ics", [this](const RawRequest&) {
      return stored_.empty() ? DavReply{404, {}, {}} : DavReply{read_status_, stored_, {}};
    });
    server_.on("PUT", "/c/a.ics", [this](const RawRequest& request) {
      stored_ = request.body;
      return DavReply{204, {}, {}};
    });
  }

  // As a listing brings it: XML has made LF of every line end.
  static std::string listed(std::string text) {
    std::erase(text, '\r');
    return text;
  }
  Result<WriteOutcome> change(const std::string& before, const std::string& after) {
    WriteOrder order;
    order.kind = WriteOrder::Kind::update;
    order.calendar_id = calendar();
    order.href = "/c/a.ics";
    order.base_bytes = before;
    order.icalendar = after;
    return provider_->writer()->write(order);
  }

  std::string stored_ = event("a", "Old");
  int read_status_ = 200;
};

TEST_F(ResourceWriting, ComparesLinesWhereThereIsNoStrongEtag) {
  const auto outcome = change(listed(event("a", "Old")), listed(event("a", "New")));
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_FALSE(outcome->conflict);
  EXPECT_EQ(stored_, event("a", "New"));  // every line ends in CRLF
}

TEST_F(ResourceWriting, DoesNotMakeAgainWhatIsDeletedBeforeItIsChanged) {
  server_.on("PUT", "/c/a.ics", [this](const RawRequest& request) {
    stored_.clear();
    return DavReply{request.header("if-match") == "*" ? 412 : 201, {}, {}};
  });
  const auto outcome = change(listed(event("a", "Old")), listed(event("a", "New")));
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_TRUE(outcome->conflict);
  EXPECT_EQ(outcome->item.kind, RemoteItem::Kind::deleted);
}

TEST_F(ResourceWriting, LeavesAnotherVersionAlone) {
  const auto outcome = change(listed(event("a", "Older")), listed(event("a", "New")));
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_TRUE(outcome->conflict);
  EXPECT_EQ(outcome->item.bytes, listed(event("a", "Old")));
  EXPECT_EQ(server_.count("PUT"), 0U);
}

TEST_F(ResourceWriting, TellsWhetherOthersMayHaveHadAHand) {
  std::string made = "\"made\"";
  std::string there = made;
  std::string read = event("a", "New");
  int status = 204;
  server_.on("PUT", "/c/a.ics", [&](const RawRequest&) {
    return DavReply{status, {}, "ETag: " + made + "\r\n"};
  });
  server_.on("GET", "/c/a.ics", [&](const RawRequest&) {
    return DavReply{200, read, "ETag: " + there + "\r\n"};
  });
  WriteOrder order;
  order.kind = WriteOrder::Kind::update;
  order.calendar_id = calendar();
  order.href = "/c/a.ics";
  order.base_etag = "\"1\"";
  order.icalendar = listed(event("a", "New"));
  const auto mixed = [&] {
    const auto outcome = provider_->writer()->write(order);
    EXPECT_TRUE(outcome);
    return outcome && outcome->mixed;
  };
  EXPECT_FALSE(mixed());
  read = event("a", "New, in the server's words");
  EXPECT_FALSE(mixed());
  there = "\"theirs\"";
  EXPECT_TRUE(mixed());
  made = "W/\"weak\"";
  there = made;
  EXPECT_TRUE(mixed());
  read = event("a", "New");
  EXPECT_FALSE(mixed());
  status = 412;  // an earlier attempt, whose answer was lost, has made what is there
  EXPECT_FALSE(mixed());
  read = event("a", "Theirs");
  EXPECT_TRUE(mixed());
}

TEST_F(ResourceWriting, TellsItWithoutAStrongEtagToo) {
  stored_ = event("a", "New");  // an earlier attempt, whose answer was lost
  auto outcome = change(listed(event("a", "Old")), listed(event("a", "New")));
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->conflict);
  EXPECT_FALSE(outcome->mixed);
  stored_ = event("a", "New, and theirs");
  outcome = change(listed(event("a", "Old")), listed(event("a", "New")));
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->mixed);
}

TEST_F(ResourceWriting, WhatWasTakenAndCannotBeReadBackIsTriedAgain) {
  WriteOrder order;
  order.kind = WriteOrder::Kind::update;
  order.calendar_id = calendar();
  order.href = "/c/a.ics";
  order.base_etag = "\"1\"";
  order.icalendar = event("a", "New");
  read_status_ = 501;
  const auto outcome = provider_->writer()->write(order);
  ASSERT_FALSE(outcome);
  EXPECT_TRUE(retryable(outcome.error().code)) << outcome.error().message;
  EXPECT_EQ(stored_, event("a", "New"));
}

}  // namespace
}  // namespace tidemark::test
