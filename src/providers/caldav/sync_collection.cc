#include "providers/caldav/sync_collection.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "providers/caldav/etag_listing.h"
#include "providers/caldav/href.h"
#include "providers/caldav/requests.h"

namespace tidemark::caldav {
namespace {

class PageReader {
 public:
  PageReader(PullContext& context, bool first_of_everything)
      : context_(context), first_of_everything_(first_of_everything) {}

  Result<void> on_row(DavRow&& row) {
    for (const std::string& href : row.hrefs) {
      auto key = href_key(context_.collection, href);
      if (!key) {
        TM_TRY(context_.out.add({.kind = RemoteItem::Kind::failed,
                                 .href = to_valid_utf8(href.substr(0, 200)),
                                 .reason = key.error().message}));
        continue;
      }
      TM_TRY(take(*key, row));
    }
    return {};
  }

  SyncPage page;
  bool collection_missing = false;

 private:
  Result<void> take(const std::string& key, DavRow& row) {
    const bool missing = row.status == 404 || row.status == 410;
    if (same_collection(key, context_.collection_key)) {
      page.more |= row.status == 507;
      collection_missing |= missing;
      return {};
    }
    if (row.status == 507 && !row.conditions.empty()) {
      page.more = true;  // the request URI, spelled as the server knows it
      return {};
    }
    // Calendar object resources are no collections; nested ones are calendars of their own.
    if (key.ends_with('/') || row.properties.is_collection) return {};
    if (!first_of_everything_) page.named.push_back(key);
    if (missing) {
      if (first_of_everything_) return {};
      return context_.out.add({.kind = RemoteItem::Kind::deleted, .href = key});
    }
    ++page.rows;
    auto item = body_item(key, row.properties, context_.dav.settings().max_resource_bytes);
    if (item) {
      ++page.bodies;
      return context_.out.add(std::move(*item));
    }
    page.without_body.push_back({key, strong_etag(row.properties.etag.value_or(""))});
    return {};
  }

  PullContext& context_;
  bool first_of_everything_;
};

// What a refusal with a token means. Servers say "unknown token" as 403, 409 or 412 with a
// condition, without one, or as 500: if the collection itself answers, it was the token.
Result<SyncPage::Outcome> refusal_of_token(const PullContext& context, const DavAnswer& answer) {
  if (answer.has_condition("valid-sync-token")) return SyncPage::Outcome::token_refused;
  switch (answer.status) {
    case 400:
    case 403:
    case 405:
    case 409:
    case 410:
    case 412:
    case 415:
    case 422:
    case 500:
    case 501: TM_TRY(check_collection(context)); return SyncPage::Outcome::token_refused;
    default: return fail(answer.error);
  }
}

Result<SyncPage::Outcome> refusal_of_report(const DavAnswer& answer, bool with_data) {
  switch (answer.status) {
    case 500:
    case 413: return with_data ? SyncPage::Outcome::data_failed : SyncPage::Outcome::unsupported;
    case 400:
    case 403:
    case 405:
    case 409:
    case 412:
    case 415:
    case 422:
    case 501: return SyncPage::Outcome::unsupported;
    default: return fail(answer.error);
  }
}

}  // namespace

Result<SyncPage> sync_page(PullContext& context, const std::string& token, bool with_data) {
  PageReader reader(context, token.empty());
  const DavRequest request{"REPORT", "0", sync_collection_report(token, with_data), "syncing"};
  auto answer = context.dav.send(request, context.collection,
                                 [&](DavRow&& row) { return reader.on_row(std::move(row)); });
  if (!answer) {
    const Errc code = answer.error().code;
    const bool data_may_be_why = code == Errc::parse_error || code == Errc::limit_exceeded;
    if (!with_data || !data_may_be_why || context.out.refused()) {
      return fail(std::move(answer).error());
    }
    reader.page.outcome = SyncPage::Outcome::data_failed;
    return std::move(reader.page);
  }
  if (answer->status == 507) {
    // No limit was asked for, so the answer as a whole is too much for the server.
    reader.page.outcome = with_data       ? SyncPage::Outcome::data_failed
                          : token.empty() ? SyncPage::Outcome::unsupported
                                          : SyncPage::Outcome::token_refused;
    return std::move(reader.page);
  }
  if (!answer->ok()) {
    TM_ASSIGN(reader.page.outcome, token.empty() ? refusal_of_report(*answer, with_data)
                                                 : refusal_of_token(context, *answer));
    return std::move(reader.page);
  }
  if (reader.collection_missing) {
    return fail(Errc::not_found, "account " + context.dav.settings().id +
                                     ": the server knows no calendar at " +
                                     context.collection.for_messages());
  }
  SyncPage& page = reader.page;
  page.token = answer->sync_token;
  if (page.more && (page.token.empty() || page.token == token)) {
    return fail(Errc::protocol_error, context.collection.for_messages() +
                                          ": the server promises more changes but its sync token "
                                          "does not move on");
  }
  sort_listing(page.without_body);
  std::sort(page.named.begin(), page.named.end());
  return std::move(page);
}

}  // namespace tidemark::caldav
