#include "sync/finish.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/mutation.h"

namespace tidemark::sync {
namespace {

struct KeysFound {
  std::vector<std::string> hrefs;
  bool all = true;  // the prefix holds no more
};

// Row keys are collected before anything changes: a scan must not see its own effects.
KeysFound collect(const RowReader& rows, char letter, std::string& from, std::size_t limit) {
  KeysFound found;
  const std::string prefix(1, letter);
  rows.scan(prefix, from.empty() ? prefix : from, [&](std::string_view key, std::string_view) {
    if (found.hrefs.size() == limit) {
      found.all = false;
      from = key;
      return false;
    }
    found.hrefs.emplace_back(key.substr(1));
    return true;
  });
  return found;
}

// Some of the rows that only name a resource; true once there are none.
bool remove_rows(MirrorEdit& edit, char letter, std::uint64_t& count) {
  std::string from;
  const KeysFound found = collect(edit.rows, letter, from, kSweepRowsPerStep);
  for (const auto& href : found.hrefs) edit.rows.erase(href_key(letter, href));
  count -= std::min<std::uint64_t>(count, found.hrefs.size());
  return found.all;
}

// Rows that say in which pass they were written, and how many there are.
template <class Row>
struct PassRows {
  char letter;
  std::uint64_t& count;
  Result<Row> (*decode)(std::string_view);
};

// After a complete listing: those of older passes.
template <class Row>
Result<bool> drop_stale(MirrorEdit& edit, const Pass& pass, std::string& from,
                        PassRows<Row> stored) {
  if (!pass.complete_listing || stored.count == 0) return true;
  const KeysFound found = collect(edit.rows, stored.letter, from, kSweepRowsPerStep);
  for (const auto& href : found.hrefs) {
    const std::string key = href_key(stored.letter, href);
    const auto bytes = edit.rows.get(key);
    if (!bytes) continue;
    TM_ASSIGN(const Row row, stored.decode(*bytes));
    if (row.generation == pass.generation) continue;
    edit.rows.erase(key);
    --stored.count;
  }
  return found.all;
}

bool is_doomed(const IndexRow& index, const Pass& pass) {
  return index.deleted_in == pass.generation;
}

// Where the deleted resource's event went: a new resource with its UID that lives on.
Result<std::optional<std::pair<std::string, IndexRow>>> find_new_home(const MirrorEdit& edit,
                                                                      const Pass& pass,
                                                                      std::string_view href,
                                                                      const std::string& uid) {
  if (edit.counts.creation_rows == 0) return std::nullopt;
  for (auto& holder : other_holders(edit.rows, uid, href, 100)) {
    TM_ASSIGN(auto index, read_index(edit.rows, holder));
    if (index && !index->announced && !is_doomed(*index, pass)) {
      return std::pair{std::move(holder), std::move(*index)};
    }
  }
  return std::nullopt;
}

Result<void> settle_deletion(MirrorEdit& edit, const Pass& pass, const std::string& href) {
  TM_ASSIGN(auto index, read_index(edit.rows, href));
  if (!index || !is_doomed(*index, pass)) {
    // Noted by a pass that was given up; whether it is gone was this pass's to say.
    edit.rows.erase(href_key(kDeletionRow, href));
    --edit.counts.deletion_rows;
    if (!index) return {};
    index->deleted_in = 0;
    edit.rows.put(href_key(kIndexRow, href), encode(*index));
    return {};
  }
  if (index->announced && !index->events.empty()) {
    TM_ASSIGN(auto home, find_new_home(edit, pass, href, index->uid));
    if (home) return move_resource(edit, href, *index, home->first, std::move(home->second));
  }
  return remove_resource(edit, href, *index, true);
}

}  // namespace

bool would_empty_the_mirror(const Pass& pass, const MirrorCounts& counts) {
  return counts.resources != 0 && pass.deferred_deletions == counts.resources;
}

Result<bool> sweep_unseen(MirrorEdit& edit, Pass& pass, std::string& from) {
  if (!pass.complete_listing || mutated(Mutation::no_sweep)) return true;
  // The usual case, and the reason why this is counted: everything was listed.
  if (pass.seen + pass.deferred_deletions == edit.counts.resources) return true;
  const KeysFound found = collect(edit.rows, kIndexRow, from, kSweepRowsPerStep);
  for (const auto& href : found.hrefs) {
    TM_ASSIGN(auto index, read_index(edit.rows, href));
    if (!index || index->generation == pass.generation) continue;
    if (const auto bytes = edit.rows.get(href_key(kPendingRow, href))) {
      TM_ASSIGN(const auto pending, decode_pending_row(*bytes));
      if (pending.generation == pass.generation) continue;
    }
    defer_deletion(edit, pass, href, std::move(*index));
  }
  return found.all;
}

Result<bool> settle_deletions(MirrorEdit& edit, const Pass& pass, std::string& from) {
  if (edit.counts.deletion_rows == 0) return true;
  const KeysFound found = collect(edit.rows, kDeletionRow, from, kChangesPerStep);
  for (const auto& href : found.hrefs) TM_TRY(settle_deletion(edit, pass, href));
  return found.all;
}

Result<bool> settle_creations(MirrorEdit& edit, std::string& from) {
  if (edit.counts.creation_rows == 0) return true;
  const KeysFound found = collect(edit.rows, kCreationRow, from, kChangesPerStep);
  for (const auto& href : found.hrefs) {
    TM_ASSIGN(auto index, read_index(edit.rows, href));
    if (!index) return fail(Errc::corrupt, "a deferred creation of " + href + " has no resource");
    TM_TRY(announce_resource(edit, href, std::move(*index)));
  }
  return found.all;
}

Result<bool> drop_stale_pending(MirrorEdit& edit, const Pass& pass, std::string& from) {
  return drop_stale(edit, pass, from,
                    PassRows<PendingRow>{kPendingRow, edit.counts.pending, decode_pending_row});
}

Result<bool> drop_stale_ahead(MirrorEdit& edit, const Pass& pass, std::string& from) {
  return drop_stale(edit, pass, from,
                    PassRows<AheadRow>{kAheadRow, edit.counts.ahead, decode_ahead_row});
}

Result<bool> remove_some(MirrorEdit& edit) {
  std::string from;
  const KeysFound resources = collect(edit.rows, kIndexRow, from, kChangesPerStep);
  for (const auto& href : resources.hrefs) {
    TM_ASSIGN(auto index, read_index(edit.rows, href));
    if (index) TM_TRY(remove_resource(edit, href, *index, true));
  }
  if (!resources.all) return false;
  const bool pending_gone = remove_rows(edit, kPendingRow, edit.counts.pending);
  return remove_rows(edit, kAheadRow, edit.counts.ahead) && pending_gone;
}

}  // namespace tidemark::sync
