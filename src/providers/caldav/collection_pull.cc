#include "providers/caldav/collection_pull.h"

#include <algorithm>

#include "base/mutation.h"
#include "providers/caldav/etag_listing.h"
#include "providers/caldav/href.h"
#include "providers/caldav/multiget.h"
#include "providers/caldav/requests.h"

namespace tidemark::caldav {
namespace {

using Kind = RemoteItem::Kind;
using Outcome = SyncPage::Outcome;

// More are asked for by the passes that follow.
constexpr std::size_t kMaxAhead = 1000;
// An answer that covers this much of the calendar is taken for a full listing (calendar rule 9).
constexpr std::size_t kSuspiciousRows = 10;
constexpr std::size_t kSuspiciousPercent = 80;

bool lists(const std::vector<Listed>& listing, const std::string& key) {
  return std::binary_search(listing.begin(), listing.end(), Listed{key, {}},
                            [](const Listed& a, const Listed& b) { return a.key < b.key; });
}

tl::unexpected<Error> stale(const PullContext& context) {
  return fail(Errc::stale_cursor, "account " + context.dav.settings().id +
                                      ": the server no longer accepts the sync token of " +
                                      context.collection.for_messages() +
                                      "; everything is listed and compared again");
}

tl::unexpected<Error> interrupted(const PullContext& context) {
  return fail(Errc::stale_cursor, "account " + context.dav.settings().id +
                                      ": an answer about changes of " +
                                      context.collection.for_messages() +
                                      " broke off in the middle; everything is listed and "
                                      "compared");
}

}  // namespace

Result<PullResult> CollectionPull::run(Cursor cursor, bool fresh) {
  cursor_ = std::move(cursor);
  if (fresh && mode_ != PullMode::incremental) return start_full();
  if (cursor_.bodies) return bodies();
  if (cursor_.full) return full_page();
  if (mode_ != PullMode::incremental) return start_full();
  if (context_.known.interrupted()) return interrupted(context_);
  if (cursor_.no_sync_collection || cursor_.token.empty()) return incremental_by_etags();
  return incremental();
}

Result<PullResult> CollectionPull::start_full() {
  cursor_ = Cursor{};
  cursor_.full = true;
  // A pass that was interrupted has bodies already: then a listing tells which are still missing.
  if (mode_ == PullMode::initial && context_.known.count_in_this_pass() == 0) {
    TM_ASSIGN(auto queried, query_everything());
    if (queried) return std::move(*queried);
    cursor_ = Cursor{};
    cursor_.full = true;
  }
  const bool resumed = context_.known.count_in_this_pass() > 0;
  bool with_data = !resumed;
  TM_ASSIGN(SyncPage page, sync_page(context_, "", with_data));
  if (page.outcome == Outcome::data_failed) {
    with_data = false;
    TM_ASSIGN(page, sync_page(context_, "", false));
  }
  if (page.outcome != Outcome::listed) return full_by_etags();
  cursor_.token = page.token;
  cursor_.more = page.more;
  cursor_.no_sync_collection = page.token.empty();
  if (with_data && page.bodies == 0 && !page.without_body.empty()) {
    cursor_.no_data_in_report = true;
  }
  const bool most_are_missing = with_data || page.without_body.size() == page.rows;
  return settle_full(std::move(page.without_body), resumed || cursor_.no_data_in_report,
                     most_are_missing && !page.more && page.bodies == 0);
}

// Calendar rule 12: everything with its bodies in one answer. A query reads each resource once
// where sync-collection may read it twice (measured on Radicale, 10,000 events: 0.8 s for the token
// and 1.0 s for the query, against 2.8 s). The token is read before: what changes in between is
// told again by the next pass. Nothing when the server cannot be asked like this, or did not say
// all.
Result<std::optional<PullResult>> CollectionPull::query_everything() {
  TM_ASSIGN(cursor_.token, sync_token_of(context_));
  if (cursor_.token.empty()) return std::nullopt;
  std::vector<Listed> without_body;
  bool truncated = false;
  std::size_t bodies = 0;
  const auto on_row = [&](DavRow&& row) -> Result<void> {
    if (row.status == 507) truncated = true;
    if (row.hrefs.empty() || row.status != 0) return {};
    const auto key = href_key(context_.collection, row.hrefs.front());
    if (!key || key->ends_with('/')) return {};
    auto item = body_item(*key, row.properties, context_.dav.settings().max_resource_bytes);
    if (!item) {
      without_body.push_back({*key, strong_etag(row.properties.etag.value_or(""))});
      return {};
    }
    ++bodies;
    return context_.out.add(std::move(*item));
  };
  const DavRequest request{"REPORT", "1", calendar_query_report(QueryScope::everything),
                           "reading all of"};
  auto answer = context_.dav.send(request, context_.collection, on_row);
  const bool final =
      !answer && (context_.out.refused() || answer.error().code == Errc::unauthorized);
  if (final) return fail(std::move(answer).error());
  const bool whole = answer && answer->ok() && !truncated && bodies > 0;
  if (!whole) {
    // What has come is kept; a listing tells what is missing.
    TM_TRY(context_.out.flush());
    return std::nullopt;
  }
  cursor_.queried = true;
  TM_ASSIGN(auto result, announce(without_body));
  return result;
}

Result<PullResult> CollectionPull::full_page() {
  TM_ASSIGN(SyncPage page, sync_page(context_, cursor_.token, !cursor_.no_data_in_report));
  if (page.outcome == Outcome::data_failed) {
    TM_ASSIGN(page, sync_page(context_, cursor_.token, false));
  }
  if (page.outcome != Outcome::listed || page.token.empty()) return stale(context_);
  cursor_.token = page.token;
  cursor_.more = page.more;
  return settle_full(std::move(page.without_body), cursor_.no_data_in_report, false);
}

Result<PullResult> CollectionPull::full_by_etags() {
  cursor_.no_sync_collection = true;
  cursor_.token.clear();
  cursor_.more = false;
  // A change in between makes the next pass list again, not skip.
  TM_ASSIGN(const std::string ctag, read_ctag(context_));
  TM_ASSIGN(std::vector<Listed> listing, list_etags(context_));
  TM_ASSIGN(cursor_.ctag, read_ctag(context_));
  if (cursor_.ctag != ctag) cursor_.ctag.clear();
  return settle_full(std::move(listing), true, true);
}

// compare: ETags may show that the mirror has a body already. whole: the listing is
// that of the whole calendar, so a calendar-query may bring what is missing.
Result<PullResult> CollectionPull::settle_full(std::vector<Listed> listing, bool compare,
                                               bool whole) {
  const std::size_t listed = listing.size();
  std::vector<Listed> missing;
  if (compare) {
    TM_ASSIGN(missing, without_known(std::move(listing), true));
  } else {
    missing = std::move(listing);
  }
  const bool resumed = context_.known.count_in_this_pass() > 0;
  if (whole && !resumed && missing.size() > context_.options.query_above &&
      missing.size() * 2 >= listed) {
    cursor_.queried = true;
    TM_ASSIGN(missing, query_bodies(context_, std::move(missing), missing.size() == listed));
  }
  return announce(missing);
}

Result<PullResult> CollectionPull::incremental() {
  const std::string before = cursor_.token;
  TM_ASSIGN(SyncPage page, sync_page(context_, before, !cursor_.no_data_in_report));
  if (page.outcome == Outcome::data_failed) {
    TM_ASSIGN(page, sync_page(context_, before, false));
  }
  if (page.outcome != Outcome::listed) return stale(context_);
  if (page.token.empty()) {
    return fail(Errc::protocol_error,
                context_.collection.for_messages() + ": the server's answer has no sync token");
  }
  cursor_.token = page.token;
  cursor_.more = page.more;
  cursor_.suspicious |= page.rows >= kSuspiciousRows &&
                        page.rows * 100 >= context_.known.count() * kSuspiciousPercent;
  if (!page.more) TM_TRY(add_unnamed(page));
  return announce(page.without_body);
}

Result<void> CollectionPull::add_unnamed(SyncPage& page) const {
  TM_ASSIGN(std::vector<AheadResource> ahead, context_.known.ahead(kMaxAhead));
  for (AheadResource& one : ahead) {
    if (std::binary_search(page.named.begin(), page.named.end(), one.href)) continue;
    page.without_body.push_back({std::move(one.href), std::move(one.etag)});
  }
  return {};
}

Result<PullResult> CollectionPull::incremental_by_etags() {
  TM_ASSIGN(const std::string ctag, read_ctag(context_));
  if (!ctag.empty() && ctag == cursor_.ctag) {
    SyncPage nothing;
    TM_TRY(add_unnamed(nothing));
    return announce(nothing.without_body);
  }
  TM_ASSIGN(const std::vector<Listed> listing, list_etags(context_));
  // One that names content would come back with it; so it has to be that of the listing.
  TM_ASSIGN(cursor_.ctag, read_ctag(context_));
  if (cursor_.ctag != ctag) cursor_.ctag.clear();
  if (listing.empty() && context_.known.count() > 0) {
    // An emptied calendar is said as such, so that it is confirmed before anything is deleted.
    cursor_.full = true;
    return end_of_page();
  }
  TM_TRY(emit_deleted_since(listing));
  TM_ASSIGN(const std::vector<Listed> missing, without_known(listing, false));
  TM_TRY(emit_ahead(listing, missing));
  return announce(missing);
}

Result<void> CollectionPull::emit_ahead(const std::vector<Listed>& listing,
                                        const std::vector<Listed>& missing) {
  TM_ASSIGN(std::vector<AheadResource> ahead, context_.known.ahead(kMaxAhead));
  for (AheadResource& one : ahead) {
    if (lists(missing, one.href)) continue;
    const Kind kind = lists(listing, one.href) ? Kind::unchanged : Kind::deleted;
    TM_TRY(context_.out.add({.kind = kind, .href = std::move(one.href)}));
  }
  return {};
}

Result<PullResult> CollectionPull::bodies() {
  if (cursor_.slow && !cursor_.queried) {
    TM_ASSIGN(const bool asked, query_outstanding());
    if (asked) {
      TM_TRY(context_.out.flush());
      return PullResult{to_string(cursor_), false, false, cursor_.suspicious};
    }
  }
  const std::size_t batch = cursor_.batch;
  TM_ASSIGN(const std::size_t settled, fetch_pending(context_, cursor_));
  if (settled == batch) {
    TM_TRY(context_.out.flush());
    return PullResult{to_string(cursor_), false, false, cursor_.suspicious};
  }
  // Fewer were outstanding than asked for: these were the last.
  cursor_.bodies = false;
  return end_of_page();
}

// Many single bodies from a slow server: one query for all of them is cheaper.
Result<bool> CollectionPull::query_outstanding() {
  constexpr std::size_t kMaxOutstanding = 1'000'000;
  cursor_.queried = true;
  TM_ASSIGN(std::vector<KnownResource> pending, context_.known.pending(kMaxOutstanding));
  if (pending.size() <= context_.options.slow_query_above) return false;
  std::vector<Listed> wanted;
  wanted.reserve(pending.size());
  for (KnownResource& one : pending) wanted.push_back({std::move(one.href), {}});
  sort_listing(wanted);
  TM_TRY(query_bodies(context_, std::move(wanted), false));
  return true;
}

Result<std::vector<Listed>> CollectionPull::without_known(std::vector<Listed> listing,
                                                          bool emit_unchanged) {
  const bool trusted = etags_are_unique(listing);
  const bool resumed = emit_unchanged && context_.known.count_in_this_pass() > 0;
  std::vector<Listed> missing;
  for (Listed& listed : listing) {
    bool same = false;
    if (trusted && !listed.etag.empty()) {
      TM_ASSIGN(const auto known, context_.known.find(listed.key));
      same = known && known->etag == listed.etag && (known->in_this_pass || !resumed);
    }
    if (!same) {
      missing.push_back(std::move(listed));
    } else if (emit_unchanged) {
      TM_TRY(context_.out.add({.kind = Kind::unchanged, .href = listed.key, .etag = listed.etag}));
    }
  }
  return missing;
}

Result<void> CollectionPull::emit_deleted_since(const std::vector<Listed>& listing) {
  std::vector<std::string> vanished;
  TM_TRY(context_.known.for_each([&](const KnownResource& known) {
    if (!lists(listing, known.href)) vanished.push_back(known.href);
    return true;
  }));
  for (std::string& href : vanished) {
    TM_TRY(context_.out.add({.kind = Kind::deleted, .href = std::move(href)}));
  }
  return {};
}

Result<PullResult> CollectionPull::announce(const std::vector<Listed>& missing) {
  if (mutated(Mutation::cursor_before_bodies)) return end_of_page();
  for (const Listed& listed : missing) {
    TM_TRY(context_.out.add({.kind = Kind::pending, .href = listed.key, .etag = listed.etag}));
  }
  if (missing.empty()) return end_of_page();
  TM_TRY(context_.out.flush());
  cursor_.bodies = true;
  return PullResult{to_string(cursor_), false, false, cursor_.suspicious};
}

Result<PullResult> CollectionPull::end_of_page() {
  TM_TRY(context_.out.flush());
  if (cursor_.more) return PullResult{to_string(cursor_), false, false, cursor_.suspicious};
  return PullResult{to_string(cursor_.at_rest()), true, cursor_.full, cursor_.suspicious};
}

}  // namespace tidemark::caldav
