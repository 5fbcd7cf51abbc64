// Where an account's OAuth refresh token is kept while the process runs, and across restarts.
#pragma once

#include "base/result.h"
#include "base/secret.h"

namespace tidemark {

class RefreshTokens {
 public:
  virtual ~RefreshTokens() = default;
  // Errc::unauthorized when there is none: somebody has to authorize the account.
  virtual Result<Secret> load() = 0;
  // The token endpoint has handed out another one; the former may be worthless from now on (RFC
  // 6749 section 6). Durable when it returns.
  virtual Result<void> keep(const Secret& token) = 0;
};

}  // namespace tidemark
