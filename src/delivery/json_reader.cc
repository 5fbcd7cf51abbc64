#include "delivery/json_reader.h"

#include <algorithm>

#include "base/text.h"

namespace tidemark::delivery {
namespace {

constexpr std::size_t kShownKeyBytes = 64;

std::string at_place(std::string_view place, std::string_view message) {
  if (place.empty()) return std::string(message);
  return std::string(place) + ": " + std::string(message);
}

std::string range(std::string_view least, std::string_view most) {
  return "from " + std::string(least) + " to " + std::string(most);
}

}  // namespace

std::string child_place(std::string_view parent, std::string_view key) {
  if (parent.empty()) return std::string(key);
  return std::string(parent) + "." + std::string(key);
}

std::string item_place(std::string_view list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

Error problem_at(std::string_view place, std::string_view message) {
  return Error{Errc::invalid_argument, at_place(place, message), std::nullopt};
}

Error limit_at(std::string_view place, std::string_view message) {
  return Error{Errc::limit_exceeded, at_place(place, message), std::nullopt};
}

ObjectReader::ObjectReader(const Json& value, std::string place)
    : value_(value), place_(std::move(place)) {
  if (!value_.is_object()) refuse(problem_at(place_, "must be an object"));
}

const Json* ObjectReader::find(const char* key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  if (!value_.is_object()) return nullptr;
  const auto found = value_.find(key);
  return found == value_.end() || found->is_null() ? nullptr : &*found;
}

std::string ObjectReader::text(const char* key, std::string preset, std::size_t most_bytes) {
  const Json* found = find(key);
  if (found == nullptr) return preset;
  if (!found->is_string()) {
    refuse(key, "must be text");
    return preset;
  }
  auto value = found->get<std::string>();
  if (value.size() > most_bytes) {
    refuse(limit_at(place_of(key), "is longer than " + std::to_string(most_bytes) + " bytes"));
  }
  return value;
}

std::uint64_t ObjectReader::number(const char* key, std::uint64_t preset, std::uint64_t least,
                                   std::uint64_t most) {
  const Json* found = find(key);
  if (found == nullptr) return preset;
  const bool whole = found->is_number_integer() &&
                     (found->is_number_unsigned() || found->get<std::int64_t>() >= 0);
  const std::uint64_t value = whole ? found->get<std::uint64_t>() : 0;
  if (!whole || value < least || value > most) {
    refuse(key, "must be a whole number " + range(std::to_string(least), std::to_string(most)));
    return preset;
  }
  return value;
}

bool ObjectReader::flag(const char* key, bool preset) {
  const Json* found = find(key);
  if (found == nullptr) return preset;
  if (!found->is_boolean()) {
    refuse(key, "must be true or false");
    return preset;
  }
  return found->get<bool>();
}

std::chrono::milliseconds ObjectReader::duration(const char* key, std::chrono::milliseconds preset,
                                                 std::chrono::milliseconds least,
                                                 std::chrono::milliseconds most) {
  const Json* found = find(key);
  if (found == nullptr) return preset;
  if (!found->is_string()) {
    refuse(key, "must be a duration such as \"" + format_duration(preset) + "\"");
    return preset;
  }
  const auto value = parse_duration(found->get_ref<const std::string&>());
  if (!value) {
    refuse(in_context(place_of(key), value.error()));
    return preset;
  }
  if (*value < least || *value > most) {
    refuse(key, "must be a duration " + range(format_duration(least), format_duration(most)));
  }
  return *value;
}

void ObjectReader::refuse(Error error) {
  if (!ok_) return;
  ok_ = false;
  error_ = std::move(error);
}

void ObjectReader::refuse(const char* key, std::string_view message) {
  refuse(problem_at(place_of(key), message));
}

Result<void> ObjectReader::finish() const {
  // A mistyped key is often why another one is missing, so it is told first.
  if (value_.is_object()) {
    for (const auto& [key, value] : value_.items()) {
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
      std::string all;
      for (const auto& known : known_) all += (all.empty() ? "" : ", ") + known;
      return fail(problem_at(place_, "unknown key \"" +
                                         to_valid_utf8(key.substr(0, kShownKeyBytes)) +
                                         "\"; there are: " + all));
    }
  }
  if (!ok_) return fail(error_);
  return {};
}

}  // namespace tidemark::delivery
