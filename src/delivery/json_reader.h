// Strict reading of JSON objects that people write: the API's bodies and the configuration's
// tables. The first problem wins and names the place: `rate.burst: must be a whole number from 1 to
// 100000`.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace tidemark::delivery {

// "rate" + "burst" = "rate.burst"; an empty parent is the document itself.
std::string child_place(std::string_view parent, std::string_view key);
std::string item_place(std::string_view list, std::size_t index);  // "types[2]"

// Errc::invalid_argument, "place: message"; for limits Errc::limit_exceeded.
Error problem_at(std::string_view place, std::string_view message);
Error limit_at(std::string_view place, std::string_view message);

// One object. Every getter marks its key as known and gives the preset when the key is absent or
// null; finish() tells the first problem, or names a key that nobody asked for. Borrows the value.
class ObjectReader {
 public:
  ObjectReader(const Json& value, std::string place);

  // Nothing when absent or null.
  const Json* find(const char* key);
  std::string text(const char* key, std::string preset, std::size_t most_bytes);
  std::uint64_t number(const char* key, std::uint64_t preset, std::uint64_t least,
                       std::uint64_t most);
  bool flag(const char* key, bool preset);
  // "15s", as parse_duration() reads it.
  std::chrono::milliseconds duration(const char* key, std::chrono::milliseconds preset,
                                     std::chrono::milliseconds least,
                                     std::chrono::milliseconds most);

  // Marks the object as wrong, for what the getters cannot know.
  void refuse(Error error);
  void refuse(const char* key, std::string_view message);
  // The value of a reading that may have failed, or T{}.
  template <class T>
  T take(Result<T> result) {
    if (result) return std::move(*result);
    refuse(std::move(result).error());
    return T{};
  }

  std::string place_of(const char* key) const { return child_place(place_, key); }
  bool ok() const { return ok_; }
  Result<void> finish() const;

 private:
  const Json& value_;
  std::string place_;
  std::vector<std::string> known_;
  bool ok_ = true;
  Error error_{};
};

}  // namespace tidemark::delivery
