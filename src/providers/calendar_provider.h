// What a calendar provider is to Tidemark: a thin client that lists calendars and pulls changes.
//
// A provider keeps nothing between calls: what it needs to go on is in the cursor it returned,
// which is stored, opaque, together with the rows it speaks of. It reads what is already mirrored
// through KnownResources. One provider object serves one account; pull() may run for several
// calendars at the same time, on different threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "domain/calendar_event.h"
#include "net/http.h"

namespace tidemark {

// A Google service account's key file: for servers without a person.
struct ServiceAccount {
  std::string email;  // client_email
  std::string key_id;
  Secret private_key;   // PEM
  std::string subject;  // the user it acts for, by domain-wide delegation; empty: itself
};

struct Authorization;   // providers/authorization.h
class RefreshTokens;    // providers/refresh_tokens.h
class CalendarWriter;   // providers/calendar_writer.h
class CalendarWatcher;  // providers/calendar_watcher.h

// How an account of a provider that speaks OAuth 2.0 gets its access tokens.
struct OAuthSettings {
  std::string client_id;
  Secret client_secret;  // empty: a public client
  Secret refresh_token;
  std::optional<ServiceAccount> service_account;  // instead of the three above
  std::string scope;
  // Where the refresh token is kept instead, and one that replaces it; null: nowhere.
  std::shared_ptr<RefreshTokens> refresh_tokens{};
  std::string consent{};  // which one it is: another means that somebody has authorized us anew
};

struct AccountSettings {
  std::string tenant;
  std::string id;
  std::string provider;
  std::string url;   // caldav, ics: any URL of the server, or the file's; google: of another API
  std::string path;  // ics: a file or folder instead of a URL
  std::optional<Credentials> credentials;
  std::optional<OAuthSettings> oauth;
  bool write = false;                      // events may be changed through us
  std::vector<std::string> allowed_hosts;  // credentials may also go to these
  TlsSettings tls;
  std::chrono::milliseconds timeout{300'000};
  std::uint64_t max_body_bytes = 256ULL << 20;     // of one answer, streamed
  std::uint64_t max_resource_bytes = 10ULL << 20;  // of one calendar object
};

struct RemoteCalendar {
  std::string id;    // stable address: for CalDAV the normalised absolute URL of the collection
  std::string name;  // display name, else the last path segment
  std::string color{};
  std::string description{};
  bool read_only = false;

  bool operator==(const RemoteCalendar&) const = default;
};

struct Discovery {
  std::vector<RemoteCalendar> calendars;  // those that hold events
  std::string hint;  // opaque: hand it to the next discover() to skip steps; may go stale
};

enum class PullMode {
  incremental,  // what changed since the cursor
  initial,      // everything; the mirror is empty but for what an interrupted pass has stored
  reconcile,    // everything; the mirror holds an older state
};

// What the mirror holds of one resource.
struct KnownResource {
  std::string href;
  std::string etag;           // empty: none or weak
  bool in_this_pass = false;  // already seen in the pass that this pull belongs to
  bool deleted = false;       // in this pass; it goes when the pass ends
};

// What was taken by itself since the cursor of an incremental pass, mirrored or deleted. If the
// server's answer names it, it says how it is; if not, it is to be asked for: a cursor that names
// content knows of no change when a resource was put back as it had been.
struct AheadResource {
  std::string href;
  std::string etag;  // of what the cursor speaks of; empty: none, weak, or there was no such thing
};

// The mirror as the provider may see it. Valid for one pull() call.
class KnownResources {
 public:
  virtual ~KnownResources() = default;
  virtual Result<std::optional<KnownResource>> find(std::string_view href) const = 0;
  // The bytes as they were last taken (RemoteItem::bytes), in whichever pass: also of what find()
  // hides because everything is to be fetched anew. For resources that come in pieces.
  virtual Result<std::optional<std::string>> body(std::string_view href) const = 0;
  // Ascending by href; false stops.
  virtual Result<void> for_each(const std::function<bool(const KnownResource&)>& visitor) const = 0;
  // Hrefs announced as `pending` whose bodies have not arrived; at most limit, ascending.
  virtual Result<std::vector<KnownResource>> pending(std::size_t limit) const = 0;
  // At most limit, ascending by href.
  virtual Result<std::vector<AheadResource>> ahead(std::size_t limit) const = 0;
  // An earlier attempt at this pull has handed over some items, and its cursor was never stored:
  // what it said may have been taken back since, which a cursor that names content does not tell.
  virtual bool interrupted() const = 0;
  virtual std::size_t count() const = 0;               // resources mirrored
  virtual std::size_t count_in_this_pass() const = 0;  // of those, seen in this pass
};

struct RemoteItem {
  enum class Kind {
    body,       // the resource's current bytes
    deleted,    // gone from the server (deferred by the machine to the end of the pass)
    unchanged,  // still there, as mirrored: only marks it as seen
    pending,    // changed or new; its body comes in a later page of this pass
    failed,     // its body cannot be had: quarantined with `reason`
  };
  Kind kind = Kind::body;
  std::string href;     // normalised, decoded path; unique in its calendar
  std::string etag{};   // strong ETag, else empty
  std::string bytes{};  // body: raw iCalendar, as sent; or of a form that only the provider reads
  // body: the events in bytes, where the provider reads them itself; else bytes are iCalendar.
  // Their source_hash is set, and all have one ical_uid.
  std::optional<std::vector<CalendarEvent>> events{};
  // body: a whole calendar file; it is split by UID into "<href>#<uid>", and so are its
  // KnownResources. `deleted` and `unchanged` name those parts. "<href>" itself never holds a '#'.
  bool many_uids = false;
  std::string reason{};  // failed
};

// Takes items as they arrive. The items of one pull() may come in any number of calls; the order of
// items is the order of the answer. An error means: stop pulling and return it.
using ItemSink = std::function<Result<void>(std::vector<RemoteItem>&& items)>;

struct PullRequest {
  std::string calendar_id;
  PullMode mode = PullMode::initial;
  std::string cursor{};  // as the last pull of this pass returned it; empty at the start of a pass
};

struct PullResult {
  // Goes into the next pull. When `last`, it is the cursor for the next incremental pass.
  std::string cursor;
  bool last = true;  // false: more pages of this pass follow; the machine commits and asks again
  // The pass listed every resource of the calendar (as body, unchanged, pending or failed): what
  // was not listed is gone. An incremental pull of a provider without incremental sync may say so,
  // too.
  bool complete_listing = false;
  // The answer looked like a full listing although changes were asked for (calendar rule 9): a
  // reconcile should follow soon.
  bool suspicious = false;
};

// Errors that the sync machines tell apart: unauthorized (credentials), forbidden (this calendar is
// suspended), not_found (this calendar is gone, to be confirmed by discovery), stale_cursor (begin
// a reconcile), retryable ones (back off), the rest (back off longer, show).
class CalendarProvider {
 public:
  virtual ~CalendarProvider() = default;
  virtual Result<Discovery> discover(const std::string& hint) = 0;
  virtual Result<PullResult> pull(const PullRequest& request, const KnownResources& known,
                                  const ItemSink& sink) = 0;
  // Thread-safe, for the provider's lifetime; null: it cannot.
  virtual CalendarWriter* writer() { return nullptr; }
  virtual CalendarWatcher* watcher() { return nullptr; }
};

// One row per provider; the registry is the only list of them.
struct ProviderInfo {
  std::string_view name;  // "caldav"
  std::string_view summary;
  bool needs_url = true;
  bool takes_path = false;
  std::unique_ptr<CalendarProvider> (*make)(const AccountSettings&, HttpClient&);
  // Not empty: the account has OAuthSettings instead of a password, with one of these scopes.
  std::string_view read_scope{};
  std::string_view write_scope{};                // for AccountSettings::write
  const Authorization* authorization = nullptr;  // how a person gives them
  bool writes = false;                           // has a writer
};
const std::vector<ProviderInfo>& calendar_providers();
const ProviderInfo* find_calendar_provider(std::string_view name);

}  // namespace tidemark
