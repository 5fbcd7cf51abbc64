#include "net/http.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace tidemark {
namespace {

using std::chrono::seconds;

TEST(Headers, AreFoundInAnyCase) {
  const HttpHeaders headers = {{"ETag", "\"1\""}, {"etag", "\"2\""}};
  EXPECT_EQ(find_header(headers, "ETAG"), "\"1\"");
  EXPECT_EQ(find_header(headers, "Etag2"), std::nullopt);
}

std::optional<seconds> wait_of(const std::string& value) {
  return retry_after({{"Retry-After", value}}, parse_rfc3339("2025-12-16T12:00:00Z").value());
}

TEST(RetryAfter, ReadsSeconds) {
  EXPECT_EQ(wait_of("120"), seconds(120));
  EXPECT_EQ(wait_of(" 0 "), seconds(0));
}

TEST(RetryAfter, ReadsDates) {
  EXPECT_EQ(wait_of("Tue, 16 Dec 2025 12:01:30 GMT"), seconds(90));
  EXPECT_EQ(wait_of("Tue, 16 Dec 2025 11:00:00 GMT"), seconds(0));
}

TEST(RetryAfter, NeverWaitsLongerThanAWeek) {
  EXPECT_EQ(wait_of("99999999999999999999999999"), seconds(7 * 24 * 3600));
  EXPECT_EQ(wait_of("Tue, 16 Dec 2035 12:00:00 GMT"), seconds(7 * 24 * 3600));
}

TEST(RetryAfter, IgnoresWhatItCannotRead) {
  for (const char* value : {"", "soon", "-5", "1.5", "Foo, bar"}) {
    EXPECT_EQ(wait_of(value), std::nullopt) << value;
  }
  EXPECT_EQ(retry_after({}, WallTime{}), std::nullopt);
}

}  // namespace
}  // namespace tidemark
