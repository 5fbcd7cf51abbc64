#include "store/rocks_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>

#include "store/rocks_env.h"
#include "store/row_name.h"

namespace tidemark {
namespace {

constexpr std::uint64_t kBlockBytes = 8 << 10;
constexpr double kBloomBitsPerKey = 10;
// Of the write buffer; a row that is new is then looked for without a search.
constexpr double kMemtableBloomRatio = 0.02;
constexpr int kMaxOpenFiles = 256;
constexpr std::size_t kArenaBlockBytes = 64 << 10;
constexpr std::uint64_t kMaxManifestBytes = 4 << 20;

bool supports(rocksdb::CompressionType type) {
  const auto types = rocksdb::GetSupportedCompressions();
  return std::find(types.begin(), types.end(), type) != types.end();
}

bool is_looked_up_by_point(Table table) {
  return table == Table::instance || table == Table::row || table == Table::dedupe ||
         table == Table::secret;
}

bool is_history(Table table) {
  return table == Table::journal || table == Table::input || table == Table::event;
}

// How many first bytes the keys of a table have in common that are written in ascending order, or
// nearly so; zero when they come in any order.
std::size_t ascending_prefix_bytes(Table table) {
  if (is_history(table)) return 2;               // the partition
  return table == Table::journal_index ? 3 : 0;  // the partition and the kind of key
}

rocksdb::ColumnFamilyOptions table_options(Table table, const StoreOptions& options,
                                           const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions blocks;
  blocks.block_cache = cache;
  blocks.block_size = kBlockBytes;
  blocks.format_version = 5;
  blocks.checksum = rocksdb::kXXH3;
  if (is_looked_up_by_point(table)) {
    blocks.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey));
  }

  rocksdb::ColumnFamilyOptions result;
  result.table_factory.reset(rocksdb::NewBlockBasedTableFactory(blocks));
  // Half of the whole, so that one busy table flushes before the manager has to; the small arena
  // blocks keep eleven almost empty memtables almost free.
  result.write_buffer_size = std::max<std::uint64_t>(options.write_buffer_bytes / 2, 64 << 10);
  result.arena_block_size = kArenaBlockBytes;
  result.max_write_buffer_number = 2;
  if (table == Table::row) {
    result.prefix_extractor = make_named_row_prefix();
    result.memtable_prefix_bloom_size_ratio = kMemtableBloomRatio;
    result.memtable_whole_key_filtering = true;
  }
  // A new key goes next to the last one: remembering where that was spares most of the search.
  if (const auto bytes = ascending_prefix_bytes(table); bytes > 0) {
    result.memtable_insert_with_hint_prefix_extractor.reset(
        rocksdb::NewFixedPrefixTransform(bytes));
  }
  result.force_consistency_checks = true;
  result.level_compaction_dynamic_level_bytes = true;
  result.target_file_size_base = 16 << 20;
  result.max_bytes_for_level_base = 64 << 20;
  // A first mirror fills a few small files of each table within a second: let them be merged once.
  result.level0_file_num_compaction_trigger = 8;
  result.compression =
      supports(rocksdb::kLZ4Compression) ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
  // The journal's old levels are written once and read seldom: denser pays.
  if (is_history(table) && supports(rocksdb::kZSTD)) {
    result.bottommost_compression = rocksdb::kZSTD;
  }
  return result;
}

}  // namespace

std::string database_path(const std::string& directory) {
  return directory + "/db";
}
std::string log_path(const std::string& directory) {
  return directory + "/wal";
}

RocksOptions make_rocks_options(const StoreOptions& options,
                                const std::shared_ptr<rocksdb::FileSystem>& file_system) {
  RocksOptions result;
  result.env = make_environment(file_system);

  auto& database = result.database;
  database.env = result.env.get();
  database.create_if_missing = false;  // a vanished CURRENT must not start anew
  database.create_missing_column_families = true;
  database.paranoid_checks = true;
  // Point-in-time recovery, the default, opens a flipped WAL with acknowledged writes silently
  // gone; absolute consistency refuses the harmless torn tail of a real crash. This one refuses
  // the first and accepts the second; what was cut off a tail is the watermark's to notice.
  database.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  database.wal_dir = log_path(options.path);
  // It would write to the MANIFEST in the middle of a commit, after the commit is durable, and fail
  // the commit when that fails. log_check.h notices lost logs instead.
  database.track_and_verify_wals_in_manifest = false;
  // All tables reach their files together, so that the WAL is either needed by all of them or by
  // none: a lost WAL can then never lose rows while the meta table still says they are there.
  database.atomic_flush = true;
  database.avoid_flush_during_shutdown = true;  // the WAL has it all
  database.max_total_wal_size = options.max_wal_bytes;
  database.max_bgerror_resume_count = 0;  // the store itself decides when to try again
  database.listeners.push_back(make_recovery_refusal());

  const std::size_t memory = options.block_cache_bytes + options.write_buffer_bytes;
  rocksdb::LRUCacheOptions cache_options;
  cache_options.capacity = memory;
  cache_options.num_shard_bits = 2;
  const auto cache = rocksdb::NewLRUCache(cache_options);
  database.write_buffer_manager =
      std::make_shared<rocksdb::WriteBufferManager>(options.write_buffer_bytes, cache);

  database.max_open_files = kMaxOpenFiles;
  database.max_file_opening_threads = 1;
  database.max_background_jobs = 2;
  database.max_manifest_file_size = kMaxManifestBytes;
  database.skip_stats_update_on_db_open = true;
  database.stats_dump_period_sec = 0;
  database.stats_persist_period_sec = 0;
  database.table_cache_numshardbits = 2;
  database.info_log = make_silent_logger();  // what matters comes back as a status
  database.bytes_per_sync = 1 << 20;

  for (std::size_t i = 0; i < kTableCount; ++i) {
    const auto table = static_cast<Table>(i);
    // The default column family always exists: the meta table lives in it.
    const auto family =
        table == Table::meta ? rocksdb::kDefaultColumnFamilyName : std::string(name(table));
    result.tables.emplace_back(family, table_options(table, options, cache));
  }
  return result;
}

}  // namespace tidemark
