#include "vault/master_key.h"

#include <cstdlib>
#include <utility>

#include "base/base64.h"
#include "base/hex.h"
#include "base/private_file.h"
#include "base/random.h"
#include "base/text.h"

namespace tidemark {
namespace {

constexpr std::string_view kLabel = "tidemark master key v1";
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kMaxTextBytes = 4096;  // white space included

Result<Secret> read_text(const std::string& path, FileGuard guard) {
  return read_private_file(path, kMaxTextBytes, guard);
}

Result<Secret> read_variable(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  if (value == nullptr) {
    return fail(Errc::not_found, "the environment variable " + name + " is not set");
  }
  return Secret(value);
}

Result<Secret> read_credential(const std::string& name) {
  if (name.find('/') != std::string::npos || name == "." || name == "..") {
    return fail(Errc::invalid_argument, "a credential has a name, not a path: \"" + name + "\"");
  }
  const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr || *directory == '\0') {
    return fail(Errc::not_found, "there is no credential \"" + name +
                                     "\": $CREDENTIALS_DIRECTORY is not set; systemd sets it for "
                                     "a unit with LoadCredential=" +
                                     name + ":PATH");
  }
  return read_text(std::string(directory) + "/" + name, FileGuard::directory);
}

// Where it comes from, for messages.
std::string described(const MasterKeySource& source) {
  if (!source.file.empty()) return "the master key in " + source.file;
  if (!source.env.empty()) return "the master key in the environment variable " + source.env;
  return "the master key in the credential \"" + source.credential + "\"";
}

Result<Secret> read(const MasterKeySource& source) {
  if (!source.file.empty()) return read_text(source.file, FileGuard::mode);
  if (!source.env.empty()) return read_variable(source.env);
  return read_credential(source.credential);
}

}  // namespace

MasterKey::MasterKey(Secret bytes) : bytes_(std::move(bytes)), id_(key_id_of(kLabel, bytes_)) {}

Result<MasterKey> MasterKey::parse(std::string_view text) {
  text = trim(text);
  std::optional<Secret> bytes;
  if (text.size() == 2 * kKeyBytes) {
    if (auto read = from_hex_text(text)) bytes.emplace(*std::move(read));
  } else if (auto read = from_base64(text)) {
    bytes.emplace(*std::move(read));
  }
  if (!bytes || bytes->reveal().size() != kKeyBytes) {
    return fail(
        Errc::invalid_argument,
        "a master key is 32 bytes in base64 (44 characters) or hexadecimal (64 digits), and "
        "these " +
            std::to_string(text.size()) +
            " characters are not; `openssl rand -base64 32` makes one");
  }
  return MasterKey(*std::move(bytes));
}

Result<MasterKey> MasterKey::load(const MasterKeySource& source) {
  const int given = !source.file.empty() + !source.env.empty() + !source.credential.empty();
  if (given != 1) {
    return fail(Errc::invalid_argument,
                "a master key comes from one place: a file, an env variable or a credential");
  }
  const auto text = read(source);
  if (!text) return fail(in_context(described(source), text.error()));
  auto key = parse(text->reveal());
  if (!key) return fail(in_context(described(source), std::move(key).error()));
  return key;
}

Result<Secret> generate_master_key_text() {
  TM_ASSIGN(auto bytes, random_bytes(kKeyBytes));
  const Secret key(std::move(bytes));
  return Secret(to_base64(key.reveal()));
}

}  // namespace tidemark
