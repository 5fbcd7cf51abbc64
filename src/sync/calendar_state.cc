#include "sync/calendar_state.h"

#include <array>

#include "sync/json_fields.h"

namespace tidemark::sync {
namespace {

constexpr std::array<std::string_view, 4> kModes{"initial", "incremental", "reconcile", "full"};

// Enumerations are stored as their numbers; `last` is the largest there is.
template <class E>
E read_enum(const JsonFields& fields, const char* field, E last) {
  const std::uint64_t value = fields.number(field);
  if (value > static_cast<std::uint64_t>(last)) {
    fields.spoil();
    return E{};
  }
  return static_cast<E>(value);
}

template <class E>
Json enum_json(E value) {
  return static_cast<std::uint64_t>(value);
}

Json pass_json(const Pass& pass) {
  Json value{{"mode", enum_json(pass.mode)},
             {"confirming", pass.confirming},
             {"generation", pass.generation},
             {"cursor", binary_json(pass.cursor)},
             {"started", time_json(pass.started)},
             {"pulls", pass.pulls},
             {"items", pass.items},
             {"items_in_pull", pass.items_in_pull},
             {"fetched", pass.fetched},
             {"complete_listing", pass.complete_listing},
             {"suspicious", pass.suspicious},
             {"seen", pass.seen},
             {"deferred_deletions", pass.deferred_deletions},
             {"created", pass.created},
             {"updated", pass.updated},
             {"deleted", pass.deleted}};
  if (pass.partial) value["partial"] = true;
  if (!pass.correlation_id.empty()) value["correlation_id"] = pass.correlation_id;
  return value;
}

Pass read_pass(const JsonFields& phase) {
  const JsonFields fields(phase.object("pass"));
  Pass pass;
  pass.mode = read_enum(fields, "mode", PassMode::full);
  pass.confirming = fields.flag("confirming");
  pass.generation = fields.number("generation");
  pass.cursor = fields.bytes("cursor");
  pass.started = fields.time("started").value_or(WallTime{});
  pass.pulls = fields.number("pulls");
  pass.items = fields.number("items");
  pass.items_in_pull = fields.number("items_in_pull");
  pass.fetched = fields.number("fetched");
  pass.complete_listing = fields.flag("complete_listing");
  pass.suspicious = fields.flag("suspicious");
  pass.partial = fields.has("partial") && fields.flag("partial");
  pass.seen = fields.number("seen");
  pass.deferred_deletions = fields.number("deferred_deletions");
  pass.created = fields.number("created");
  pass.updated = fields.number("updated");
  pass.deleted = fields.number("deleted");
  if (fields.has("correlation_id")) pass.correlation_id = fields.text("correlation_id");
  if (!fields.ok()) phase.spoil();
  return pass;
}

struct PhaseWriter {
  Json operator()(const Idle&) const { return {{"is", "idle"}}; }
  Json operator()(const Pulling& phase) const {
    return {{"is", "pulling"}, {"pass", pass_json(phase.pass)}, {"pull", phase.pull}};
  }
  Json operator()(const Waiting& phase) const {
    return {{"is", "waiting"}, {"pass", pass_json(phase.pass)}};
  }
  Json operator()(const Finishing& phase) const {
    return {{"is", "finishing"},
            {"pass", pass_json(phase.pass)},
            {"stage", enum_json(phase.stage)},
            {"from", binary_json(phase.from)}};
  }
  Json operator()(const Confirming& phase) const {
    return {{"is", "confirming"}, {"present", phase.present}, {"waited", phase.waited}};
  }
  Json operator()(const Removing& phase) const {
    return {{"is", "removing"},
            {"revive", phase.revive},
            {"reported", phase.reported},
            {"deleted", phase.deleted}};
  }
  Json operator()(const Writing& phase) const {
    Json value{{"is", "writing"},
               {"effect", phase.effect},
               {"write", phase.write},
               {"resting", phase.resting}};
    if (phase.pass) value["pass"] = pass_json(*phase.pass);
    if (phase.removal) {
      value["removal"] = {{"listed", phase.removal->listed}, {"revive", phase.removal->revive}};
    }
    return value;
  }
};

CalendarPhase read_phase(const JsonFields& state) {
  const JsonFields fields(state.object("phase"));
  const std::string is = fields.text("is");
  CalendarPhase phase;
  if (is == "pulling") {
    phase = Pulling{read_pass(fields), fields.number("pull")};
  } else if (is == "waiting") {
    phase = Waiting{read_pass(fields)};
  } else if (is == "finishing") {
    phase = Finishing{read_pass(fields), read_enum(fields, "stage", FinishStage::ahead),
                      fields.bytes("from")};
  } else if (is == "confirming") {
    phase = Confirming{fields.flag("present"), fields.flag("waited")};
  } else if (is == "removing") {
    phase = Removing{fields.flag("revive"), fields.flag("reported"), fields.number("deleted")};
  } else if (is == "writing") {
    Writing writing{fields.number("effect"), fields.number("write"), std::nullopt,
                    fields.flag("resting")};
    if (fields.has("pass")) writing.pass = read_pass(fields);
    if (fields.has("removal")) {
      const JsonFields removal(fields.object("removal"));
      writing.removal = AwaitedRemoval{removal.flag("listed"), removal.flag("revive")};
      if (!removal.ok()) fields.spoil();
    }
    phase = std::move(writing);
  } else if (is != "idle") {
    fields.spoil();
  }
  if (!fields.ok()) state.spoil();
  return phase;
}

Json identity_json(const CalendarIdentity& identity) {
  Json value{
      {"provider", identity.provider},   {"account", identity.account}, {"id", identity.id},
      {"remote_id", identity.remote_id}, {"name", identity.name},       {"color", identity.color},
      {"read_only", identity.read_only}};
  if (identity.write) value["write"] = true;
  return value;
}

Json writes_json(const WriteQueue& writes) {
  return Json{{"waiting", writes.waiting},
              {"finished", writes.finished},
              {"failures", writes.failures},
              {"not_before", time_json(writes.not_before)}};
}

// Absent where nothing was ever written.
void read_writes(const JsonFields& state, WriteQueue& writes) {
  if (!state.has("writes")) return;
  const JsonFields fields(state.object("writes"));
  writes = {fields.number("waiting"), fields.number("finished"),
            static_cast<std::uint32_t>(fields.number("failures")), fields.time("not_before")};
  if (!fields.ok()) state.spoil();
}

Json schedule_json(const CalendarSchedule& schedule) {
  return Json{{"scheduled", schedule.scheduled},
              {"poll", duration_json(schedule.poll)},
              {"reconcile", duration_json(schedule.reconcile)},
              {"confirm_after", duration_json(schedule.confirm_after)}};
}

Json counts_json(const MirrorCounts& counts) {
  Json value{{"resources", counts.resources},         {"events", counts.events},
             {"quarantined", counts.quarantined},     {"pending", counts.pending},
             {"deletion_rows", counts.deletion_rows}, {"creation_rows", counts.creation_rows}};
  if (counts.ahead != 0) value["ahead"] = counts.ahead;
  return value;
}

void read_identity(const JsonFields& state, CalendarIdentity& identity) {
  const JsonFields fields(state.object("identity"));
  identity = {fields.text("provider"),  fields.text("account"),
              fields.text("id"),        fields.text("remote_id"),
              fields.text("name"),      fields.text("color"),
              fields.flag("read_only"), fields.has("write") && fields.flag("write")};
  if (!fields.ok()) state.spoil();
}

void read_schedule(const JsonFields& state, CalendarSchedule& schedule) {
  const JsonFields fields(state.object("schedule"));
  schedule = {fields.flag("scheduled"), fields.duration("poll"), fields.duration("reconcile"),
              fields.duration("confirm_after")};
  if (!fields.ok()) state.spoil();
}

void read_counts(const JsonFields& state, MirrorCounts& counts) {
  const JsonFields fields(state.object("counts"));
  counts = {fields.number("resources"),
            fields.number("events"),
            fields.number("quarantined"),
            fields.number("pending"),
            fields.number("deletion_rows"),
            fields.number("creation_rows"),
            fields.has("ahead") ? fields.number("ahead") : 0};
  if (!fields.ok()) state.spoil();
}

}  // namespace

std::string_view to_text(PassMode mode) {
  return kModes.at(static_cast<std::size_t>(mode));
}

std::optional<PassMode> pass_mode_from(std::string_view text) {
  for (std::size_t i = 0; i < kModes.size(); ++i) {
    if (kModes.at(i) == text) return static_cast<PassMode>(i);
  }
  return std::nullopt;
}

std::string encode(const CalendarState& state) {
  Json value{{"identity", identity_json(state.identity)},
             {"schedule", schedule_json(state.schedule)},
             {"phase", std::visit(PhaseWriter{}, state.phase)},
             {"health", enum_json(state.health)},
             {"pause", enum_json(state.pause)},
             {"generation", state.generation},
             {"content", state.content},
             {"cursor", binary_json(state.cursor)},
             {"counts", counts_json(state.counts)},
             {"last_sync", time_json(state.last_sync)},
             {"next_sync", time_json(state.next_sync)},
             {"last_reconcile", time_json(state.last_reconcile)},
             {"reconcile_due", time_json(state.reconcile_due)},
             {"last_mode", enum_json(state.last_mode)},
             {"failures", state.failures},
             {"stale_in_a_row", state.stale_in_a_row},
             {"error_code", state.error_code},
             {"error", state.error}};
  if (state.requested) value["requested"] = enum_json(*state.requested);
  if (state.writes != WriteQueue{}) value["writes"] = writes_json(state.writes);
  if (state.news) value["news"] = time_json(state.news);
  if (state.last_shown) value["last_shown"] = time_json(state.last_shown);
  return stored_json(value);
}

Result<CalendarState> decode_calendar_state(std::string_view bytes) {
  TM_ASSIGN(const Json value, read_stored_json(bytes, "calendar state"));
  const JsonFields fields(value);
  CalendarState state;
  read_identity(fields, state.identity);
  read_schedule(fields, state.schedule);
  state.phase = read_phase(fields);
  state.health = read_enum(fields, "health", Health::suspended);
  state.pause = read_enum(fields, "pause", Pause::credentials);
  state.generation = fields.number("generation");
  state.content = fields.number("content");
  state.cursor = fields.bytes("cursor");
  read_counts(fields, state.counts);
  read_writes(fields, state.writes);
  state.last_sync = fields.time("last_sync");
  state.next_sync = fields.time("next_sync");
  state.last_shown = fields.time("last_shown");
  state.last_reconcile = fields.time("last_reconcile");
  state.reconcile_due = fields.time("reconcile_due");
  if (fields.has("requested")) state.requested = read_enum(fields, "requested", PassMode::full);
  state.news = fields.time("news");
  state.last_mode = read_enum(fields, "last_mode", PassMode::full);
  state.failures = static_cast<std::uint32_t>(fields.number("failures"));
  state.stale_in_a_row = static_cast<std::uint32_t>(fields.number("stale_in_a_row"));
  state.error_code = fields.text("error_code");
  state.error = fields.text("error");
  if (!fields.ok()) return fail(Errc::corrupt, "calendar state: a field is missing or ill-typed");
  return state;
}

}  // namespace tidemark::sync
