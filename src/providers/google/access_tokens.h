// The access token of one account: made from a refresh token (RFC 6749 section 6) or, for a service
// account, from a signed assertion (RFC 7523); kept in memory until it expires.
//
// Single-flight: whoever comes while a token is being made waits for it and gets the same one, or
// the same refusal. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/lock.h"
#include "base/result.h"
#include "base/secret.h"
#include "net/http.h"
#include "providers/calendar_provider.h"
#include "providers/google/form.h"

namespace tidemark::google {

class AccessTokens {
 public:
  // making: held while a token is asked for.
  AccessTokens(HttpClient& http, const AccountSettings& settings, std::string token_url,
               std::function<WallTime()> now,
               std::unique_ptr<Lock> making = std::make_unique<MutexLock>());

  // One that is good for another minute.
  //   unauthorized  Google refuses the refresh token or the assertion (invalid_grant and its like):
  //                 somebody has to authorize the account again
  //   unavailable, timeout, ...: no answer, or a quota; later may do
  Result<Secret> get();
  // The API refused this one: the next get() makes another, unless somebody has already.
  void refuse(const Secret& token);

 private:
  Result<Secret> make();
  Result<Secret> refresh_token() const;
  void keep(std::string token, const Secret& current);
  // The form fields that ask for a token.
  Result<Fields> grant(const Secret& refresh) const;
  Result<std::string> assertion() const;

  HttpClient& http_;
  const AccountSettings settings_;
  const std::string token_url_;
  const std::function<WallTime()> now_;

  // Held while a token is being made; guards the next one.
  const std::unique_ptr<Lock> making_;
  Secret unkept_;             // a refresh token that is only here
  mutable std::mutex mutex_;  // guards what follows
  Secret token_;
  WallTime expires_{};
  std::uint64_t made_ = 0;      // attempts
  std::optional<Error> error_;  // of the last attempt
};

}  // namespace tidemark::google
