#include "sim/ledger.h"

#include "base/bytes.h"
#include "base/json.h"

namespace tidemark::sim {
namespace {

std::uint64_t digest(std::string_view key) {
  std::uint64_t hash = 1469598103934665603ULL;
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash >> 7U;
}

EmittedEvent event(std::string_view type, const std::string& key) {
  EmittedEvent out;
  out.type = type;
  out.source = "sim:ledger";
  out.payload = JsonText(Json{{"key", key}});
  return out;
}

}  // namespace

InstanceId orders_of(std::string_view tenant) {
  return make_instance_id(LedgerMachine::kind, tenant, "orders");
}
InstanceId totals_of(std::string_view tenant) {
  return make_instance_id(LedgerMachine::kind, tenant, "totals");
}
bool reminder_is_cancelled(std::string_view key) {
  return digest(key) % 3 == 0;
}

std::string LedgerMachine::encode(const State& state) {
  ByteWriter writer;
  writer.u8(1).number(state.orders).number(state.paid).number(state.reminders).number(state.added);
  return std::move(writer).str();
}

Result<LedgerMachine::State> LedgerMachine::decode_state(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.u8() != 1) reader.spoil();
  State state{reader.number(), reader.number(), reader.number(), reader.number()};
  if (!reader.done()) return fail(Errc::corrupt, "a ledger's state cannot be read");
  return state;
}

Result<LedgerMachine::Input> LedgerMachine::decode_input(std::string_view type,
                                                         std::string_view payload) {
  return Input{std::string(type), std::string(payload)};
}

Result<Transition<LedgerMachine::State>> LedgerMachine::step(const StepContext& context,
                                                             State state, const Input& input) {
  Transition<State> out{state};
  const std::string& key = input.key;
  if (input.type == "order") {
    ++out.state.orders;
    out.rows.push_back({"o" + key, std::to_string(context.sequence)});
    out.events.push_back(event("ledger.booked", key));
    out.events.push_back(event("ledger.noted", key));
    out.effects.push_back({std::string(kBankExecutor), std::string(context.tenant), key});
    const milliseconds wait{2000 + static_cast<std::int64_t>(digest(key) % 120'000)};
    out.timers.push_back({key, context.now + wait});
  } else if (input.type == "paid") {
    ++out.state.paid;
    out.rows.push_back({"p" + key, "1"});
    if (reminder_is_cancelled(key)) out.timers.push_back({key, std::nullopt});
    out.messages.push_back({totals_of(context.tenant), "add", key});
  } else if (input.type == kTimerFired) {
    ++out.state.reminders;
    out.rows.push_back({"r" + key, "1"});
    out.events.push_back(event("ledger.reminded", key));
  } else if (input.type == "add") {
    ++out.state.added;
    out.rows.push_back({"a" + key, "1"});
  } else {
    return fail(Errc::invalid_argument, "a ledger takes no \"" + input.type + "\"");
  }
  return out;
}

}  // namespace tidemark::sim
