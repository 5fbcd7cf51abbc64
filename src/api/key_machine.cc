#include "api/key_machine.h"

#include "base/text.h"
#include "engine/journal.h"

namespace tidemark {
namespace {

constexpr std::string_view kCreate = "key.create";
constexpr std::string_view kRevoke = "key.revoke";

Json time_or_null(const std::optional<WallTime>& time) {
  return time ? Json(format_rfc3339(*time)) : Json(nullptr);
}

std::string text_of(const Json& value, const char* field) {
  const auto found = value.find(field);
  return found != value.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Json to_stored(const KeyRecord& record) {
  return {{"v", 1},
          {"tenant", record.tenant},
          {"name", record.name},
          {"hash", record.hash},
          {"created_at", format_rfc3339(record.created_at)},
          {"expires_at", time_or_null(record.expires_at)}};
}

Result<KeyRecord> from_stored(std::string id, const Json& value) {
  if (!value.is_object()) return fail(Errc::parse_error, "a key's record is not a CBOR map");
  KeyRecord record{std::move(id), text_of(value, "tenant"), text_of(value, "name"),
                   text_of(value, "hash")};
  if (record.tenant.empty() || record.hash.size() != 64) {
    return fail(Errc::parse_error, "a key's record lacks its tenant or its hash");
  }
  TM_ASSIGN(record.created_at, parse_rfc3339(text_of(value, "created_at")));
  if (const auto expires = text_of(value, "expires_at"); !expires.empty()) {
    TM_ASSIGN(record.expires_at, parse_rfc3339(expires));
  }
  return record;
}

Result<KeyRecord> from_row(std::string_view id, std::string_view bytes) {
  TM_ASSIGN(const Json value, from_cbor(bytes));
  return from_stored(std::string(id), value);
}

Result<Transition<KeyMachine::State>> create(const StepContext& context, KeyMachine::State state,
                                             KeyRecord record) {
  if (state.keys >= kMaxKeys) {
    return fail(Errc::limit_exceeded, "there are 10000 API keys; revoke some first");
  }
  if (context.rows.get(record.id)) return fail(Errc::conflict, "an API key of this id exists");
  record.created_at = context.now;
  ++state.keys;
  return Transition<KeyMachine::State>{state, {{record.id, to_cbor(to_stored(record))}}};
}

Result<Transition<KeyMachine::State>> revoke(const StepContext& context, KeyMachine::State state,
                                             const std::string& id) {
  if (!context.rows.get(id)) return fail(Errc::not_found, "no API key has the id " + id);
  --state.keys;
  return Transition<KeyMachine::State>{state, {{id, std::nullopt}}};
}

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace

Json to_json(const KeyRecord& record) {
  return {{"id", record.id},
          {"tenant", record.tenant},
          {"name", record.name},
          {"created_at", format_rfc3339(record.created_at)},
          {"expires_at", time_or_null(record.expires_at)}};
}

std::string KeyMachine::encode(const State& state) {
  return to_cbor({{"v", 1}, {"keys", state.keys}});
}

Result<KeyMachine::State> KeyMachine::decode_state(std::string_view bytes) {
  TM_ASSIGN(const Json value, from_cbor(bytes));
  if (!value.is_object() || !value.contains("keys") || !value["keys"].is_number_unsigned()) {
    return fail(Errc::parse_error, "the state of the API keys cannot be read");
  }
  return State{value["keys"].get<std::uint64_t>()};
}

Result<KeyMachine::Input> KeyMachine::decode_input(std::string_view type,
                                                   std::string_view payload) {
  TM_ASSIGN(const Json value, from_cbor(payload));
  if (!value.is_object()) return fail(Errc::parse_error, "an input of the API keys is not a map");
  const std::string id = text_of(value, "id");
  if (id.empty()) return fail(Errc::parse_error, "an input of the API keys names no key");
  if (type == kCreate) {
    TM_ASSIGN(KeyRecord record, from_stored(id, value.value("record", Json())));
    return Create{std::move(record)};
  }
  if (type == kRevoke) return Revoke{id};
  return fail(Errc::invalid_argument, "unknown input of the API keys: " + std::string(type));
}

Result<Transition<KeyMachine::State>> KeyMachine::step(const StepContext& context, State state,
                                                       const Input& input) {
  return std::visit(Overloaded{[&](const Create& in) { return create(context, state, in.record); },
                               [&](const Revoke& in) { return revoke(context, state, in.id); }},
                    input);
}

InstanceId key_instance() {
  return make_instance_id(KeyMachine::kind, kOperatorTenant, "keys");
}

tidemark::Input create_key_input(const KeyRecord& record) {
  const Json payload = {{"id", record.id}, {"record", to_stored(record)}};
  return {key_instance(), std::string(kCreate), to_cbor(payload)};
}

tidemark::Input revoke_key_input(const std::string& id) {
  return {key_instance(), std::string(kRevoke), to_cbor({{"id", id}})};
}

Result<std::optional<KeyRecord>> find_key(const StoreView& view, const std::string& id) {
  TM_ASSIGN(const auto bytes, read_row(view, key_instance(), id));
  if (!bytes) return std::nullopt;
  TM_ASSIGN(KeyRecord record, from_row(id, *bytes));
  return record;
}

Result<std::vector<KeyRecord>> list_keys(const StoreView& view, std::string_view tenant) {
  std::vector<KeyRecord> keys;
  std::optional<Error> damaged;
  TM_TRY(scan_rows(view, key_instance(), "", "", [&](std::string_view id, std::string_view bytes) {
    auto record = from_row(id, bytes);
    if (!record) {
      damaged = in_context("API key " + std::string(id), std::move(record).error());
      return false;
    }
    if (tenant.empty() || record->tenant == tenant) keys.push_back(std::move(*record));
    return true;
  }));
  if (damaged) return fail(std::move(*damaged));
  return keys;
}

}  // namespace tidemark
