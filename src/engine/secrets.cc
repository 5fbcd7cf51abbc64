#include "engine/secrets.h"

#include "engine/keys.h"

namespace tidemark {

using namespace engine;

Result<std::optional<std::string>> read_secret(const StoreView& view, std::string_view tenant,
                                               std::string_view name) {
  return view.get(Table::secret, secret_key(tenant, name));
}

Result<std::vector<std::string>> list_secrets(const StoreView& view, std::string_view tenant,
                                              std::string_view prefix, std::size_t limit) {
  std::vector<std::string> names;
  if (limit == 0) return names;
  const std::size_t own = secret_prefix(tenant).size();
  TM_TRY(view.scan(Table::secret, secret_key(tenant, prefix), {},
                   [&](std::string_view key, std::string_view) {
                     names.emplace_back(key.substr(own));
                     return names.size() < limit;
                   }));
  return names;
}

}  // namespace tidemark
