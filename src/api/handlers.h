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

// account_routes.cc
Result<ServerResponse> get_accounts(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_account(const ApiParts& parts, const Call& call);
Result<ServerResponse> post_account(const ApiParts& parts, const Call& call);
Result<ServerResponse> delete_account(const ApiParts& parts, const Call& call);
Result<ServerResponse> post_account_connect(const ApiParts& parts, const Call& call);
Result<ServerResponse> post_consent(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_oauth_callback(const ApiParts& parts, const Call& call);

// calendar_routes.cc
Result<ServerResponse> get_calendars(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_calendar(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_calendar_events(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_calendar_file(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_calendar_quarantine(const ApiParts& parts, const Call& call);

// write_routes.cc
Result<ServerResponse> post_event(const ApiParts& parts, const Call& call);
Result<ServerResponse> put_event(const ApiParts& parts, const Call& call);
Result<ServerResponse> delete_event(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_write(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_writes(const ApiParts& parts, const Call& call);

// sync_routes.cc
Result<ServerResponse> post_sync(const ApiParts& parts, const Call& call);
Result<ServerResponse> post_calendar_sync(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_sync(const ApiParts& parts, const Call& call);

// feed_routes.cc
Result<ServerResponse> get_feed(const ApiParts& parts, const Call& call);

// audit_routes.cc
Result<ServerResponse> get_audit(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_audit_record(const ApiParts& parts, const Call& call);

// backup_routes.cc
Result<ServerResponse> get_backups(const ApiParts& parts, const Call& call);
Result<ServerResponse> post_backup(const ApiParts& parts, const Call& call);
Json backup_status(const ApiParts& parts);
void describe_backup_metrics(Metrics& metrics);
void collect_backup_metrics(const ApiParts& parts, Metrics& metrics);

// audit_tree.cc
Result<ServerResponse> get_audit_tree(const ApiParts& parts, const Call& call);

// retention_routes.cc
Result<ServerResponse> get_retention(const ApiParts& parts, const Call& call);
Result<ServerResponse> post_retention(const ApiParts& parts, const Call& call);
Result<ServerResponse> post_erasure(const ApiParts& parts, const Call& call);

// key_routes.cc
Result<ServerResponse> get_keys(const ApiParts& parts, const Call& call);
Result<ServerResponse> post_key(const ApiParts& parts, const Call& call);
Result<ServerResponse> delete_key(const ApiParts& parts, const Call& call);

// endpoint_routes.cc
inline constexpr std::int64_t kMaxEndpointPage = 1000;
Result<ServerResponse> get_endpoints(const ApiParts& parts, const Call& call);
Result<ServerResponse> post_endpoint(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_endpoint(const ApiParts& parts, const Call& call);
Result<ServerResponse> put_endpoint(const ApiParts& parts, const Call& call);
Result<ServerResponse> patch_endpoint(const ApiParts& parts, const Call& call);
Result<ServerResponse> delete_endpoint(const ApiParts& parts, const Call& call);
Result<ServerResponse> post_endpoint_pause(const ApiParts& parts, const Call& call);
Result<ServerResponse> post_endpoint_resume(const ApiParts& parts, const Call& call);
Result<ServerResponse> post_endpoint_rotate(const ApiParts& parts, const Call& call);
Result<ServerResponse> post_endpoint_rewind(const ApiParts& parts, const Call& call);
Result<ServerResponse> post_endpoint_test(const ApiParts& parts, const Call& call);

// delivery_routes.cc
inline constexpr std::int64_t kMaxDeliveryPage = 1000;
Result<ServerResponse> get_deliveries(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_delivery(const ApiParts& parts, const Call& call);
Result<ServerResponse> post_delivery_retry(const ApiParts& parts, const Call& call);
Result<ServerResponse> post_delivery_cancel(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_dead_letters(const ApiParts& parts, const Call& call);
Result<ServerResponse> post_dead_letters_replay(const ApiParts& parts, const Call& call);
Result<ServerResponse> post_dead_letters_drop(const ApiParts& parts, const Call& call);

// secret_routes.cc
Result<ServerResponse> get_audit_key(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_checkpoints(const ApiParts& parts, const Call& call);
Result<ServerResponse> post_checkpoint(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_inclusion_proof(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_consistency_proof(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_audit_verification(const ApiParts& parts, const Call& call);
Result<ServerResponse> get_secrets(const ApiParts& parts, const Call& call);
Result<ServerResponse> post_secrets_rotate(const ApiParts& parts, const Call& call);

// hook_routes.cc
Result<ServerResponse> post_google_hook(const ApiParts& parts, const Call& call);

// store_routes.cc
Result<ServerResponse> post_store_copy(const ApiParts& parts, const Call& call);

// openapi.cc
Result<ServerResponse> get_openapi(const ApiParts& parts, const Call& call);

}  // namespace tidemark
