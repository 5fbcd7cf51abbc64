// Reading fields of stored JSON/CBOR objects: a missing or ill-typed field spoils the reader, and
// one check at the end tells. Values are our own, so a precise message is not needed; safety is.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"

namespace tidemark::sync {

class JsonFields {
 public:
  explicit JsonFields(const Json& value) : value_(value), ok_(value.is_object()) {}

  std::string text(const char* field) const {
    const Json* found = find(field);
    if (found == nullptr || !found->is_string()) return spoil<std::string>();
    return found->get<std::string>();
  }
  // Bytes that may be no text; written by binary_json().
  std::string bytes(const char* field) const {
    const Json* found = find(field);
    if (found == nullptr || !found->is_binary()) return spoil<std::string>();
    const auto& binary = found->get_binary();
    return {binary.begin(), binary.end()};
  }
  // The same without a copy; valid as long as the value is.
  std::string_view bytes_view(const char* field) const {
    const Json* found = find(field);
    if (found == nullptr || !found->is_binary()) return spoil<std::string_view>();
    const auto& binary = found->get_binary();
    return {reinterpret_cast<const char*>(binary.data()), binary.size()};
  }
  std::uint64_t number(const char* field) const {
    const Json* found = find(field);
    if (found == nullptr || !found->is_number_unsigned()) return spoil<std::uint64_t>();
    return found->get<std::uint64_t>();
  }
  bool flag(const char* field) const {
    const Json* found = find(field);
    if (found == nullptr || !found->is_boolean()) return spoil<bool>();
    return found->get<bool>();
  }
  std::chrono::milliseconds duration(const char* field) const {
    return std::chrono::milliseconds{static_cast<std::int64_t>(number(field))};
  }
  // Null or absent: nothing.
  std::optional<WallTime> time(const char* field) const {
    const auto found = value_.is_object() ? value_.find(field) : value_.end();
    if (!value_.is_object() || found == value_.end() || found->is_null()) return std::nullopt;
    if (!found->is_number_integer()) return spoil<std::optional<WallTime>>();
    return WallTime{std::chrono::milliseconds{found->get<std::int64_t>()}};
  }
  const Json& list(const char* field) const {
    static const Json kEmpty = Json::array();
    const Json* found = find(field);
    if (found == nullptr || !found->is_array()) {
      ok_ = false;
      return kEmpty;
    }
    return *found;
  }
  const Json& object(const char* field) const {
    static const Json kEmpty = Json::object();
    const Json* found = find(field);
    if (found == nullptr || !found->is_object()) {
      ok_ = false;
      return kEmpty;
    }
    return *found;
  }
  bool has(const char* field) const { return value_.is_object() && value_.contains(field); }

  void spoil() const { ok_ = false; }
  bool ok() const { return ok_; }

 private:
  const Json* find(const char* field) const {
    if (!value_.is_object()) return nullptr;
    const auto found = value_.find(field);
    return found == value_.end() ? nullptr : &*found;
  }
  template <class T>
  T spoil() const {
    ok_ = false;
    return T{};
  }

  const Json& value_;
  mutable bool ok_;
};

inline Json binary_json(std::string_view bytes) {
  return Json::binary(std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
}

inline Json time_json(const std::optional<WallTime>& time) {
  return time ? Json(time->time_since_epoch().count()) : Json(nullptr);
}

inline Json duration_json(std::chrono::milliseconds duration) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
}

// Format byte 1, then CBOR: how states, messages and effect payloads of sync are stored.
inline std::string stored_json(const Json& value) {
  return "\x01" + to_cbor(value);
}

inline Result<Json> read_stored_json(std::string_view bytes, std::string_view what) {
  if (bytes.empty() || bytes.front() != '\x01') {
    return fail(Errc::corrupt, std::string(what) + ": unknown format");
  }
  auto value = from_cbor(bytes.substr(1));
  if (!value) return fail(in_context(what, std::move(value).error()));
  return std::move(*value);
}

}  // namespace tidemark::sync
