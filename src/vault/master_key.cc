#include "vault/master_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/base64.h"
#include "base/random.h"
#include "base/text.h"
#include "vault/hex.h"

namespace tidemark {
namespace {

constexpr std::string_view kLabel = "tidemark master key v1";
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kMaxTextBytes = 4096;  // white space included

class Descriptor {
 public:
  explicit Descriptor(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

tl::unexpected<Error> unreadable(const std::string& path, int reason) {
  const Errc code =
      reason == ENOENT || reason == ENOTDIR ? Errc::not_found : Errc::invalid_argument;
  return fail(code, "cannot read " + path + ": " + std::strerror(reason));
}

enum class Guard : std::uint8_t { by_mode, by_directory };

Result<void> check_mode(int fd, const std::string& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return unreadable(path, errno);
  if (S_ISREG(status.st_mode) && (status.st_mode & (S_IROTH | S_IWOTH)) != 0) {
    return fail(Errc::forbidden, "everyone on this machine can read or write " + path +
                                     ", so it protects nothing: run chmod 600 on it, and make a "
                                     "new key if somebody may have read this one");
  }
  return {};
}

Result<Secret> read_text(const std::string& path, Guard guard) {
  const Descriptor file(path);
  if (file.get() < 0) return unreadable(path, errno);
  if (guard == Guard::by_mode) TM_TRY(check_mode(file.get(), path));
  std::string buffer(kMaxTextBytes + 1, '\0');
  std::size_t used = 0;
  while (used < buffer.size()) {
    const auto got = ::read(file.get(), buffer.data() + used, buffer.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(path, errno);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  buffer.resize(used);
  Secret text(std::move(buffer));
  if (used > kMaxTextBytes) {
    return fail(Errc::invalid_argument, path + " is too large to be a master key");
  }
  return text;
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
  return read_text(std::string(directory) + "/" + name, Guard::by_directory);
}

// Where it comes from, for messages.
std::string described(const MasterKeySource& source) {
  if (!source.file.empty()) return "the master key in " + source.file;
  if (!source.env.empty()) return "the master key in the environment variable " + source.env;
  return "the master key in the credential \"" + source.credential + "\"";
}

Result<Secret> read(const MasterKeySource& source) {
  if (!source.file.empty()) return read_text(source.file, Guard::by_mode);
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
