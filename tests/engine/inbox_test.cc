#include "engine/inbox.h"

#include "engine_fixture.h"

namespace tidemark::engine {
namespace {

std::unique_ptr<Work> work(std::string_view tenant, std::string_view rest, std::string text = {}) {
  auto made = std::make_unique<Work>();
  made->input.instance = make_instance_id("k", tenant, rest);
  made->input.payload = std::move(text);
  return made;
}

std::vector<std::string> order(Inbox& inbox, std::size_t count = 1000) {
  std::vector<std::string> taken;
  for (const auto& each : inbox.take(count, SIZE_MAX)) {
    taken.push_back(each->input.instance.value.substr(2) + ":" + each->input.payload);
  }
  return taken;
}

TEST(Inbox, LetsTenantsAndTheirInstancesTakeTurnsAndKeepsEachInstancesOrder) {
  Inbox inbox({100, 1 << 20});
  for (const char* text : {"1", "2", "3"}) inbox.push(work("a", "x", text));
  inbox.push(work("a", "y", "4"));
  inbox.push(work("b", "z", "5"));
  inbox.push(work("b", "z", "6"));
  EXPECT_EQ(order(inbox),
            (std::vector<std::string>{"a/x:1", "b/z:5", "a/y:4", "b/z:6", "a/x:2", "a/x:3"}));
  EXPECT_TRUE(inbox.empty());
  EXPECT_EQ(inbox.bytes(), 0U);
}

TEST(Inbox, TakesBackWhatCouldNotBeDoneInOrder) {
  Inbox inbox({100, 1 << 20});
  for (const char* text : {"1", "2", "3", "4"}) inbox.push(work("a", "x", text));
  auto taken = inbox.take(3, SIZE_MAX);
  inbox.put_back(std::move(taken));
  EXPECT_EQ(order(inbox), (std::vector<std::string>{"a/x:1", "a/x:2", "a/x:3", "a/x:4"}));
}

TEST(Inbox, GivesUpWhatCameFromOutsideBehindTheEnginesOwn) {
  Inbox inbox({100, 1 << 20});
  for (const char* text : {"1", "2", "3", "4"}) {
    auto added = work("a", "x", text);
    if (*text == '2' || *text == '4') added->source = Work::Source::message;
    inbox.push(std::move(added));
  }
  inbox.push(work("a", "y", "5"));
  const auto refused = inbox.take_refusable(make_instance_id("k", "a", "x"));
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0]->input.payload, "3");
  EXPECT_TRUE(inbox.take_refusable(make_instance_id("k", "a", "y")).empty());
  EXPECT_TRUE(inbox.take_refusable(make_instance_id("k", "a", "z")).empty());
  EXPECT_TRUE(inbox.take_refusable(make_instance_id("k", "b", "x")).empty());
  inbox.push(work("a", "x", "6"));
  EXPECT_EQ(order(inbox), (std::vector<std::string>{"a/x:1", "a/y:5", "a/x:2", "a/x:4", "a/x:6"}));
  EXPECT_EQ(inbox.bytes(), 0U);
}

TEST(Inbox, RefusesMoreThanItMayHold) {
  Inbox inbox({2, 1 << 20});
  auto one = work("a", "x");
  auto two = work("a", "y");
  auto three = work("a", "z");
  EXPECT_TRUE(inbox.admit(one));
  EXPECT_TRUE(inbox.admit(two));
  EXPECT_EQ(inbox.admit(three).error().code, Errc::overloaded);
  EXPECT_NE(three, nullptr);
}

TEST(Inbox, RefusesMoreBytesThanItMayHold) {
  Inbox inbox({100, 4000});
  auto one = work("a", "x", std::string(3000, 'x'));
  auto two = work("a", "y", std::string(3000, 'x'));
  EXPECT_TRUE(inbox.admit(one));
  EXPECT_EQ(inbox.admit(two).error().code, Errc::overloaded);
}

TEST(Inbox, StillAdmitsAQuietTenantWhenABusyOneFilledIt) {
  Inbox inbox({80, 1 << 20});
  for (int i = 0; i < 80; ++i) {
    auto each = work("busy", std::to_string(i));
    ASSERT_TRUE(inbox.admit(each));
  }
  auto more = work("busy", "more");
  EXPECT_FALSE(inbox.admit(more));
  auto quiet = work("quiet", "x");
  EXPECT_TRUE(inbox.admit(quiet));
  EXPECT_EQ(order(inbox, 2)[1], "quiet/x:");
}

TEST(Inbox, HoldsALongChainOfOneInstance) {
  Inbox inbox({SIZE_MAX, SIZE_MAX});
  for (int i = 0; i < 200'000; ++i) inbox.push(work("a", "x"));
  EXPECT_EQ(inbox.size(), 200'000U);
}

}  // namespace
}  // namespace tidemark::engine

namespace tidemark::test {
namespace {

TEST_F(EngineTest, RefusesInputsBeyondTheInboxAndTakesThemAgainOnceItDrained) {
  EngineOptions options;
  options.inbox_capacity = 4;
  reopen(options);
  int accepted = 0;
  int overloaded = 0;
  for (int i = 0; i < 6; ++i) {
    engine_->submit(note("a", "x"), [&](Result<Receipt> answer) {
      answer ? ++accepted : ++overloaded;
      EXPECT_TRUE(answer || answer.error().code == Errc::overloaded);
    });
  }
  EXPECT_EQ(overloaded, 2);
  run();
  EXPECT_EQ(accepted, 4);
  EXPECT_TRUE(engine_->submit(note("a", "y")));
}

TEST_F(EngineTest, CutsBatchesAtTheirLimit) {
  EngineOptions options;
  options.max_batch_inputs = 3;
  reopen(options);
  for (int i = 0; i < 7; ++i) engine_->submit(note("a", "x"), [](auto) {});
  const int before = store_->commits;
  run();
  EXPECT_EQ(store_->commits, before + 3);
}

}  // namespace
}  // namespace tidemark::test
