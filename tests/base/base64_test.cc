#include "base/base64.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace tidemark {
namespace {

TEST(Base64, MatchesThePublishedVectors) {  // RFC 4648, section 10
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
}

TEST(Base64, ReadsBackEveryByteAtEveryPlace) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(static_cast<char>(byte));
  for (std::size_t length = 0; length <= bytes.size(); ++length) {
    const auto part = bytes.substr(bytes.size() - length);
    EXPECT_EQ(from_base64(to_base64(part)), part);
  }
  EXPECT_EQ(to_base64("\xFB\xEF\xFF"), "++//");
}

TEST(Base64, RefusesWhatItWouldNotHaveWritten) {
  for (const char* text : {"Zg", "Zg=", "Zg===", "Z===", "====", "=", "Zg==Zg==", "Zm9v\n", "Zm 9v",
                           " Zm9", "Zm9-", "Zm9_", "Z=9v", "Zh==", "Zm9=", "Zm9v\xC3\xA4=="}) {
    const auto read = from_base64(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, Errc::parse_error);
    EXPECT_EQ(read.error().message.find(text), std::string::npos) << "it may be a secret";
  }
}

}  // namespace
}  // namespace tidemark
