#include "providers/caldav/multiget.h"

#include <algorithm>
#include <span>
#include <string>

#include "base/text.h"
#include "providers/caldav/etag_listing.h"
#include "providers/caldav/href.h"
#include "providers/caldav/requests.h"

namespace tidemark::caldav {
namespace {

struct Wanted {
  std::string key;
  bool settled = false;
};

bool says_missing(int status) {
  return status == 404 || status == 410;
}
bool asks_to_wait(int status) {
  return status == 429 || status == 503;
}

// How a request for several bodies went, apart from the rows it brought.
enum class Got {
  answered,
  too_much,  // fewer at a time may work
  unsupported,
};

class BodyFetcher {
 public:
  BodyFetcher(PullContext& context, Cursor& cursor) : context_(context), cursor_(cursor) {}

  Result<void> fetch(std::vector<Wanted>& wanted) {
    std::size_t batch = wanted.size();
    std::span<Wanted> rest(wanted);
    while (!rest.empty() && !cursor_.no_multiget) {
      const std::span<Wanted> chunk = rest.first(std::min(batch, rest.size()));
      TM_ASSIGN(const Got got, multiget(chunk));
      if (got == Got::too_much && chunk.size() > 1) {
        batch = chunk.size() / 2;
        cursor_.batch = batch;
        continue;
      }
      if (got == Got::unsupported) {
        cursor_.no_multiget = true;
        break;
      }
      TM_TRY(settle_missing(chunk));
      rest = rest.subspan(chunk.size());
    }
    return settle_each(rest);
  }

 private:
  Result<Got> multiget(std::span<Wanted> chunk) {
    std::vector<std::string> keys;
    for (const Wanted& one : chunk) {
      if (!one.settled) keys.push_back(one.key);
    }
    if (keys.empty()) return Got::answered;
    const DavRequest request{"REPORT", "1", multiget_report(keys), "reading events of"};
    auto answer =
        context_.dav.send(request, context_.collection, [&](DavRow&& row) -> Result<void> {
          for (const std::string& href : row.hrefs) TM_TRY(take(chunk, href, row));
          return {};
        });
    if (!answer) return after_error(std::move(answer).error());
    if (answer->ok()) return Got::answered;
    return after_refusal(*answer);
  }

  Result<Got> after_error(Error error) const {
    if (context_.out.refused()) return fail(std::move(error));
    switch (error.code) {
      case Errc::parse_error:
      case Errc::limit_exceeded:
      case Errc::timeout: return Got::too_much;
      default: return fail(std::move(error));
    }
  }

  Result<Got> after_refusal(const DavAnswer& answer) const {
    switch (answer.status) {
      case 413:
      case 414:
      case 500:
      case 502:
      case 504:
      case 507: return Got::too_much;
      case 401:
      case 407:
      case 408:
      case 429:
      case 503: return fail(answer.error);
      default: TM_TRY(check_collection(context_)); return Got::unsupported;
    }
  }

  // Rows for hrefs that were not asked for, or were answered already, are ignored.
  Result<void> take(std::span<Wanted> chunk, const std::string& href, DavRow& row) {
    const auto key = href_key(context_.collection, href);
    if (!key) return {};
    const auto found =
        std::lower_bound(chunk.begin(), chunk.end(), *key,
                         [](const Wanted& one, const std::string& k) { return one.key < k; });
    if (found == chunk.end() || found->key != *key || found->settled) return {};
    if (says_missing(row.status)) return settle(*found, RemoteItem::Kind::deleted, {});
    auto item = body_item(*key, row.properties, context_.dav.settings().max_resource_bytes);
    if (!item) return {};
    found->settled = true;
    return context_.out.add(std::move(*item));
  }

  // What a multiget left out is asked for alone before anything is concluded.
  Result<void> settle_missing(std::span<Wanted> chunk) {
    const auto settled =
        std::count_if(chunk.begin(), chunk.end(), [](const Wanted& one) { return one.settled; });
    if (settled == 0 && chunk.size() > 1) {
      // All deleted, or a server that does multiget in name only: a body by GET tells which.
      const std::size_t before = bodies_by_get_;
      TM_TRY(settle_each(chunk));
      cursor_.no_multiget = bodies_by_get_ > before;
      return {};
    }
    if (chunk.size() > 1) {
      for (std::size_t i = 0; i < chunk.size(); ++i) {
        if (!chunk[i].settled) TM_TRY(multiget(chunk.subspan(i, 1)));
      }
    }
    return settle_each(chunk);
  }

  Result<void> settle_each(std::span<Wanted> chunk) {
    for (Wanted& one : chunk) {
      if (!one.settled) TM_TRY(get(one));
    }
    return {};
  }

  Result<void> get(Wanted& one) {
    Url url = context_.collection;
    url.path = encode_key(one.key);
    RemoteItem item;
    item.href = one.key;
    auto answer = context_.dav.get(url, item.bytes, item.etag);
    if (!answer) {
      switch (answer.error().code) {
        case Errc::limit_exceeded: break;
        // One body that never comes must not hold up the others, if it is only that one.
        case Errc::timeout:
        case Errc::protocol_error: TM_TRY(check_collection(context_)); break;
        default: return fail(std::move(answer).error());
      }
      return settle(one, RemoteItem::Kind::failed, answer.error().message);
    }
    if (answer->status == 200 && !trim(item.bytes).empty()) {
      one.settled = true;
      ++bodies_by_get_;
      return context_.out.add(std::move(item));
    }
    if (says_missing(answer->status)) return settle(one, RemoteItem::Kind::deleted, {});
    if (answer->status == 401 || asks_to_wait(answer->status)) return fail(answer->error);
    TM_ASSIGN(const bool exists, resource_exists(context_, one.key));
    if (!exists) return settle(one, RemoteItem::Kind::deleted, {});
    return settle(one, RemoteItem::Kind::failed,
                  answer->status == 200 ? "the server lists it but its body is empty"
                                        : "the server lists it but answers HTTP " +
                                              std::to_string(answer->status) + " for its body");
  }

  Result<void> settle(Wanted& one, RemoteItem::Kind kind, std::string reason) {
    one.settled = true;
    return context_.out.add({.kind = kind, .href = one.key, .reason = std::move(reason)});
  }

  PullContext& context_;
  Cursor& cursor_;
  std::size_t bodies_by_get_ = 0;
};

}  // namespace

Result<std::size_t> fetch_pending(PullContext& context, Cursor& cursor) {
  TM_ASSIGN(const std::vector<KnownResource> pending, context.known.pending(cursor.batch));
  std::vector<Wanted> wanted;
  for (const KnownResource& one : pending) wanted.push_back({one.href, false});
  std::sort(wanted.begin(), wanted.end(),
            [](const Wanted& a, const Wanted& b) { return a.key < b.key; });
  if (wanted.empty()) return 0;
  const std::size_t batch = cursor.batch;
  const auto began = context.options.monotonic();
  TM_TRY(BodyFetcher(context, cursor).fetch(wanted));
  const auto took = context.options.monotonic() - began;
  const auto count = static_cast<std::chrono::milliseconds::rep>(wanted.size());
  cursor.slow = wanted.size() >= kFirstBatch / 2 && took / count >= context.options.slow_href;
  if (cursor.batch == batch && wanted.size() == batch) {
    if (took < context.options.fast_multiget) {
      cursor.batch = std::min(batch * 2, context.options.max_batch);
    } else if (took > 10 * context.options.fast_multiget) {
      cursor.batch = std::max<std::size_t>(batch / 2, 1);
    }
  }
  return wanted.size();
}

Result<std::vector<Listed>> query_bodies(PullContext& context, std::vector<Listed> wanted,
                                         bool emit_unlisted) {
  std::vector<bool> came(wanted.size(), false);
  const auto on_row = [&](DavRow&& row) -> Result<void> {
    if (row.hrefs.empty() || row.status != 0) return {};
    const auto key = href_key(context.collection, row.hrefs.front());
    if (!key || key->ends_with('/')) return {};
    const auto found =
        std::lower_bound(wanted.begin(), wanted.end(), *key,
                         [](const Listed& one, const std::string& k) { return one.key < k; });
    const bool listed = found != wanted.end() && found->key == *key;
    if (!listed && !emit_unlisted) return {};
    auto item = body_item(*key, row.properties, context.dav.settings().max_resource_bytes);
    if (!item) return {};
    // A later version than was listed is announced and then compared with that.
    const bool later =
        listed && !found->etag.empty() && !item->etag.empty() && found->etag != item->etag;
    if (later) return {};
    if (listed) came[static_cast<std::size_t>(found - wanted.begin())] = true;
    return context.out.add(std::move(*item));
  };
  const DavRequest request{"REPORT", "1", calendar_query_report(QueryScope::events),
                           "reading all events of"};
  auto answer = context.dav.send(request, context.collection, on_row);
  // Whatever stopped it short of the sink: the rest is fetched by name.
  if (!answer && (context.out.refused() || answer.error().code == Errc::unauthorized)) {
    return fail(std::move(answer).error());
  }
  std::vector<Listed> rest;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!came[i]) rest.push_back(std::move(wanted[i]));
  }
  return rest;
}

}  // namespace tidemark::caldav
