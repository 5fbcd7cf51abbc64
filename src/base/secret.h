// A value that must never be printed, logged, journaled or compared in variable time.
#pragma once

#include <string>
#include <utility>

namespace tidemark {

// Holds a secret. There is no operator<<, no formatter and no implicit conversion: whoever needs
// the value says reveal(), which is easy to search for. The memory is wiped on destruction.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret(Secret&&) noexcept = default;
  Secret& operator=(const Secret&) = default;
  Secret& operator=(Secret&&) noexcept = default;
  ~Secret();

  const std::string& reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

 private:
  std::string value_;
};

}  // namespace tidemark
