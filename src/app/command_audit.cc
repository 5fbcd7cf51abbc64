// audit key, checkpoint, checkpoints, prove, consistency, check-proof.
#include "app/audit_commands.h"
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "app/proof_files.h"
#include "audit/proof.h"
#include "base/text.h"
#include "engine/journal.h"

namespace tidemark::app {
namespace {

constexpr std::uint64_t kPage = 1000;

int show_text(const ApiResult<std::string>& text) {
  if (!text) return failed(text.error());
  Output::write(*text);
  return kDone;
}

Result<Json> check_inclusion(std::string_view text, const audit::VerifierKey& key) {
  TM_ASSIGN(const auto proof, audit::InclusionProof::parse(text));
  TM_ASSIGN(const auto proved, audit::check(proof, key));
  return Json{{"log", proved.checkpoint.origin},
              {"size", proved.checkpoint.size},
              {"record", to_json(proved.record)}};
}

Result<Json> check_consistency(std::string_view text, const CheckProofOptions& options,
                               const audit::VerifierKey& key) {
  TM_ASSIGN(const auto proof, audit::ConsistencyProof::parse(text));
  if (options.checkpoint.empty()) {
    return fail(Errc::invalid_argument,
                "a consistency proof is checked against the earlier checkpoint: name its file with "
                "--checkpoint");
  }
  TM_ASSIGN(const auto earlier, read_proof_file(options.checkpoint));
  TM_ASSIGN(const auto later, audit::check(proof, earlier, key));
  return Json{{"log", later.origin}, {"size", later.size}, {"consistent_since", proof.old_size}};
}

Result<Json> check_proof(const CheckProofOptions& options) {
  TM_ASSIGN(const auto key, read_verifier_key(options.key));
  TM_ASSIGN(const auto text, read_proof_file(options.file));
  return text.starts_with("old ") ? check_consistency(text, options, key)
                                  : check_inclusion(text, key);
}

}  // namespace

int run_audit_key(const Config& config, const ProofOptions& options) {
  return with_backend(config, Runtime::Purpose::read, [&](Backend& backend) {
    const auto key = backend.call({"GET", "/v1/audit/key"});
    if (!key || !options.json) return show_text(key);
    Output::line(dump_json({{"key", std::string(trim(*key))}}));
    return static_cast<int>(kDone);
  });
}

int run_audit_checkpoint(const Config& config, const ProofOptions& options) {
  return with_backend(config, Runtime::Purpose::write, [&](Backend& backend) {
    const auto made = backend.call_json({"POST", "/v1/audit/checkpoints", {}, {}, "{}"});
    if (!made) return failed(made.error());
    options.json ? static_cast<void>(Output::line(dump_json(*made)))
                 : static_cast<void>(Output::write(text_at(*made, "checkpoint")));
    return static_cast<int>(kDone);
  });
}

int run_audit_checkpoints(const Config& config, const CheckpointsOptions& options) {
  return with_backend(config, Runtime::Purpose::read, [&](Backend& backend) {
    TextTable table({{"RECORDS", true}, {"ROOT", false, true}});
    Query query{{"size", std::to_string(options.size)}};
    std::uint64_t left = options.limit;
    bool more = left > 0;
    while (more && left > 0) {
      query["limit"] = std::to_string(std::min(left, kPage));
      const auto page = backend.call_json({"GET", "/v1/audit/checkpoints", query});
      if (!page) return failed(page.error());
      for (const auto& item : (*page)["items"]) {
        if (options.json) {
          if (!Output::line(dump_json(item))) return static_cast<int>(kDone);
          continue;
        }
        const auto checkpoint = audit::Checkpoint::parse(text_at(item, "checkpoint"));
        table.add({text_at(item, "size"), checkpoint ? to_hex(checkpoint->root) : "?"});
      }
      left -= std::min<std::uint64_t>(left, (*page)["items"].size());
      query["page"] = text_at(*page, "next_page");
      more = !query["page"].empty();
    }
    if (!table.empty()) Output::write(table.text(Output::width()));
    return static_cast<int>(kDone);
  });
}

int run_audit_prove(const Config& config, const ProveOptions& options) {
  return with_backend(config, Runtime::Purpose::read, [&](Backend& backend) {
    Query query;
    if (!options.size.empty()) query["size"] = options.size;
    return show_text(backend.call({"GET", "/v1/audit/" + options.sequence + "/proof", query}));
  });
}

int run_audit_consistency(const Config& config, const ConsistencyOptions& options) {
  return with_backend(config, Runtime::Purpose::read, [&](Backend& backend) {
    Query query{{"first", options.first}};
    if (!options.second.empty()) query["second"] = options.second;
    return show_text(backend.call({"GET", "/v1/audit/consistency", query}));
  });
}

int run_check_proof(const CheckProofOptions& options) {
  const auto checked = check_proof(options);
  if (!checked) {
    say(options.file + ": " + checked.error().message);
    // A proof that cannot be read proves nothing either.
    return is_no_proof(checked.error()) ? kDifferenceFound : kBadUsage;
  }
  if (options.json) {
    Output::line(dump_json(*checked));
    return kDone;
  }
  const bool of_record = checked->contains("record");
  Output::line(of_record ? "record " + text_at((*checked)["record"], "sequence") +
                               " is in the journal of " + text_at(*checked, "log") + " as of " +
                               text_at(*checked, "size") + " records"
                         : "the journal of " + text_at(*checked, "log") + " as of " +
                               text_at(*checked, "size") + " records begins with those " +
                               text_at(*checked, "consistent_since"));
  if (of_record) show_fields((*checked)["record"]);
  return kDone;
}

}  // namespace tidemark::app
