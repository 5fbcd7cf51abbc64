#include "domain/event.h"

#include "base/text.h"

namespace tidemark {
namespace {

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Result<std::string> require_text(const Json& value, const char* field) {
  const auto found = value.find(field);
  if (found == value.end() || !found->is_string()) {
    return fail(Errc::parse_error, std::string("event: \"") + field + "\" must be text");
  }
  return found->get<std::string>();
}

}  // namespace

std::string to_json_text(const Event& event) {
  return to_json_text(event, dump_json(event.payload));
}

std::string to_json_text(const Event& envelope, std::string_view payload) {
  std::string out;
  out.reserve(512 + payload.size());
  const auto add = [&out](std::string_view name, std::string_view text) {
    out += name;
    append_json_string(out, text);
  };
  add("{\"id\":", envelope.id);
  add(",\"type\":", envelope.type);
  out.append(",\"version\":").append(std::to_string(envelope.version));
  add(",\"occurred_at\":", format_rfc3339(envelope.occurred_at));
  add(",\"company_id\":", envelope.company_id);
  add(",\"source\":", envelope.source);
  add(",\"correlation_id\":", envelope.correlation_id);
  if (envelope.causation_id.empty()) {
    out += ",\"causation_id\":null";
  } else {
    add(",\"causation_id\":", envelope.causation_id);
  }
  out.append(",\"payload\":").append(payload).append("}");
  return out;
}

Json to_json(const Event& event) {
  return Json{{"id", event.id},
              {"type", event.type},
              {"version", event.version},
              {"occurred_at", format_rfc3339(event.occurred_at)},
              {"company_id", event.company_id},
              {"source", event.source},
              {"correlation_id", event.correlation_id},
              {"causation_id", text_or_null(event.causation_id)},
              {"payload", event.payload}};
}

Result<Event> event_from_json(const Json& value) {
  if (!value.is_object()) return fail(Errc::parse_error, "event: must be an object");
  Event event;
  TM_ASSIGN(event.id, require_text(value, "id"));
  TM_ASSIGN(event.type, require_text(value, "type"));
  TM_ASSIGN(event.company_id, require_text(value, "company_id"));
  TM_ASSIGN(event.source, require_text(value, "source"));
  TM_ASSIGN(event.correlation_id, require_text(value, "correlation_id"));
  TM_ASSIGN(const auto occurred_at, require_text(value, "occurred_at"));
  TM_ASSIGN(event.occurred_at, parse_rfc3339(occurred_at));
  const auto version = value.find("version");
  if (version == value.end() || !version->is_number_integer()) {
    return fail(Errc::parse_error, "event: \"version\" must be a whole number");
  }
  event.version = version->get<int>();
  const auto causation = value.find("causation_id");
  if (causation != value.end() && causation->is_string()) {
    event.causation_id = causation->get<std::string>();
  }
  const auto payload = value.find("payload");
  if (payload == value.end() || !payload->is_object()) {
    return fail(Errc::parse_error, "event: \"payload\" must be an object");
  }
  event.payload = *payload;
  return event;
}

}  // namespace tidemark
