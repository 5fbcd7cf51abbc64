// Each migration commits in batches and goes on where an interrupted run of it stopped.
#include "store/format_version.h"
#include "store/key.h"

namespace tidemark {
namespace {

constexpr std::string_view kPositionKey = "store/migration_position";  // the last key done
constexpr std::size_t kBatchBytes = 4 << 20;

// The record is unknown by now; 0 is before all of them.
Result<void> say_which_record_wrote_a_row(Store& store) {
  const auto snapshot = store.snapshot();
  TM_ASSIGN(const auto position, store.get(Table::meta, kPositionKey));
  std::string from = position ? *position + '\0' : std::string();
  for (bool more = true; more;) {
    WriteBatch batch;
    std::string last;
    TM_TRY(snapshot->scan(Table::row, {}, from, [&](std::string_view key, std::string_view value) {
      batch.put(Table::row, key, KeyWriter().u64(0).raw(value).str());
      last = key;
      return batch.bytes() < kBatchBytes;
    }));
    more = batch.count() > 0;
    from = last + '\0';
    more ? batch.put(Table::meta, kPositionKey, last) : batch.erase(Table::meta, kPositionKey);
    TM_TRY(store.commit(std::move(batch), store.last_sequence()));
  }
  return {};
}

}  // namespace

const std::vector<Migration>& migrations() {
  static const std::vector<Migration> kMigrations{
      {1, "rows say which record gave them their value", say_which_record_wrote_a_row},
  };
  return kMigrations;
}

}  // namespace tidemark
