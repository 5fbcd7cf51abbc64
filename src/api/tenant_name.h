// What a tenant may be called.
#pragma once

#include <string_view>

namespace tidemark {

// Whose things are that the operator makes without naming a tenant; also of accounts in the
// configuration file that name none.
inline constexpr std::string_view kDefaultTenant = "default";

// 1 to 64 lower-case letters, digits, '_' or '-'.
inline bool is_tenant_name(std::string_view tenant) {
  return !tenant.empty() && tenant.size() <= 64 &&
         tenant.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") ==
             std::string_view::npos;
}

}  // namespace tidemark
