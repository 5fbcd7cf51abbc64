#include "sync/known_rows.h"

#include <variant>

#include "engine/journal.h"

namespace tidemark::sync {

KnownRows::KnownRows(const StoreView& view, InstanceId calendar, const PullOrder& order,
                     std::function<Result<void>()> settle)
    : view_(view),
      calendar_(std::move(calendar)),
      generation_(order.generation),
      only_this_pass_(order.mode == PassMode::initial || order.mode == PassMode::full),
      settle_(std::move(settle)) {
  const auto bytes = read_state(view_, calendar_);
  if (!bytes || !*bytes) return;
  const auto state = decode_calendar_state(**bytes);
  if (!state) return;
  any_ahead_ = state->counts.ahead != 0;
  if (const auto* pulling = std::get_if<Pulling>(&state->phase)) {
    seen_ = pulling->pass.seen;
    interrupted_ = pulling->pass.partial || pulling->pass.items_in_pull != 0;
  }
  count_ = only_this_pass_ ? seen_ : state->counts.resources;
}

std::optional<KnownResource> KnownRows::known(std::string_view href, const IndexRow& row) const {
  const bool in_this_pass = row.generation == generation_;
  if (only_this_pass_ && !in_this_pass) return std::nullopt;
  return KnownResource{std::string(href), row.etag, in_this_pass, row.deleted_in == generation_};
}

Result<std::optional<IndexRow>> KnownRows::find_index(std::string_view href) const {
  TM_ASSIGN(const auto bytes, read_row(view_, calendar_, href_key(kIndexRow, href)));
  if (!bytes) return std::nullopt;
  TM_ASSIGN(auto row, decode_index_row(*bytes));
  return row;
}

Result<std::optional<KnownResource>> KnownRows::find(std::string_view href) const {
  TM_ASSIGN(const auto row, find_index(href));
  if (!row) return std::nullopt;
  return known(href, *row);
}

Result<std::optional<std::string>> KnownRows::body(std::string_view href) const {
  TM_ASSIGN(const auto row, read_row(view_, calendar_, href_key(kBodyRow, href)));
  if (!row) return std::nullopt;
  TM_ASSIGN(const auto bytes, decode_body(*row));
  return std::string(bytes);
}

Result<void> KnownRows::for_each(const std::function<bool(const KnownResource&)>& visitor) const {
  std::optional<Error> error;
  const std::string prefix(1, kIndexRow);
  TM_TRY(scan_rows(view_, calendar_, prefix, prefix,
                   [&](std::string_view key, std::string_view value) {
                     const auto row = decode_index_row(value);
                     if (!row) {
                       error = row.error();
                       return false;
                     }
                     const auto resource = known(key.substr(1), *row);
                     return !resource || visitor(*resource);
                   }));
  if (error) return fail(*error);
  return {};
}

Result<std::vector<AheadResource>> KnownRows::ahead(std::size_t limit) const {
  std::vector<AheadResource> resources;
  if (!any_ahead_) return resources;
  std::optional<Error> error;
  const std::string prefix(1, kAheadRow);
  TM_TRY(scan_rows(view_, calendar_, prefix, prefix,
                   [&](std::string_view key, std::string_view value) {
                     if (resources.size() >= limit) return false;
                     auto row = decode_ahead_row(value);
                     if (!row) {
                       error = row.error();
                       return false;
                     }
                     // What this very pass has taken, the next one has to hear of.
                     if (row->generation != generation_) {
                       resources.push_back({std::string(key.substr(1)), std::move(row->etag)});
                     }
                     return true;
                   }));
  if (error) return fail(*error);
  return resources;
}

Result<std::vector<KnownResource>> KnownRows::pending(std::size_t limit) const {
  TM_TRY(settle_());
  std::vector<KnownResource> resources;
  std::optional<Error> error;
  const std::string prefix(1, kPendingRow);
  TM_TRY(scan_rows(view_, calendar_, prefix, prefix,
                   [&](std::string_view key, std::string_view value) {
                     if (resources.size() >= limit) return false;
                     const auto row = decode_pending_row(value);
                     if (!row) {
                       error = row.error();
                       return false;
                     }
                     resources.push_back({std::string(key.substr(1)), row->etag, false});
                     return true;
                   }));
  if (error) return fail(*error);
  return resources;
}

}  // namespace tidemark::sync
