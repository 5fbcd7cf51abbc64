// Backups, made while everything goes on. For the operator alone: they hold every tenant's data.
#include "api/handlers.h"
#include "base/text.h"

namespace tidemark {
namespace {

constexpr auto kCreated = "tidemark_backup_last_created_timestamp_seconds";
constexpr auto kVerified = "tidemark_backup_last_verified_timestamp_seconds";

Json mark_json(const std::optional<backup::Mark>& mark, WallTime now) {
  if (!mark) return nullptr;
  const auto age = std::chrono::floor<std::chrono::seconds>(now - mark->at).count();
  return {{"id", mark->id},
          {"at", format_rfc3339(mark->at)},
          {"age_seconds", std::max<std::int64_t>(age, 0)},
          {"directory", mark->directory},
          {"sequence", mark->sequence}};
}

void set_or_remove(Metrics& metrics, const char* gauge, const std::optional<backup::Mark>& mark) {
  if (!mark) return metrics.remove_gauge(gauge, {});
  const std::chrono::duration<double> since = mark->at.time_since_epoch();
  metrics.set(gauge, {}, since.count());
}

}  // namespace

Result<ServerResponse> get_backups(const ApiParts& parts, const Call& call) {
  const auto given = call.text("directory");
  const std::string& directory = given.empty() ? parts.backup.options().directory : given;
  if (directory.empty() || directory.front() != '/') {
    return fail(Errc::invalid_argument, "directory: name an absolute path");
  }
  TM_ASSIGN(const auto opened,
            backup::BackupDirectory::open(directory, "", backup::BackupDirectory::Use::read));
  TM_ASSIGN(const auto entries, opened.entries());
  Json items = Json::array();
  for (const auto& entry : entries) items.push_back(to_json(entry));
  return list_response(std::move(items));
}

Result<ServerResponse> post_backup(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const Json body, json_body(call.request(), {"directory"}));
  TM_ASSIGN(const auto manifest, parts.backup.create(body.value("directory", std::string())));
  backup::Entry entry;
  entry.id = manifest.id;
  entry.manifest = manifest;
  return json_response(to_json(entry), 201);
}

Json backup_status(const ApiParts& parts) {
  const auto status = parts.backup.status();
  const WallTime now = parts.clock.now();
  return {{"directory", status.directory.empty() ? Json() : Json(status.directory)},
          {"last_created", mark_json(status.created, now)},
          {"last_verified", mark_json(status.verified, now)}};
}

void describe_backup_metrics(Metrics& metrics) {
  metrics.describe(kCreated, "When the last backup was made; absent when never");
  metrics.describe(kVerified,
                   "When a backup of this data was last restored and found whole; absent when "
                   "never");
}

void collect_backup_metrics(const ApiParts& parts, Metrics& metrics) {
  const auto status = parts.backup.status();
  set_or_remove(metrics, kCreated, status.created);
  set_or_remove(metrics, kVerified, status.verified);
}

}  // namespace tidemark
