#include "api/handlers.h"
#include "api/journal_lookup.h"
#include "engine/journal.h"

namespace tidemark {
namespace {

Result<RecordFilter> filter_of(const Call& call) {
  RecordFilter filter;
  filter.tenant = call.tenant();
  filter.correlation_id = call.text("correlation");
  filter.instance = call.text("instance");
  filter.dedupe_key = call.text("dedupe_key");
  filter.type_glob = call.text("type");
  filter.since = call.time("since");
  filter.until = call.time("until");
  filter.after = static_cast<Sequence>(call.integer("after", 0));
  filter.limit = static_cast<std::size_t>(call.integer("limit", 100));
  if (filter.limit == 0) return fail(Errc::invalid_argument, "limit must be at least 1");
  if (const auto page = call.text("page"); !page.empty()) {
    const auto after = parse_sequence(page);
    if (!after) return fail(Errc::invalid_argument, "page is not a next_page of this list");
    filter.after = *after;
  }
  return filter;
}

// Ids hold the position they were made at.
Result<ServerResponse> find_by_id(const ApiParts& parts, const RecordFilter& filter,
                                  const std::string& id) {
  std::optional<Position> position;
  for (const auto prefix : {kEventPrefix, kEffectPrefix, kRecordPrefix}) {
    if (!position) position = parse_id(prefix, id);
  }
  if (!position) return fail(Errc::invalid_argument, "id: not an evt_, eff_ or rec_ id");
  auto record = read_record(parts.store, position->sequence);
  if (!record && record.error().code != Errc::not_found) return fail(std::move(record).error());
  Json items = Json::array();
  const bool found = record && record->sequence > filter.after && matches(*record, filter) &&
                     make_id(id.substr(0, id.find('_') + 1), record->at, *position) == id;
  if (found) items.push_back(to_json(*record));
  return list_response(std::move(items));
}

}  // namespace

Result<ServerResponse> get_audit(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto filter, filter_of(call));
  if (const auto id = call.text("id"); !id.empty()) return find_by_id(parts, filter, id);
  TM_ASSIGN(const auto page, read_record_page(parts.store, filter));
  Json items = Json::array();
  for (const auto& record : page.records) items.push_back(to_json(record));
  return list_response(std::move(items), page.next == 0 ? "" : std::to_string(page.next));
}

Result<ServerResponse> get_audit_record(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto record, record_of_path(parts, call));
  return json_response(to_json(record));
}

}  // namespace tidemark
