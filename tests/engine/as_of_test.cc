// States and rows as they were.
#include "engine/as_of.h"

#include <map>
#include <random>

#include "engine/keys.h"
#include "engine_fixture.h"

namespace tidemark::test {
namespace {

struct Remembering : Scripted {
  static constexpr std::string_view kind = "remembering";
  static bool remembers(std::string_view row_key) { return !row_key.starts_with("forget"); }
};

using Rows = std::map<std::string, std::string>;

class AsOf : public EngineTest {
 protected:
  AsOf() {
    more_machines_ = {erase<Remembering>()};
    reopen();
  }

  static InstanceId remembering(std::string_view rest) {
    return make_instance_id("remembering", "acme", rest);
  }
  Sequence change(std::string_view rest, const Json& rows, bool end = false) {
    const Json script{{"rows", rows}, {"end", end}};
    return submit({.instance = remembering(rest), .type = "do", .payload = script.dump()}).sequence;
  }
  std::unique_ptr<StoreView> then(Sequence sequence) {
    auto view = view_as_of(*store_, sequence);
    EXPECT_TRUE(view) << view.error().message;
    return view ? *std::move(view) : nullptr;
  }
  Rows rows_then(Sequence sequence, std::string_view rest, std::string_view prefix = {},
                 std::string_view from = {}) {
    Rows rows;
    std::string last;
    const auto scanned = scan_rows(*then(sequence), remembering(rest), prefix, from,
                                   [&](std::string_view key, std::string_view value) {
                                     EXPECT_TRUE(last.empty() || last < key);
                                     last = key;
                                     rows.emplace(key, value);
                                     return true;
                                   });
    EXPECT_TRUE(scanned) << scanned.error().message;
    return rows;
  }
};

TEST_F(AsOf, ARowIsWhatItWasAfterEachRecord) {
  const auto created = change("a", {{"k", "1"}});
  const auto changed = change("a", {{"k", "2"}});
  const auto erased = change("a", {{"k", nullptr}});
  const auto again = change("a", {{"k", "3"}});
  const auto at = [&](Sequence sequence) {
    return read_row(*then(sequence), remembering("a"), "k")->value_or("none");
  };
  EXPECT_EQ(at(0), "none");
  EXPECT_EQ(at(created), "1");
  EXPECT_EQ(at(changed), "2");
  EXPECT_EQ(at(erased), "none");
  EXPECT_EQ(at(again), "3");
}

TEST_F(AsOf, AStateIsWhatItWasAndAnEndedInstanceIsThereBeforeItsEnd) {
  const auto first = change("a", Json::object());
  const auto second = change("b", Json::object());
  const auto ended = change("a", Json::object(), true);
  const auto listed = [&](Sequence sequence) {
    std::string names;
    const auto instances = list_instances(*then(sequence), "remembering/acme/");
    for (const auto& id : instances.value()) {
      names += id.value.back();
    }
    return names;
  };
  EXPECT_EQ(listed(0), "");
  EXPECT_EQ(listed(first), "a");
  EXPECT_EQ(listed(second), "ab");
  EXPECT_EQ(listed(ended), "b");
  EXPECT_EQ(read_state(*then(first), remembering("a"))->value_or("none"), ".do\n");
  EXPECT_FALSE(read_state(*then(ended), remembering("a"))->has_value());
  EXPECT_FALSE(read_state(*then(0), remembering("a"))->has_value());
}

TEST_F(AsOf, EveryScanOfEveryMomentIsWhatAModelSays) {
  std::mt19937 random(11);
  const auto roll = [&](int sides) { return std::uniform_int_distribution(0, sides - 1)(random); };
  // Keys that are beginnings of others, and bytes that the history's keys must escape.
  const std::vector<std::string> keys{
      "a", "ab",   "abc", std::string("a\0", 2), std::string("a\0b", 3), std::string("a\0\0", 3),
      "b", "b\x01"};
  std::map<Sequence, std::map<std::string, Rows>> moments;
  std::map<std::string, Rows> now;
  for (int i = 0; i < 300; ++i) {
    const std::string name(1, static_cast<char>('x' + roll(2)));
    Json rows = Json::object();
    for (int count = 1 + roll(3); count > 0; --count) {
      const auto& key = keys[static_cast<std::size_t>(roll(static_cast<int>(keys.size())))];
      const bool erases = roll(3) == 0;
      const std::string value = "v" + std::to_string(roll(4));
      rows[key] = erases ? Json() : Json(value);
      erases ? static_cast<void>(now[name].erase(key))
             : static_cast<void>(now[name].insert_or_assign(key, value));
    }
    moments[change(name, rows)] = now;
    if (i == 150) reopen();
  }
  for (const auto& [sequence, model] : moments) {
    for (const std::string name : {"x", "y"}) {
      const auto found = model.find(name);
      const Rows expected = found == model.end() ? Rows() : found->second;
      ASSERT_EQ(rows_then(sequence, name), expected) << sequence;
      const auto& prefix = keys[static_cast<std::size_t>(roll(static_cast<int>(keys.size())))];
      const auto& from = keys[static_cast<std::size_t>(roll(static_cast<int>(keys.size())))];
      Rows part;
      for (const auto& [key, value] : expected) {
        if (key.starts_with(prefix) && key >= from) part.emplace(key, value);
      }
      ASSERT_EQ(rows_then(sequence, name, prefix, from), part) << sequence;
    }
  }
}

TEST_F(AsOf, AScanThatIsStoppedStops) {
  const auto sequence = change("a", {{"1", "v"}, {"2", "v"}, {"3", "v"}});
  change("a", {{"1", "w"}, {"2", nullptr}, {"3", "w"}});
  int visited = 0;
  ASSERT_TRUE(scan_rows(*then(sequence), remembering("a"), {}, {},
                        [&](auto, auto) { return ++visited < 2; }));
  EXPECT_EQ(visited, 2);
}

TEST_F(AsOf, ATimeIsItsLastRecord) {
  EXPECT_EQ(*sequence_as_of(*store_, clock_.now()), 0U);
  const auto first = change("a", Json::object());
  const auto time = clock_.now();
  clock_.advance(milliseconds{5});
  const auto second = change("a", Json::object());
  EXPECT_EQ(*sequence_as_of(*store_, time - milliseconds{1}), first - 1);
  EXPECT_EQ(*sequence_as_of(*store_, time), first);
  EXPECT_EQ(*sequence_as_of(*store_, time + milliseconds{4}), first);
  EXPECT_EQ(*sequence_as_of(*store_, time + std::chrono::hours{1}), second);
}

TEST_F(AsOf, WhatNobodyRemembersIsNotKept) {
  submit(input("a", {{"rows", {{"k", "1"}}}}));
  change("a", {{"forget", "1"}});
  change("a", {{"forget", "2"}});
  std::size_t kept = 0;
  ASSERT_TRUE(store_->scan(Table::journal_index, engine::history_prefix(remembering("a").value), {},
                           [&](auto, auto) { return ++kept > 0; }));
  ASSERT_TRUE(store_->scan(Table::journal_index, engine::history_prefix(id("a").value), {},
                           [&](auto, auto) { return ++kept > 0; }));
  EXPECT_EQ(kept, 0U);
  EXPECT_EQ(then(1)->get(Table::outbox, "").error().code, Errc::internal);
}

TEST_F(AsOf, TheFutureAndWhatWasBeforeHistoryAreRefused) {
  change("a", Json::object());
  EXPECT_EQ(view_as_of(*store_, 2).error().code, Errc::invalid_argument);
  WriteBatch batch;  // as a store of an older version: it has records and no history of them
  batch.erase(Table::journal_index, engine::history_start_key());
  ASSERT_TRUE(raw_->commit(std::move(batch), raw_->last_sequence()));
  EXPECT_EQ(view_as_of(*store_, 1).error().code, Errc::not_found);
  change("a", Json::object());
  reopen();
  EXPECT_EQ(view_as_of(*store_, 1).error().message,
            "no history is kept from so long ago as record 1; it begins at record 2");
  EXPECT_TRUE(view_as_of(*store_, 2));
}

}  // namespace
}  // namespace tidemark::test
