#include "audit/signed_note.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/base64.h"
#include "base/hex.h"
#include "base/sha256.h"
#include "base/text.h"

namespace tidemark::audit {
namespace {

constexpr char kEd25519Algorithm = 1;
constexpr std::size_t kIdBytes = 4;
constexpr std::size_t kIdDigits = 8;
constexpr std::string_view kSignatureStart = "\u2014 ";
constexpr std::size_t kMaxSignatures = 100;

std::string key_bytes(const Ed25519PublicKey& key) {
  return std::string(1, kEd25519Algorithm)
      .append(reinterpret_cast<const char*>(key.data()), key.size());
}

std::string big_endian(std::uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
  return bytes;
}

bool is_note_text(std::string_view text) {
  return !text.empty() && text.back() == '\n' && is_valid_utf8(text) &&
         std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; });
}

tl::unexpected<Error> no_note(std::string_view why) {
  return fail(Errc::parse_error, "not a signed note: " + std::string(why));
}

tl::unexpected<Error> no_key() {
  return fail(Errc::invalid_argument,
              "not a verifier key: it reads <name>+<8 hexadecimal digits>+<base64>");
}

}  // namespace

bool valid_key_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxKeyNameBytes && is_valid_utf8(name) &&
         std::none_of(name.begin(), name.end(), [](char c) {
           return static_cast<unsigned char>(c) <= 0x20 || c == '+' || c == 0x7f;
         });
}

std::uint32_t VerifierKey::id() const {
  const Sha256 hash = sha256(name + "\n", key_bytes(key));
  std::uint32_t id = 0;
  for (std::size_t i = 0; i < kIdBytes; ++i) id = id << 8 | hash[i];
  return id;
}

std::string VerifierKey::text() const {
  return name + "+" + to_hex_text(big_endian(id())) + "+" + to_base64(key_bytes(key));
}

Result<VerifierKey> VerifierKey::parse(std::string_view text) {
  const auto parts = split(trim(text), '+');
  // Base64 may hold '+' itself.
  if (parts.size() < 3 || !valid_key_name(parts[0]) || parts[1].size() != kIdDigits) {
    return no_key();
  }
  const auto begin_of_key = trim(text).substr(parts[0].size() + parts[1].size() + 2);
  const auto bytes = from_base64(begin_of_key);
  VerifierKey key{parts[0], {}};
  if (!bytes || bytes->size() != 1 + key.key.size() || bytes->front() != kEd25519Algorithm) {
    return no_key();
  }
  std::copy(bytes->begin() + 1, bytes->end(), key.key.begin());
  if (to_hex_text(big_endian(key.id())) != parts[1]) return no_key();
  return key;
}

std::string NoteSigner::sign(std::string_view text) const {
  const std::string signature = big_endian(verifier().id()) + key_.sign(text);
  std::string note(text);
  note.append("\n").append(kSignatureStart).append(name_).append(" ");
  return note.append(to_base64(signature)).append("\n");
}

Result<std::string> verified_text(std::string_view note, const VerifierKey& key) {
  if (note.size() > kMaxNoteBytes) return no_note("it is larger than 64 KiB");
  const auto end = note.rfind("\n\n");
  if (end == std::string_view::npos) return no_note("no empty line before its signatures");
  const auto text = note.substr(0, end + 1);
  if (!is_note_text(text) || !note.ends_with('\n')) return no_note("it is no UTF-8 text of lines");
  const std::string id = big_endian(key.id());
  auto lines = split(note.substr(end + 2, note.size() - end - 3), '\n');
  if (lines.size() > kMaxSignatures) return no_note("more than 100 signatures");
  for (const std::string& line : lines) {
    if (!line.starts_with(kSignatureStart)) return no_note("a line among its signatures is none");
    const auto parts = split(std::string_view(line).substr(kSignatureStart.size()), ' ');
    const auto bytes = parts.size() == 2 ? from_base64(parts[1]) : fail(Errc::parse_error, "");
    if (!bytes || !valid_key_name(parts[0])) return no_note("a signature cannot be read");
    if (parts[0] != key.name || !bytes->starts_with(id)) continue;
    if (ed25519_verify(key.key, text, std::string_view(*bytes).substr(kIdBytes))) {
      return std::string(text);
    }
    return fail(Errc::corrupt, "the signature of " + key.name + " is wrong");
  }
  return fail(Errc::corrupt, "it is not signed by " + key.text());
}

}  // namespace tidemark::audit
