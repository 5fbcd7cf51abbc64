#include "engine/table_compare.h"

#include <deque>
#include <utility>

#include "base/hex.h"
#include "base/text.h"
#include "engine/stored_values.h"

namespace tidemark::engine {
namespace {

constexpr std::size_t kPage = 1000;
constexpr std::size_t kPageBytes = 4U << 20;

// The values of a table in order of their keys, a page at a time.
class Reader {
 public:
  Reader(const StoreView& view, Table table) : view_(view), table_(table) {}

  // The next value; nothing at the end.
  Result<const std::pair<std::string, std::string>*> front() {
    if (page_.empty() && !at_end_) TM_TRY(read());
    return page_.empty() ? nullptr : &page_.front();
  }
  void pop() { page_.pop_front(); }

 private:
  Result<void> read() {
    std::size_t bytes = 0;
    TM_TRY(view_.scan(table_, {}, from_, [&](std::string_view key, std::string_view value) {
      page_.emplace_back(key, value);
      bytes += key.size() + value.size();
      return page_.size() < kPage && bytes < kPageBytes;
    }));
    at_end_ = page_.empty();
    if (!at_end_) from_ = page_.back().first + '\0';
    return {};
  }

  const StoreView& view_;
  const Table table_;
  std::deque<std::pair<std::string, std::string>> page_;
  std::string from_;
  bool at_end_ = false;
};

// A row that a migration brought here no longer knows which record wrote it: 0.
bool is_same(Table table, std::string_view one, std::string_view other) {
  if (one == other) return true;
  if (table != Table::row) return false;
  const auto a = decode_row(one);
  const auto b = decode_row(other);
  return a && b && (a->written == 0 || b->written == 0) && a->value == b->value;
}

std::string describe(Table table, std::string_view key, std::string_view what) {
  std::string text = "table " + std::string(name(table)) + ", key ";
  text += is_valid_utf8(key) ? std::string(key) : to_hex_text(key);
  return text.append(": ").append(what);
}

}  // namespace

Result<TableComparison> compare_table(const StoreView& one, const StoreView& other, Table table) {
  TableComparison result;
  Reader left(one, table);
  Reader right(other, table);
  for (;;) {
    TM_ASSIGN(const auto* a, left.front());
    TM_ASSIGN(const auto* b, right.front());
    if (a == nullptr && b == nullptr) return result;
    const bool only_left = b == nullptr || (a != nullptr && a->first < b->first);
    const bool only_right = !only_left && (a == nullptr || b->first < a->first);
    std::string difference;
    if (only_left) {
      difference = describe(table, a->first, "is in the store, and no record wrote it");
    } else if (only_right) {
      difference = describe(table, b->first, "is missing in the store");
    } else if (!is_same(table, a->second, b->second)) {
      difference = describe(table, a->first, "the store holds another value than was recorded");
    } else {
      ++result.same;
    }
    if (!difference.empty() && result.first_difference.empty()) {
      result.first_difference = std::move(difference);
    }
    if (!only_right) left.pop();
    if (!only_left) right.pop();
  }
}

}  // namespace tidemark::engine
