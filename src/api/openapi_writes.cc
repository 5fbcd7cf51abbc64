#include "api/openapi_schemas.h"

namespace tidemark::openapi {

Json write_schemas() {
  const Json time = {{"type", Json::array({"object", "null"})},
                     {"description", "{date} or {date_time, zone}; a null zone is floating"}};
  const Json event_or_null = {{"anyOf", {reference("CalendarEvent"), {{"type", "null"}}}}};
  return {
      {"EventChanges", object({{"title", text_or_null()},
                               {"description", text_or_null()},
                               {"location", text_or_null()},
                               {"start", time},
                               {"end", time},
                               {"status", one_of({"confirmed", "tentative", "cancelled"})},
                               {"attendees", array_of(Json{{"type", "object"}})},
                               {"organizer", {{"type", Json::array({"object", "null"})}}},
                               {"recurrence", array_of(text())}})},
      {"AcceptedWrite", object({{"id", text()},
                                {"status", one_of({"accepted"})},
                                {"duplicate", boolean()},
                                {"correlation_id", text()}},
                               {"id", "status", "duplicate", "correlation_id"})},
      {"Write", object({{"id", text()},
                        {"status", one_of({"accepted", "sending", "done", "conflict", "failed"})},
                        {"kind", one_of({"create", "update", "delete"})},
                        {"correlation_id", text()},
                        {"accepted_at", instant()},
                        {"finished_at", instant_or_null()},
                        {"external_event_id", text_or_null()},
                        {"ours", {{"type", Json::array({"object", "null"})}}},
                        {"event", event_or_null},
                        {"theirs", event_or_null},
                        {"error_code", text_or_null()},
                        {"error", text_or_null()}},
                       {"id", "status", "kind", "correlation_id", "accepted_at"})},
      {"WriteList", list_of("Write")},
  };
}

}  // namespace tidemark::openapi
