#include "engine/machine.h"

namespace tidemark {

std::string_view InstanceId::kind() const {
  return std::string_view(value).substr(0, value.find('/'));
}

std::string_view InstanceId::tenant() const {
  const auto first = value.find('/');
  if (first == std::string::npos) return {};
  const auto second = value.find('/', first + 1);
  if (second == std::string::npos) return {};
  return std::string_view(value).substr(first + 1, second - first - 1);
}

InstanceId make_instance_id(std::string_view kind, std::string_view tenant, std::string_view rest) {
  InstanceId id;
  id.value.reserve(kind.size() + tenant.size() + rest.size() + 2);
  id.value.append(kind).append("/").append(tenant).append("/").append(rest);
  return id;
}

}  // namespace tidemark
