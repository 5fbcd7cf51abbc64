// The handlers that the route table names, by file.
#pragma once

#include "api/route.h"

namespace tidemark {

// health_routes.cc
Result<ServerResponse> get_livez(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_readyz(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_healthz(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_metrics(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_status(const ApiParts& parts, const Call& call);

// calendar_routes.cc
Result<ServerResponse> get_accounts(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_calendars(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_calendar(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_calendar_events(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_calendar_file(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_calendar_quarantine(const ApiParts& parts, const Call& call);

// sync_routes.cc
Result<ServerResponse> post_sync(const ApiParts& parts, const Call& call);
Result<ServerResponse> post_calendar_sync(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_sync(const ApiParts& parts, const Call& call);

// feed_routes.cc
Result<ServerResponse> get_feed(const ApiParts& parts, const Call& call);

// audit_routes.cc
Result<ServerResponse> get_audit(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_audit_record(const ApiParts& parts, const Call& call);

// key_routes.cc
Result<ServerResponse> get_keys(const ApiParts& parts, const Call& call);
Result<ServerResponse> post_key(const ApiParts& parts, const Call& call);
Result<ServerResponse> delete_key(const ApiParts& parts, const Call& call);

// openapi.cc
Result<ServerResponse> get_openapi(const ApiParts& parts, const Call& call);

}  // namespace tidemark
