#include "sync/account_state.h"

#include <array>

#include "sync/account_inputs.h"
#include "sync/json_fields.h"

namespace tidemark::sync {
namespace {

constexpr std::array<std::string_view, 5> kHealth{"new", "ok", "retrying", "needs_credentials",
                                                  "failing"};

struct PhaseWriter {
  Json operator()(const AccountIdle&) const { return Json{{"is", "idle"}}; }
  Json operator()(const Discovering& phase) const {
    return Json{{"is", "discovering"}, {"effect", phase.effect}};
  }
};

AccountPhase read_phase(const JsonFields& state) {
  const JsonFields fields(state.object("phase"));
  AccountPhase phase;
  if (fields.text("is") == "discovering") phase = Discovering{fields.number("effect")};
  if (!fields.ok()) state.spoil();
  return phase;
}

AccountHealth read_health(const JsonFields& state) {
  const std::string text = state.text("health");
  for (std::size_t i = 0; i < kHealth.size(); ++i) {
    if (kHealth.at(i) == text) return static_cast<AccountHealth>(i);
  }
  state.spoil();
  return AccountHealth::fresh;
}

std::optional<SyncWish> read_wish(const JsonFields& state) {
  if (!state.has("wish")) return std::nullopt;
  const JsonFields fields(state.object("wish"));
  const auto mode = pass_mode_from(fields.text("mode"));
  SyncWish wish{mode.value_or(PassMode::incremental), texts_from_json(fields.list("patterns"))};
  if (!mode || !fields.ok()) state.spoil();
  return wish;
}

}  // namespace

std::string_view to_text(AccountHealth health) {
  return kHealth.at(static_cast<std::size_t>(health));
}

std::string encode(const AccountState& state) {
  Json value{{"configured", state.configured},
             {"setup", setup_json(state.setup)},
             {"phase", std::visit(PhaseWriter{}, state.phase)},
             {"health", to_text(state.health)},
             {"hint", binary_json(state.hint)},
             {"look_closely", state.look_closely},
             {"discover_again", state.discover_again},
             {"calendars", state.calendars},
             {"failures", state.failures},
             {"refusals", state.refusals},
             {"last_attempt", time_json(state.last_attempt)},
             {"last_discovery", time_json(state.last_discovery)},
             {"next_discovery", time_json(state.next_discovery)},
             {"error_code", state.error_code},
             {"error", state.error}};
  if (state.wish) {
    value["wish"] = Json{{"mode", to_text(state.wish->mode)}, {"patterns", state.wish->patterns}};
  }
  return stored_json(value);
}

Result<AccountState> decode_account_state(std::string_view bytes) {
  TM_ASSIGN(const Json value, read_stored_json(bytes, "account state"));
  const JsonFields fields(value);
  AccountState state;
  state.exists = true;
  state.configured = fields.flag("configured");
  state.setup = setup_from_json(fields.object("setup"));
  state.phase = read_phase(fields);
  state.health = read_health(fields);
  state.hint = fields.bytes("hint");
  state.look_closely = fields.flag("look_closely");
  state.discover_again = fields.flag("discover_again");
  state.calendars = fields.number("calendars");
  state.failures = static_cast<std::uint32_t>(fields.number("failures"));
  state.refusals = static_cast<std::uint32_t>(fields.number("refusals"));
  state.wish = read_wish(fields);
  state.last_attempt = fields.time("last_attempt");
  state.last_discovery = fields.time("last_discovery");
  state.next_discovery = fields.time("next_discovery");
  state.error_code = fields.text("error_code");
  state.error = fields.text("error");
  if (!fields.ok()) return fail(Errc::corrupt, "account state: a field is missing or ill-typed");
  return state;
}

std::string encode(const AccountCalendar& row) {
  Json value{{"id", row.id},
             {"name", row.name},
             {"color", row.color},
             {"read_only", row.read_only},
             {"selected", row.selected},
             {"started", row.started},
             {"strikes", row.strikes},
             {"asked", row.asked},
             {"told", row.told}};
  if (!row.watched.empty()) value["watched"] = row.watched;
  return stored_json(value);
}

Result<AccountCalendar> decode_account_calendar(std::string_view bytes) {
  TM_ASSIGN(const Json value, read_stored_json(bytes, "account calendar"));
  const JsonFields fields(value);
  AccountCalendar row;
  row.id = fields.text("id");
  row.name = fields.text("name");
  row.color = fields.text("color");
  row.read_only = fields.flag("read_only");
  row.selected = fields.flag("selected");
  row.started = fields.flag("started");
  row.strikes = static_cast<std::uint32_t>(fields.number("strikes"));
  row.asked = fields.flag("asked");
  row.told = fields.text("told");
  if (fields.has("watched")) row.watched = fields.text("watched");
  if (!fields.ok()) return fail(Errc::corrupt, "account calendar: a field is missing or ill-typed");
  return row;
}

}  // namespace tidemark::sync
