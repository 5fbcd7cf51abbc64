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
  nlohmann::ordered_json out;
  out["id"] = event.id;
  out["type"] = event.type;
  out["version"] = event.version;
  out["occurred_at"] = format_rfc3339(event.occurred_at);
  out["company_id"] = event.company_id;
  out["source"] = event.source;
  out["correlation_id"] = event.correlation_id;
  if (event.causation_id.empty()) {
    out["causation_id"] = nullptr;
  } else {
    out["causation_id"] = event.causation_id;
  }
  // The payload keeps its own (sorted) order, so it is appended as text.
  std::string text = out.dump(-1, ' ', false, Json::error_handler_t::replace);
  text.pop_back();
  return text + ",\"payload\":" + dump_json(event.payload) + "}";
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
