// The routes that change events.
#include "api/handlers.h"
#include "api/route_groups.h"

namespace tidemark {
namespace {

const Parameter kIdempotencyKey{"Idempotency-Key", ParameterType::text,
                                "a second request of the same key within 7 days is the first one"};
const Parameter kIfMatch{"If-Match", ParameterType::text,
                         "the event's etag, else its source_hash: 412 when it is another version "
                         "by now; when absent, the mirrored version is meant"};

}  // namespace

std::vector<Route> make_write_routes() {
  return {
      {"POST",
       "/v1/calendars/{id}/events",
       Access::tenant,
       "createEvent",
       "Accepts a command that creates an event",
       202,
       "AcceptedWrite",
       {},
       "EventChanges",
       post_event,
       {kIdempotencyKey}},
      {"PUT",
       "/v1/calendars/{id}/events/{event}",
       Access::tenant,
       "updateEvent",
       "Accepts a command that changes the given members of an event, by its external_event_id",
       202,
       "AcceptedWrite",
       {},
       "EventChanges",
       put_event,
       {kIdempotencyKey, kIfMatch}},
      {"DELETE",
       "/v1/calendars/{id}/events/{event}",
       Access::tenant,
       "deleteEvent",
       "Accepts a command that deletes an event, or one instance of a series",
       202,
       "AcceptedWrite",
       {},
       {},
       delete_event,
       {kIdempotencyKey, kIfMatch}},
      {"GET",
       "/v1/calendars/{id}/writes",
       Access::tenant,
       "listWrites",
       "The commands that wait, then those that have ended",
       200,
       "WriteList",
       {limit_to(2000)},
       {},
       get_writes},
      {"GET",
       "/v1/calendars/{id}/writes/{write}",
       Access::tenant,
       "getWrite",
       "What has become of a command",
       200,
       "Write",
       {{"wait", ParameterType::integer, "seconds to wait for its end before answering", 30}},
       {},
       get_write},
  };
}

}  // namespace tidemark
