#include "accounts/service_account.h"

#include "base/json.h"
#include "base/rsa.h"

namespace tidemark::accounts {
namespace {

constexpr const char* kType = "service_account";

}  // namespace

Result<ServiceAccount> read_service_account(const Secret& file) {
  const auto value = parse_json(file.reveal());
  const auto text = [&](const char* name) {
    const auto found = value->find(name);
    return found != value->end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  if (!value || !value->is_object() || text("type") != kType || text("client_email").empty() ||
      text("private_key").empty()) {
    return fail(Errc::invalid_argument,
                "is no service account's key file: JSON with \"type\": \"service_account\", "
                "\"client_email\" and \"private_key\"");
  }
  ServiceAccount account{
      text("client_email"), text("private_key_id"), Secret(text("private_key")), {}};
  TM_TRY(sign_rs256(account.private_key, "").map([](const std::string&) {}));
  return account;
}

Secret service_account_file(const ServiceAccount& account) {
  return Secret(dump_json({{"type", kType},
                           {"client_email", account.email},
                           {"private_key_id", account.key_id},
                           {"private_key", account.private_key.reveal()}}));
}

}  // namespace tidemark::accounts
