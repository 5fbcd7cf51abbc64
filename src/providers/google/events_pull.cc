#include "providers/google/events_pull.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/mutation.h"
#include "base/text.h"
#include "net/url.h"
#include "providers/google/json_members.h"
#include "providers/google/page_reader.h"
#include "providers/google/series.h"
#include "providers/item_emitter.h"

namespace tidemark::google {
namespace {

using Kind = RemoteItem::Kind;

// Everything that is asked for but the tokens, so that an incremental query is what the full one
// was. It is also the fingerprint: another set of parameters needs a full sync.
const Fields kQuery{{"maxResults", "2500"}, {"singleEvents", "false"}, {"prettyPrint", "false"}};

// The etag of a series of which a full listing has not named every part yet.
constexpr std::string_view kUnconfirmed = "unconfirmed";

// What a cursor remembers of deletions; beyond it an instance may be kept until the next full
// listing, without an event.
constexpr std::size_t kMaxGone = 1000;

struct Cursor {
  std::string sync;          // where the pass began; at rest, where the next one begins
  std::string page;          // the next page; empty: the first
  bool full = false;         // a listing of everything
  bool unconfirmed = false;  // some series have parts that were not named yet
  bool settling = false;     // all pages are in; only those are left
  // Series, and events, that earlier pages have told as deleted: the mirror may have lost them
  // meanwhile, or never had them.
  std::set<std::string> gone{};

  std::string to_string() const {
    Json value{{"query", encode_fields(kQuery)}, {"sync", sync}};
    if (!page.empty()) value["page"] = page;
    if (full) value["full"] = true;
    if (unconfirmed) value["unconfirmed"] = true;
    if (settling) value["settling"] = true;
    if (!gone.empty()) value["gone"] = gone;
    return dump_json(value);
  }
};

class EventsPull {
 public:
  EventsPull(const ApiClient& api, const PullRequest& request, const KnownResources& known,
             const ItemSink& sink)
      : api_(api), request_(request), known_(known), out_(sink) {}

  Result<PullResult> run() {
    TM_TRY(read_cursor());
    if (cursor_.settling) return settle();
    TM_ASSIGN(const Json page, read_page());
    TM_TRY(send_series());
    TM_TRY(send_deletions());
    return turn_page(page);
  }

 private:
  Result<void> read_cursor();
  Result<Json> read_page();
  Result<void> take(std::string_view bytes);
  Result<void> take_single(const Json& item, const ItemKey& key, std::string_view bytes);
  Result<void> send_series();
  Result<void> send_one_series(const std::string& id, std::vector<SeriesPart> parts);
  Result<void> send(const std::string& id, const Series& series);
  Result<void> send_deletions();
  Result<PullResult> turn_page(const Json& page);
  Result<PullResult> settle();

  tl::unexpected<Error> broken(const std::string& why) const {
    return fail(Errc::protocol_error, "account " + api_.settings().id + ": calendar " +
                                          request_.calendar_id + ": " + why);
  }

  const ApiClient& api_;
  const PullRequest& request_;
  const KnownResources& known_;
  ItemEmitter out_;
  Cursor cursor_;
  // By series: what the page says of it comes together before it is compared with the mirror.
  std::map<std::string, std::vector<SeriesPart>> series_;
  std::set<std::string> deleted_;
  std::set<std::string> single_;  // events of the page that do not recur
};

Result<void> EventsPull::read_cursor() {
  if (request_.cursor.empty()) {
    cursor_.full = true;
    return {};
  }
  const auto value = parse_json(request_.cursor);
  if (!value || !value->is_object() || text(*value, "query") != encode_fields(kQuery)) {
    return fail(Errc::stale_cursor,
                "account " + api_.settings().id + ": the cursor of calendar " +
                    request_.calendar_id +
                    " is of another query; everything is listed and compared again");
  }
  cursor_ = {text(*value, "sync"), text(*value, "page"), flag(*value, "full"),
             flag(*value, "unconfirmed"), flag(*value, "settling")};
  const auto gone = value->find("gone");
  if (gone == value->end() || !gone->is_array()) return {};
  for (const Json& id : *gone) {
    if (id.is_string()) cursor_.gone.insert(id.get<std::string>());
  }
  return {};
}

Result<Json> EventsPull::read_page() {
  ApiRequest request;
  request.path = "/calendars/" + percent_encode_segment(request_.calendar_id) + "/events";
  request.query = kQuery;
  request.doing = "reading calendar " + request_.calendar_id;
  if (!cursor_.full) request.query.emplace_back("syncToken", cursor_.sync);
  if (!cursor_.page.empty()) request.query.emplace_back("pageToken", cursor_.page);
  request.with_token = !cursor_.full || !cursor_.page.empty();
  PageReader reader([this](std::string_view bytes) { return take(bytes); },
                    api_.settings().max_resource_bytes);
  TM_TRY(api_.get(request, [&](std::string_view piece) { return reader.feed(piece); }));
  return reader.finish();
}

Result<void> EventsPull::take(std::string_view bytes) {
  auto item = parse_json(bytes);
  if (!item) return broken("an event is no JSON: " + item.error().message);
  auto key = read_key(*item);
  if (!key) {
    const std::string id = text(*item, "id");
    if (id.empty()) return broken(key.error().message);
    return out_.add({.kind = Kind::failed,
                     .href = id,
                     .bytes = bytes_of(bytes),
                     .reason = key.error().message});
  }
  const bool single = key->master.empty() && !key->recurs;
  if (single && key->cancelled) {
    // Rule 8: only the id can be relied on.
    deleted_.insert(key->id);
    return {};
  }
  if (single) return take_single(*item, *key, bytes);
  const std::string series = key->series();
  if (key->cancelled && key->master.empty()) {
    deleted_.insert(series);
    return {};
  }
  series_[series].push_back({std::move(*key), std::string(bytes), std::move(*item)});
  return {};
}

Result<void> EventsPull::take_single(const Json& item, const ItemKey& key, std::string_view bytes) {
  single_.insert(key.id);
  if (cursor_.full) {
    TM_ASSIGN(const auto known, known_.find(key.id));
    const std::string etag = text(item, "etag");
    if (known && !known->deleted && !etag.empty() && known->etag == etag) {
      return out_.add({.kind = Kind::unchanged, .href = key.id, .etag = etag});
    }
  }
  auto event = read_event(item, key);
  if (!event) {
    return out_.add({.kind = Kind::failed,
                     .href = key.id,
                     .etag = text(item, "etag"),
                     .bytes = bytes_of(bytes),
                     .reason = event.error().message});
  }
  event->source_hash = content_hash(*event);
  RemoteItem out{.kind = Kind::body, .href = key.id, .etag = event->etag, .bytes = bytes_of(bytes)};
  out.events.emplace().push_back(std::move(*event));
  return out_.add(std::move(out));
}

Result<void> EventsPull::send_series() {
  for (auto& [id, parts] : series_) TM_TRY(send_one_series(id, std::move(parts)));
  return {};
}

Result<void> EventsPull::send_one_series(const std::string& id, std::vector<SeriesPart> parts) {
  // One that recurs no more has no instances; what is said of them is that they are gone.
  if (single_.contains(id) && !mutated(Mutation::google_series_after_its_end)) return {};
  // Rule 10: the instances of a deleted master go with it, on whichever page they are named.
  TM_ASSIGN(const auto known, known_.find(id));
  const bool gone = deleted_.contains(id) || cursor_.gone.contains(id) || (known && known->deleted);
  bool back = false;
  for (const auto& part : parts) back |= part.key.master.empty();
  if (gone && !back) return {};
  if (mutated(Mutation::google_instance_before_master) && !known && !back) return {};
  deleted_.erase(id);
  cursor_.gone.erase(id);

  Series series;
  if (!gone && (known || !mutated(Mutation::google_full_pass_forgets))) {
    TM_ASSIGN(const auto body, known_.body(id));
    if (body && !body->empty()) {
      // A series that cannot be read is begun anew: what is missing comes with the next full
      // listing.
      if (auto stored = Series::parse(*body)) series = std::move(*stored);
    }
    if (cursor_.full && !(known && known->in_this_pass)) series.doubt_all();
  }
  for (auto& part : parts) series.put(std::move(part));
  return send(id, series);
}

Result<void> EventsPull::send(const std::string& id, const Series& series) {
  RemoteItem item{.kind = Kind::body, .href = id, .bytes = series.bytes()};
  if (series.has_unconfirmed()) {
    item.etag = kUnconfirmed;
    cursor_.unconfirmed = true;
  }
  auto events = series.events();
  if (events) {
    item.events = std::move(*events);
  } else {
    item.kind = Kind::failed;
    item.reason = events.error().message;
  }
  return out_.add(std::move(item));
}

Result<void> EventsPull::send_deletions() {
  for (const auto& id : deleted_) {
    if (cursor_.gone.size() < kMaxGone) cursor_.gone.insert(id);
    TM_TRY(out_.add({.kind = Kind::deleted, .href = id}));
  }
  return {};
}

Result<PullResult> EventsPull::turn_page(const Json& page) {
  TM_TRY(out_.flush());
  const std::string next = text(page, "nextPageToken");
  if (!next.empty()) {
    // Rule 2: only its absence ends a list; a page may be short or empty.
    if (next == cursor_.page) return broken("Google promises another page but names the same one");
    cursor_.page = next;
    return PullResult{cursor_.to_string(), false};
  }
  const std::string sync = text(page, "nextSyncToken");
  if (sync.empty()) return broken("the last page has no sync token");
  const bool full = cursor_.full;
  const bool unconfirmed = full && cursor_.unconfirmed;
  cursor_ = Cursor{.sync = sync};
  if (!unconfirmed) return PullResult{cursor_.to_string(), true, full};
  cursor_.full = true;
  cursor_.settling = true;
  return PullResult{cursor_.to_string(), false};
}

// Rule 6 within series: the parts that the whole listing has not named are gone.
Result<PullResult> EventsPull::settle() {
  std::vector<std::string> ids;
  TM_TRY(known_.for_each([&](const KnownResource& one) {
    if (one.etag == kUnconfirmed && one.in_this_pass) ids.push_back(one.href);
    return true;
  }));
  for (const auto& id : ids) {
    TM_ASSIGN(const auto body, known_.body(id));
    if (!body) continue;
    TM_ASSIGN(Series series, Series::parse(*body));
    if (!mutated(Mutation::google_unconfirmed_kept)) series.drop_unconfirmed();
    TM_TRY(send(id, series));
  }
  TM_TRY(out_.flush());
  return PullResult{Cursor{.sync = cursor_.sync}.to_string(), true, true};
}

}  // namespace

Result<PullResult> pull_events(const ApiClient& api, const PullRequest& request,
                               const KnownResources& known, const ItemSink& sink) {
  return EventsPull(api, request, known, sink).run();
}

}  // namespace tidemark::google
