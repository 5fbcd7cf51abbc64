#include "sync/account_machine.h"

#include <algorithm>
#include <concepts>
#include <map>
#include <set>
#include <utility>

#include "base/sha256.h"
#include "base/text.h"
#include "sync/backoff.h"
#include "sync/calendar_inputs.h"
#include "sync/row_editor.h"
#include "sync/watch_inputs.h"
#include "sync/watch_machine.h"

namespace tidemark::sync {
namespace {

using Rows = std::map<std::string, AccountCalendar, std::less<>>;  // by remote id

// How soon after the last attempt a restart may try refused credentials again.
constexpr std::chrono::minutes kCredentialsPatience{1};
constexpr std::size_t kMaxPatterns = 50;

struct AccountStep {
  AccountStep(const StepContext& step_context, AccountState before)
      : context(step_context), out{std::move(before)}, state(out.state), rows(context.rows) {}

  const StepContext& context;
  Transition<AccountState> out;
  AccountState& state;
  RowEditor rows;
  Rows calendars;
  bool watch_anew = false;  // what stood in the way of a watch may be gone

  Transition<AccountState> take() {
    out.rows = rows.take();
    return std::move(out);
  }

  Result<void> load() {
    const std::string prefix(1, kCalendarRow);
    std::optional<Error> error;
    context.rows.scan(prefix, prefix, [&](std::string_view key, std::string_view value) {
      auto row = decode_account_calendar(value);
      if (!row) {
        error = row.error();
        return false;
      }
      calendars.emplace(key.substr(1), std::move(*row));
      return true;
    });
    if (error) return fail(*error);
    return {};
  }

  // The calendars as they now are become rows where they differ from what was loaded.
  void store() {
    state.calendars = 0;
    for (const auto& [remote_id, row] : calendars) {
      if (row.selected) ++state.calendars;
      const std::string key = href_key(kCalendarRow, remote_id);
      std::string value = encode(row);
      if (rows.get(key) != value) rows.put(key, std::move(value));
    }
  }

  InstanceId instance_of(const AccountCalendar& row) const {
    return calendar_instance(context.tenant, account(), row.id);
  }

  std::string account() const {
    const auto parts = parse_instance(context.instance);
    return parts ? parts->account : std::string();
  }

  void send(const AccountCalendar& row, std::string_view type, std::string payload = {}) {
    out.messages.push_back({instance_of(row), std::string(type), std::move(payload)});
  }

  bool may_run_by_itself() const { return state.configured && state.setup.schedule.scheduled; }

  void cancel_timer() {
    std::erase_if(out.timers, [](const TimerChange&) { return true; });
    if (!state.next_discovery) return;
    state.next_discovery.reset();
    out.timers.push_back({std::string(kDiscoverTimer), std::nullopt, false});
  }

  void wake_after(std::chrono::milliseconds delay) {
    cancel_timer();
    if (!may_run_by_itself()) return;
    state.next_discovery = context.now + delay;
    out.timers.push_back({std::string(kDiscoverTimer), state.next_discovery, true});
  }

  void discover(bool look_closely) {
    state.look_closely |= look_closely;
    if (std::holds_alternative<Discovering>(state.phase)) {
      // The one that runs may have looked before the question came up.
      state.discover_again |= look_closely;
      return;
    }
    cancel_timer();
    const DiscoverOrder order{account(), state.look_closely ? std::string() : state.hint};
    state.look_closely = false;
    state.last_attempt = context.now;
    state.phase = Discovering{context.sequence};
    out.effects.push_back({std::string(kDiscoverExecutor),
                           std::string(context.tenant) + "/" + account(), encode(order)});
  }

  // Tells a calendar's machine what changed for it; nothing when it knows all.
  void tell(std::string_view remote_id, AccountCalendar& row, std::optional<PassMode> sync) {
    row.selected =
        state.configured && is_selected(state.setup.calendars, row.name, remote_id, row.id);
    watch(remote_id, row);
    if (!row.selected) return pause(row, Pause::deselected);
    if (state.health == AccountHealth::needs_credentials) return;
    CalendarConfigured message{{state.setup.provider, account(), row.id, std::string(remote_id),
                                row.name, row.color, row.read_only, state.setup.write},
                               state.setup.schedule,
                               std::nullopt};
    std::string digest = to_hex(sha256(encode(message))).substr(0, 32);
    message.sync = sync;
    if (digest == row.told && !sync) return;
    row.told = std::move(digest);
    row.started = true;
    send(row, input_type::kConfigured, encode(message));
  }

  // Tells a calendar's watch whether there is to be one. Nothing new begins while nothing runs by
  // itself or the credentials are refused; what there is goes on.
  void watch(std::string_view remote_id, AccountCalendar& row) {
    const std::string address = row.selected ? state.setup.push : std::string();
    if (address.empty()) return unwatch(row);
    const bool may = may_run_by_itself() && state.health != AccountHealth::needs_credentials;
    if (!may || (row.watched == address && !watch_anew)) return;
    row.watched = address;
    out.messages.push_back(
        {watch_instance(context.tenant, account(), row.id), std::string(input_type::kWatchWanted),
         encode(WatchWanted{account(), row.id, std::string(remote_id), address})});
  }

  void unwatch(AccountCalendar& row) {
    if (row.watched.empty()) return;
    row.watched.clear();
    out.messages.push_back({watch_instance(context.tenant, account(), row.id),
                            std::string(input_type::kWatchUnwanted),
                            {}});
  }

  void pause(AccountCalendar& row, Pause reason) {
    const std::string_view told = reason == Pause::credentials ? "credentials" : "deselected";
    if (!row.started || row.told == told) return;
    row.told = told;
    send(row, input_type::kPaused, encode(CalendarPaused{reason}));
  }

  void tell_all() {
    for (auto& [remote_id, row] : calendars) tell(remote_id, row, std::nullopt);
  }

  void need_credentials(const Error& error) {
    set_error(error);
    if (state.health == AccountHealth::needs_credentials) return;
    state.health = AccountHealth::needs_credentials;
    note(kNeedsAuthorization,
         {{"error_code", state.error_code}, {"error", state.error}, {"mend", state.setup.mend}});
    for (auto& [remote_id, row] : calendars) {
      // Whatever it is paused for, it is to be told everything once the credentials work.
      if (row.selected) pause(row, Pause::credentials);
    }
  }

  // One event of the account itself.
  void note(std::string_view type, Json payload = Json::object()) {
    const std::string source = state.setup.provider + ":" + account();
    payload["account"] = {{"provider", state.setup.provider}, {"id", account()}};
    out.events.push_back({std::string(type), 1, source,
                          std::string(type) + ":" + source + ":" + std::to_string(context.sequence),
                          JsonText(payload)});
  }

  void wait_for_credentials() {
    ++state.refusals;
    if (!state.setup.schedule.scheduled) state.wish.reset();
    wake_after(backoff_delay(kCredentialsBackoff, state.refusals, std::nullopt, context.sequence));
  }

  void set_error(const Error& error) {
    state.error_code = name(error.code);
    state.error = error.message;
  }
};

template <class P>
concept AnyPhase = std::same_as<P, AccountIdle> || std::same_as<P, Discovering>;

// One overload per pair of phase and input; a pair that nobody has thought of does not compile.
struct Handler {
  AccountStep& step;
  AccountState& state;

  template <AnyPhase P>
  void operator()(P phase, const AccountConfigured& input) {
    state.phase = phase;
    const bool is_news = !state.configured || state.setup.fingerprint != input.setup.fingerprint;
    state.configured = true;
    state.setup = input.setup;
    if (is_news) {
      // Refused credentials stay refused until a discovery has shown that they work now.
      state.hint.clear();
      state.refusals = 0;
    }
    step.watch_anew = is_news;
    step.tell_all();
    if (!state.setup.schedule.scheduled) {
      step.cancel_timer();
    } else if (is_news || is_overdue()) {
      step.discover(false);
    } else if (!state.next_discovery && std::holds_alternative<AccountIdle>(state.phase)) {
      const WallTime last = state.last_discovery.value_or(step.context.now);
      step.wake_after(std::max(last + state.setup.discover - step.context.now, milliseconds{0}));
    }
  }

  template <AnyPhase P>
  void operator()(P phase, const AccountUnconfigured&) {
    state.phase = phase;
    state.configured = false;
    state.wish.reset();
    step.cancel_timer();
    step.tell_all();
  }

  template <AnyPhase P>
  void operator()(P phase, const AccountSync& input) {
    state.phase = phase;
    if (!state.configured) return;
    if (!state.wish) {
      state.wish = input.wish;
    } else {
      state.wish->mode = std::max(state.wish->mode, input.wish.mode);
      for (const auto& pattern : input.wish.patterns) state.wish->patterns.push_back(pattern);
    }
    if (state.wish->patterns.size() > kMaxPatterns) state.wish->patterns = {"*"};
    step.discover(false);
  }

  template <AnyPhase P>
  void operator()(P phase, const CalendarCheck& input) {
    state.phase = phase;
    auto found = step.calendars.find(input.remote_id);
    if (found == step.calendars.end()) {
      AccountCalendar row;
      row.id = public_calendar_id(step.context.tenant, step.account(), input.remote_id);
      if (!input.alive) {
        step.send(row, input_type::kRemoved);
        return;
      }
      // The sign that was too old is forgotten, not the one before it.
      row.started = true;
      row.strikes = 1;
      found = step.calendars.emplace(input.remote_id, std::move(row)).first;
      if (!state.configured) step.tell(input.remote_id, found->second, std::nullopt);
    }
    if (input.missing) {
      found->second.strikes = std::max<std::uint32_t>(found->second.strikes, 1);
    } else if (!input.alive) {
      found->second.asked = true;
    }
    if (!state.configured || state.health == AccountHealth::needs_credentials) return;
    step.discover(true);
  }

  template <AnyPhase P>
  void operator()(P phase, const CredentialsRefused& input) {
    state.phase = phase;
    if (!state.configured || state.health == AccountHealth::needs_credentials) return;
    step.need_credentials(input.error);
    step.wait_for_credentials();
  }

  void operator()(Discovering phase, const Discovered& input) {
    if (input.effect != phase.effect) return stay(phase);
    state.phase = AccountIdle{};
    if (!state.configured) return;
    if (state.health == AccountHealth::needs_credentials) step.note(kAuthorizedAgain);
    step.watch_anew = state.health == AccountHealth::needs_credentials;
    state.health = AccountHealth::ok;
    state.failures = 0;
    state.error_code.clear();
    state.error.clear();
    state.last_discovery = step.context.now;
    state.hint = input.discovery.hint;
    meet(input.discovery.calendars);
    state.wish.reset();
    const bool in_doubt = strike(input.discovery.calendars);
    if (std::exchange(state.discover_again, false)) {
      step.discover(true);
    } else if (!in_doubt) {
      step.wake_after(with_jitter(state.setup.discover, 10, step.context.sequence));
    } else if (state.setup.schedule.scheduled) {
      state.look_closely = true;
      step.wake_after(state.setup.schedule.confirm_after);
    } else {
      step.discover(true);
    }
  }
  void operator()(Discovering phase, const DiscoverFailed& input) {
    if (input.effect != phase.effect) return stay(phase);
    state.phase = AccountIdle{};
    state.discover_again = false;
    if (!state.configured) return;
    ++state.failures;
    if (input.error.code == Errc::unauthorized) {
      step.need_credentials(input.error);
      step.wait_for_credentials();
      return;
    }
    step.set_error(input.error);
    const bool soon = retryable(input.error.code) || input.error.code == Errc::cancelled;
    if (state.health != AccountHealth::needs_credentials) {
      state.health = soon ? AccountHealth::retrying : AccountHealth::failing;
    }
    if (!state.setup.schedule.scheduled) state.wish.reset();
    state.look_closely = true;  // a hint that went stale must not keep failing
    step.wake_after(backoff_delay(soon ? kRetryBackoff : kFailingBackoff, state.failures,
                                  input.error.retry_after, step.context.sequence));
  }
  void operator()(AccountIdle phase, const Discovered&) { stay(phase); }
  void operator()(AccountIdle phase, const DiscoverFailed&) { stay(phase); }

  void operator()(AccountIdle phase, const AccountTimer&) {
    stay(phase);
    state.next_discovery.reset();
    if (step.may_run_by_itself()) step.discover(false);
  }
  void operator()(Discovering phase, const AccountTimer&) {
    stay(phase);
    state.next_discovery.reset();
  }

 private:
  void stay(AccountPhase phase) { state.phase = phase; }

  // At a start: whether to look at once. A process that restarts in a loop must not turn one wrong
  // password into many.
  bool is_overdue() const {
    if (state.health != AccountHealth::needs_credentials) return !state.last_discovery;
    return !state.last_attempt || *state.last_attempt + kCredentialsPatience <= step.context.now;
  }

  // What is listed: new, as it was, or changed.
  void meet(const std::vector<RemoteCalendar>& listed) {
    for (const auto& remote : listed) {
      auto [found, is_new] = step.calendars.try_emplace(remote.id);
      AccountCalendar& row = found->second;
      if (is_new) {
        row.id = public_calendar_id(step.context.tenant, step.account(), remote.id);
      }
      row.name = remote.name;
      row.color = remote.color;
      row.read_only = remote.read_only;
      row.strikes = 0;
      // A question that came up while this discovery ran is the next one's to answer.
      if (row.asked && !state.discover_again) {
        row.asked = false;
        step.send(row, input_type::kPresent);
      }
      std::optional<PassMode> sync;
      if (state.wish && is_selected(state.wish->patterns, row.name, remote.id, row.id)) {
        sync = state.wish->mode;
      }
      step.tell(remote.id, row, sync);
    }
  }

  // What is not listed any more. True when a second look has to decide.
  bool strike(const std::vector<RemoteCalendar>& listed) {
    std::set<std::string_view> ids;
    for (const auto& remote : listed) ids.insert(remote.id);
    bool in_doubt = false;
    for (auto row = step.calendars.begin(); row != step.calendars.end();) {
      if (ids.contains(row->first)) {
        ++row;
      } else if (row->second.started && ++row->second.strikes < 2) {
        in_doubt = true;
        ++row;
      } else {
        step.unwatch(row->second);
        if (row->second.started) {
          step.send(row->second, input_type::kRemoved, encode(CalendarRemoved{state.last_attempt}));
        }
        step.rows.erase(href_key(kCalendarRow, row->first));
        row = step.calendars.erase(row);
      }
    }
    return in_doubt;
  }
};

}  // namespace

bool is_selected(const std::vector<std::string>& globs, std::string_view name,
                 std::string_view remote_id, std::string_view public_id) {
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
    return glob_match(glob, name) || glob_match(glob, remote_id) || glob_match(glob, public_id);
  });
}

Result<Transition<AccountState>> AccountMachine::step(const StepContext& context, State before,
                                                      const Input& input) {
  AccountStep step(context, std::move(before));
  if (!step.state.exists) {
    if (!std::holds_alternative<AccountConfigured>(input)) {
      step.out.end = true;  // an account that was never configured has nothing to keep
      return step.take();
    }
    step.state.exists = true;
  }
  TM_TRY(step.load());
  Handler handler{step, step.state};
  const AccountPhase phase = step.state.phase;
  std::visit([&](const auto& current, const auto& what) { handler(current, what); }, phase, input);
  step.store();
  return step.take();
}

}  // namespace tidemark::sync
