// The parts of the table of routes that stand in files of their own, and what they share.
#pragma once

#include <cstdint>
#include <vector>

#include "api/route.h"

namespace tidemark {

inline const Parameter kPageParameter{"page", ParameterType::text,
                                      "next_page of the answer before"};
inline Parameter limit_to(std::int64_t most) {
  return {"limit", ParameterType::integer, "how many items at most; 100 when absent", most};
}

std::vector<Route> make_account_routes();
std::vector<Route> make_write_routes();
std::vector<Route> make_endpoint_routes();
std::vector<Route> make_delivery_routes();
std::vector<Route> make_secret_routes();
std::vector<Route> make_audit_routes();
std::vector<Route> make_store_routes();
std::vector<Route> make_backup_routes();
std::vector<Route> make_hook_routes();

}  // namespace tidemark
