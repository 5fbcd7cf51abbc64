#include "vault/vault_machine.h"

#include <utility>

#include "base/text.h"

namespace tidemark {
namespace {

constexpr std::string_view kMade = "data_key.made";
constexpr std::string_view kWrappedAnew = "data_key.wrapped_anew";

std::string text_of(const Json& map, const char* field) {
  const auto found = map.find(field);
  return found != map.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<Json> read_map(std::string_view bytes, const char* what) {
  TM_ASSIGN(Json map, from_cbor(bytes));
  if (!map.is_object()) return fail(Errc::parse_error, std::string(what) + " is not a CBOR map");
  return map;
}

Result<Transition<VaultMachine::State>> make(const StepContext& context,
                                             const VaultMachine::State& state,
                                             const VaultMachine::Made& in) {
  if (state.key) {
    return fail(Errc::conflict, "the tenant has a data key already: " + state.key->data_key.text());
  }
  return Transition<VaultMachine::State>{
      {VaultMachine::Wrapped{in.data_key, in.master_key, context.now, context.now}}};
}

Result<Transition<VaultMachine::State>> wrap_anew(const StepContext& context,
                                                  VaultMachine::State state,
                                                  const VaultMachine::WrappedAnew& in) {
  if (!state.key || state.key->data_key != in.data_key) {
    return fail(Errc::conflict, "the tenant's data key is not " + in.data_key.text());
  }
  if (state.key->master_key != in.from) {
    return fail(Errc::conflict, "the data key is wrapped by the master key " +
                                    state.key->master_key.text() + " now, not by " +
                                    in.from.text());
  }
  state.key->master_key = in.to;
  state.key->wrapped_at = context.now;
  return Transition<VaultMachine::State>{std::move(state)};
}

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace

std::string VaultMachine::encode(const State& state) {
  Json map{{"v", 1}};
  if (state.key) {
    map["data_key"] = state.key->data_key.text();
    map["master_key"] = state.key->master_key.text();
    map["created_at"] = format_rfc3339(state.key->created_at);
    map["wrapped_at"] = format_rfc3339(state.key->wrapped_at);
  }
  return to_cbor(map);
}

Result<VaultMachine::State> VaultMachine::decode_state(std::string_view bytes) {
  TM_ASSIGN(const Json map, read_map(bytes, "the state of a vault"));
  if (!map.contains("data_key")) return State{};
  Wrapped key;
  TM_ASSIGN(key.data_key, parse_key_id(text_of(map, "data_key")));
  TM_ASSIGN(key.master_key, parse_key_id(text_of(map, "master_key")));
  TM_ASSIGN(key.created_at, parse_rfc3339(text_of(map, "created_at")));
  TM_ASSIGN(key.wrapped_at, parse_rfc3339(text_of(map, "wrapped_at")));
  return State{key};
}

Result<VaultMachine::Input> VaultMachine::decode_input(std::string_view type,
                                                       std::string_view payload) {
  TM_ASSIGN(const Json map, read_map(payload, "an input of a vault"));
  if (type == kMade) {
    Made made;
    TM_ASSIGN(made.data_key, parse_key_id(text_of(map, "data_key")));
    TM_ASSIGN(made.master_key, parse_key_id(text_of(map, "master_key")));
    return made;
  }
  if (type == kWrappedAnew) {
    WrappedAnew change;
    TM_ASSIGN(change.data_key, parse_key_id(text_of(map, "data_key")));
    TM_ASSIGN(change.from, parse_key_id(text_of(map, "from")));
    TM_ASSIGN(change.to, parse_key_id(text_of(map, "to")));
    return change;
  }
  return fail(Errc::invalid_argument, "unknown input of a vault: " + std::string(type));
}

Result<Transition<VaultMachine::State>> VaultMachine::step(const StepContext& context, State state,
                                                           const Input& input) {
  return std::visit(
      Overloaded{[&](const Made& in) { return make(context, state, in); },
                 [&](const WrappedAnew& in) { return wrap_anew(context, state, in); }},
      input);
}

InstanceId vault_instance(std::string_view tenant) {
  return make_instance_id(VaultMachine::kind, tenant, "keys");
}

tidemark::Input data_key_made_input(std::string_view tenant, const VaultMachine::Made& made,
                                    SealedSecret wrapped) {
  tidemark::Input input{
      vault_instance(tenant), std::string(kMade),
      to_cbor({{"data_key", made.data_key.text()}, {"master_key", made.master_key.text()}})};
  input.secrets.push_back(std::move(wrapped));
  return input;
}

tidemark::Input data_key_wrapped_anew_input(std::string_view tenant,
                                            const VaultMachine::WrappedAnew& change,
                                            SealedSecret wrapped) {
  tidemark::Input input{vault_instance(tenant), std::string(kWrappedAnew),
                        to_cbor({{"data_key", change.data_key.text()},
                                 {"from", change.from.text()},
                                 {"to", change.to.text()}})};
  input.secrets.push_back(std::move(wrapped));
  return input;
}

}  // namespace tidemark
