#include "sync/plan.h"

#include <algorithm>

#include "base/mutation.h"
#include "sync/event_notes.h"

namespace tidemark::sync {
namespace {

TimeKey time_key(std::string_view href, const IndexedEvent& event) {
  return {event.level, event.start_ms, std::string(href), event.recurrence_id};
}

const CalendarEvent* find_reverted(const PageItem& item, const std::string& recurrence_id) {
  const auto found = std::find_if(item.reverted.begin(), item.reverted.end(),
                                  [&](const auto& e) { return e.recurrence_id == recurrence_id; });
  return found == item.reverted.end() ? nullptr : &*found;
}

const CalendarEvent* find_event(const std::vector<CalendarEvent>& events, const std::string& rid) {
  const auto found = std::find_if(events.begin(), events.end(),
                                  [&](const auto& e) { return e.recurrence_id == rid; });
  return found == events.end() ? nullptr : &*found;
}

void tell_difference(MirrorEdit& edit, const CalendarEvent& before, const CalendarEvent& after) {
  auto changed = changed_fields(before, after);
  if (changed.empty()) return;
  edit.events.push_back(updated_note(edit.identity, before, after, std::move(changed)));
}

// Takes the row away in which the resource was announced.
Result<std::optional<PendingRow>> take_pending(MirrorEdit& edit, std::string_view href) {
  if (edit.counts.pending == 0) return std::nullopt;
  const std::string key = href_key(kPendingRow, href);
  const auto bytes = edit.rows.get(key);
  if (!bytes) return std::nullopt;
  TM_ASSIGN(auto pending, decode_pending_row(*bytes));
  edit.rows.erase(key);
  --edit.counts.pending;
  return pending;
}

Result<std::optional<AheadRow>> read_ahead(const MirrorEdit& edit, std::string_view href) {
  if (edit.counts.ahead == 0) return std::nullopt;
  const auto bytes = edit.rows.get(href_key(kAheadRow, href));
  if (!bytes) return std::nullopt;
  TM_ASSIGN(auto row, decode_ahead_row(*bytes));
  return row;
}

void clear_ahead(MirrorEdit& edit, std::string_view href) {
  if (edit.counts.ahead == 0) return;
  const std::string key = href_key(kAheadRow, href);
  if (!edit.rows.get(key)) return;
  edit.rows.erase(key);
  --edit.counts.ahead;
}

// Whether the item is what the cursor speaks of. Without an ETag that is not known: one that the
// mirror has already is taken for it.
bool agrees(const AheadRow& cursor, const PageItem& item, bool mirrored_so) {
  const bool gone = item.kind == PageItem::Kind::deleted;
  if (!cursor.there) return gone;
  if (cursor.etag.empty()) return mirrored_so;
  return !gone && (item.etag.empty() || item.etag == cursor.etag);
}

// What was announced and then asked for by name may have changed in between.
Result<void> compare_with_cursor(MirrorEdit& edit, const Pass& pass, const PageItem& item,
                                 const std::optional<PendingRow>& announced, bool mirrored_so) {
  std::optional<AheadRow> cursor;
  if (announced && !announced->etag.empty()) {
    cursor = AheadRow{0, true, announced->etag};
  } else if (announced) {
    TM_ASSIGN(cursor, read_ahead(edit, item.href));
  }
  if (!cursor || agrees(*cursor, item, mirrored_so)) {
    clear_ahead(edit, item.href);
  } else {
    note_ahead(edit, pass, item.href, std::move(*cursor));
  }
  return {};
}

void clear_quarantine(MirrorEdit& edit, std::string_view href, IndexRow& index) {
  if (!index.quarantined) return;
  index.quarantined = false;
  edit.rows.erase(href_key(kQuarantineRow, href));
  --edit.counts.quarantined;
}

void cancel_deletion(MirrorEdit& edit, Pass& pass, std::string_view href, IndexRow& index) {
  if (index.deleted_in == 0) return;
  if (index.deleted_in == pass.generation) --pass.deferred_deletions;
  index.deleted_in = 0;
  edit.rows.erase(href_key(kDeletionRow, href));
  --edit.counts.deletion_rows;
}

// The pass has met this resource, alive.
void mark_seen(MirrorEdit& edit, Pass& pass, std::string_view href, IndexRow& index) {
  cancel_deletion(edit, pass, href, index);
  if (index.generation != pass.generation) ++pass.seen;
  index.generation = pass.generation;
}

// The index row to work on: the stored one, or a new one, counted.
Result<IndexRow> open_resource(MirrorEdit& edit, Pass& pass, std::string_view href) {
  TM_ASSIGN(auto stored, read_index(edit.rows, href));
  if (!stored) ++edit.counts.resources;
  IndexRow index = stored ? std::move(*stored) : IndexRow{};
  mark_seen(edit, pass, href, index);
  return index;
}

void store_index(MirrorEdit& edit, std::string_view href, const IndexRow& index) {
  edit.rows.put(href_key(kIndexRow, href), encode(index));
}

void defer_creation(MirrorEdit& edit, std::string_view href, IndexRow& index) {
  index.announced = false;
  edit.rows.put(href_key(kCreationRow, href), std::string(kNothing));
  ++edit.counts.creation_rows;
}

void forget_deferred_creation(MirrorEdit& edit, std::string_view href, IndexRow& index) {
  if (index.announced) return;
  index.announced = true;
  edit.rows.erase(href_key(kCreationRow, href));
  --edit.counts.creation_rows;
}

// What the feed hears of a resource whose UID stayed: differences per recurrence id.
Result<void> tell_resource_changes(MirrorEdit& edit, std::string_view href, const IndexRow& index,
                                   const PageItem& item) {
  TM_ASSIGN(const auto before, read_events(edit.rows, href, index));
  const bool has_master =
      std::any_of(item.events.begin(), item.events.end(),
                  [](const PlacedEvent& placed) { return placed.event.recurrence_id.empty(); });
  for (const auto& placed : item.events) {
    const CalendarEvent* old = find_event(before, placed.event.recurrence_id);
    if (old == nullptr) {
      edit.events.push_back(created_note(edit.identity, placed.event));
    } else if (old->source_hash != placed.event.source_hash) {
      tell_difference(edit, *old, placed.event);
    }
  }
  for (const auto& old : before) {
    const bool stays = std::any_of(item.events.begin(), item.events.end(), [&](const auto& placed) {
      return placed.event.recurrence_id == old.recurrence_id;
    });
    if (stays) continue;
    const CalendarEvent* reverted = has_master ? find_reverted(item, old.recurrence_id) : nullptr;
    if (reverted != nullptr) {
      tell_difference(edit, old, *reverted);
    } else {
      edit.events.push_back(deleted_note(edit.identity, old));
    }
  }
  return {};
}

Result<void> tell_all_deleted(MirrorEdit& edit, std::string_view href, const IndexRow& index) {
  TM_ASSIGN(const auto events, read_events(edit.rows, href, index));
  for (const auto& event : events) {
    const bool instance = !event.recurrence_id.empty();
    if (instance && mutated(Mutation::series_deleted_without_instances)) continue;
    edit.events.push_back(deleted_note(edit.identity, event));
  }
  return {};
}

// Replaces the time rows and the index row's list of events; rows that stay equal are not written.
Result<void> store_events(MirrorEdit& edit, std::string_view href, IndexRow& index,
                          const PageItem& item) {
  std::vector<IndexedEvent> old = std::move(index.events);
  index.events.clear();
  const bool alone = item.events.size() == 1 && item.events.front().event.recurrence.empty();
  for (const auto& placed : item.events) {
    IndexedEvent indexed{placed.event.recurrence_id, placed.event.source_hash,
                         level_of(placed.start_ms, placed.end_ms), placed.start_ms};
    const std::string key = encode(time_key(href, indexed));
    const std::string value = encode(TimeRow{placed.end_ms, alone, placed.event});
    const bool stays = std::erase_if(old, [&](const IndexedEvent& e) {
                         return encode(time_key(href, e)) == key;
                       }) > 0;
    if (!stays) {
      edit.rows.put_new(key, value);
    } else if (edit.rows.get(key) != value) {
      edit.rows.put(key, value);
    }
    index.events.push_back(std::move(indexed));
  }
  for (const auto& gone : old) edit.rows.erase(encode(time_key(href, gone)));
  return {};
}

void erase_events(MirrorEdit& edit, std::string_view href, const IndexRow& index) {
  for (const auto& event : index.events) edit.rows.erase(encode(time_key(href, event)));
  if (!index.events.empty()) edit.rows.erase(uid_key(index.uid, href));
  edit.counts.events -= index.events.size();
}

// A resource without events (a task, a note) is kept like any other, so that it is not asked for
// again; the feed does not hear of it.
Result<void> apply_body(MirrorEdit& edit, Pass& pass, const PageItem& item) {
  TM_ASSIGN(const auto announced, take_pending(edit, item.href));
  TM_ASSIGN(IndexRow index, open_resource(edit, pass, item.href));
  TM_TRY(compare_with_cursor(edit, pass, item, announced, index.body_hash == item.body_hash));
  clear_quarantine(edit, item.href, index);
  ++pass.fetched;
  const std::string uid = item.events.empty() ? std::string() : item.events.front().event.ical_uid;
  const bool had_events = !index.events.empty();
  const bool same_uid = had_events && index.uid == uid;

  if (same_uid && index.announced) {
    TM_TRY(tell_resource_changes(edit, item.href, index, item));
  } else if (had_events && !same_uid) {
    if (index.announced) TM_TRY(tell_all_deleted(edit, item.href, index));
    erase_events(edit, item.href, index);
    index.events.clear();
  }
  const bool first = index.events.empty() || mutated(Mutation::told_again);
  const bool is_new = first && index.announced && !item.events.empty();
  if (is_new && !other_holders(edit.rows, uid, item.href, 1).empty()) {
    defer_creation(edit, item.href, index);
  } else if (is_new) {
    for (const auto& placed : item.events) {
      edit.events.push_back(created_note(edit.identity, placed.event));
    }
  }

  edit.counts.events += item.events.size() - index.events.size();
  if (!same_uid && !uid.empty()) edit.rows.put(uid_key(uid, item.href), std::string(kNothing));
  TM_TRY(store_events(edit, item.href, index, item));
  const bool has_body = !index.body_hash.empty();
  if (index.body_hash != item.body_hash) {
    const std::string key = href_key(kBodyRow, item.href);
    std::string body = encode_body(item.bytes);
    has_body ? edit.rows.put(key, std::move(body)) : edit.rows.put_new(key, std::move(body));
  }
  index.body_hash = item.body_hash;
  index.uid = uid;
  index.etag = item.etag;
  store_index(edit, item.href, index);
  return {};
}

// Calendar rule 18: the bytes are kept, and the last good events stay as they were.
Result<void> apply_quarantined(MirrorEdit& edit, Pass& pass, const PageItem& item) {
  TM_ASSIGN(const auto announced, take_pending(edit, item.href));
  // What never comes whole would be asked for at every poll.
  TM_TRY(compare_with_cursor(edit, pass, item, announced, true));
  TM_ASSIGN(IndexRow index, open_resource(edit, pass, item.href));
  if (!index.quarantined) ++edit.counts.quarantined;
  index.quarantined = true;
  // Without bytes there is no version to name: it is asked for again whenever all is listed.
  index.etag = item.bytes.empty() ? std::string() : item.etag;
  const std::string key = href_key(kQuarantineRow, item.href);
  edit.rows.put(key, encode(QuarantineRow{item.etag, item.reason, item.bytes}));
  store_index(edit, item.href, index);
  return {};
}

Result<void> apply_unchanged(MirrorEdit& edit, Pass& pass, const PageItem& item) {
  TM_ASSIGN(auto stored, read_index(edit.rows, item.href));
  if (!stored) return {};  // a repeat after a crash may speak of what a later item took away
  TM_TRY(take_pending(edit, item.href));
  clear_ahead(edit, item.href);
  mark_seen(edit, pass, item.href, *stored);
  store_index(edit, item.href, *stored);
  return {};
}

Result<void> apply_pending(MirrorEdit& edit, Pass& pass, const PageItem& item) {
  TM_ASSIGN(auto stored, read_index(edit.rows, item.href));
  if (stored && stored->deleted_in != 0) {
    cancel_deletion(edit, pass, item.href, *stored);
    store_index(edit, item.href, *stored);
  }
  const std::string key = href_key(kPendingRow, item.href);
  if (!edit.rows.get(key)) ++edit.counts.pending;
  edit.rows.put(key, encode(PendingRow{item.etag, pass.generation}));
  return {};
}

Result<void> apply_deleted(MirrorEdit& edit, Pass& pass, const PageItem& item) {
  TM_ASSIGN(const auto announced, take_pending(edit, item.href));
  TM_ASSIGN(auto stored, read_index(edit.rows, item.href));
  TM_TRY(compare_with_cursor(edit, pass, item, announced, !stored));
  if (stored) defer_deletion(edit, pass, item.href, std::move(*stored));
  return {};
}

}  // namespace

Result<void> apply_item(MirrorEdit& edit, Pass& pass, const PageItem& item) {
  ++pass.items;
  ++pass.items_in_pull;
  switch (item.kind) {
    case PageItem::Kind::body: return apply_body(edit, pass, item);
    case PageItem::Kind::deleted: return apply_deleted(edit, pass, item);
    case PageItem::Kind::unchanged: return apply_unchanged(edit, pass, item);
    case PageItem::Kind::pending: return apply_pending(edit, pass, item);
    case PageItem::Kind::quarantined: return apply_quarantined(edit, pass, item);
  }
  return fail(Errc::internal, "an item of unknown kind");
}

Result<AheadRow> cursor_view(const MirrorEdit& edit, const Pass& pass, std::string_view href) {
  if (const auto bytes = edit.rows.get(href_key(kPendingRow, href))) {
    TM_ASSIGN(auto pending, decode_pending_row(*bytes));
    if (pending.generation == pass.generation) return AheadRow{0, true, std::move(pending.etag)};
  }
  TM_ASSIGN(auto ahead, read_ahead(edit, href));
  if (ahead) return std::move(*ahead);
  TM_ASSIGN(auto index, read_index(edit.rows, href));
  const bool there = index && index->deleted_in != pass.generation;
  return AheadRow{0, there, there ? std::move(index->etag) : std::string()};
}

void note_ahead(MirrorEdit& edit, const Pass& pass, std::string_view href, AheadRow cursor) {
  const std::string key = href_key(kAheadRow, href);
  if (!edit.rows.get(key)) ++edit.counts.ahead;
  cursor.generation = pass.generation;
  edit.rows.put(key, encode(cursor));
}

Result<std::optional<IndexRow>> read_index(const RowReader& rows, std::string_view href) {
  const auto bytes = rows.get(href_key(kIndexRow, href));
  if (!bytes) return std::nullopt;
  TM_ASSIGN(auto index, decode_index_row(*bytes));
  return index;
}

Result<std::vector<CalendarEvent>> read_events(const RowReader& rows, std::string_view href,
                                               const IndexRow& index) {
  std::vector<CalendarEvent> events;
  events.reserve(index.events.size());
  for (const auto& indexed : index.events) {
    const auto bytes = rows.get(encode(time_key(href, indexed)));
    if (!bytes) return fail(Errc::corrupt, "an event of " + std::string(href) + " has no row");
    TM_ASSIGN(auto row, decode_time_row(*bytes));
    events.push_back(std::move(row.event));
  }
  return events;
}

void defer_deletion(MirrorEdit& edit, Pass& pass, std::string_view href, IndexRow index) {
  if (index.deleted_in == pass.generation) return;
  if (index.deleted_in == 0) ++edit.counts.deletion_rows;
  // One that was seen and then vanished within the pass is not there any more.
  if (index.generation == pass.generation) {
    --pass.seen;
    index.generation = 0;
  }
  index.deleted_in = pass.generation;
  ++pass.deferred_deletions;
  edit.rows.put(href_key(kDeletionRow, href), std::string(kNothing));
  store_index(edit, href, index);
}

Result<void> remove_resource(MirrorEdit& edit, std::string_view href, const IndexRow& stored,
                             bool announce) {
  IndexRow index = stored;
  if (announce && index.announced) TM_TRY(tell_all_deleted(edit, href, index));
  erase_events(edit, href, index);
  clear_quarantine(edit, href, index);
  TM_TRY(take_pending(edit, href));
  forget_deferred_creation(edit, href, index);
  if (index.deleted_in != 0) {
    edit.rows.erase(href_key(kDeletionRow, href));
    --edit.counts.deletion_rows;
  }
  if (!index.body_hash.empty()) edit.rows.erase(href_key(kBodyRow, href));
  edit.rows.erase(href_key(kIndexRow, href));
  --edit.counts.resources;
  return {};
}

Result<void> move_resource(MirrorEdit& edit, std::string_view from, const IndexRow& from_index,
                           std::string_view to, IndexRow to_index) {
  TM_ASSIGN(const auto before, read_events(edit.rows, from, from_index));
  TM_ASSIGN(const auto after, read_events(edit.rows, to, to_index));
  for (const auto& event : after) {
    const CalendarEvent* old = find_event(before, event.recurrence_id);
    if (old == nullptr) {
      edit.events.push_back(created_note(edit.identity, event));
    } else {
      tell_difference(edit, *old, event);
    }
  }
  for (const auto& old : before) {
    if (find_event(after, old.recurrence_id) == nullptr) {
      edit.events.push_back(deleted_note(edit.identity, old));
    }
  }
  TM_TRY(remove_resource(edit, from, from_index, false));
  forget_deferred_creation(edit, to, to_index);
  store_index(edit, to, to_index);
  return {};
}

Result<void> announce_resource(MirrorEdit& edit, std::string_view href, IndexRow index) {
  TM_ASSIGN(const auto events, read_events(edit.rows, href, index));
  for (const auto& event : events) edit.events.push_back(created_note(edit.identity, event));
  forget_deferred_creation(edit, href, index);
  store_index(edit, href, index);
  return {};
}

std::vector<std::string> other_holders(const RowReader& rows, std::string_view uid,
                                       std::string_view href, std::size_t limit) {
  const std::string prefix = uid_prefix(uid);
  std::vector<std::string> hrefs;
  rows.scan(prefix, prefix, [&](std::string_view key, std::string_view) {
    const std::string_view holder = key.substr(prefix.size());
    if (holder != href) hrefs.emplace_back(holder);
    return hrefs.size() < limit;
  });
  return hrefs;
}

}  // namespace tidemark::sync
