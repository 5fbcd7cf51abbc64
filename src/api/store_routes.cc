// The store itself: copies of it for whoever wants to work on one.
#include <algorithm>
#include <filesystem>

#include "api/handlers.h"

namespace tidemark {
namespace {

constexpr std::size_t kMaxNameBytes = 64;

// What stays inside the scratch directory, whatever it says.
bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

}  // namespace

Result<ServerResponse> post_store_copy(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto body, json_body(call.request(), {"name"}));
  const std::string name = body.value("name", "");
  if (!is_plain_name(name)) {
    return fail(Errc::invalid_argument,
                "name: up to 64 lower-case letters, digits and dashes, the copy's directory");
  }
  if (!parts.copy_store) return fail(Errc::internal, "this store cannot be copied");
  const auto path = std::filesystem::absolute(parts.data_dir) / "scratch" / name / "source";
  TM_TRY(parts.copy_store(path.string()));
  return json_response({{"path", path.string()}}, 201);
}

}  // namespace tidemark
