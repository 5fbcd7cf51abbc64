// Reading the sealed secrets that steps have written; see SealedSecret in engine/engine.h. What
// comes back is as it was submitted: opening it is the business of src/vault/. Read-only and
// thread-safe, on a live store or on a snapshot.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace tidemark {

// The sealed bytes; nothing when the tenant has no secret of this name.
Result<std::optional<std::string>> read_secret(const StoreView& view, std::string_view tenant,
                                               std::string_view name);
// The names of a tenant's secrets that start with prefix, ascending, at most `limit`.
Result<std::vector<std::string>> list_secrets(const StoreView& view, std::string_view tenant,
                                              std::string_view prefix, std::size_t limit);

}  // namespace tidemark
