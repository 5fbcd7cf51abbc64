// Calendar syncing as one part: registers its machines and executors with an engine, tells the
// machines which accounts are configured, and takes sync requests.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/secret.h"
#include "engine/engine.h"
#include "providers/calendar_provider.h"

namespace tidemark {

class Metrics;

struct SyncSchedule {
  std::chrono::milliseconds poll{60'000};
  std::chrono::milliseconds reconcile{std::chrono::hours(24)};  // full comparison (calendar rule 9)
  std::chrono::milliseconds discover{std::chrono::minutes(15)};
  std::chrono::milliseconds confirm_after{30'000};  // before an emptied calendar is believed
};

struct AccountDefinition {
  AccountSettings settings;
  std::vector<std::string> calendars{"*"};  // globs over names and ids
  SyncSchedule schedule;
};

enum class SyncRequestMode { incremental, full, reconcile };
// full: forget the cursor and fetch every body again; reconcile: list everything, compare, fetch
// what differs. Neither deletes or repeats an event that is still true.

// Where servers can tell us that a calendar has changed.
struct PushOptions {
  std::string address;  // empty: nothing is watched, and polling does all
  Secret key;           // load_or_make_push_key(); empty: no new channel can be made
};

// A notification as it came: the values of its headers.
struct PushNotice {
  std::string channel;
  std::string token;
  std::string resource;
  std::string state;  // "sync", "exists", "not_exists"
};

enum class PushOutcome {
  accepted,         // its calendar will be synced; durable
  sync,             // the first of a channel: nothing is to be done
  malformed,        // no channel, or a state that is none
  unknown_channel,  // not ours, or not watched any more
  wrong_token,
  wrong_resource,
};
std::string_view to_text(PushOutcome outcome);

// How the parts are put together; the defaults are what a process wants.
struct SyncOptions {
  // Threads that pull and discover. 0: effects run inside Engine::run_one_batch(), one at a time,
  // so that a test or simulation has one thread and one order of things.
  std::size_t workers = 8;
  // Makes an account's provider; empty: by name from calendar_providers().
  std::function<std::unique_ptr<CalendarProvider>(const AccountSettings&, HttpClient&)>
      make_provider{};
  PushOptions push{};
};

// A command that changes one event of a mirrored calendar.
struct WriteRequest {
  enum class Kind { create, update, remove };
  Kind kind = Kind::create;
  std::string tenant;
  std::string account;
  std::string calendar;           // public id
  std::string event{};            // update, remove: external_event_id
  Json members = Json::object();  // create, update: canonical members (sync/event_changes.h)
  std::string if_match{};         // update, remove: the event's etag, else its source_hash
  std::string idempotency_key{};  // a second request of the same key is the first
};
struct AcceptedWrite {
  std::string id;  // "wrt_..."
  bool duplicate = false;
  std::string correlation_id;
};

class SyncService {
 public:
  SyncService(Engine& engine, Store& store, HttpClient& http, Metrics& metrics,
              std::vector<AccountDefinition> accounts, SyncOptions options = {});
  ~SyncService();  // after Engine::stop()

  // Before Engine::recover(): registers machines and executors.
  void register_with_engine();

  // Takes another account, or another definition of one. Before apply_configuration() that is all;
  // after it, its machine is told.
  Result<void> put_account(AccountDefinition account);
  // It stops syncing; its mirror is kept. One that is not there is fine.
  Result<void> remove_account(std::string_view tenant, std::string_view id);

  // After recover(): tells each account's machine its definition (never a secret). An account that
  // is no longer configured stops syncing; its mirror is kept. `scheduled`: keep polling (serve);
  // otherwise nothing happens until request_sync().
  Result<void> apply_configuration(bool scheduled);

  // Durable when it returns: discovery for the account and a pass over each selected calendar.
  // target: "account" or "account/calendar" (id, name or glob); empty: everything.
  // Errc::not_found names what there is.
  Result<Receipt> request_sync(std::string_view tenant, std::string_view target,
                               SyncRequestMode mode);

  // Durable when it returns; writes.h tells what becomes of it. Errors: invalid_argument names the
  // member; forbidden: account or calendar are read-only; not_found: no such calendar or event;
  // conflict: if_match is not the version that is mirrored; overloaded.
  Result<AcceptedWrite> request_write(const WriteRequest& request);

  // Verifies the notification against what is stored of its channel and, when it tells of a change,
  // has the calendar synced soon. Asks no server, so it is quick. Errors: the engine's.
  Result<PushOutcome> take_push(const PushNotice& notice);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidemark
