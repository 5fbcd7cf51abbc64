#include "accounts/connection_machine.h"

#include <utility>

#include "base/text.h"
#include "sync/calendar_inputs.h"

namespace tidemark::accounts {
namespace {

constexpr std::string_view kAdded = "account.added";
constexpr std::string_view kRemoved = "account.removed";
constexpr std::string_view kBegun = "connect.begun";
constexpr std::string_view kDone = "connect.done";
constexpr std::string_view kFailed = "connect.failed";
constexpr std::string_view kRotated = "token.rotated";

std::string text_of(const Json& map, const char* field) {
  const auto found = map.find(field);
  return found != map.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Json member_of(const Json& map, const char* field) {
  const auto found = map.find(field);
  return found != map.end() ? *found : Json();
}

Result<Json> read_map(std::string_view bytes, const char* what) {
  TM_ASSIGN(Json map, from_cbor(bytes));
  if (!map.is_object()) return fail(Errc::parse_error, std::string(what) + " is not a CBOR map");
  return map;
}

Result<std::optional<WallTime>> time_of(const Json& map, const char* field) {
  const std::string text = text_of(map, field);
  if (text.empty()) return std::nullopt;
  TM_ASSIGN(const WallTime time, parse_rfc3339(text));
  return time;
}

std::string account_of(const StepContext& context) {
  const std::string& instance = context.instance.value;
  return instance.substr(instance.rfind('/') + 1);
}

struct Handler {
  const StepContext& context;
  Transition<Connection> out;
  Connection& state = out.state;

  Result<void> operator()(const ConnectionMachine::Added& in) {
    if (state.added()) {
      return fail(Errc::conflict, "there is an account " + account_of(context) + " already");
    }
    state.source = in.source;
    state.definition = in.definition;
    tell(kAccountAdded);
    return {};
  }

  Result<void> operator()(const ConnectionMachine::Removed&) {
    if (!state.added()) {
      return fail(Errc::not_found, "account " + account_of(context) + " was not added here");
    }
    tell(kAccountRemoved);
    for (const auto which :
         {AccountSecret::client_secret, AccountSecret::refresh_token,
          AccountSecret::service_account, AccountSecret::password, AccountSecret::verifier}) {
      drop(which);
    }
    out.end = true;
    return {};
  }

  Result<void> operator()(const ConnectionMachine::Begun& in) {
    state.source = in.source;
    state.pending = PendingConsent{in.state_hash, in.redirect_uri, context.now + in.lifetime};
    return {};
  }

  Result<void> operator()(const ConnectionMachine::Done& in) {
    TM_TRY(take_pending(in.state_hash));
    state.connected_at = context.now;
    state.error_code.clear();
    state.error.clear();
    drop(AccountSecret::verifier);
    tell(kAccountConnected);
    return {};
  }

  Result<void> operator()(const ConnectionMachine::Failed& in) {
    TM_TRY(take_pending(in.state_hash));
    state.error_code = name(in.error.code);
    state.error = in.error.message;
    drop(AccountSecret::verifier);
    return {};
  }

  // The sealed token that came along is all there is to it.
  Result<void> operator()(const ConnectionMachine::Rotated&) { return {}; }

 private:
  // Each consent is good for one answer, and only the last one that was asked for.
  Result<void> take_pending(const std::string& state_hash) {
    if (!state.pending || state.pending->state_hash != state_hash) {
      return fail(Errc::conflict, "account " + account_of(context) +
                                      ": this consent was used before, or another one was begun "
                                      "since; connect again");
    }
    state.pending.reset();
    return {};
  }

  void drop(AccountSecret which) {
    out.dropped_secrets.push_back(secret_name(account_of(context), which));
  }

  void tell(std::string_view type) {
    const std::string provider = state.source.substr(0, state.source.find(':'));
    out.events.push_back(
        {std::string(type), 1, state.source,
         std::string(type) + ":" + state.source + ":" + std::to_string(context.sequence),
         JsonText(Json{{"account", {{"provider", provider}, {"id", account_of(context)}}}})});
  }
};

struct Payload {
  std::string_view type;
  Json map = Json::object();
};

Payload payload_of(const ConnectionMachine::Added& in) {
  return {kAdded, {{"source", in.source}, {"definition", in.definition}}};
}
Payload payload_of(const ConnectionMachine::Removed&) {
  return {kRemoved};
}
Payload payload_of(const ConnectionMachine::Begun& in) {
  return {kBegun,
          {{"source", in.source},
           {"state_hash", in.state_hash},
           {"redirect_uri", in.redirect_uri},
           {"lifetime", in.lifetime.count()}}};
}
Payload payload_of(const ConnectionMachine::Done& in) {
  return {kDone, {{"state_hash", in.state_hash}}};
}
Payload payload_of(const ConnectionMachine::Failed& in) {
  return {
      kFailed,
      {{"state_hash", in.state_hash}, {"code", name(in.error.code)}, {"error", in.error.message}}};
}
Payload payload_of(const ConnectionMachine::Rotated&) {
  return {kRotated};
}

}  // namespace

std::string ConnectionMachine::encode(const State& state) {
  Json map{{"v", 1}, {"source", state.source}};
  if (state.added()) map["definition"] = state.definition;
  if (state.pending) {
    map["pending"] = {{"state_hash", state.pending->state_hash},
                      {"redirect_uri", state.pending->redirect_uri},
                      {"expires", format_rfc3339(state.pending->expires)}};
  }
  if (state.connected_at) map["connected_at"] = format_rfc3339(*state.connected_at);
  if (!state.error_code.empty()) {
    map["error_code"] = state.error_code;
    map["error"] = state.error;
  }
  return to_cbor(map);
}

Result<Connection> ConnectionMachine::decode_state(std::string_view bytes) {
  TM_ASSIGN(const Json map, read_map(bytes, "the state of a connection"));
  Connection state;
  state.source = text_of(map, "source");
  state.definition = member_of(map, "definition");
  if (const Json pending = member_of(map, "pending"); pending.is_object()) {
    TM_ASSIGN(const auto expires, time_of(pending, "expires"));
    state.pending = PendingConsent{text_of(pending, "state_hash"), text_of(pending, "redirect_uri"),
                                   expires.value_or(WallTime{})};
  }
  TM_ASSIGN(state.connected_at, time_of(map, "connected_at"));
  state.error_code = text_of(map, "error_code");
  state.error = text_of(map, "error");
  return state;
}

Result<ConnectionMachine::Input> ConnectionMachine::decode_input(std::string_view type,
                                                                 std::string_view payload) {
  TM_ASSIGN(const Json map, read_map(payload, "an input of a connection"));
  if (type == kAdded) return Added{text_of(map, "source"), member_of(map, "definition")};
  if (type == kRemoved) return Removed{};
  if (type == kBegun) {
    const Json lifetime = member_of(map, "lifetime");
    return Begun{text_of(map, "source"), text_of(map, "state_hash"), text_of(map, "redirect_uri"),
                 std::chrono::seconds(lifetime.is_number() ? lifetime.get<std::int64_t>() : 0)};
  }
  if (type == kDone) return Done{text_of(map, "state_hash")};
  if (type == kFailed) {
    return Failed{text_of(map, "state_hash"),
                  {sync::errc_named(text_of(map, "code")), text_of(map, "error"), std::nullopt}};
  }
  if (type == kRotated) return Rotated{};
  return fail(Errc::invalid_argument, "unknown input of a connection: " + std::string(type));
}

Result<Transition<Connection>> ConnectionMachine::step(const StepContext& context, State state,
                                                       const Input& input) {
  Handler handler{context, {std::move(state)}};
  TM_TRY(std::visit(handler, input));
  return std::move(handler.out);
}

InstanceId connection_instance(std::string_view tenant, std::string_view account) {
  return make_instance_id(ConnectionMachine::kind, tenant, account);
}

tidemark::Input connection_input(std::string_view tenant, std::string_view account,
                                 const ConnectionMachine::Input& what) {
  const Payload payload = std::visit([](const auto& in) { return payload_of(in); }, what);
  return {connection_instance(tenant, account), std::string(payload.type), to_cbor(payload.map)};
}

std::string secret_name(std::string_view account, AccountSecret which) {
  constexpr std::string_view kNames[] = {"client_secret", "refresh_token", "service_account",
                                         "password", "verifier"};
  return "account/" + std::string(account) + "/" +
         std::string(kNames[static_cast<std::size_t>(which)]);
}

}  // namespace tidemark::accounts
