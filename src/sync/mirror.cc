// Statuses: which accounts and calendars there are, and how they are.
#include "sync/mirror.h"

#include <algorithm>
#include <map>
#include <variant>

#include "base/text.h"
#include "engine/journal.h"
#include "sync/account_state.h"
#include "sync/calendar_state.h"
#include "sync/rows.h"
#include "sync/watch_machine.h"

namespace tidemark {
namespace {

using sync::CalendarState;
using sync::InstanceParts;

Json time_or_null(const std::optional<WallTime>& time) {
  return time ? Json(format_rfc3339(*time)) : Json(nullptr);
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

std::string state_name(const CalendarState& state) {
  struct Name {
    const CalendarState& state;
    std::string operator()(const sync::Pulling&) const { return "syncing"; }
    std::string operator()(const sync::Finishing&) const { return "syncing"; }
    std::string operator()(const sync::Removing&) const { return "removing"; }
    std::string operator()(const sync::Confirming&) const { return "confirming"; }
    std::string operator()(const sync::Idle&) const { return at_rest(); }
    std::string operator()(const sync::Waiting&) const { return at_rest(); }
    std::string operator()(const sync::Writing& phase) const {
      if (phase.removal) return "removing";
      return phase.pass && !phase.resting ? "syncing" : at_rest();
    }
    std::string at_rest() const {
      switch (state.health) {
        case sync::Health::fresh: return "new";
        case sync::Health::ok: return "ok";
        case sync::Health::retrying: return "retrying";
        case sync::Health::failing: return "failing";
        case sync::Health::suspended: return "suspended";
      }
      return "failing";
    }
  };
  const bool removing = std::holds_alternative<sync::Removing>(state.phase);
  if (state.pause != sync::Pause::none && !removing) return "suspended";
  return std::visit(Name{state}, state.phase);
}

CalendarStatus status_of(const InstanceParts& parts, const CalendarState& state) {
  CalendarStatus status;
  status.id = parts.calendar;
  status.tenant = parts.tenant;
  status.account = parts.account;
  status.provider = state.identity.provider;
  status.remote_id = state.identity.remote_id;
  status.name = state.identity.name;
  status.color = state.identity.color;
  status.read_only = state.identity.read_only;
  status.write = state.identity.write;
  status.writes_waiting = state.writes.waiting;
  status.state = state_name(state);
  status.mode = state.generation == 0 ? "" : std::string(to_text(state.last_mode));
  status.cursor = state.cursor;
  status.generation = state.generation;
  status.resources = state.counts.resources;
  status.events = state.counts.events;
  status.quarantined = state.counts.quarantined;
  status.pending = state.counts.pending;
  status.last_sync = state.last_sync;
  status.next_sync = state.next_sync;
  status.last_reconcile = state.last_reconcile;
  status.failures = state.failures;
  status.error_code = state.error_code;
  status.error = state.error;
  if (state.pause == sync::Pause::deselected) {
    status.error_code = "deselected";
    status.error = "not selected by the configuration any more; its mirror is kept";
  } else if (state.pause == sync::Pause::credentials && status.error.empty()) {
    status.error_code = name(Errc::unauthorized);
    status.error = "waits for the account's credentials; its mirror is kept";
  }
  return status;
}

AccountStatus status_of(const InstanceParts& parts, const sync::AccountState& state) {
  AccountStatus status;
  status.tenant = parts.tenant;
  status.id = parts.account;
  status.provider = state.setup.provider;
  status.state = to_text(state.health);
  status.last_discovery = state.last_discovery;
  status.next_discovery = state.next_discovery;
  status.error_code = state.error_code;
  if (state.health == sync::AccountHealth::needs_credentials) status.mend = state.setup.mend;
  status.error = state.error;
  if (!status.error.empty() && !status.mend.empty()) status.error += "; " + status.mend;
  status.calendars = state.calendars;
  status.discovering = std::holds_alternative<sync::Discovering>(state.phase);
  if (!state.configured) {
    status.error_code = "not_configured";
    status.error = "not in the configuration any more; its mirrors are kept";
  }
  return status;
}

// What the machine of its notification channels knows; for most calendars there is none.
Result<void> add_watch(const StoreView& view, CalendarStatus& status) {
  const auto watch = sync::watch_instance(status.tenant, status.account, status.id);
  const auto bytes = read_state(view, watch);
  if (!bytes && bytes.error().code == Errc::not_found) return {};  // not known any more
  if (!bytes) return fail(bytes.error());
  if (!*bytes) return {};
  TM_ASSIGN(const auto state, sync::decode_watch_state(**bytes));
  if (const auto* serving = state.serving()) status.watched_until = serving->expires;
  if (!state.address.empty()) status.watch_error = state.error;
  return {};
}

std::string prefix_of(std::string_view kind, std::string_view tenant) {
  std::string prefix = std::string(kind) + "/";
  if (!tenant.empty()) prefix.append(tenant).append("/");
  return prefix;
}

// Visits each instance of the kind that has a state, ascending by id. A view as of a time may not
// know what one was: it is passed over, and why the last of them was is the answer.
Result<std::string> for_each_state(
    const StoreView& view, std::string_view kind, std::string_view tenant,
    const std::function<Result<void>(const InstanceParts&, std::string_view)>& visitor) {
  std::string passed_over;
  TM_ASSIGN(const auto instances, list_instances(view, prefix_of(kind, tenant)));
  for (const auto& instance : instances) {
    const auto parts = sync::parse_instance(instance);
    if (!parts) continue;
    const auto bytes = read_state(view, instance);
    if (!bytes && bytes.error().code == Errc::not_found) {
      passed_over = bytes.error().message;
      continue;
    }
    if (!bytes) return fail(bytes.error());
    if (*bytes) TM_TRY(visitor(*parts, **bytes));
  }
  return passed_over;
}

// The answer is as for_each_state() gives it.
Result<std::string> read_calendars(const StoreView& view, std::string_view tenant,
                                   std::vector<CalendarStatus>& calendars) {
  return for_each_state(view, sync::kCalendarKind, tenant,
                        [&](const InstanceParts& parts, std::string_view bytes) -> Result<void> {
                          TM_ASSIGN(const auto state, sync::decode_calendar_state(bytes));
                          calendars.push_back(status_of(parts, state));
                          return add_watch(view, calendars.back());
                        });
}

std::string listed(const std::vector<CalendarStatus>& calendars) {
  std::string text;
  for (std::size_t i = 0; i < calendars.size() && i < 30; ++i) {
    text += (text.empty() ? "" : ", ") + calendars[i].account + "/" + calendars[i].name;
  }
  return text.empty() ? "none" : text;
}

}  // namespace

Json to_json(const AccountStatus& status) {
  return Json{{"tenant", status.tenant},
              {"id", status.id},
              {"provider", status.provider},
              {"state", status.state},
              {"last_discovery", time_or_null(status.last_discovery)},
              {"next_discovery", time_or_null(status.next_discovery)},
              {"error_code", text_or_null(status.error_code)},
              {"error", text_or_null(status.error)},
              {"mend", text_or_null(status.mend)},
              {"calendars", status.calendars}};
}

Json to_json(const CalendarStatus& status) {
  return Json{{"id", status.id},
              {"tenant", status.tenant},
              {"account", status.account},
              {"provider", status.provider},
              {"remote_id", status.remote_id},
              {"name", status.name},
              {"color", text_or_null(status.color)},
              {"read_only", status.read_only},
              {"write", status.write},
              {"writes_waiting", status.writes_waiting},
              {"state", status.state},
              {"mode", text_or_null(status.mode)},
              {"cursor", text_or_null(to_valid_utf8(status.cursor))},
              {"generation", status.generation},
              {"resources", status.resources},
              {"events", status.events},
              {"quarantined", status.quarantined},
              {"pending", status.pending},
              {"last_sync", time_or_null(status.last_sync)},
              {"next_sync", time_or_null(status.next_sync)},
              {"last_reconcile", time_or_null(status.last_reconcile)},
              {"watched_until", time_or_null(status.watched_until)},
              {"watch_error", text_or_null(status.watch_error)},
              {"failures", status.failures},
              {"error_code", text_or_null(status.error_code)},
              {"error", text_or_null(status.error)}};
}

Result<std::vector<AccountStatus>> list_accounts(const StoreView& view, std::string_view tenant) {
  std::vector<AccountStatus> accounts;
  TM_TRY(for_each_state(view, sync::kAccountKind, tenant,
                        [&](const InstanceParts& parts, std::string_view bytes) -> Result<void> {
                          TM_ASSIGN(const auto state, sync::decode_account_state(bytes));
                          accounts.push_back(status_of(parts, state));
                          return {};
                        }));
  return accounts;
}

Result<std::vector<CalendarStatus>> list_calendars(const StoreView& view, std::string_view tenant) {
  std::vector<CalendarStatus> calendars;
  TM_TRY(read_calendars(view, tenant, calendars));
  return calendars;
}

Result<CalendarStatus> find_calendar(const StoreView& view, std::string_view tenant,
                                     std::string_view id_or_name) {
  std::vector<CalendarStatus> calendars;
  TM_ASSIGN(const auto passed_over, read_calendars(view, tenant, calendars));
  std::vector<CalendarStatus*> named;
  for (auto& calendar : calendars) {
    if (calendar.id == id_or_name) return std::move(calendar);
    if (calendar.name == id_or_name || calendar.account + "/" + calendar.name == id_or_name ||
        calendar.account + "/" + calendar.id == id_or_name) {
      named.push_back(&calendar);
    }
  }
  if (named.size() == 1) return std::move(*named.front());
  if (named.empty()) {
    return fail(Errc::not_found,
                "no calendar \"" + std::string(id_or_name) + "\"; there are: " + listed(calendars) +
                    (passed_over.empty() ? "" : "; of some it is not known: " + passed_over));
  }
  std::string ids;
  for (const auto* calendar : named) ids += (ids.empty() ? "" : ", ") + calendar->id;
  return fail(Errc::conflict, "several calendars are called \"" + std::string(id_or_name) +
                                  "\"; say which by its id: " + ids);
}

}  // namespace tidemark
