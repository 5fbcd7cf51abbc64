// Accounts that come and go while we run, and people's consent to be read.
//
// An account is declared in the configuration, or added here: then it is kept in the store, its
// secrets in the vault. Either may need somebody's consent, which is asked for by a link and kept
// as a refresh token.
//
//   TM_TRY(service.add(account));                                 // secrets included
//   TM_ASSIGN(auto consent, service.connect("acme", "work", "http://127.0.0.1:4711/"));
//   // somebody opens consent.link; the browser comes back to the redirect URI with state and code
//   TM_TRY(service.redeem(state, code));                          // the account syncs from now on
//
// Thread-safe after load(). What submits (all but the const methods) must not be called where the
// engine's loop runs.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "accounts/connection_machine.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "engine/engine.h"
#include "net/http.h"
#include "store/store.h"
#include "sync/sync_service.h"
#include "vault/vault.h"

namespace tidemark::accounts {

inline constexpr std::size_t kMaxAddedAccounts = 10'000;
inline constexpr std::chrono::minutes kConsentMayTake{15};
inline constexpr std::size_t kMaxRedirectBytes = 1000;

struct Consent {
  std::string link;
  std::string redirect_uri;
  WallTime expires{};
};

// Whose answer a consent's was.
struct ConnectedAccount {
  std::string tenant;
  std::string id;
};

class AccountService {
 public:
  // What these refer to outlives it. declared: the accounts of the configuration.
  struct Parts {
    Engine& engine;
    const StoreView& store;
    const Clock& clock;
    HttpClient& http;
    Vault& vault;
    SyncService& sync;
    std::vector<AccountDefinition> declared;
  };
  explicit AccountService(Parts parts);

  void register_with_engine();

  // After Engine::recover(), before SyncService::apply_configuration(). `runs`: SyncService gets
  // every account; one that was added and whose secrets cannot be opened is left out, and the log
  // says so.
  Result<void> load(bool runs);

  // conflict: there is one of this id; no_key: secrets cannot be kept; limit_exceeded.
  Result<void> add(const AccountDefinition& account);
  // It stops syncing, its secrets are erased, its mirror is kept. conflict: it is declared.
  Result<void> remove(std::string_view tenant, std::string_view id);

  // A link that is good for kConsentMayTake; an earlier one is worthless from then on. The redirect
  // URI is on this machine (RFC 8252 section 7.3) or one of `callbacks`.
  // invalid_argument: the account needs no consent, or the URI is neither.
  Result<Consent> connect(std::string_view tenant, std::string_view id, std::string redirect_uri,
                          const std::vector<std::string>& callbacks);
  // The browser came back. not_found: nobody waits for this state (any more); else what
  // Authorization::redeem() says.
  Result<ConnectedAccount> redeem(std::string_view state, const Secret& code);
  // It came back without consent: `error` is what the provider said (RFC 6749 section 4.1.2.1).
  Result<ConnectedAccount> refuse(std::string_view state, std::string_view error);

  // Of all tenants when it is empty; by tenant and id.
  std::vector<AccountDefinition> list(std::string_view tenant) const;
  // not_found: no such account; conflict: several tenants have one, and none was said.
  Result<AccountDefinition> find(std::string_view tenant, std::string_view id) const;
  // How far consent has come; a fresh one when nobody ever asked.
  Result<Connection> connection(std::string_view tenant, std::string_view id) const;
  // Whether the account lives on somebody's consent.
  static bool needs_consent(const AccountDefinition& account);

 private:
  using Key = std::pair<std::string, std::string>;  // tenant, id
  struct Asked {
    AccountDefinition account;
    Connection connection;
    std::string state_hash;
  };

  Result<void> know_all();
  // With its secrets, and the place where its refresh token is kept.
  Result<AccountDefinition> equipped(const AccountDefinition& account) const;
  Result<void> open_secrets(AccountSettings& settings) const;
  Result<void> hand_over(const AccountDefinition& account);
  Result<std::vector<SealedSecret>> seal_secrets(const AccountSettings& settings);
  Result<Asked> asked(std::string_view state) const;
  Result<void> submit(const AccountDefinition& account, const ConnectionMachine::Input& what,
                      std::vector<SealedSecret> secrets = {});
  Result<void> give_up(const Asked& asked, const Error& error);

  const Parts parts_;
  std::mutex changing_;  // one account at a time is added or removed
  mutable std::mutex mutex_;
  // Of those that were added, without their secrets.
  std::map<Key, AccountDefinition> accounts_;
  std::set<Key> declared_;
  bool runs_ = false;
};

}  // namespace tidemark::accounts
