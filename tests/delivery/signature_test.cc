#include "delivery/signature.h"

#include <gtest/gtest.h>

#include "base/base64.h"

namespace tidemark::delivery {
namespace {

using namespace std::chrono_literals;

constexpr const char* kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr const char* kId = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr std::int64_t kSeconds = 1'614'265'330;
constexpr const char* kBody = R"({"test": 2432232314})";
constexpr const char* kSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
constexpr WallTime kNow{milliseconds{kSeconds * 1000}};

std::string secret_of(std::size_t bytes, char fill = 'k') {
  return "whsec_" + to_base64(std::string(bytes, fill));
}

SigningKey key(std::string_view secret) {
  auto parsed = parse_signing_secret(secret);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed ? std::move(*parsed) : SigningKey{};
}

std::vector<SigningKey> keys(std::initializer_list<std::string_view> secrets) {
  std::vector<SigningKey> keys;
  for (const auto secret : secrets) keys.push_back(key(secret));
  return keys;
}

Errc code_of(const Result<void>& result) {
  return result ? Errc::internal : result.error().code;
}

TEST(Signature, IsTheOneOfStandardWebhooks) {
  EXPECT_EQ(sign(keys({kSecret}), kId, kSeconds, kBody), kSignature);
  EXPECT_TRUE(verify(keys({kSecret}), kId, "1614265330", kBody, kSignature, kNow));
}

TEST(Signature, IsMadeByEverySecretWhileOneIsBeingReplaced) {
  const std::string other = secret_of(32);
  const std::string header = sign(keys({other, kSecret}), kId, kSeconds, kBody);
  EXPECT_EQ(header, sign(keys({other}), kId, kSeconds, kBody) + " " + kSignature);
  for (const auto& known : {keys({kSecret}), keys({other}), keys({secret_of(24), other})}) {
    EXPECT_TRUE(verify(known, kId, "1614265330", kBody, header, kNow));
  }
  EXPECT_EQ(code_of(verify(keys({secret_of(24)}), kId, "1614265330", kBody, header, kNow)),
            Errc::unauthorized);
  EXPECT_EQ(sign({}, kId, kSeconds, kBody), "");
}

TEST(Signature, CoversIdTimeAndBody) {
  const auto known = keys({kSecret});
  const auto check = [&](std::string_view id, std::string_view time, std::string_view body,
                         std::string_view header) {
    return code_of(verify(known, id, time, body, header, kNow));
  };
  EXPECT_EQ(check(kId, "1614265330", kBody, kSignature), Errc::internal);
  EXPECT_EQ(check("msg_other", "1614265330", kBody, kSignature), Errc::unauthorized);
  EXPECT_EQ(check(kId, "1614265331", kBody, kSignature), Errc::unauthorized);
  EXPECT_EQ(check(kId, "1614265330", "{}", kSignature), Errc::unauthorized);
  EXPECT_EQ(check(kId, "1614265330", kBody, ""), Errc::unauthorized);
  EXPECT_EQ(check(kId, "1614265330", kBody, std::string(kSignature).substr(3)), Errc::unauthorized);
  EXPECT_EQ(check(kId, "1614265330", kBody, "v2" + std::string(kSignature).substr(2)),
            Errc::unauthorized);
  EXPECT_EQ(check(kId, "1614265330", kBody, "v1a,AAAA " + std::string(kSignature)), Errc::internal);
  std::string many;
  for (int i = 0; i < 20; ++i) many += "v1,x ";
  EXPECT_EQ(check(kId, "1614265330", kBody, many + kSignature), Errc::unauthorized);
}

TEST(Signature, IsGoodForFiveMinutes) {
  const auto known = keys({kSecret});
  const auto at = [&](WallTime now) {
    return code_of(verify(known, kId, "1614265330", kBody, kSignature, now));
  };
  EXPECT_EQ(at(kNow + 300s), Errc::internal);
  EXPECT_EQ(at(kNow - 300s), Errc::internal);
  EXPECT_EQ(at(kNow + 301s), Errc::unauthorized);
  EXPECT_EQ(at(kNow - 301s), Errc::unauthorized);
  for (const char* bad : {"", "-1", "+1614265330", " 1614265330", "1614265330 ", "1614265330.0",
                          "99999999999999999999", "9223372036854775807", "now"}) {
    EXPECT_EQ(code_of(verify(known, kId, bad, kBody, kSignature, kNow)), Errc::unauthorized) << bad;
  }
}

TEST(SigningSecret, HasTwentyFourToSixtyFourBytes) {
  EXPECT_EQ(key(kSecret).bytes.reveal().size(), 24U);
  EXPECT_EQ(key(secret_of(64)).bytes.reveal(), std::string(64, 'k'));
  for (const std::size_t size : {0U, 1U, 23U, 65U, 4096U}) {
    const auto parsed = parse_signing_secret(secret_of(size));
    ASSERT_FALSE(parsed) << size;
    EXPECT_EQ(parsed.error().code, Errc::invalid_argument);
    EXPECT_EQ(parsed.error().message, "the signing secret has " + std::to_string(size) +
                                          " bytes after \"whsec_\"; use 24 to 64");
  }
}

TEST(SigningSecret, SaysWhatIsWrongWithoutRepeatingIt) {
  const std::string hidden = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  for (const std::string& bad :
       {hidden, "WHSEC_" + hidden, "whsec_" + hidden + "!", "whsec_" + hidden + "\n",
        " whsec_" + hidden, "whsec_ " + hidden, std::string()}) {
    const auto parsed = parse_signing_secret(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().code, Errc::invalid_argument);
    EXPECT_EQ(parsed.error().message.find(hidden), std::string::npos);
  }
}

TEST(SigningSecret, IsNewEachTime) {
  const auto one = generate_signing_secret();
  const auto two = generate_signing_secret();
  ASSERT_TRUE(one && two);
  EXPECT_NE(one->reveal(), two->reveal());
  EXPECT_EQ(key(one->reveal()).bytes.reveal().size(), 32U);
}

}  // namespace
}  // namespace tidemark::delivery
