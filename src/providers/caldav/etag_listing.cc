#include "providers/caldav/etag_listing.h"

#include <algorithm>
#include <string_view>

#include "base/text.h"
#include "providers/caldav/href.h"
#include "providers/caldav/requests.h"

namespace tidemark::caldav {
namespace {

constexpr std::size_t kMaxResources = 1'000'000;

Error gone(const PullContext& context) {
  return {Errc::not_found,
          "account " + context.dav.settings().id + ": the server knows no calendar at " +
              context.collection.for_messages(),
          {}};
}

bool says_missing(int status) {
  return status == 404 || status == 410;
}

// Asks the collection itself; the row's own status counts, a 207 alone proves nothing.
Result<DavProperties> ask_collection(const PullContext& context, std::string body) {
  DavProperties found;
  bool missing = false;
  bool answered = false;
  const auto on_row = [&](DavRow&& row) -> Result<void> {
    answered = true;
    missing |= says_missing(row.status);
    found = std::move(row.properties);
    return {};
  };
  const DavRequest request{"PROPFIND", "0", std::move(body), "reading calendar"};
  TM_ASSIGN(const DavAnswer answer, context.dav.send(request, context.collection, on_row));
  if (!answer.ok()) return fail(answer.error);
  if (missing || !answered) return fail(gone(context));
  return found;
}

}  // namespace

std::optional<RemoteItem> body_item(const std::string& key, DavProperties& properties,
                                    std::uint64_t max_resource_bytes) {
  RemoteItem item;
  item.href = key;
  item.etag = strong_etag(properties.etag.value_or(""));
  if (properties.calendar_data_too_large) {
    item.kind = RemoteItem::Kind::failed;
    item.reason = "larger than the limit of one resource, " + format_size(max_resource_bytes);
    return item;
  }
  if (!properties.calendar_data || trim(*properties.calendar_data).empty()) return std::nullopt;
  item.bytes = std::move(*properties.calendar_data);
  return item;
}

Result<void> check_collection(const PullContext& context) {
  TM_TRY(ask_collection(context, exists_propfind()));
  return {};
}

Result<std::string> read_ctag(const PullContext& context) {
  TM_ASSIGN(DavProperties found, ask_collection(context, ctag_propfind()));
  return found.ctag.value_or("");
}

Result<std::string> sync_token_of(const PullContext& context) {
  auto found = ask_collection(context, sync_token_propfind());
  if (found) return found->sync_token.value_or("");
  const Errc code = found.error().code;
  if (code == Errc::unauthorized || code == Errc::tls_error || code == Errc::timeout) {
    return fail(std::move(found).error());
  }
  return std::string();
}

Result<std::vector<Listed>> list_etags(const PullContext& context) {
  std::vector<Listed> listing;
  bool missing = false;
  const auto on_row = [&](DavRow&& row) -> Result<void> {
    for (const std::string& href : row.hrefs) {
      TM_ASSIGN(std::string key, href_key(context.collection, href));
      if (same_collection(key, context.collection_key)) {
        missing |= says_missing(row.status);
        continue;
      }
      if (says_missing(row.status) || row.properties.is_collection || key.ends_with('/')) continue;
      if (listing.size() >= kMaxResources) {
        return fail(Errc::limit_exceeded,
                    "the calendar has more than " + std::to_string(kMaxResources) + " resources");
      }
      listing.push_back({std::move(key), strong_etag(row.properties.etag.value_or(""))});
    }
    return {};
  };
  const DavRequest request{"PROPFIND", "1", etags_propfind(), "listing"};
  TM_ASSIGN(const DavAnswer answer, context.dav.send(request, context.collection, on_row));
  if (!answer.ok()) return fail(answer.error);
  if (missing) return fail(gone(context));
  sort_listing(listing);
  return listing;
}

Result<bool> resource_exists(const PullContext& context, const std::string& key) {
  Url url = context.collection;
  url.path = encode_key(key);
  bool exists = false;
  const auto on_row = [&](DavRow&& row) -> Result<void> {
    exists |= !says_missing(row.status);
    return {};
  };
  const DavRequest request{"PROPFIND", "0", etags_propfind(), "looking for"};
  TM_ASSIGN(const DavAnswer answer, context.dav.send(request, url, on_row));
  if (says_missing(answer.status)) return false;
  if (!answer.ok()) return fail(answer.error);
  return exists;
}

void sort_listing(std::vector<Listed>& listing) {
  std::stable_sort(listing.begin(), listing.end(),
                   [](const Listed& a, const Listed& b) { return a.key < b.key; });
  const auto same_key = [](const Listed& a, const Listed& b) { return a.key == b.key; };
  const auto end = std::unique(listing.rbegin(), listing.rend(), same_key);
  listing.erase(listing.begin(), end.base());
}

bool etags_are_unique(const std::vector<Listed>& listing) {
  std::vector<std::string_view> etags;
  etags.reserve(listing.size());
  for (const Listed& listed : listing) {
    if (!listed.etag.empty()) etags.push_back(listed.etag);
  }
  std::sort(etags.begin(), etags.end());
  return std::adjacent_find(etags.begin(), etags.end()) == etags.end();
}

}  // namespace tidemark::caldav
