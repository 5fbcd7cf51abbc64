#include "base/log.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/secret.h"

namespace tidemark {
namespace {

std::string captured(log::Format format, std::string_view message, const log::Fields& fields) {
  testing::internal::CaptureStderr();
  log::configure(log::Level::info, format);
  log::info(message, fields);
  log::debug("not shown at level info");
  return testing::internal::GetCapturedStderr();
}

TEST(Log, WritesOneJsonObjectALine) {
  const auto text = captured(log::Format::json, "calendar synced",
                             {.connector = "caldav:work",
                              .correlation_id = "cor_1",
                              .company_id = "acme",
                              .event_id = "evt_1",
                              .event_type = "calendar.event.created",
                              .event_version = 1,
                              .dedupe_key = "k",
                              .latency_ms = 1.5,
                              .error_code = "timeout"});
  const auto line = parse_json(text);
  ASSERT_TRUE(line) << text;
  EXPECT_EQ((*line)["level"], "info");
  EXPECT_EQ((*line)["service"], "tidemark");
  EXPECT_EQ((*line)["connector"], "caldav:work");
  EXPECT_EQ((*line)["company_id"], "acme");
  EXPECT_EQ((*line)["event.type"], "calendar.event.created");
  EXPECT_EQ((*line)["latency_ms"], 1.5);
  EXPECT_EQ((*line)["error_code"], "timeout");
  EXPECT_TRUE(line->contains("timestamp"));
}

TEST(Log, HostileTextCannotStartALineOfItsOwn) {
  const auto text = captured(log::Format::text, "server said: x\n12:00:00 error faked", {});
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  const auto json = captured(log::Format::json, "bytes \xFF and\nline", {});
  EXPECT_TRUE(parse_json(json)) << json;
}

// A Secret has no way into text but reveal().
template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};
static_assert(!Printable<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);

}  // namespace
}  // namespace tidemark
