#include "audit/audit_key.h"

#include <filesystem>
#include <utility>

#include "base/base64.h"
#include "base/hex.h"
#include "base/private_file.h"
#include "base/text.h"

namespace tidemark::audit {
namespace {

constexpr std::string_view kPrivateStart = "PRIVATE+KEY+";
constexpr std::size_t kMaxKeyFileBytes = 4096;
constexpr std::size_t kNameDigits = 16;
constexpr char kEd25519Algorithm = 1;

std::string private_path(const std::string& data_dir) {
  return data_dir + "/audit.key";
}

std::string public_path(const std::string& data_dir) {
  return data_dir + "/audit.pub";
}

tl::unexpected<Error> damaged(const std::string& path) {
  return fail(Errc::corrupt,
              path +
                  " is no key for the audit (a line that begins with PRIVATE+KEY+): restore it "
                  "from a backup; without it no checkpoint can be signed, and a new key would "
                  "begin a history of its own");
}

tl::unexpected<Error> two_halves(const std::string& data_dir, const std::string& what) {
  return fail(Errc::corrupt,
              what + ": " + private_path(data_dir) + " and " + public_path(data_dir) +
                  " belong together, so restore both from one backup; another key's signatures "
                  "would not hold beside those that were made");
}

// Secrets are short-lived texts here: each is wiped with the Secret that holds it.
Secret private_text(const std::string& name, const Ed25519Key& key) {
  const std::string id = VerifierKey{name, key.public_key()}.text().substr(name.size() + 1, 8);
  return Secret(std::string(kPrivateStart) + name + "+" + id + "+" +
                to_base64(std::string(1, kEd25519Algorithm) + key.seed().reveal()) + "\n");
}

Result<NoteSigner> parse_private(const Secret& text, const std::string& path) {
  std::string_view rest = trim(text.reveal());
  if (!rest.starts_with(kPrivateStart)) return damaged(path);
  rest.remove_prefix(kPrivateStart.size());
  const auto end_of_name = rest.find('+');
  const auto end_of_id = rest.find('+', end_of_name == rest.npos ? end_of_name : end_of_name + 1);
  if (end_of_id == std::string_view::npos) return damaged(path);
  const std::string name(rest.substr(0, end_of_name));
  auto bytes = from_base64(rest.substr(end_of_id + 1));
  if (!valid_key_name(name) || !bytes || bytes->empty() || bytes->front() != kEd25519Algorithm) {
    return damaged(path);
  }
  auto key = Ed25519Key::from_seed(Secret(bytes->substr(1)));
  if (!key || trim(private_text(name, *key).reveal()) != trim(text.reveal())) return damaged(path);
  return NoteSigner(name, *std::move(key));
}

std::string default_name(const Ed25519Key& key) {
  const auto& bytes = key.public_key();
  const std::string digits =
      to_hex_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return "tidemark/" + digits.substr(0, kNameDigits);
}

}  // namespace

Result<NoteSigner> load_or_make_key(const std::string& data_dir, const std::string& name) {
  const std::string path = private_path(data_dir);
  const auto text = read_private_file(path, kMaxKeyFileBytes);
  if (!text && text.error().code != Errc::not_found) return fail(text.error());
  std::error_code error;
  const bool is_known = std::filesystem::exists(public_path(data_dir), error);
  std::optional<NoteSigner> signer;
  if (text) {
    TM_ASSIGN(signer, parse_private(*text, path));
  } else if (is_known) {
    // It is written before its public half, so it was there once.
    return two_halves(data_dir, path + " is missing");
  } else {
    TM_ASSIGN(auto key, Ed25519Key::generate());
    const std::string chosen = name.empty() ? default_name(key) : name;
    TM_TRY(write_new_private_file(path, private_text(chosen, key).reveal()));
    signer.emplace(chosen, std::move(key));
  }
  if (!is_known) {
    TM_TRY(write_new_private_file(public_path(data_dir), signer->verifier().text() + "\n"));
    return *std::move(signer);
  }
  TM_ASSIGN(const auto known, load_verifier_key(data_dir));
  if (known != signer->verifier()) {
    return two_halves(data_dir, public_path(data_dir) + " is of another key");
  }
  return *std::move(signer);
}

Result<VerifierKey> load_verifier_key(const std::string& data_dir) {
  const std::string path = public_path(data_dir);
  const auto text = read_private_file(path, kMaxKeyFileBytes, FileGuard::directory);
  if (!text && text.error().code == Errc::not_found) {
    // The private half, when it is there, says as much.
    const auto secret = read_private_file(private_path(data_dir), kMaxKeyFileBytes);
    if (!secret) return fail(text.error());
    TM_ASSIGN(const auto signer, parse_private(*secret, private_path(data_dir)));
    return signer.verifier();
  }
  if (!text) return fail(text.error());
  auto key = VerifierKey::parse(text->reveal());
  if (!key) return fail(Errc::corrupt, path + " is damaged: " + key.error().message);
  return key;
}

}  // namespace tidemark::audit
