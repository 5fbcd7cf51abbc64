// Proving the journal: its checkpoints, proofs of records and of histories, and verification.
#include "api/handlers.h"
#include "api/journal_lookup.h"
#include "audit/audit_service.h"
#include "base/text.h"

namespace tidemark {
namespace {

ServerResponse text_response(std::string text) {
  ServerResponse response;
  response.status = 200;
  response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  response.body = std::move(text);
  return response;
}

Json to_json(const audit::StoredCheckpoint& checkpoint) {
  return {{"size", checkpoint.size}, {"checkpoint", checkpoint.note}};
}

std::optional<std::uint64_t> size_of(const Call& call, const char* name) {
  const auto value = call.integer(name, 0);
  if (value <= 0) return std::nullopt;
  return static_cast<std::uint64_t>(value);
}

Json to_json(const std::optional<audit::Finding>& finding) {
  if (!finding) return nullptr;
  return {{"sequence", finding->sequence == 0 ? Json() : Json(finding->sequence)},
          {"what", finding->what}};
}

}  // namespace

Result<ServerResponse> get_audit_key(const ApiParts& parts, const Call&) {
  TM_ASSIGN(const auto key, parts.audit.verifier_key());
  return text_response(key.text() + "\n");
}

Result<ServerResponse> get_checkpoints(const ApiParts& parts, const Call& call) {
  std::uint64_t size = size_of(call, "size").value_or(1);
  const auto limit = static_cast<std::size_t>(call.integer("limit", 100));
  if (limit == 0) return fail(Errc::invalid_argument, "limit must be at least 1");
  if (const auto page = call.text("page"); !page.empty()) {
    const auto from = parse_sequence(page);
    if (!from) return fail(Errc::invalid_argument, "page is not a next_page of this list");
    size = *from;
  }
  TM_ASSIGN(const auto checkpoints, parts.audit.checkpoints(size, limit));
  Json items = Json::array();
  for (const auto& checkpoint : checkpoints) items.push_back(to_json(checkpoint));
  const bool full = checkpoints.size() == limit;
  return list_response(std::move(items), full ? std::to_string(checkpoints.back().size + 1) : "");
}

Result<ServerResponse> post_checkpoint(const ApiParts& parts, const Call& call) {
  TM_TRY(json_body(call.request(), {}));
  TM_ASSIGN(const auto checkpoint, parts.audit.make_checkpoint());
  return json_response(to_json(checkpoint));
}

Result<ServerResponse> get_inclusion_proof(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto record, record_of_path(parts, call));
  TM_ASSIGN(const auto proof, parts.audit.prove(record.sequence, size_of(call, "size")));
  return text_response(proof.text());
}

Result<ServerResponse> get_consistency_proof(const ApiParts& parts, const Call& call) {
  const auto first = size_of(call, "first");
  if (!first) return fail(Errc::invalid_argument, "first: name the size of a checkpoint");
  TM_ASSIGN(const auto proof, parts.audit.prove_consistency(*first, size_of(call, "second")));
  return text_response(proof.text());
}

Result<ServerResponse> get_audit_verification(const ApiParts& parts, const Call& call) {
  const Sequence newest = parts.store.last_sequence();
  const Sequence last = size_of(call, "last").value_or(newest);
  if (last > newest) {
    return fail(Errc::invalid_argument, "last: the journal ends at " + std::to_string(newest));
  }
  const auto after = static_cast<Sequence>(call.integer("after", 0));
  TM_ASSIGN(const auto part, parts.audit.verify_part(after, last, call.boolean("payloads")));
  Json answer{{"last", last},
              {"records", part.records},
              {"payloads", part.payloads},
              {"checkpoints", 0},
              {"dropped", part.dropped},
              {"explained", part.explained},
              {"retention", nullptr},
              {"next", part.next == 0 ? Json() : Json(part.next)},
              {"finding", to_json(part.finding)}};
  if (part.dropped_through > 0) {
    answer["retention"] = {{"through", part.dropped_through},
                           {"at", format_rfc3339(part.dropped_at)},
                           {"checkpoint", part.dropped_behind}};
  }
  if (part.finding || part.next != 0) return json_response(answer);
  TM_ASSIGN(const auto rest, parts.audit.verify_rest(last));
  answer["checkpoints"] = rest.checkpoints;
  answer["finding"] = to_json(rest.finding);
  return json_response(answer);
}

}  // namespace tidemark
