// The rows of one instance as its machine sees them during a step.
#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "engine/keys.h"
#include "engine/machine.h"
#include "engine/overlay.h"

namespace tidemark::engine {

// A machine sees its own rows without the engine's key prefix. The first failing read is kept: the
// step is dropped because of it.
class InstanceRows final : public RowReader {
 public:
  InstanceRows(const Overlay& overlay, std::string_view instance)
      : overlay_(overlay), prefix_(row_prefix(instance)) {}

  std::optional<std::string> get(std::string_view key) const override {
    auto value = overlay_.get(Table::row, prefix_ + std::string(key));
    if (value) return *std::move(value);
    note(value.error());
    return std::nullopt;
  }

  void scan(std::string_view prefix, std::string_view from,
            const std::function<bool(std::string_view, std::string_view)>& visitor) const override {
    const auto start = prefix_ + std::string(std::max(prefix, from));
    const auto scanned = overlay_.scan(Table::row, prefix_ + std::string(prefix), start,
                                       [&](std::string_view key, std::string_view value) {
                                         return visitor(key.substr(prefix_.size()), value);
                                       });
    if (!scanned) note(scanned.error());
  }

  const std::optional<Error>& failure() const { return failure_; }

 private:
  void note(const Error& error) const {
    if (!failure_) failure_ = in_context("reading the rows of a step", error);
  }

  const Overlay& overlay_;
  const std::string prefix_;
  mutable std::optional<Error> failure_;
};

}  // namespace tidemark::engine
