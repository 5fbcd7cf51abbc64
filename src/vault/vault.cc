#include "vault/vault.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "engine/journal.h"
#include "engine/secrets.h"

namespace tidemark {
namespace {

constexpr std::size_t kMaxNameBytes = 256;
constexpr std::size_t kMaxTenantBytes = 256;
constexpr std::size_t kMaxOpenedKeys = 4096;

Result<void> check_place(std::string_view tenant, std::string_view name) {
  if (tenant.empty() || tenant.size() > kMaxTenantBytes ||
      tenant.find('/') != std::string_view::npos) {
    return fail(Errc::invalid_argument, "a tenant's name has 1 to 256 bytes and no '/'");
  }
  if (name.empty() || name.size() > kMaxNameBytes || !is_valid_utf8(name)) {
    return fail(Errc::invalid_argument, "a secret's name is UTF-8 of 1 to 256 bytes");
  }
  if (name.starts_with(vault::kOwnNames)) {
    return fail(Errc::invalid_argument,
                "names of secrets that begin with \"vault/\" are the vault's own");
  }
  return {};
}

std::string ids_of(const std::vector<MasterKey>& keys) {
  std::string ids;
  for (const auto& key : keys) ids.append(ids.empty() ? "" : ", ").append(key.id().text());
  return ids;
}

tl::unexpected<Error> no_master_key() {
  return fail(Errc::no_key,
              "no master key is configured, so no secret can be sealed or opened: make one with "
              "`openssl rand -base64 32 > FILE`, keep a copy of it apart from the data directory "
              "and its copies, and name it in the configuration under [secrets] master_key");
}

Result<const MasterKey*> master_key_for(const std::vector<MasterKey>& keys,
                                        std::string_view wrapped) {
  if (keys.empty()) return no_master_key();
  TM_ASSIGN(const auto id, vault::sealed_with(wrapped));
  const auto found =
      std::find_if(keys.begin(), keys.end(), [&](const auto& key) { return key.id() == id; });
  if (found == keys.end()) {
    return fail(Errc::no_key, "it is wrapped by the master key " + id.text() +
                                  ", which is not among the configured ones (" + ids_of(keys) +
                                  "): put it under [secrets] master_key, or old_master_keys");
  }
  return &*found;
}

Result<vault::DataKey> unwrap(const std::vector<MasterKey>& keys, std::string_view tenant,
                              const KeyId& id, std::string_view wrapped) {
  TM_ASSIGN(const auto* master, master_key_for(keys, wrapped));
  return vault::unwrap(*master, tenant, id, wrapped);
}

std::string data_key_of(std::string_view tenant, const KeyId& id) {
  return "the data key " + id.text() + " of the tenant \"" + std::string(tenant) + "\"";
}

std::string secret_of(std::string_view tenant, std::string_view name) {
  return "the secret \"" + std::string(name) + "\" of the tenant \"" + std::string(tenant) + "\"";
}

// Errors that the next tenant would meet as well.
bool ends_rotation(Errc code) {
  return retryable(code) || code == Errc::cancelled || code == Errc::internal;
}

}  // namespace

Vault::Vault(Engine& engine, const StoreView& view, std::vector<MasterKey> master_keys)
    : engine_(engine),
      view_(view),
      master_keys_(std::make_shared<const std::vector<MasterKey>>(std::move(master_keys))) {}

Vault::~Vault() = default;

void Vault::use_master_keys(std::vector<MasterKey> master_keys) {
  auto keys = std::make_shared<const std::vector<MasterKey>>(std::move(master_keys));
  const std::lock_guard rotation(rotating_);
  const std::lock_guard lock(mutex_);
  master_keys_ = std::move(keys);
  opened_.clear();
}

Vault::MasterKeys Vault::master_keys() const {
  const std::lock_guard lock(mutex_);
  return master_keys_;
}

Result<SealedSecret> Vault::seal(std::string_view tenant, std::string_view name,
                                 const Secret& plaintext) {
  TM_TRY(check_place(tenant, name));
  if (plaintext.reveal().size() > kMaxSecretPlaintextBytes) {
    return fail(Errc::limit_exceeded, secret_of(tenant, name) + " has more than 32 KiB");
  }
  TM_ASSIGN(const auto key, current_data_key(tenant));
  TM_ASSIGN(auto sealed, vault::seal_secret(*key, tenant, name, plaintext));
  return SealedSecret{std::string(name), std::move(sealed)};
}

Result<Secret> Vault::open(std::string_view tenant, std::string_view name) {
  TM_TRY(check_place(tenant, name));
  TM_ASSIGN(const auto sealed, read_secret(view_, tenant, name));
  if (!sealed) {
    return fail(Errc::not_found, "the tenant \"" + std::string(tenant) + "\" has no secret \"" +
                                     std::string(name) + "\"");
  }
  const auto open = [&]() -> Result<Secret> {
    TM_ASSIGN(const auto id, vault::sealed_with(*sealed));
    TM_ASSIGN(const auto key, data_key(tenant, id));
    return vault::open_secret(*key, tenant, name, *sealed);
  };
  auto opened = open();
  if (!opened) return fail(in_context(secret_of(tenant, name), std::move(opened).error()));
  return opened;
}

Result<Vault::DataKey> Vault::current_data_key(std::string_view tenant) {
  TM_ASSIGN(auto key, recorded(tenant));
  if (key) return data_key(tenant, key->data_key);
  const std::lock_guard making(making_);
  TM_ASSIGN(key, recorded(tenant));
  if (key) return data_key(tenant, key->data_key);
  return make_data_key(tenant);
}

// Holds making_: whoever waits for it finds the key that is made here.
Result<Vault::DataKey> Vault::make_data_key(std::string_view tenant) {
  const auto keys = master_keys();
  if (keys->empty()) return no_master_key();
  const MasterKey& current = keys->front();
  TM_ASSIGN(auto made, vault::make_data_key());
  const auto key = std::make_shared<const vault::DataKey>(std::move(made));
  TM_ASSIGN(auto wrapped, vault::wrap(current, tenant, *key));
  TM_TRY(engine_.submit(data_key_made_input(tenant, {key->id, current.id()},
                                            {vault::data_key_name(key->id), std::move(wrapped)})));
  remember(tenant, key);
  return key;
}

Result<Vault::DataKey> Vault::data_key(std::string_view tenant, const KeyId& id) {
  MasterKeys keys;
  {
    const std::lock_guard lock(mutex_);
    const auto found = opened_.find(CacheKey(tenant, id));
    if (found != opened_.end()) return found->second;
    keys = master_keys_;
  }
  if (keys->empty()) return no_master_key();
  TM_ASSIGN(const auto wrapped, read_wrapped(tenant, id));
  auto unwrapped = unwrap(*keys, tenant, id, wrapped);
  if (!unwrapped) return fail(in_context(data_key_of(tenant, id), std::move(unwrapped).error()));
  auto key = std::make_shared<const vault::DataKey>(*std::move(unwrapped));
  remember(tenant, key);
  return key;
}

void Vault::remember(std::string_view tenant, DataKey key) {
  const std::lock_guard lock(mutex_);
  if (opened_.size() >= kMaxOpenedKeys) opened_.clear();
  opened_.insert_or_assign(CacheKey(tenant, key->id), key);
}

Result<std::optional<VaultMachine::Wrapped>> Vault::recorded(std::string_view tenant) const {
  TM_ASSIGN(const auto bytes, read_state(view_, vault_instance(tenant)));
  if (!bytes) return std::nullopt;
  TM_ASSIGN(auto state, VaultMachine::decode_state(*bytes));
  return state.key;
}

Result<std::string> Vault::read_wrapped(std::string_view tenant, const KeyId& id) const {
  TM_ASSIGN(auto wrapped, read_secret(view_, tenant, vault::data_key_name(id)));
  if (!wrapped) return fail(Errc::corrupt, data_key_of(tenant, id) + " is not in the store");
  return *std::move(wrapped);
}

Result<RotationReport> Vault::rotate_master_key() {
  const std::lock_guard rotation(rotating_);
  const auto keys = master_keys();
  if (keys->empty()) return no_master_key();
  // Whoever began to make a data key under a former master key has finished after this.
  { const std::lock_guard making(making_); }
  TM_ASSIGN(const auto instances, list_instances(view_, kVaultInstances));
  RotationReport report{.current = keys->front().id()};
  for (const auto& instance : instances) {
    ++report.tenants;
    const auto rewrapped = rewrap(instance.tenant(), *keys);
    if (rewrapped) {
      ++(*rewrapped ? report.rewrapped : report.already_current);
    } else if (ends_rotation(rewrapped.error().code)) {
      return fail(in_context("the rotation stopped after " + std::to_string(report.tenants - 1) +
                                 " of " + std::to_string(instances.size()) +
                                 " tenants; run it again for the rest",
                             rewrapped.error()));
    } else {
      report.failures.push_back({std::string(instance.tenant()), rewrapped.error()});
    }
  }
  return report;
}

// True when it wrapped the key anew, false when that was done before. Either way the key has been
// opened once with what is stored, so that nobody throws the former master key away too early.
Result<bool> Vault::rewrap(std::string_view tenant, const std::vector<MasterKey>& keys) {
  const MasterKey& current = keys.front();
  TM_ASSIGN(const auto key, recorded(tenant));
  if (!key) return fail(Errc::corrupt, "the state of its vault names no data key");
  TM_ASSIGN(const auto stored, read_wrapped(tenant, key->data_key));
  TM_ASSIGN(const auto wrapped_by, vault::sealed_with(stored));
  auto unwrapped = unwrap(keys, tenant, key->data_key, stored);
  if (!unwrapped) {
    return fail(in_context(data_key_of(tenant, key->data_key), std::move(unwrapped).error()));
  }
  if (wrapped_by == current.id()) return false;
  TM_ASSIGN(auto wrapped, vault::wrap(current, tenant, *unwrapped));
  TM_TRY(engine_.submit(
      data_key_wrapped_anew_input(tenant, {key->data_key, wrapped_by, current.id()},
                                  {vault::data_key_name(key->data_key), std::move(wrapped)})));
  return true;
}

Result<VaultStatus> Vault::status() const {
  const auto keys = master_keys();
  VaultStatus status;
  for (const auto& key : *keys) {
    if (!status.current) {
      status.current = key.id();
    } else {
      status.former.push_back(key.id());
    }
  }
  TM_ASSIGN(const auto instances, list_instances(view_, kVaultInstances));
  for (const auto& instance : instances) {
    TM_ASSIGN(const auto key, recorded(instance.tenant()));
    if (!key) continue;
    const bool configured = std::any_of(
        keys->begin(), keys->end(), [&](const auto& each) { return each.id() == key->master_key; });
    status.tenants.push_back({std::string(instance.tenant()), key->data_key, key->master_key,
                              configured, key->created_at, key->wrapped_at});
  }
  return status;
}

}  // namespace tidemark
