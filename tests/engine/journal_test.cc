#include "engine/replay.h"
#include "engine_fixture.h"

namespace tidemark::test {
namespace {

class Journal : public EngineTest {
 protected:
  std::vector<Sequence> sequences(const RecordFilter& filter) {
    const auto records = read_records(*store_, filter);
    EXPECT_TRUE(records) << records.error().message;
    std::vector<Sequence> found;
    for (const auto& each : *records) found.push_back(each.sequence);
    return found;
  }
  // A bit of everything: rows, timers, effects with progress, messages (one refused), events, ends.
  void live() {
    submit(input("a", {{"rows", {{"x", "1"}, {"y", "2"}}},
                       {"timers", {{{"name", "t"}, {"in_ms", 10}}}},
                       {"effects",
                        {{{"executor", "held"}, {"payload", "p"}},
                         {{"executor", "nobody"}, {"correlation_id", "cor_of_another"}}}},
                       {"events", {"one", "two"}},
                       {"messages",
                        {{{"to", id("b").value}},
                         {{"to", id("b").value}, {"input", {{"refuse", "no"}}}}}}}));
    run();
    submit(input("a", {{"copy", {{"from", "x"}, {"to", "z"}}}, {"gather", ""}}));
    auto held = held_.take();
    held.handle->complete("do", R"({"rows":{"x":null},"events":["three"]})");
    clock_.advance(milliseconds{20});
    run();
    submit(input("b", {{"end", true}}));
    submit(input("b", {{"gather", ""}}));
    run();
  }
};

TEST_F(Journal, EveryStepCanBeRunAgainFromItsRecord) {
  live();
  const AnyMachine machine = erase<Scripted>();
  Replayer replayer({{std::string(machine.kind), machine}});
  const auto records = read_records(*store_, {});
  ASSERT_GE(records->size(), 8U);
  for (const auto& each : *records) {
    const auto replayed = replayer.replay(each, *read_input(*store_, each.sequence));
    EXPECT_TRUE(replayed) << replayed.error().message;
  }
  std::map<std::string, std::string> stored;
  ASSERT_TRUE(scan_rows(*store_, id("a"), {}, {}, [&](auto key, auto value) {
    stored.emplace(key, value);
    return true;
  }));
  EXPECT_EQ(stored, replayer.rows_of(id("a")));
  EXPECT_FALSE(stored.empty());
}

TEST_F(Journal, ReplayNoticesAMachineThatDoesSomethingElse) {
  live();
  auto machine = erase<Scripted>();
  machine.step = [step = machine.step](const StepContext& context, std::string_view state,
                                       std::string_view type, std::string_view payload) {
    auto transition = step(context, state, type, payload);
    if (transition && !transition->events.empty()) transition->events[0].source = "elsewhere";
    return transition;
  };
  Replayer replayer({{std::string(machine.kind), machine}});
  const auto replayed = replayer.replay(record(1), *read_input(*store_, 1));
  ASSERT_FALSE(replayed);
  EXPECT_EQ(replayed.error().code, Errc::conflict);
  EXPECT_NE(replayed.error().message.find("events differ"), std::string::npos);
}

TEST_F(Journal, ReplayNoticesAnInputThatIsNotTheOneRecorded) {
  live();
  const AnyMachine machine = erase<Scripted>();
  Replayer replayer({{std::string(machine.kind), machine}});
  EXPECT_EQ(replayer.replay(record(1), "{}").error().code, Errc::corrupt);
}

TEST_F(Journal, SaysWhatAStepDid) {
  Input cause = input("a", {{"rows", {{"x", "1"}}}, {"events", {"one"}}});
  cause.dedupe_key = "key";
  cause.causation_id = "outside";
  const auto receipt = submit(cause);
  const auto wrote = record(receipt.sequence);
  EXPECT_EQ(wrote.at, clock_.now());
  EXPECT_EQ(wrote.tenant, "acme");
  EXPECT_EQ(wrote.instance, id("a"));
  EXPECT_EQ(wrote.machine_version, Scripted::version);
  EXPECT_EQ(wrote.input_type, "do");
  EXPECT_EQ(wrote.input_hash, sha256(cause.payload));
  EXPECT_EQ(wrote.input_bytes, cause.payload.size());
  EXPECT_EQ(wrote.dedupe_key, "key");
  EXPECT_EQ(wrote.causation_id, "outside");
  EXPECT_EQ(wrote.state, ".do\n");
  EXPECT_EQ(wrote.state_hash, sha256(".do\n"));
  EXPECT_EQ(wrote.rows[0].value_hash, sha256("1"));
  EXPECT_EQ(wrote.events[0].id, make_id(kEventPrefix, clock_.now(), {1, 0}));
  EXPECT_EQ(wrote.events[0].dedupe_key, "key:one");
  EXPECT_EQ(wrote.correlation_id, make_id(kCorrelationPrefix, clock_.now(), {1, kRecordIndex}));
}

TEST_F(Journal, IsFoundByCorrelationInstanceTenantAndTime) {
  Input named = note("a", "x");
  named.correlation_id = "cor_x";
  submit(named);
  submit(note("b", "x"));
  clock_.advance(std::chrono::seconds(1));
  Input other = note("c", "x");
  other.instance = id("c", "other");
  other.correlation_id = "cor_x";
  submit(other);
  submit(note("a", "y"));
  using Found = std::vector<Sequence>;
  EXPECT_EQ(sequences({}), (Found{1, 2, 3, 4}));
  EXPECT_EQ(sequences({.correlation_id = "cor_x"}), (Found{1, 3}));
  EXPECT_EQ(sequences({.tenant = "acme", .correlation_id = "cor_x"}), (Found{1}));
  EXPECT_EQ(sequences({.instance = id("a").value}), (Found{1, 4}));
  EXPECT_EQ(sequences({.tenant = "acme"}), (Found{1, 2, 4}));
  EXPECT_EQ(sequences({.since = clock_.now()}), (Found{3, 4}));
  EXPECT_EQ(sequences({.since = clock_.now() + milliseconds{1}}), (Found{}));
  EXPECT_EQ(sequences({.tenant = "acme", .after = 1}), (Found{2, 4}));
  EXPECT_EQ(sequences({.after = 1, .limit = 2}), (Found{2, 3}));
  EXPECT_EQ(sequences({.limit = 0}), (Found{}));
}

TEST_F(Journal, IsFoundByDedupeKeyTypeAndAllFiltersAtOnce) {
  Input keyed = input("a", {{"events", {"one", "two.x"}}});
  keyed.dedupe_key = "key";
  submit(keyed);
  submit(note("a", "x"));
  clock_.advance(std::chrono::seconds(1));
  Input other = note("c", "x");
  other.instance = id("c", "other");
  other.dedupe_key = "key";
  submit(other);
  clock_.advance(std::chrono::seconds(1));
  submit(input("b", {{"events", {"one"}}}));
  using Found = std::vector<Sequence>;
  EXPECT_EQ(sequences({.dedupe_key = "key"}), (Found{1, 3}));
  EXPECT_EQ(sequences({.tenant = "acme", .dedupe_key = "key"}), (Found{1}));
  EXPECT_EQ(sequences({.tenant = "other", .dedupe_key = "key"}), (Found{3}));
  EXPECT_EQ(sequences({.tenant = "acme", .dedupe_key = "key", .after = 1}), (Found{}));
  EXPECT_EQ(sequences({.tenant = "acme", .dedupe_key = "key", .type_glob = "note"}), (Found{}));
  EXPECT_EQ(sequences({.dedupe_key = "key:two.x"}), (Found{1})) << "an event's key";
  EXPECT_EQ(sequences({.dedupe_key = "none"}), (Found{}));
  EXPECT_EQ(sequences({.type_glob = "no*"}), (Found{2, 3}));
  EXPECT_EQ(sequences({.type_glob = "two.*"}), (Found{1}));
  EXPECT_EQ(sequences({.type_glob = "one", .after = 1}), (Found{4}));
  const WallTime last = clock_.now();
  EXPECT_EQ(sequences({.until = last}), (Found{1, 2, 3}));
  EXPECT_EQ(sequences({.since = last - std::chrono::seconds(1), .until = last}), (Found{3}));
  EXPECT_EQ(sequences({.instance = id("a").value, .type_glob = "note", .until = last}), (Found{2}));
}

TEST_F(Journal, StillFindsADedupeKeyWhenItsMarkIsGone) {
  Input keyed = note("a", "x");
  keyed.dedupe_key = "key";
  keyed.dedupe_for = std::chrono::hours(1);
  submit(keyed);
  clock_.advance(std::chrono::hours(2));
  submit(note("a", "y"));  // sweeps
  std::size_t marks = 0;
  ASSERT_TRUE(store_->scan(Table::dedupe, {}, {}, [&](auto, auto) { return ++marks > 0; }));
  ASSERT_EQ(marks, 0U);
  EXPECT_EQ(sequences({.tenant = "acme", .dedupe_key = "key"}), std::vector<Sequence>{1});
}

TEST_F(Journal, IsLookedThroughAPieceAtATime) {
  for (int i = 0; i < 7; ++i) submit(note("a", "x"));
  submit(input("a", {{"events", {"rare"}}}));
  submit(note("a", "x"));
  RecordFilter filter{.type_glob = "rare"};
  for (const Sequence next : {3, 6, 9}) {
    const auto page = read_record_page(*store_, filter, 3);
    ASSERT_TRUE(page) << page.error().message;
    EXPECT_EQ(page->records.size(), next == 9 ? 1U : 0U);
    EXPECT_EQ(page->next, next == 9 ? 0 : next) << "nothing comes after the last record";
    filter.after = next;
  }
}

TEST_F(Journal, RefusesARecordWhoseBytesWereChanged) {
  submit(note("a", "x"));
  const std::string key("\0\0\0\0\0\0\0\0\0\1", 10);
  auto bytes = **store_->get(Table::journal, key);
  bytes[bytes.find("acme")] = 'A';
  WriteBatch batch;
  batch.put(Table::journal, key, bytes);
  ASSERT_TRUE(store_->commit(std::move(batch), 1));
  EXPECT_EQ(read_record(*store_, 1).error().code, Errc::corrupt);
  EXPECT_EQ(read_records(*store_, {}).error().code, Errc::corrupt);
  EXPECT_EQ(read_record(*store_, 2).error().code, Errc::not_found);
  EXPECT_EQ(read_input(*store_, 2).error().code, Errc::not_found);
}

class Feed : public EngineTest {
 protected:
  void emit(std::string_view rest, std::vector<std::string> types,
            std::string_view tenant = "acme") {
    Input made = input(rest, {{"events", types}});
    made.instance = id(rest, tenant);
    submit(std::move(made));
  }
  static std::vector<std::string> types(const Result<FeedPage>& page) {
    std::vector<std::string> found;
    for (const auto& item : page->items) found.push_back(item.event.type);
    return found;
  }
};

TEST_F(Feed, PagesThroughAllEventsOnce) {
  for (int i = 0; i < 5; ++i) emit("a", {"x" + std::to_string(i), "y" + std::to_string(i)});
  std::vector<std::string> seen;
  FeedFilter filter{.limit = 3};
  while (true) {
    const auto page = read_feed(*store_, filter);
    ASSERT_TRUE(page) << page.error().message;
    for (const auto& type : types(page)) seen.push_back(type);
    filter.after = page->next;
    if (!page->more) break;
  }
  EXPECT_EQ(seen,
            (std::vector<std::string>{"x0", "y0", "x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4"}));
  EXPECT_EQ(filter.after, (Position{5, 1}));
}

TEST_F(Feed, OfATenantHoldsOnlyItsOwnEvents) {
  emit("a", {"mine"});
  emit("a", {"theirs"}, "other");
  emit("a", {});
  emit("a", {"mine too"});
  const FeedFilter filter{.tenant = "acme", .limit = 1};
  const auto first = read_feed(*store_, filter);
  EXPECT_EQ(types(first), (std::vector<std::string>{"mine"}));
  EXPECT_TRUE(first->more);
  const auto second = read_feed(*store_, {.tenant = "acme", .after = first->next});
  EXPECT_EQ(types(second), (std::vector<std::string>{"mine too"}));
  EXPECT_FALSE(second->more);
  EXPECT_EQ(second->items[0].event.company_id, "acme");
}

TEST_F(Feed, OfATenantIsWholeHoweverItIsMixedAndPaged) {
  std::vector<std::string> mine;
  const auto emit_runs = [&](int of_mine, int of_others) {
    for (int i = 0; i < of_mine; ++i) {
      const std::string name = "mine" + std::to_string(mine.size());
      emit("a", {name, name + "+"});
      mine.insert(mine.end(), {name, name + "+"});
    }
    for (int i = 0; i < of_others; ++i) emit("a", {"theirs"}, i % 2 == 0 ? "other" : "third");
  };
  emit_runs(0, 3);
  emit_runs(280, 1);
  emit_runs(1, 40);
  emit_runs(2, 100);
  emit_runs(1, 0);
  for (const std::size_t limit : {1U, 7U, 256U, 1000U}) {
    std::vector<std::string> seen;
    FeedFilter filter{.tenant = "acme", .limit = limit};
    bool more = true;
    while (more) {
      const auto page = read_feed(*store_, filter);
      ASSERT_TRUE(page) << page.error().message;
      ASSERT_FALSE(page->items.empty());
      for (const auto& type : types(page)) seen.push_back(type);
      filter.after = page->next;
      more = page->more;
    }
    EXPECT_EQ(seen, mine) << limit;
  }
}

TEST_F(Feed, MatchesTypesByGlobAndMovesOnWhenNothingMatches) {
  emit("a", {"calendar.event.created", "other", "calendar.event.deleted"});
  EXPECT_EQ(types(read_feed(*store_, {.type_glob = "calendar.*"})).size(), 2U);
  const auto nothing = read_feed(*store_, {.type_glob = "none"});
  EXPECT_TRUE(nothing->items.empty());
  EXPECT_EQ(nothing->next, (Position{1, 2}));
  EXPECT_FALSE(nothing->more);
}

TEST_F(Feed, ResumesBehindAWholeRecord) {
  emit("a", {"x", "y"});
  emit("a", {"z"});
  EXPECT_EQ(types(read_feed(*store_, {.after = {1, kRecordIndex}})),
            (std::vector<std::string>{"z"}));
  EXPECT_EQ(types(read_feed(*store_, {.tenant = "acme", .after = {1, 0}})),
            (std::vector<std::string>{"y", "z"}));
  const auto end = read_feed(*store_, {.after = {2, 0}});
  EXPECT_TRUE(end->items.empty());
  EXPECT_EQ(end->next, (Position{2, 0}));
}

TEST_F(Feed, EventsNameTheirCause) {
  const auto receipt = submit(
      input("a", {{"messages", {{{"to", id("b").value}, {"input", {{"events", {"told"}}}}}}}}));
  run();
  const auto page = read_feed(*store_, {});
  ASSERT_EQ(page->items.size(), 1U);
  const auto& event = page->items[0].event;
  EXPECT_EQ(event.correlation_id, receipt.correlation_id);
  EXPECT_EQ(parse_id(kRecordPrefix, event.causation_id), (Position{1, kRecordIndex}));
  EXPECT_EQ(parse_id(kEventPrefix, event.id), page->items[0].position);
  EXPECT_EQ(event.payload.at("sequence"), 2);
}

TEST_F(Feed, TellsItsListenerOfCommitsWithEventsAndOfNoOthers) {
  int told = 0;
  Sequence seen = 0;
  engine_->on_events([&] {
    ++told;
    seen = store_->last_sequence();
  });
  submit(input("a", {{"events", {"one", "two"}}}));
  EXPECT_EQ(told, 1);
  EXPECT_EQ(seen, 1U) << "told only of what is durable";
  submit(note("a", "no event"));
  EXPECT_EQ(told, 1);
  engine_->on_events({});
  submit(input("a", {{"events", {"three"}}}));
  EXPECT_EQ(told, 1);
}

TEST_F(Journal, ListsInstancesByPrefix) {
  submit(note("a/1", "x"));
  submit(note("a/2", "x"));
  submit(note("b", "x"));
  const auto found = list_instances(*store_, "scripted/acme/a/");
  EXPECT_EQ(*found, (std::vector<InstanceId>{id("a/1"), id("a/2")}));
}

}  // namespace
}  // namespace tidemark::test
