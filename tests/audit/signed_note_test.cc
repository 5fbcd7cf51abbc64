#include "audit/signed_note.h"

#include <gtest/gtest.h>

namespace tidemark::audit {
namespace {

// The example of the format's first implementation, Go's golang.org/x/mod/sumdb/note.
constexpr std::string_view kKnownKey =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr std::string_view kKnownText =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n";
constexpr std::string_view kKnownSignature =
    "\u2014 PeterNeumann "
    "x08go/ZJkuBS9UG/"
    "SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

NoteSigner signer(std::string name = "acme.example/audit") {
  return {std::move(name), *Ed25519Key::generate()};
}

TEST(SignedNote, IsTheOneOthersSign) {
  const auto key = VerifierKey::parse(kKnownKey);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->name, "PeterNeumann");
  EXPECT_EQ(key->text(), kKnownKey);
  const std::string note = std::string(kKnownText) + "\n" + std::string(kKnownSignature);
  EXPECT_EQ(verified_text(note, *key), std::string(kKnownText));
}

TEST(SignedNote, OfOursIsReadAgain) {
  const auto mine = signer();
  const std::string note = mine.sign("one\ntwo\n");
  EXPECT_EQ(verified_text(note, mine.verifier()), "one\ntwo\n");
  EXPECT_EQ(VerifierKey::parse(mine.verifier().text()), mine.verifier());
}

TEST(SignedNote, MayCarrySignaturesOfOthers) {
  const auto mine = signer();
  std::string note = mine.sign("text\n");
  const auto begin = note.find("\n\n") + 2;
  note.insert(begin, kKnownSignature);
  EXPECT_EQ(verified_text(note, mine.verifier()), "text\n");
}

TEST(SignedNote, IsRefusedWhenAnythingWasChanged) {
  const auto mine = signer();
  const std::string note = mine.sign("one\ntwo\n");
  for (std::size_t i = 0; i < note.size(); ++i) {
    std::string changed = note;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(verified_text(changed, mine.verifier())) << i;
    EXPECT_FALSE(verified_text(note.substr(0, i), mine.verifier())) << i;
  }
  EXPECT_EQ(verified_text(note, signer().verifier()).error().code, Errc::corrupt);
  auto renamed = mine.verifier();
  renamed.name = "someone.else";
  EXPECT_EQ(verified_text(note, renamed).error().code, Errc::corrupt);
}

TEST(SignedNote, SaysWhatIsNone) {
  const auto key = signer().verifier();
  for (const std::string& text :
       {std::string(), std::string("text"), std::string("\n\n"), std::string("a\n\nb\n"),
        std::string("a\n\n\u2014 name\n"), std::string("a\n\n\u2014 name !!!!\n"),
        std::string("a\x01\n\n\u2014 name AAAA\n"), std::string("\xff\n\n\u2014 name AAAA\n"),
        std::string(70'000, 'x')}) {
    const auto read = verified_text(text, key);
    ASSERT_FALSE(read) << text.substr(0, 40);
    EXPECT_EQ(read.error().code, Errc::parse_error) << text.substr(0, 40);
  }
}

TEST(VerifierKey, IsRefusedWhenIllFormed) {
  const std::string good(kKnownKey);
  for (const std::string& text : {std::string(), std::string("name"), std::string("name+c74f20a3"),
                                  "x" + good, good.substr(1), good.substr(0, good.size() - 4),
                                  good + "AAAA", std::string("Peter Neumann") + good.substr(12),
                                  std::string(good).replace(good.find("c74f"), 4, "c74e")}) {
    EXPECT_EQ(VerifierKey::parse(text).error().code, Errc::invalid_argument) << text;
  }
  EXPECT_TRUE(VerifierKey::parse(" " + good + "\n"));
}

}  // namespace
}  // namespace tidemark::audit
