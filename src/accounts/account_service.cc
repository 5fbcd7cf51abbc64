#include "accounts/account_service.h"

#include <algorithm>

#include "accounts/account_codec.h"
#include "accounts/kept_tokens.h"
#include "accounts/service_account.h"
#include "base/base64.h"
#include "base/log.h"
#include "base/random.h"
#include "base/sha256.h"
#include "base/text.h"
#include "engine/journal.h"
#include "net/url.h"
#include "providers/authorization.h"

namespace tidemark::accounts {
namespace {

constexpr std::size_t kRandomBytes = 32;  // of a state and of a verifier (RFC 7636 section 4.1)
constexpr std::size_t kMaxStateBytes = 300;
constexpr std::chrono::seconds kRedeemingMayTake{30};  // a browser waits for it
constexpr std::size_t kMaxSaidBytes = 200;

std::string connector(const AccountDefinition& account) {
  return account.settings.provider + ":" + account.settings.id;
}

tl::unexpected<Error> no_account(std::string_view id) {
  return fail(Errc::not_found, "there is no account " + to_valid_utf8(id.substr(0, 64)) +
                                   "; `tidemark account list` shows them");
}

tl::unexpected<Error> no_consent() {
  return fail(Errc::not_found,
              "nobody waits for this consent (any more): it was used before, has expired, or "
              "another one was begun since; connect the account again");
}

std::string digest_raw(std::string_view text) {
  const Sha256 digest = sha256(text);
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

const Authorization* authorization_of(const AccountDefinition& account) {
  const ProviderInfo* info = find_calendar_provider(account.settings.provider);
  return info == nullptr ? nullptr : info->authorization;
}

// Without its secrets, which the vault has.
AccountDefinition bare(AccountDefinition account) {
  AccountSettings& settings = account.settings;
  if (settings.credentials) settings.credentials->password = Secret();
  if (!settings.oauth) return account;
  settings.oauth->client_secret = Secret();
  settings.oauth->refresh_token = Secret();
  if (settings.oauth->service_account) settings.oauth->service_account->private_key = Secret();
  return account;
}

Result<void> check_redirect(const std::string& uri, const std::vector<std::string>& callbacks) {
  const auto url = parse_url(uri);
  const bool own = std::find(callbacks.begin(), callbacks.end(), uri) != callbacks.end();
  const bool loopback = url && uri.starts_with("http://") &&
                        (url->host == "127.0.0.1" || url->host == "::1" || url->host == "[::1]" ||
                         url->host == "localhost");
  if (uri.size() <= kMaxRedirectBytes && (own || loopback)) return {};
  return fail(Errc::invalid_argument,
              "redirect_uri: must be on this machine, such as http://127.0.0.1:4711/, or the "
              "service's own /oauth/callback below [server] public_url");
}

}  // namespace

AccountService::AccountService(Parts parts) : parts_(std::move(parts)) {}

void AccountService::register_with_engine() {
  parts_.engine.register_machine(erase<ConnectionMachine>());
}

bool AccountService::needs_consent(const AccountDefinition& account) {
  return authorization_of(account) != nullptr && account.settings.oauth &&
         !account.settings.oauth->service_account;
}

Result<void> AccountService::load(bool runs) {
  runs_ = runs;
  TM_TRY(know_all());
  if (!runs) return {};
  for (const auto& [key, account] : accounts_) {
    if (const auto handed = hand_over(account); !handed) {
      log::error("an account is left out: its secrets cannot be opened",
                 {.connector = connector(account),
                  .company_id = key.first,
                  .error_code = name(handed.error().code),
                  .detail = handed.error().message});
    }
  }
  return {};
}

Result<void> AccountService::know_all() {
  for (const auto& account : parts_.declared) {
    const Key key{account.settings.tenant, account.settings.id};
    declared_.insert(key);
    accounts_[key] = account;
  }
  TM_ASSIGN(const auto instances,
            list_instances(parts_.store, std::string(ConnectionMachine::kind) + "/"));
  for (const auto& instance : instances) {
    TM_ASSIGN(const auto bytes, read_state(parts_.store, instance));
    if (!bytes) continue;
    TM_ASSIGN(const auto state, ConnectionMachine::decode_state(*bytes));
    if (!state.added()) continue;
    const Key key{instance.tenant(), instance.value.substr(instance.value.rfind('/') + 1)};
    if (declared_.contains(key)) {
      log::warning("an account is both added and in the configuration, which counts",
                   {.connector = key.second, .company_id = key.first});
      continue;
    }
    TM_ASSIGN(accounts_[key], definition_from_json(state.definition, key.first, key.second));
  }
  return {};
}

Result<AccountDefinition> AccountService::equipped(const AccountDefinition& account) const {
  AccountDefinition result = account;
  AccountSettings& settings = result.settings;
  if (!declared_.contains({settings.tenant, settings.id})) TM_TRY(open_secrets(settings));
  if (!needs_consent(result)) return result;
  settings.oauth->refresh_tokens = std::make_shared<KeptTokens>(
      parts_.engine, parts_.vault, settings.tenant, settings.id, settings.oauth->refresh_token);
  TM_ASSIGN(const auto known, connection(settings.tenant, settings.id));
  if (known.connected_at) settings.oauth->consent = format_rfc3339(*known.connected_at);
  return result;
}

Result<void> AccountService::hand_over(const AccountDefinition& account) {
  if (!runs_) return {};  // the next process that does will
  TM_ASSIGN(auto complete, equipped(account));
  return parts_.sync.put_account(std::move(complete));
}

Result<void> AccountService::open_secrets(AccountSettings& settings) const {
  const auto open = [&](AccountSecret which) {
    return parts_.vault.open(settings.tenant, secret_name(settings.id, which));
  };
  if (settings.credentials) {
    TM_ASSIGN(settings.credentials->password, open(AccountSecret::password));
  }
  if (!settings.oauth) return {};
  if (auto& service = settings.oauth->service_account) {
    TM_ASSIGN(const Secret file, open(AccountSecret::service_account));
    const std::string subject = service->subject;
    TM_ASSIGN(service, read_service_account(file));
    service->subject = subject;
    return {};
  }
  auto client_secret = open(AccountSecret::client_secret);
  if (client_secret) {
    settings.oauth->client_secret = std::move(*client_secret);
  } else if (client_secret.error().code != Errc::not_found) {
    return fail(client_secret.error());
  }
  return {};
}

Result<std::vector<SealedSecret>> AccountService::seal_secrets(const AccountSettings& settings) {
  std::vector<SealedSecret> sealed;
  const auto seal = [&](AccountSecret which, const Secret& secret) -> Result<void> {
    if (secret.empty()) return {};
    TM_ASSIGN(auto one,
              parts_.vault.seal(settings.tenant, secret_name(settings.id, which), secret));
    sealed.push_back(std::move(one));
    return {};
  };
  if (settings.credentials) {
    TM_TRY(seal(AccountSecret::password, settings.credentials->password));
  }
  if (!settings.oauth) return sealed;
  if (const auto& service = settings.oauth->service_account) {
    TM_TRY(seal(AccountSecret::service_account, service_account_file(*service)));
    return sealed;
  }
  TM_TRY(seal(AccountSecret::client_secret, settings.oauth->client_secret));
  if (settings.oauth->refresh_token.empty()) return sealed;
  KeptTokens tokens(parts_.engine, parts_.vault, settings.tenant, settings.id, {});
  TM_ASSIGN(auto token, tokens.seal(settings.oauth->refresh_token));
  sealed.push_back(std::move(token));
  return sealed;
}

Result<void> AccountService::submit(const AccountDefinition& account,
                                    const ConnectionMachine::Input& what,
                                    std::vector<SealedSecret> secrets) {
  Input input = connection_input(account.settings.tenant, account.settings.id, what);
  input.secrets = std::move(secrets);
  TM_TRY(parts_.engine.submit(std::move(input)));
  return {};
}

Result<void> AccountService::add(const AccountDefinition& account) {
  const AccountSettings& settings = account.settings;
  const std::lock_guard changing(changing_);
  {
    const std::lock_guard lock(mutex_);
    if (accounts_.contains({settings.tenant, settings.id})) {
      return fail(Errc::conflict, "there is an account " + settings.id + " already");
    }
    if (accounts_.size() >= declared_.size() + kMaxAddedAccounts) {
      return fail(Errc::limit_exceeded, "there are " + std::to_string(kMaxAddedAccounts) +
                                            " added accounts; remove one first");
    }
  }
  TM_ASSIGN(auto secrets, seal_secrets(settings));
  TM_TRY(submit(account, ConnectionMachine::Added{connector(account), to_json(account)},
                std::move(secrets)));
  {
    const std::lock_guard lock(mutex_);
    accounts_[{settings.tenant, settings.id}] = bare(account);
  }
  return hand_over(bare(account));
}

Result<void> AccountService::remove(std::string_view tenant, std::string_view id) {
  const std::lock_guard changing(changing_);
  TM_ASSIGN(const auto account, find(tenant, id));
  const Key key{account.settings.tenant, account.settings.id};
  if (declared_.contains(key)) {
    return fail(Errc::conflict,
                "account " + key.second + " is in the configuration file: take it out there");
  }
  TM_TRY(submit(account, ConnectionMachine::Removed{}));
  {
    const std::lock_guard lock(mutex_);
    accounts_.erase(key);
  }
  return parts_.sync.remove_account(tenant, id);
}

Result<Consent> AccountService::connect(std::string_view tenant, std::string_view id,
                                        std::string redirect_uri,
                                        const std::vector<std::string>& callbacks) {
  TM_ASSIGN(const auto account, find(tenant, id));
  const std::string& account_id = account.settings.id;
  if (!needs_consent(account)) {
    return fail(Errc::invalid_argument, "account " + account_id +
                                            " needs nobody's consent: it has a password, a key "
                                            "file or nothing to show");
  }
  TM_TRY(check_redirect(redirect_uri, callbacks));
  TM_ASSIGN(const std::string random, random_bytes(kRandomBytes));
  TM_ASSIGN(const std::string verifier_bytes, random_bytes(kRandomBytes));
  const std::string state = account.settings.tenant + "." + account_id + "." + to_base64url(random);
  const Secret verifier(to_base64url(verifier_bytes));
  const ConsentRequest request{redirect_uri, state, to_base64url(digest_raw(verifier.reveal()))};
  TM_ASSIGN(auto sealed,
            parts_.vault.seal(account.settings.tenant,
                              secret_name(account_id, AccountSecret::verifier), verifier));
  std::vector<SealedSecret> secrets;
  secrets.push_back(std::move(sealed));
  TM_TRY(submit(account,
                ConnectionMachine::Begun{connector(account), to_hex(sha256(state)), redirect_uri,
                                         kConsentMayTake},
                std::move(secrets)));
  return Consent{authorization_of(account)->link(account.settings, request),
                 std::move(redirect_uri), parts_.clock.now() + kConsentMayTake};
}

// "<tenant>.<account>.<random>", none of which has a dot in it.
Result<AccountService::Asked> AccountService::asked(std::string_view state) const {
  const auto parts = split(state.substr(0, kMaxStateBytes), '.');
  if (parts.size() != 3) return no_consent();
  auto account = find(parts[0], parts[1]);
  if (!account || !needs_consent(*account)) return no_consent();
  TM_ASSIGN(auto known, connection(parts[0], parts[1]));
  std::string hash = to_hex(sha256(state));
  const bool waited_for = known.pending &&
                          equal_in_constant_time(known.pending->state_hash, hash) &&
                          parts_.clock.now() < known.pending->expires;
  if (!waited_for) return no_consent();
  return Asked{std::move(*account), std::move(known), std::move(hash)};
}

Result<ConnectedAccount> AccountService::redeem(std::string_view state, const Secret& code) {
  TM_ASSIGN(const Asked waiting, asked(state));
  TM_ASSIGN(AccountDefinition account, equipped(waiting.account));
  AccountSettings& settings = account.settings;
  settings.timeout = std::min<milliseconds>(settings.timeout, kRedeemingMayTake);
  TM_ASSIGN(const Secret verifier,
            parts_.vault.open(settings.tenant, secret_name(settings.id, AccountSecret::verifier)));
  const auto token = authorization_of(waiting.account)
                         ->redeem(settings, parts_.http,
                                  {code, waiting.connection.pending->redirect_uri, verifier});
  if (!token) {
    if (!retryable(token.error().code)) TM_TRY(give_up(waiting, token.error()));
    return fail(token.error());
  }
  KeptTokens tokens(parts_.engine, parts_.vault, settings.tenant, settings.id,
                    settings.oauth->refresh_token);
  TM_ASSIGN(auto sealed, tokens.seal(*token));
  std::vector<SealedSecret> secrets;
  secrets.push_back(std::move(sealed));
  TM_TRY(submit(waiting.account, ConnectionMachine::Done{waiting.state_hash}, std::move(secrets)));
  log::info("an account is connected",
            {.connector = connector(waiting.account), .company_id = settings.tenant});
  TM_TRY(hand_over(waiting.account));
  return ConnectedAccount{settings.tenant, settings.id};
}

Result<ConnectedAccount> AccountService::refuse(std::string_view state, std::string_view error) {
  TM_ASSIGN(const Asked waiting, asked(state));
  const AccountSettings& settings = waiting.account.settings;
  const std::string said = to_valid_utf8(error.substr(0, kMaxSaidBytes));
  TM_TRY(give_up(waiting, {Errc::forbidden,
                           "account " + settings.id + ": consent was not given (" + said + ")",
                           std::nullopt}));
  return ConnectedAccount{settings.tenant, settings.id};
}

Result<void> AccountService::give_up(const Asked& asked, const Error& error) {
  log::warning("an account could not be connected", {.connector = connector(asked.account),
                                                     .company_id = asked.account.settings.tenant,
                                                     .error_code = name(error.code),
                                                     .detail = error.message});
  return submit(asked.account, ConnectionMachine::Failed{asked.state_hash, error});
}

std::vector<AccountDefinition> AccountService::list(std::string_view tenant) const {
  const std::lock_guard lock(mutex_);
  std::vector<AccountDefinition> result;
  for (const auto& [key, account] : accounts_) {
    if (tenant.empty() || key.first == tenant) result.push_back(account);
  }
  return result;
}

Result<AccountDefinition> AccountService::find(std::string_view tenant, std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const AccountDefinition* found = nullptr;
  for (const auto& [key, account] : accounts_) {
    if (key.second != id || (!tenant.empty() && key.first != tenant)) continue;
    if (found != nullptr) {
      return fail(Errc::conflict,
                  "several tenants have an account " + key.second + ": say which tenant");
    }
    found = &account;
  }
  if (found == nullptr) return no_account(id);
  return *found;
}

Result<Connection> AccountService::connection(std::string_view tenant, std::string_view id) const {
  TM_ASSIGN(const auto bytes, read_state(parts_.store, connection_instance(tenant, id)));
  if (!bytes) return Connection{};
  return ConnectionMachine::decode_state(*bytes);
}

}  // namespace tidemark::accounts
