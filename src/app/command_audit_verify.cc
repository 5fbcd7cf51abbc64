// `tidemark audit verify`: is the journal whole, and is it the one of which a checkpoint was kept?
#include <optional>

#include "app/audit_commands.h"
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "app/proof_files.h"
#include "audit/proof.h"

namespace tidemark::app {
namespace {

// What was kept away from the data directory, and so from whoever can write there.
struct Kept {
  std::string note;
  audit::VerifierKey key;
  std::uint64_t size = 0;
};

Result<std::optional<Kept>> read_kept(const VerifyOptions& options) {
  if (options.checkpoint.empty()) return std::nullopt;
  Kept kept;
  TM_ASSIGN(kept.key, read_verifier_key(options.key));
  TM_ASSIGN(kept.note, read_proof_file(options.checkpoint));
  TM_ASSIGN(const auto checkpoint, audit::verified_checkpoint(kept.note, kept.key));
  kept.size = checkpoint.size;
  return kept;
}

// That the journal begins with the records of the kept checkpoint, as a checkpoint of the same key
// has it; else that is the finding.
ApiResult<void> compare_with_kept(Backend& backend, const Kept& kept, Json& total) {
  const std::string records = std::to_string(kept.size);
  const auto found = [&](const std::string& what) {
    total["finding"] = {{"sequence", 0}, {"what", what}};
  };
  const auto text = backend.call({"GET", "/v1/audit/consistency", {{"first", records}}});
  if (!text && text.error().code == name(Errc::not_found)) {
    found("the checkpoint that was kept is of " + records +
          " records, and the journal has none of so many: it is another one, or was rewritten");
    return {};
  }
  if (!text) return tl::unexpected(text.error());
  const auto proof = audit::ConsistencyProof::parse(*text);
  const auto later = proof ? audit::check(*proof, kept.note, kept.key)
                           : Result<audit::Checkpoint>(fail(proof.error()));
  if (later) {
    total["begins_with"] = kept.size;
  } else {
    found("the journal does not begin with the " + records +
          " records of the checkpoint that was kept: " + later.error().message);
  }
  return {};
}

// Adds one part's counts to what was counted so far.
void add_part(Json& total, const Json& part) {
  for (const char* count : {"records", "payloads", "checkpoints", "dropped", "explained"}) {
    total[count] = total[count].get<std::uint64_t>() + part[count].get<std::uint64_t>();
  }
  total["last"] = part["last"];
  total["finding"] = part["finding"];
  total["retention"] = part["retention"];
}

ApiResult<Json> verify_all(Backend& backend, const VerifyOptions& options) {
  Json total{{"records", 0}, {"payloads", 0}, {"checkpoints", 0}, {"dropped", 0}, {"explained", 0}};
  Query query;
  if (options.payloads) query["payloads"] = "true";
  for (;;) {
    const auto part = backend.call_json({"GET", "/v1/audit/verify", query});
    if (!part) return tl::unexpected(part.error());
    add_part(total, *part);
    if (!total["finding"].is_null() || (*part)["next"].is_null()) return total;
    query["last"] = text_at(*part, "last");
    query["after"] = text_at(*part, "next");
  }
}

void show_what_is_gone(const Json& total) {
  const Json& retention = total["retention"];
  if (retention.is_object()) {
    Output::line("records 1 to " + text_at(retention, "through") +
                 " were dropped by retention at " + exact_time(text_at(retention, "at")) +
                 ", behind the checkpoint of " + text_at(retention, "checkpoint") + " records");
  }
  if (total["explained"] > 0) {
    Output::line(text_at(total, "explained") +
                 " payloads are gone by retention or erasure, as the journal says");
  }
}

}  // namespace

int run_audit_verify(const Config& config, const VerifyOptions& options) {
  const auto kept = read_kept(options);
  if (!kept) {
    say("--checkpoint: " + kept.error().message);
    return is_no_proof(kept.error()) ? kDifferenceFound : kBadUsage;
  }
  return with_backend(config, Runtime::Purpose::read, [&](Backend& backend) {
    auto total = verify_all(backend, options);
    if (!total) return failed(total.error());
    if (*kept && (*total)["finding"].is_null()) {
      const auto compared = compare_with_kept(backend, **kept, *total);
      if (!compared) return failed(compared.error());
    }
    if (options.json) Output::line(dump_json(*total));
    const Json& finding = (*total)["finding"];
    if (!finding.is_null()) {
      say(text_at(finding, "what"));
      return static_cast<int>(kDifferenceFound);
    }
    if (!options.json) {
      std::string line = text_at(*total, "records") + " records and " +
                         text_at(*total, "checkpoints") + " signed checkpoints hold";
      if (options.payloads) line += ", and " + text_at(*total, "payloads") + " inputs and events";
      Output::line(line);
      if (*kept)
        Output::line("they begin with the " + text_at(*total, "begins_with") +
                     " of the checkpoint that was kept");
      show_what_is_gone(*total);
    }
    return static_cast<int>(kDone);
  });
}

}  // namespace tidemark::app
