#include "vault/sealed_values.h"

#include <utility>

#include "base/aead.h"
#include "base/random.h"
#include "store/key.h"

namespace tidemark::vault {
namespace {

constexpr char kFormat = 1;
constexpr std::size_t kHeaderBytes = 1 + kKeyIdBytes;
constexpr std::string_view kDataKeyLabel = "tidemark data key v1";
constexpr std::string_view kSecretLabel = "tidemark secret v1";

std::string value_of(const KeyId& id, const std::string& sealed) {
  std::string value(1, kFormat);
  return value.append(id.view()).append(sealed);
}

std::string place_of_data_key(std::string_view tenant, const KeyId& key, const KeyId& master) {
  return KeyWriter().raw(kDataKeyLabel).text(tenant).raw(key.view()).raw(master.view()).str();
}

std::string place_of_secret(std::string_view tenant, std::string_view name, const KeyId& key) {
  return KeyWriter().raw(kSecretLabel).text(tenant).text(name).raw(key.view()).str();
}

}  // namespace

Result<DataKey> make_data_key() {
  TM_ASSIGN(auto bytes, random_bytes(kAeadKeyBytes));
  DataKey key{Secret(std::move(bytes)), {}};
  key.id = key_id_of(kDataKeyLabel, key.bytes);
  return key;
}

std::string data_key_name(const KeyId& id) {
  return std::string(kOwnNames) + "data-key/" + id.text();
}

Result<KeyId> sealed_with(std::string_view value) {
  if (value.size() < kHeaderBytes + kAeadOverhead || value[0] != kFormat) {
    return fail(Errc::corrupt, "a stored secret is cut short or of an unknown format");
  }
  return key_id_from(value.substr(1, kKeyIdBytes));
}

Result<std::string> wrap(const MasterKey& master, std::string_view tenant, const DataKey& key) {
  TM_ASSIGN(const auto sealed, aead_seal(master.bytes(), key.bytes.reveal(),
                                         place_of_data_key(tenant, key.id, master.id())));
  return value_of(master.id(), sealed);
}

Result<DataKey> unwrap(const MasterKey& master, std::string_view tenant, const KeyId& id,
                       std::string_view wrapped) {
  TM_ASSIGN(const auto sealer, sealed_with(wrapped));
  if (sealer != master.id()) {
    return fail(Errc::internal, "a data key is unwrapped with the master key that wraps it");
  }
  TM_ASSIGN(auto bytes, aead_open(master.bytes(), wrapped.substr(kHeaderBytes),
                                  place_of_data_key(tenant, id, master.id())));
  DataKey key{std::move(bytes), id};
  if (key_id_of(kDataKeyLabel, key.bytes) != id) {
    return fail(Errc::corrupt, "a stored data key is not the one its name says");
  }
  return key;
}

Result<std::string> seal_secret(const DataKey& key, std::string_view tenant, std::string_view name,
                                const Secret& plaintext) {
  TM_ASSIGN(const auto sealed,
            aead_seal(key.bytes, plaintext.reveal(), place_of_secret(tenant, name, key.id)));
  return value_of(key.id, sealed);
}

Result<Secret> open_secret(const DataKey& key, std::string_view tenant, std::string_view name,
                           std::string_view sealed) {
  TM_ASSIGN(const auto sealer, sealed_with(sealed));
  if (sealer != key.id) {
    return fail(Errc::internal, "a secret is opened with the data key that sealed it");
  }
  return aead_open(key.bytes, sealed.substr(kHeaderBytes), place_of_secret(tenant, name, key.id));
}

}  // namespace tidemark::vault
