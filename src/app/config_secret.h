// Secrets that the configuration names and never holds: { file = "..." } or { env = "..." }.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "app/config_reader.h"
#include "base/result.h"
#include "base/secret.h"

namespace tidemark::app {

inline constexpr std::size_t kMaxSecretBytes = 64U << 10;

// Which of them a table says; a variable for one overrides another one in the file.
struct SecretPlace {
  enum class Kind { file, env, credential };
  Kind kind = Kind::file;
  std::string name;  // a path, a variable's name, a credential's name
  Origin origin;
};
enum class SecretPlaces { file_or_env, file_env_or_credential };

// Nothing when the table is absent or wrong; problems go to the reader. An empty table is wrong.
std::optional<SecretPlace> read_secret_place(ConfigReader& reader, ConfigSection& table,
                                             SecretPlaces allowed);

// The secret itself, told to `config show` as a mask. `table` has the keys file and env, and
// `wanted` is what the secret is: "the password".
std::optional<Secret> read_secret(ConfigReader& reader, ConfigSection& table,
                                  std::string_view wanted);

// A file's content without the line ends behind it; neither empty nor larger than kMaxSecretBytes.
Result<Secret> read_secret_file(const std::string& path);

}  // namespace tidemark::app
