// Members of Google's JSON objects. Whatever is missing or of another type counts as not given: the
// API adds members, and leaves out what has its usual value.
#pragma once

#include <string>

#include "base/json.h"

namespace tidemark::google {

// Null when it is missing, or null. `object` must be one.
inline const Json* member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

inline std::string text(const Json& object, const char* name) {
  const Json* value = member(object, name);
  const auto* found = value == nullptr ? nullptr : value->get_ptr<const std::string*>();
  return found == nullptr ? std::string() : *found;
}

inline bool flag(const Json& object, const char* name) {
  const Json* value = member(object, name);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

}  // namespace tidemark::google
