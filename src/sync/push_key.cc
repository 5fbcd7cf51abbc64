#include "sync/push_key.h"

#include "base/base64.h"
#include "base/hmac.h"
#include "base/private_file.h"
#include "base/random.h"
#include "base/text.h"

namespace tidemark {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kMaxFileBytes = 256;

}  // namespace

Result<Secret> load_or_make_push_key(const std::string& data_dir) {
  const std::string path = data_dir + "/push.key";
  const auto file = read_private_file(path, kMaxFileBytes);
  if (!file && file.error().code != Errc::not_found) return fail(file.error());
  if (!file) {
    TM_ASSIGN(const auto bytes, random_bytes(kKeyBytes));
    Secret key(to_base64(bytes));
    TM_TRY(write_new_private_file(path, key.reveal() + "\n"));
    return key;
  }
  Secret key{std::string(trim(file->reveal()))};
  const auto bytes = from_base64(key.reveal());
  if (!bytes || bytes->size() < kKeyBytes) {
    return fail(Errc::corrupt,
                path +
                    " is no key for notifications (at least 32 bytes as base64): restore it from "
                    "a backup, or remove it and another one is made");
  }
  return key;
}

namespace sync {

Secret push_token(const Secret& key, std::string_view tenant, std::string_view account,
                  std::string_view calendar, std::string_view channel) {
  std::string message;
  for (const auto part : {tenant, account, calendar, channel}) message.append(part).push_back('\0');
  return Secret(to_base64url(as_bytes(hmac_sha256(key.reveal(), message))));
}

}  // namespace sync
}  // namespace tidemark
