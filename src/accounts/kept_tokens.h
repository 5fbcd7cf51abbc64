// An account's refresh token in the vault, as "account/<id>/refresh_token".
#pragma once

#include <string>

#include "base/secret.h"
#include "engine/engine.h"
#include "providers/refresh_tokens.h"
#include "vault/vault.h"

namespace tidemark::accounts {

// Thread-safe; what it refers to outlives it.
class KeptTokens final : public RefreshTokens {
 public:
  // configured: what the configuration gives, or nothing. It is used until another one is kept, and
  // again once the configuration gives another than it did then.
  KeptTokens(Engine& engine, Vault& vault, std::string tenant, std::string account,
             Secret configured);

  Result<Secret> load() override;
  Result<void> keep(const Secret& token) override;
  // The same as keep() makes of it, to be stored by a step of the caller's own.
  Result<SealedSecret> seal(const Secret& token);

 private:
  std::string digest_of_configured() const;

  Engine& engine_;
  Vault& vault_;
  const std::string tenant_;
  const std::string account_;
  const Secret configured_;
};

}  // namespace tidemark::accounts
