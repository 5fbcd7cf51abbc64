// Secrets at rest: sealed before they come near the store, opened only where they are used.
//
// Each tenant has a data key, which seals its secrets with AES-256-GCM. The data key is stored,
// too, wrapped by the master key, which is not in the data directory: whoever copies the directory
// gets no secret. Each sealed value is bound to its tenant and name. Formats:
// vault/sealed_values.h.
//
//   engine.register_machine(erase<VaultMachine>());
//   Vault vault(engine, *store, {current, former});    // MasterKey::load() each
//   TM_ASSIGN(auto sealed, vault.seal("acme", "endpoint/1", secret));
//   input.secrets.push_back(std::move(sealed));         // stored with the step, never journaled
//   TM_TRY(engine.submit(std::move(input)));
//   TM_ASSIGN(auto opened, vault.open("acme", "endpoint/1"));
//
// Changing the master key: start with {new, old}, or call use_master_keys() on a running one, then
// rotate_master_key(); once status() shows no tenant under the old one, it is needed only for
// copies of the directory made before. Secrets themselves are not sealed again for it.
//
// Threads: everything may be called from any thread at any time. What submits (seal() for a
// tenant's first secret, rotate_master_key()) must not be called where the engine's loop runs: in a
// machine, a submit's callback or an executor's start(). open() never submits.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "engine/engine.h"
#include "store/store.h"
#include "vault/key_id.h"
#include "vault/master_key.h"
#include "vault/sealed_values.h"
#include "vault/vault_machine.h"

namespace tidemark {

inline constexpr std::size_t kMaxSecretPlaintextBytes = 32U << 10;

struct RotationReport {
  struct Failure {
    std::string tenant;
    Error error;
  };
  KeyId current;                    // the master key that wraps now
  std::size_t tenants = 0;          // that have a data key
  std::size_t rewrapped = 0;        // by this very run
  std::size_t already_current = 0;  // and their data key opens
  std::vector<Failure> failures{};  // damaged, or wrapped by a key that is not configured
};

struct VaultStatus {
  struct Tenant {
    std::string tenant;
    KeyId data_key;
    KeyId master_key;         // the one that wraps the data key
    bool configured = false;  // and we have it
    WallTime created_at{};
    WallTime wrapped_at{};
  };
  std::optional<KeyId> current;  // nothing: no master key is configured
  std::vector<KeyId> former{};   // configured besides
  std::vector<Tenant> tenants{};
};

class Vault {
 public:
  // The first key wraps; the others only unwrap what was wrapped by them. None: nothing can be
  // sealed or opened, which is an error only when somebody tries.
  Vault(Engine& engine, const StoreView& view, std::vector<MasterKey> master_keys);
  ~Vault();
  Vault(const Vault&) = delete;
  Vault& operator=(const Vault&) = delete;

  // From now on these, as for the constructor. Waits for a rotation that is going on.
  void use_master_keys(std::vector<MasterKey> master_keys);

  // To be put into Input::secrets of a step of this tenant; until then nobody finds it. Makes the
  // tenant's data key when there is none, which is a step of its own, by whoever comes first.
  //   Errc::no_key            no master key is configured, or not the one in use
  //   Errc::invalid_argument  a tenant or name that cannot be: empty, too long, "vault/..."
  //   Errc::limit_exceeded    a secret of more than 32 KiB
  //   and what Engine::submit() may return
  Result<SealedSecret> seal(std::string_view tenant, std::string_view name,
                            const Secret& plaintext);

  // Errc::not_found when the tenant has no such secret, Errc::no_key as above, Errc::corrupt when
  // it was altered, or moved here from another tenant or name.
  Result<Secret> open(std::string_view tenant, std::string_view name);

  // Wraps every data key by the current master key, one step each, while everything else goes on.
  // What is wrapped stays so: after an error or a crash, run it again and it does the rest. A
  // tenant whose key cannot be unwrapped is reported and left as it is; what fails for all ends the
  // run with its error.
  Result<RotationReport> rotate_master_key();

  Result<VaultStatus> status() const;

 private:
  using MasterKeys = std::shared_ptr<const std::vector<MasterKey>>;
  using DataKey = std::shared_ptr<const vault::DataKey>;
  using CacheKey = std::pair<std::string, KeyId>;

  MasterKeys master_keys() const;
  Result<DataKey> data_key(std::string_view tenant, const KeyId& id);
  Result<DataKey> current_data_key(std::string_view tenant);
  Result<DataKey> make_data_key(std::string_view tenant);
  Result<std::optional<VaultMachine::Wrapped>> recorded(std::string_view tenant) const;
  Result<std::string> read_wrapped(std::string_view tenant, const KeyId& id) const;
  Result<bool> rewrap(std::string_view tenant, const std::vector<MasterKey>& keys);
  void remember(std::string_view tenant, DataKey key);

  Engine& engine_;
  const StoreView& view_;
  // Locked in this order, mutex_ never while submitting.
  std::mutex rotating_;
  std::mutex making_;  // one data key at a time
  mutable std::mutex mutex_;
  MasterKeys master_keys_;
  std::map<CacheKey, DataKey> opened_;
};

}  // namespace tidemark
