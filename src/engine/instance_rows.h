// The rows of one instance as its machine sees them during a step.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>

#include "engine/keys.h"
#include "engine/machine.h"
#include "engine/overlay.h"
#include "engine/stored_values.h"

namespace tidemark::engine {

// A machine sees its own rows without the engine's key prefix. The first failing read is kept: the
// step is dropped because of it.
class InstanceRows final : public RowReader {
 public:
  // With `keeps` what get() has read is kept for before().
  InstanceRows(const Overlay& overlay, std::string_view instance, bool keeps)
      : overlay_(overlay), prefix_(row_prefix(instance)), keeps_(keeps) {}

  std::optional<std::string> get(std::string_view key) const override {
    auto value = read_value(key);
    if (value) return *std::move(value);
    note(value.error());
    return std::nullopt;
  }
  // A row as it was stored before the step. A machine has mostly read a row before it changes it.
  Result<std::optional<std::string>> before(const std::string& key) const {
    const auto found = read_.find(key);
    if (found == read_.end()) return read(key);
    return found->second;
  }

  void scan(std::string_view prefix, std::string_view from,
            const std::function<bool(std::string_view, std::string_view)>& visitor) const override {
    const auto start = prefix_ + std::string(std::max(prefix, from));
    const auto scanned =
        overlay_.scan(Table::row, prefix_ + std::string(prefix), start,
                      [&](std::string_view key, std::string_view bytes) {
                        const auto row = decode_row(bytes);
                        if (!row) note(row.error());
                        return row && visitor(key.substr(prefix_.size()), row->value);
                      });
    if (!scanned) note(scanned.error());
  }

  const std::optional<Error>& failure() const { return failure_; }

 private:
  Result<std::optional<std::string>> read(std::string_view key) const {
    return overlay_.get(Table::row, prefix_ + std::string(key));
  }
  Result<std::optional<std::string>> read_value(std::string_view key) const {
    TM_ASSIGN(auto bytes, read(key));
    if (keeps_) read_.insert_or_assign(std::string(key), bytes);
    return value_of_row(std::move(bytes));
  }
  void note(const Error& error) const {
    if (!failure_) failure_ = in_context("reading the rows of a step", error);
  }

  const Overlay& overlay_;
  const std::string prefix_;
  const bool keeps_;
  mutable std::unordered_map<std::string, std::optional<std::string>> read_;
  mutable std::optional<Error> failure_;
};

}  // namespace tidemark::engine
