#include "sim/model_store.h"

#include <algorithm>

namespace tidemark::sim {
namespace {

const ModelDisk::Rows& in(const ModelDisk::Tables& tables, Table table) {
  return tables[static_cast<std::size_t>(table)];
}

}  // namespace

Result<std::optional<std::string>> ModelView::get(Table table, std::string_view key) const {
  const auto& rows = in(*tables_, table);
  const auto found = rows.find(key);
  if (found == rows.end()) return std::optional<std::string>{};
  return std::optional<std::string>(found->second);
}

Result<std::vector<std::optional<std::string>>> ModelView::multi_get(
    Table table, const std::vector<std::string>& keys) const {
  std::vector<std::optional<std::string>> values;
  values.reserve(keys.size());
  for (const auto& key : keys) {
    TM_ASSIGN(auto value, get(table, key));
    values.push_back(std::move(value));
  }
  return values;
}

Result<void> ModelView::scan(Table table, std::string_view prefix, std::string_view from,
                             const ScanVisitor& visitor) const {
  const auto& rows = in(*tables_, table);
  for (auto row = rows.lower_bound(std::max(prefix, from));
       row != rows.end() && row->first.starts_with(prefix); ++row) {
    if (!visitor(row->first, row->second)) break;
  }
  return {};
}

Result<void> ModelView::scan_reverse(Table table, std::string_view prefix, std::string_view before,
                                     const ScanVisitor& visitor) const {
  const auto& rows = in(*tables_, table);
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xFF') end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  if (!before.empty() && (end.empty() || before < end)) end = before;
  auto row = end.empty() ? rows.end() : rows.lower_bound(end);
  while (row != rows.begin()) {
    --row;
    if (!row->first.starts_with(prefix) || !visitor(row->first, row->second)) break;
  }
  return {};
}

Result<void> ModelStore::commit(WriteBatch&& batch, Sequence through) {
  const WriteBatch taken = std::move(batch);
  if (taken.bytes() > kMaxBatchBytes) {
    return fail(Errc::limit_exceeded, "a commit takes at most 32 MiB");
  }
  if (through < disk_.last_sequence) {
    return fail(Errc::invalid_argument, "sequences never go back");
  }
  if (disk_.tables.use_count() > 1) {
    disk_.tables = std::make_shared<ModelDisk::Tables>(*disk_.tables);
  }
  taken.for_each([this](Table table, std::string_view key, const std::string_view* value) {
    auto& rows = (*disk_.tables)[static_cast<std::size_t>(table)];
    const auto found = rows.find(key);
    if (value == nullptr) {
      if (found != rows.end()) rows.erase(found);
    } else if (found != rows.end()) {
      found->second = *value;
    } else {
      rows.emplace(key, *value);
    }
  });
  disk_.last_sequence = through;
  return {};
}

StoreStats ModelStore::stats() const {
  StoreStats stats;
  stats.last_sequence = stats.watermark = disk_.last_sequence;
  for (std::size_t i = 0; i < kTableCount; ++i) {
    stats.table_keys.emplace_back(name(static_cast<Table>(i)), (*disk_.tables)[i].size());
  }
  return stats;
}

Result<void> ModelStore::checkpoint(const std::string&) {
  return fail(Errc::invalid_argument, "a store in memory makes no checkpoints");
}

}  // namespace tidemark::sim
