// The two values the vault keeps in table secret, and the keys that open them. Pure functions.
//
//   data key   u8 1, 8 bytes master key id, sealed 32 bytes (base/aead.h) under the master key,
//   bound
//              to "tidemark data key v1" text(tenant) data key id, master key id
//   secret     u8 1, 8 bytes data key id, sealed plaintext under the data key, bound to
//              "tidemark secret v1" text(tenant) text(name) data key id
//
// text(x) is a u16 length, big-endian, and the bytes. A value copied to another tenant or name does
// not open there. A data key is stored under data_key_name(its id), among its tenant's secrets.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "vault/key_id.h"
#include "vault/master_key.h"

namespace tidemark::vault {

// Names that begin with it are the vault's own.
inline constexpr std::string_view kOwnNames = "vault/";

struct DataKey {
  Secret bytes;
  KeyId id;
};
Result<DataKey> make_data_key();
std::string data_key_name(const KeyId& id);

// The key a stored value was sealed with: its first part. Errc::corrupt when there is none.
Result<KeyId> sealed_with(std::string_view value);

Result<std::string> wrap(const MasterKey& master, std::string_view tenant, const DataKey& key);
// Errc::corrupt when it does not open, or opens to another key than `id` names.
Result<DataKey> unwrap(const MasterKey& master, std::string_view tenant, const KeyId& id,
                       std::string_view wrapped);

Result<std::string> seal_secret(const DataKey& key, std::string_view tenant, std::string_view name,
                                const Secret& plaintext);
Result<Secret> open_secret(const DataKey& key, std::string_view tenant, std::string_view name,
                           std::string_view sealed);

}  // namespace tidemark::vault
