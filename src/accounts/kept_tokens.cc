#include "accounts/kept_tokens.h"

#include <utility>

#include "accounts/connection_machine.h"
#include "base/json.h"
#include "base/sha256.h"

namespace tidemark::accounts {

KeptTokens::KeptTokens(Engine& engine, Vault& vault, std::string tenant, std::string account,
                       Secret configured)
    : engine_(engine),
      vault_(vault),
      tenant_(std::move(tenant)),
      account_(std::move(account)),
      configured_(std::move(configured)) {}

// It lies beside the token, sealed like it.
std::string KeptTokens::digest_of_configured() const {
  return configured_.empty() ? std::string() : to_hex(sha256(configured_.reveal()));
}

Result<Secret> KeptTokens::load() {
  const auto opened = vault_.open(tenant_, secret_name(account_, AccountSecret::refresh_token));
  if (!opened && opened.error().code != Errc::not_found) {
    if (configured_.empty()) return fail(opened.error());
    return configured_;
  }
  if (opened) {
    const auto value = parse_json(opened->reveal());
    if (!value || !value->is_object()) {
      return fail(Errc::corrupt, "the refresh token of account " + account_ + " cannot be read");
    }
    if (configured_.empty() || value->value("instead_of", "") == digest_of_configured()) {
      return Secret(value->value("token", ""));
    }
  }
  if (!configured_.empty()) return configured_;
  return fail(Errc::unauthorized, "account " + account_ + ": nobody has allowed access to it yet");
}

Result<SealedSecret> KeptTokens::seal(const Secret& token) {
  const Json value{{"token", token.reveal()}, {"instead_of", digest_of_configured()}};
  return vault_.seal(tenant_, secret_name(account_, AccountSecret::refresh_token),
                     Secret(dump_json(value)));
}

Result<void> KeptTokens::keep(const Secret& token) {
  TM_ASSIGN(auto sealed, seal(token));
  Input input = connection_input(tenant_, account_, ConnectionMachine::Rotated{});
  input.secrets.push_back(std::move(sealed));
  TM_TRY(engine_.submit(std::move(input)));
  return {};
}

}  // namespace tidemark::accounts
