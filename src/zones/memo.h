#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace tidemark {

inline constexpr std::size_t kMemoValues = 1'024;

// A memo of a pure function, shared by all threads; emptied when full, so its size has a bound.
template <class Value>
class Memo {
 public:
  Value get(const std::string& key, const std::function<Value()>& make) {
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = values_.find(key); found != values_.end()) return found->second;
    }
    Value value = make();
    const std::lock_guard lock(mutex_);
    if (values_.size() >= kMemoValues) values_.clear();
    return values_.emplace(key, std::move(value)).first->second;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, Value> values_;
};

}  // namespace tidemark
