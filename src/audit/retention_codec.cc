// How retention's inputs, effects, state and rows stand in the store.
#include "audit/retention_codec.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "engine/journal.h"
#include "store/key.h"

namespace tidemark::audit {
namespace {

constexpr char kFormat = 1;

std::uint64_t number_of(const Json& map, const char* field) {
  const auto found = map.find(field);
  return found != map.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

std::string text_of(const Json& map, const char* field) {
  const auto found = map.find(field);
  return found != map.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<Json> read_map(std::string_view bytes) {
  TM_ASSIGN(Json map, from_cbor(bytes));
  if (!map.is_object()) return fail(Errc::parse_error, "not a CBOR map");
  return map;
}

std::uint64_t in_ms(WallTime time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(time.time_since_epoch().count(), 0));
}

WallTime from_ms(std::uint64_t ms) {
  return WallTime{milliseconds{static_cast<std::int64_t>(ms)}};
}

Json to_map(const ErasureScope& scope) {
  return {
      {"tenant", scope.tenant}, {"instance", scope.instance}, {"correlation", scope.correlation}};
}

ErasureScope scope_of(const Json& map) {
  return {text_of(map, "tenant"), text_of(map, "instance"), text_of(map, "correlation")};
}

Json to_map(const Cut& cut) {
  Json map = to_map(cut.scope);
  map["kind"] = static_cast<std::uint64_t>(cut.kind);
  map["after"] = cut.after;
  map["through"] = cut.through;
  map["last_event"] = cut.last_event;
  return map;
}

Result<std::vector<Cut>> cuts_of(const Json& map) {
  std::vector<Cut> cuts;
  const auto found = map.find("cuts");
  if (found == map.end() || !found->is_array()) return cuts;
  for (const auto& each : *found) {
    const std::uint64_t kind = number_of(each, "kind");
    if (!each.is_object() || kind > static_cast<std::uint64_t>(Cut::Kind::payloads)) {
      return fail(Errc::parse_error, "not a cut of retention");
    }
    cuts.push_back({static_cast<Cut::Kind>(kind), scope_of(each), number_of(each, "after"),
                    number_of(each, "through"), number_of(each, "last_event")});
  }
  return cuts;
}

Json to_list(const std::vector<Cut>& cuts) {
  Json list = Json::array();
  for (const auto& cut : cuts) list.push_back(to_map(cut));
  return list;
}

Result<RetentionPlan> plan_of(const Json& map) {
  RetentionPlan plan{number_of(map, "through"), number_of(map, "size"), {}, {}};
  TM_ASSIGN(plan.cuts, cuts_of(map));
  if (const auto list = map.find("overtaken"); list != map.end() && list->is_array()) {
    for (const auto& tenant : *list) {
      if (tenant.is_string()) plan.overtaken.push_back(tenant.get<std::string>());
    }
  }
  return plan;
}

}  // namespace

std::string RetentionMachine::encode(const State& state) {
  return to_cbor({{"v", 1},
                  {"every", static_cast<std::uint64_t>(state.every.count())},
                  {"running", state.running},
                  {"through", state.through},
                  {"at", in_ms(state.at)},
                  {"by", state.by},
                  {"size", state.size},
                  {"last_event", state.last_event}});
}

Result<RetentionMachine::State> RetentionMachine::decode_state(std::string_view bytes) {
  TM_ASSIGN(const Json map, read_map(bytes));
  State state;
  state.every = milliseconds{static_cast<std::int64_t>(number_of(map, "every"))};
  state.running = map.value("running", Json(false)) == Json(true);
  state.through = number_of(map, "through");
  state.at = from_ms(number_of(map, "at"));
  state.by = number_of(map, "by");
  state.size = number_of(map, "size");
  state.last_event = number_of(map, "last_event");
  return state;
}

namespace retention_type {
constexpr std::string_view kSchedule = "retention.schedule";
constexpr std::string_view kRun = "retention.run";
constexpr std::string_view kDecided = "retention.decided";
constexpr std::string_view kDropped = "retention.dropped";
constexpr std::string_view kErase = "payloads.erase";
constexpr std::string_view kErased = "payloads.erased";
}  // namespace retention_type

Result<RetentionMachine::Input> RetentionMachine::decode_input(std::string_view type,
                                                               std::string_view payload) {
  if (type == kTimerFired) return Due{};
  if (type == retention_type::kRun) return Run{};
  TM_ASSIGN(const Json map, read_map(payload));
  if (type == retention_type::kSchedule) {
    return Schedule{milliseconds{static_cast<std::int64_t>(number_of(map, "every"))}};
  }
  if (type == retention_type::kDecided) {
    TM_ASSIGN(auto plan, plan_of(map));
    return Decided{std::move(plan)};
  }
  if (type == retention_type::kErase) return Erase{scope_of(map), text_of(map, "why")};
  const bool erased = type == retention_type::kErased;
  if (erased || type == retention_type::kDropped) {
    return Dropped{{number_of(map, "records"), number_of(map, "inputs"), number_of(map, "events")},
                   erased};
  }
  return fail(Errc::invalid_argument, "unknown input of retention: " + std::string(type));
}

InstanceId retention_instance() {
  return make_instance_id(RetentionMachine::kind, "~operator", "journal");
}

tidemark::Input retention_schedule_input(milliseconds every) {
  return {retention_instance(), std::string(retention_type::kSchedule),
          to_cbor({{"every", static_cast<std::uint64_t>(every.count())}})};
}

tidemark::Input retention_run_input() {
  return {retention_instance(), std::string(retention_type::kRun), {}};
}

tidemark::Input erase_input(const ErasureScope& scope, std::string_view why) {
  Json map = to_map(scope);
  map["why"] = std::string(why);
  return {retention_instance(), std::string(retention_type::kErase), to_cbor(map)};
}

tidemark::Input decided_input(const RetentionPlan& plan) {
  return {retention_instance(), std::string(retention_type::kDecided),
          to_cbor({{"through", plan.through},
                   {"size", plan.size},
                   {"cuts", to_list(plan.cuts)},
                   {"overtaken", plan.overtaken}})};
}

tidemark::Input dropped_input(const DropCounts& counts, bool erasure) {
  const auto type = erasure ? retention_type::kErased : retention_type::kDropped;
  return {
      retention_instance(), std::string(type),
      to_cbor({{"records", counts.records}, {"inputs", counts.inputs}, {"events", counts.events}})};
}

std::string encode_plan_effect(WallTime now) {
  return to_cbor({{"now", in_ms(now)}});
}

Result<WallTime> decode_plan_effect(std::string_view payload) {
  TM_ASSIGN(const Json map, read_map(payload));
  return from_ms(number_of(map, "now"));
}

std::string encode_drop_effect(const std::vector<Cut>& cuts) {
  return to_cbor({{"cuts", to_list(cuts)}});
}

Result<std::vector<Cut>> decode_drop_effect(std::string_view payload) {
  TM_ASSIGN(const Json map, read_map(payload));
  return cuts_of(map);
}

std::string payload_row_key(char letter, std::string_view tenant) {
  return std::string(1, letter).append(tenant);
}

std::string encode_payload_row(const PayloadsDropped& row) {
  return std::string(1, kFormat)
      .append(KeyWriter().u64(row.through).u64(row.last_event).u64(row.by).str());
}

Result<PayloadsDropped> decode_payload_row(std::string_view bytes) {
  const bool known = !bytes.empty() && bytes.front() == kFormat;
  KeyReader reader(bytes.substr(known ? 1 : 0));
  const Sequence through = reader.u64();
  const Sequence last_event = reader.u64();
  const PayloadsDropped row{through, last_event, reader.u64()};
  if (!known || !reader.ok() || !reader.rest().empty()) {
    return fail(Errc::corrupt, "a row of retention is damaged");
  }
  return row;
}

std::string erasure_row_key(Sequence by) {
  return std::string(1, kErasureRow).append(KeyWriter().u64(by).str());
}

std::string encode_erasure(const ErasureScope& scope, std::string_view why) {
  Json map = to_map(scope);
  map["why"] = std::string(why);
  return std::string(1, kFormat) + to_cbor(map);
}

Result<Erasure> decode_erasure(std::string_view key, std::string_view bytes) {
  KeyReader reader(key.substr(std::min<std::size_t>(key.size(), 1)));
  const Sequence by = reader.u64();
  if (!reader.ok() || bytes.empty() || bytes.front() != kFormat) {
    return fail(Errc::corrupt, "a row of retention is damaged");
  }
  TM_ASSIGN(const Json map, read_map(bytes.substr(1)));
  return Erasure{scope_of(map), text_of(map, "why"), by};
}

bool Erasure::covers(const std::string& tenant, const std::string& instance,
                     const std::string& correlation, Sequence sequence) const {
  return sequence < by && (scope.tenant.empty() || scope.tenant == tenant) &&
         (scope.instance.empty() || scope.instance == instance) &&
         (scope.correlation.empty() || scope.correlation == correlation);
}

Result<RetentionMachine::State> read_retention(const StoreView& view) {
  TM_ASSIGN(const auto bytes, read_state(view, retention_instance()));
  if (!bytes) return RetentionMachine::State{};
  return RetentionMachine::decode_state(*bytes);
}

Result<PayloadsDropped> read_payloads_dropped(const StoreView& view, char letter,
                                              std::string_view tenant) {
  TM_ASSIGN(const auto bytes,
            read_row(view, retention_instance(), payload_row_key(letter, tenant)));
  if (!bytes) return PayloadsDropped{};
  return decode_payload_row(*bytes);
}

Result<Sequence> last_dropped_event(const StoreView& view, std::string_view tenant) {
  if (tenant.empty()) {
    TM_ASSIGN(const auto state, read_retention(view));
    return state.last_event;
  }
  TM_ASSIGN(const auto row, read_payloads_dropped(view, kEventsRow, tenant));
  return row.last_event;
}

}  // namespace tidemark::audit
