// What the store holds under some keys of one table, remembered because it was written a moment
// ago: a machine that is busy is stepped from here instead of a search through the store.
//
// Bounded: of two generations the older one goes when the younger is full. Used by the engine's
// loop only.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tidemark::engine {

class RecentValues {
 public:
  using Values = std::map<std::string, std::optional<std::string>, std::less<>>;
  static constexpr std::size_t kGenerationBytes = 256 << 10;
  static constexpr std::size_t kLargestValue = 16 << 10;

  // Takes what has become durable; nothing: the key is not there any more.
  void add(Values&& written);
  // Null: not known. Valid until the next add() or clear().
  const std::optional<std::string>* find(std::string_view key) const;
  void clear();

 private:
  static std::size_t bytes_of(const Values::value_type& value);
  void forget(const std::string& key);

  Values young_;
  Values old_;
  std::size_t young_bytes_ = 0;
};

}  // namespace tidemark::engine
