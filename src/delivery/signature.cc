#include "delivery/signature.h"

#include <charconv>
#include <utility>

#include "base/base64.h"
#include "base/hmac.h"
#include "base/random.h"
#include "base/text.h"

namespace tidemark::delivery {
namespace {

constexpr std::size_t kGeneratedBytes = 32;
constexpr std::string_view kVersion = "v1,";
// More than anybody sends while replacing secrets; the rest is not looked at.
constexpr std::size_t kMaxSignatures = 20;

std::string signed_content(std::string_view id, std::string_view timestamp, std::string_view body) {
  std::string content;
  content.reserve(id.size() + timestamp.size() + body.size() + 2);
  return content.append(id).append(".").append(timestamp).append(".").append(body);
}

std::string signature_of(const SigningKey& key, std::string_view content) {
  return std::string(kVersion) + to_base64(as_bytes(hmac_sha256(key.bytes.reveal(), content)));
}

// What is wrong with the header's time; empty: nothing.
std::string_view time_problem(std::string_view timestamp, WallTime now) {
  std::int64_t seconds = 0;
  const char* end = timestamp.data() + timestamp.size();
  const auto [rest, error] = std::from_chars(timestamp.data(), end, seconds);
  if (error != std::errc{} || rest != end || seconds < 0) {
    return "webhook-timestamp is not a number of seconds since 1970";
  }
  // Not by subtraction: the header may hold any number.
  const auto here = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  const bool recent = seconds >= here - kSignatureTolerance.count() &&
                      seconds <= here + kSignatureTolerance.count();
  return recent ? "" : "webhook-timestamp is more than 300 s away from now";
}

std::string wrong_size(std::size_t size) {
  return "the signing secret has " + std::to_string(size) + " bytes after \"whsec_\"; use 24 to 64";
}

}  // namespace

Result<Secret> generate_signing_secret() {
  TM_ASSIGN(std::string bytes, random_bytes(kGeneratedBytes));
  const Secret raw(std::move(bytes));
  return Secret(std::string(kSigningSecretPrefix) + to_base64(raw.reveal()));
}

Result<SigningKey> parse_signing_secret(std::string_view text) {
  if (!text.starts_with(kSigningSecretPrefix)) {
    return fail(Errc::invalid_argument,
                "a signing secret begins with \"whsec_\", followed by 24 to 64 bytes in base64");
  }
  auto bytes = from_base64(text.substr(kSigningSecretPrefix.size()));
  if (!bytes) {
    return fail(
        Errc::invalid_argument,
        "what follows \"whsec_\" in the signing secret is not base64 (letters, digits, '+', "
        "'/' and the padding '=')");
  }
  const Secret key(std::move(*bytes));
  const std::size_t size = key.reveal().size();
  if (size < kLeastSecretBytes || size > kMostSecretBytes) {
    return fail(Errc::invalid_argument, wrong_size(size));
  }
  return SigningKey{key};
}

std::string sign(const std::vector<SigningKey>& keys, std::string_view id,
                 std::int64_t unix_seconds, std::string_view body) {
  const std::string content = signed_content(id, std::to_string(unix_seconds), body);
  std::string header;
  for (const SigningKey& key : keys) {
    header.append(header.empty() ? "" : " ").append(signature_of(key, content));
  }
  return header;
}

Result<void> verify(const std::vector<SigningKey>& keys, std::string_view id,
                    std::string_view timestamp, std::string_view body,
                    std::string_view signature_header, WallTime now) {
  if (const auto problem = time_problem(timestamp, now); !problem.empty()) {
    return fail(Errc::unauthorized, std::string(problem));
  }
  const std::string content = signed_content(id, timestamp, body);
  std::vector<std::string> expected;
  for (const SigningKey& key : keys) expected.push_back(signature_of(key, content));
  bool matches = false;
  for (std::size_t seen = 0; seen < kMaxSignatures && !signature_header.empty(); ++seen) {
    const auto end = signature_header.find(' ');
    const std::string_view given = signature_header.substr(0, end);
    // No early end: how many were compared tells which one was right.
    for (const auto& one : expected) matches |= equal_in_constant_time(one, given);
    signature_header =
        end == std::string_view::npos ? std::string_view{} : signature_header.substr(end + 1);
  }
  if (!matches) {
    return fail(
        Errc::unauthorized,
        "no signature in webhook-signature is by a known secret over this id, time and body");
  }
  return {};
}

}  // namespace tidemark::delivery
