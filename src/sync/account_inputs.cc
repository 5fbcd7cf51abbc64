#include "sync/account_inputs.h"

#include "base/text.h"
#include "engine/machine.h"
#include "sync/calendar_inputs.h"
#include "sync/json_fields.h"

namespace tidemark::sync {
namespace {

tl::unexpected<Error> unreadable(std::string_view type) {
  return fail(Errc::invalid_argument, std::string(type) + ": a field is missing or ill-typed");
}

Json calendar_json(const RemoteCalendar& calendar) {
  return Json{{"id", to_valid_utf8(calendar.id)},
              {"name", to_valid_utf8(calendar.name)},
              {"color", to_valid_utf8(calendar.color)},
              {"description", to_valid_utf8(calendar.description)},
              {"read_only", calendar.read_only}};
}

Result<AccountInput> decode_discovered(const JsonFields& fields) {
  Discovered input;
  input.effect = fields.number("effect");
  input.discovery.hint = fields.bytes("hint");
  for (const auto& value : fields.list("calendars")) {
    const JsonFields calendar(value);
    input.discovery.calendars.push_back({calendar.text("id"), calendar.text("name"),
                                         calendar.text("color"), calendar.text("description"),
                                         calendar.flag("read_only")});
    if (!calendar.ok()) return unreadable(input_type::kDiscovered);
  }
  if (!fields.ok()) return unreadable(input_type::kDiscovered);
  return input;
}

Result<AccountInput> decode_sync(const JsonFields& fields) {
  const auto mode = pass_mode_from(fields.text("mode"));
  AccountSync input{
      {mode.value_or(PassMode::incremental), texts_from_json(fields.list("patterns"))}};
  if (!mode || !fields.ok()) return unreadable(input_type::kAccountSync);
  return input;
}

}  // namespace

std::vector<std::string> texts_from_json(const Json& list) {
  std::vector<std::string> texts;
  for (const auto& value : list) {
    if (value.is_string()) texts.push_back(value.get<std::string>());
  }
  return texts;
}

Json setup_json(const AccountSetup& setup) {
  Json value{{"provider", setup.provider},
             {"calendars", setup.calendars},
             {"scheduled", setup.schedule.scheduled},
             {"poll", duration_json(setup.schedule.poll)},
             {"reconcile", duration_json(setup.schedule.reconcile)},
             {"confirm_after", duration_json(setup.schedule.confirm_after)},
             {"discover", duration_json(setup.discover)},
             {"fingerprint", setup.fingerprint},
             {"mend", setup.mend}};
  if (setup.write) value["write"] = true;
  if (!setup.push.empty()) value["push"] = setup.push;
  return value;
}

AccountSetup setup_from_json(const Json& value) {
  const JsonFields fields(value);
  AccountSetup setup;
  setup.provider = fields.text("provider");
  setup.calendars = texts_from_json(fields.list("calendars"));
  setup.schedule = {fields.flag("scheduled"), fields.duration("poll"), fields.duration("reconcile"),
                    fields.duration("confirm_after")};
  setup.discover = fields.duration("discover");
  setup.fingerprint = fields.text("fingerprint");
  if (fields.has("mend")) setup.mend = fields.text("mend");
  setup.write = fields.has("write") && fields.flag("write");
  if (fields.has("push")) setup.push = fields.text("push");
  return fields.ok() ? setup : AccountSetup{};
}

std::string encode(const AccountConfigured& input) {
  return stored_json(setup_json(input.setup));
}

std::string encode(const AccountSync& input) {
  return stored_json(Json{{"mode", to_text(input.wish.mode)}, {"patterns", input.wish.patterns}});
}

std::string encode(const CalendarCheck& input) {
  Json value{{"remote_id", input.remote_id}, {"missing", input.missing}};
  if (input.alive) value["alive"] = true;
  return stored_json(value);
}

std::string encode(const CredentialsRefused& input) {
  return stored_json(Json{{"error", error_json(input.error)}, {"version", 1U}});
}

std::string encode(const Discovered& input) {
  Json calendars = Json::array();
  for (const auto& calendar : input.discovery.calendars) {
    calendars.push_back(calendar_json(calendar));
  }
  return stored_json(Json{{"effect", input.effect},
                          {"calendars", std::move(calendars)},
                          {"hint", binary_json(input.discovery.hint)}});
}

std::string encode(const DiscoverFailed& input) {
  return stored_json(Json{{"effect", input.effect}, {"error", error_json(input.error)}});
}

Result<AccountInput> decode_account_input(std::string_view type, std::string_view payload) {
  if (type == kTimerFired) return AccountTimer{std::string(payload)};
  if (type == input_type::kAccountUnconfigured) return AccountUnconfigured{};
  TM_ASSIGN(const Json value, read_stored_json(payload, type));
  const JsonFields fields(value);
  if (type == input_type::kAccountConfigured) {
    AccountConfigured input{setup_from_json(value)};
    if (input.setup.provider.empty()) return unreadable(type);
    return input;
  }
  if (type == input_type::kAccountSync) return decode_sync(fields);
  if (type == input_type::kDiscovered) return decode_discovered(fields);
  if (type == input_type::kCalendarCheck) {
    CalendarCheck input{fields.text("remote_id"), fields.flag("missing"),
                        fields.has("alive") && fields.flag("alive")};
    if (!fields.ok()) return unreadable(type);
    return input;
  }
  if (type == input_type::kCredentialsRefused) {
    CredentialsRefused input{error_from_json(fields.object("error"))};
    if (!fields.ok()) return unreadable(type);
    return input;
  }
  if (type == input_type::kDiscoverFailed) {
    DiscoverFailed input{fields.number("effect"), error_from_json(fields.object("error"))};
    if (!fields.ok()) return unreadable(type);
    return input;
  }
  return fail(Errc::invalid_argument, "an account knows no input \"" + std::string(type) + "\"");
}

std::string encode(const DiscoverOrder& order) {
  return stored_json(Json{{"account", order.account}, {"hint", binary_json(order.hint)}});
}

Result<DiscoverOrder> decode_discover_order(std::string_view bytes) {
  TM_ASSIGN(const Json value, read_stored_json(bytes, "discover order"));
  const JsonFields fields(value);
  DiscoverOrder order{fields.text("account"), fields.bytes("hint")};
  if (!fields.ok()) return unreadable("discover order");
  return order;
}

}  // namespace tidemark::sync
