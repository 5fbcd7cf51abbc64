#include "base/metrics.h"

#include <gtest/gtest.h>

namespace tidemark {
namespace {

bool has(const std::string& text, const std::string& line) {
  return text.find(line + "\n") != std::string::npos;
}

TEST(Metrics, RenderCountersGaugesAndHistograms) {
  Metrics metrics;
  metrics.describe("jobs_total", "Jobs done.");
  metrics.describe_histogram("wait_seconds", "Time waited.", {0.1, 1});
  metrics.add("jobs_total", {{"kind", "a"}});
  metrics.add("jobs_total", {{"kind", "a"}}, 2);
  metrics.set("depth", {}, 7);
  metrics.observe("wait_seconds", {}, 0.5);
  const auto text = metrics.render();
  EXPECT_TRUE(has(text, "# HELP jobs_total Jobs done.")) << text;
  EXPECT_TRUE(has(text, "# TYPE jobs_total counter"));
  EXPECT_TRUE(has(text, "jobs_total{kind=\"a\"} 3")) << text;
  EXPECT_TRUE(has(text, "depth 7"));
  EXPECT_TRUE(has(text, "wait_seconds_bucket{le=\"0.1\"} 0"));
  EXPECT_TRUE(has(text, "wait_seconds_bucket{le=\"1\"} 1"));
  EXPECT_TRUE(has(text, "wait_seconds_count 1"));
}

TEST(Metrics, CollectorsRunBeforeEachRender) {
  Metrics metrics;
  int calls = 0;
  metrics.on_collect([&](Metrics& m) { m.set("calls", {}, ++calls); });
  EXPECT_TRUE(has(metrics.render(), "calls 1"));
  EXPECT_TRUE(has(metrics.render(), "calls 2"));
}

TEST(Metrics, ARemovedGaugeIsNotRendered) {
  Metrics metrics;
  metrics.set("lag", {{"calendar", "a"}}, 1);
  metrics.set("lag", {{"calendar", "b"}}, 2);
  metrics.remove_gauge("lag", {{"calendar", "a"}});
  const auto text = metrics.render();
  EXPECT_EQ(text.find("\"a\""), std::string::npos) << text;
  EXPECT_TRUE(has(text, "lag{calendar=\"b\"} 2"));
}

TEST(Metrics, CollectorsRememberWhatTheySetBefore) {
  Metrics metrics;
  metrics.on_collect([renders = 0](Metrics& collected) mutable {
    if (renders > 0) collected.remove_gauge("g", {{"render", std::to_string(renders)}});
    collected.set("g", {{"render", std::to_string(++renders)}}, 1);
  });
  EXPECT_NE(metrics.render().find("render=\"1\""), std::string::npos);
  const std::string second = metrics.render();
  EXPECT_NE(second.find("render=\"2\""), std::string::npos) << second;
  EXPECT_EQ(second.find("render=\"1\""), std::string::npos) << second;
}

}  // namespace
}  // namespace tidemark
