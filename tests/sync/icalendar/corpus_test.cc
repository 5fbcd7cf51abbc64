// Every calendar file of the shared test data, as it is and damaged. Skipped where the data is
// absent.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "tests/sync/icalendar/fixtures.h"

namespace tidemark::icalendar::test {
namespace {

namespace fs = std::filesystem;

struct File {
  std::string name;
  std::string bytes;
};

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
  return text;
}

struct Outcome {
  std::size_t parts = 0;
  std::size_t events = 0;
  std::size_t others = 0;  // tasks, notes, free/busy times
  std::size_t instances = 0;
  std::vector<std::string> reasons;
};

// What the mirror does with a file: split it, read each part, ask when it happens, expand ten
// years.
Outcome read_file(const std::string& bytes) {
  Outcome out;
  const auto read_part = [&](const std::string& part) {
    const auto events = parse_resource(part, Address{"/c/x.ics", "1"});
    if (!events) {
      out.reasons.push_back(events.error().message);
      return;
    }
    if (events->empty()) {
      EXPECT_EQ(part.find("BEGIN:VEVENT"), std::string::npos);
      ++out.others;
      return;
    }
    out.events += events->size();
    const TimeRange span = span_of(part, *events);
    EXPECT_LE(span.from, span.to.value_or(span.from));
    ExpandOptions options;
    options.range = TimeRange{at("2005-01-01"), at("2015-01-01")};
    options.max_instances = 500;
    const auto expansion = expand(part, *events, options);
    EXPECT_TRUE(expansion.has_value());
    if (!expansion) return;
    EXPECT_LE(expansion->instances.size(), options.max_instances);
    out.instances += expansion->instances.size();
    for (const Instance& one : expansion->instances) {
      EXPECT_LT(one.start, *options.range.to);
      EXPECT_LE(one.end, span.to.value_or(one.end)) << part;
      EXPECT_GE(one.start, span.from) << part;
    }
  };
  const auto split = split_by_uid(bytes, [&](SplitPart&& part) -> Result<void> {
    ++out.parts;
    EXPECT_FALSE(part.uid.empty());
    read_part(part.bytes);
    return {};
  });
  if (!split) out.reasons.push_back(split.error().message);
  // Nothing to cut out: the file itself says why.
  if (split && out.parts == 0) read_part(bytes);
  return out;
}

class Corpus : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* root = std::getenv("TIDEMARK_TEST_DATA");
    if (root == nullptr || !fs::is_directory(fs::path(root) / "ics")) {
      GTEST_SKIP() << "set TIDEMARK_TEST_DATA to the folder that holds ics/";
    }
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(root) / "ics")) {
      if (!entry.is_regular_file() || entry.path().extension() != ".ics") continue;
      std::ifstream file(entry.path(), std::ios::binary);
      std::stringstream bytes;
      bytes << file.rdbuf();
      files_.push_back(File{fs::relative(entry.path(), root).string(), bytes.str()});
      // Templates: the same file again with a year and ids in place of the variables.
      if (files_.back().bytes.find("$now.year") == std::string::npos) continue;
      std::string filled = files_.back().bytes;
      for (const int year : {1, 2, 3}) {
        filled = replace_all(filled, "$now.year." + std::to_string(year) + ":",
                             std::to_string(2007 + year));
      }
      files_.push_back(File{files_.back().name + " filled", std::move(filled)});
    }
    std::sort(files_.begin(), files_.end(),
              [](const File& left, const File& right) { return left.name < right.name; });
    ASSERT_FALSE(files_.empty());
  }

  std::vector<File> files_;
};

TEST_F(Corpus, EveryFileBecomesEventsOrHasAReason) {
  Outcome total;
  std::size_t with_events = 0;
  for (const File& file : files_) {
    SCOPED_TRACE(file.name);
    const Outcome one = read_file(file.bytes);
    EXPECT_TRUE(one.events + one.others > 0 || !one.reasons.empty());
    for (const std::string& reason : one.reasons) EXPECT_FALSE(reason.empty());
    with_events += one.events > 0 ? 1 : 0;
    total.parts += one.parts;
    total.events += one.events;
    total.instances += one.instances;
    total.reasons.insert(total.reasons.end(), one.reasons.begin(), one.reasons.end());
  }
  std::printf(
      "%zu files, %zu with events: %zu parts, %zu events, %zu instances in ten years, "
      "%zu refused with a reason\n",
      files_.size(), with_events, total.parts, total.events, total.instances, total.reasons.size());
  EXPECT_GT(with_events, files_.size() / 4);
}

TEST_F(Corpus, SurvivesCutsAndFlippedBytes) {
  std::mt19937 random(20'251'216);
  const auto below = [&](std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
  };
  for (const File& file : files_) {
    SCOPED_TRACE(file.name);
    if (file.bytes.empty()) continue;
    for (int round = 0; round < 4; ++round) {
      read_file(file.bytes.substr(0, below(file.bytes.size())));
      std::string flipped = file.bytes;
      for (std::size_t i = 0; i < 1 + flipped.size() / 200; ++i) {
        flipped[below(flipped.size())] = static_cast<char>(below(256));
      }
      read_file(flipped);
    }
  }
}

TEST_F(Corpus, ExportReadsBackAsTheSameEvents) {
  for (const File& file : files_) {
    SCOPED_TRACE(file.name);
    (void)split_by_uid(file.bytes, [&](SplitPart&& part) -> Result<void> {
      const auto events = parse_resource(part.bytes, Address{"h", "e"});
      if (!events || events->empty()) return {};
      CalendarWriter writer("all");
      writer.add(part.bytes);
      const auto again = parse_resource(std::move(writer).finish(), Address{"h", "e"});
      EXPECT_TRUE(again.has_value());
      EXPECT_EQ(again.value_or(std::vector<CalendarEvent>{}), *events);
      return {};
    });
  }
}

TEST_F(Corpus, ReadsTheSameFromFourThreads) {
  std::vector<std::size_t> seen(4);
  std::vector<std::thread> threads;
  for (std::size_t& events : seen) {
    threads.emplace_back([&] {
      for (const File& file : files_) events += read_file(file.bytes).events;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(seen[0], 0U);
  for (const std::size_t events : seen) EXPECT_EQ(events, seen[0]);
}

}  // namespace
}  // namespace tidemark::icalendar::test
