#include <algorithm>
#include <cassert>
#include <limits>

#include "store/write_batch_operations.h"

namespace tidemark {

std::vector<WriteBatch::Impl::Placed> WriteBatch::Impl::in_key_order() const {
  std::vector<Placed> placed;
  placed.reserve(operations.size());
  const char* at = bytes.data();
  for (const auto& operation : operations) {
    placed.push_back({&operation, at});
    at += operation.key_size + operation.value_size;
  }
  std::stable_sort(placed.begin(), placed.end(), [](const Placed& one, const Placed& other) {
    const Table table = one.operation->table;
    if (table != other.operation->table) return table < other.operation->table;
    return one.key() < other.key();
  });
  return placed;
}

WriteBatch::WriteBatch() : impl_(std::make_unique<Impl>()) {}
WriteBatch::WriteBatch(WriteBatch&&) noexcept = default;
WriteBatch& WriteBatch::operator=(WriteBatch&&) noexcept = default;
WriteBatch::~WriteBatch() = default;

void WriteBatch::put(Table table, std::string_view key, std::string_view value) {
  assert(key.size() <= std::numeric_limits<std::uint32_t>::max());
  assert(value.size() <= std::numeric_limits<std::uint32_t>::max());
  impl_->operations.push_back({table, false, static_cast<std::uint32_t>(key.size()),
                               static_cast<std::uint32_t>(value.size())});
  impl_->bytes.append(key).append(value);
}

void WriteBatch::erase(Table table, std::string_view key) {
  assert(key.size() <= std::numeric_limits<std::uint32_t>::max());
  impl_->operations.push_back({table, true, static_cast<std::uint32_t>(key.size()), 0});
  impl_->bytes.append(key);
}

void WriteBatch::clear() {
  impl_->operations.clear();
  impl_->bytes.clear();
}

std::size_t WriteBatch::bytes() const {
  return impl_->bytes.size() + impl_->operations.size() * sizeof(Impl::Operation);
}

std::size_t WriteBatch::count() const {
  return impl_->operations.size();
}

void WriteBatch::for_each(const Visitor& visitor) const {
  std::string_view rest = impl_->bytes;
  for (const auto& operation : impl_->operations) {
    const auto key = rest.substr(0, operation.key_size);
    const auto value = rest.substr(operation.key_size, operation.value_size);
    visitor(operation.table, key, operation.erases ? nullptr : &value);
    rest.remove_prefix(std::size_t{operation.key_size} + operation.value_size);
  }
}

}  // namespace tidemark
