// The command line of the journal: looking into it, and proving it.
#include "app/audit_commands.h"
#include "app/cli_commands.h"
#include "app/commands.h"

namespace tidemark::app {
namespace {

void add_reading(CLI::App& audit, Invocation& invocation) {
  CLI::App& list = add_command(audit, "list", "List journal records",
                               "audit list --correlation cor_01J8Z0P3H1Y8K8Q0KQ9VJ8X7K1");
  auto filter = options_of(list, invocation, run_audit_list);
  list.add_option("--correlation", filter->correlation, "only what this correlation id set off");
  list.add_option("--instance", filter->instance, "only records of this machine instance");
  list.add_option("--id", filter->id, "only the record this event, effect or record id comes from");
  list.add_option("--dedupe-key", filter->dedupe_key,
                  "only records whose input, or one of its events, has this key");
  list.add_option("--type", filter->type,
                  "only records whose input, or one of its events, fits this glob");
  list.add_option("--tenant", filter->tenant, "only this tenant's; finds a dedupe key faster");
  list.add_option("--since", filter->since, "RFC 3339 time or date");
  list.add_option("--until", filter->until, "RFC 3339 time or date; records before it");
  list.add_option("--after", filter->after, "only records after this sequence");
  list.add_option("--limit", filter->limit, "at most so many; 100 when absent");
  list.add_flag("--json", filter->json, "one JSON object a line");
  CLI::App& show =
      add_command(audit, "show", "Show one journal record, or all it belongs to as a tree",
                  "audit show 1042 --tree");
  auto record = options_of(show, invocation, run_audit_show);
  show.add_option("sequence", record->sequence, "its sequence")->required();
  auto* tree = show.add_flag("--tree", record->tree, "what led to it and what it led to");
  show.add_flag("--below", record->below, "of the tree, only what it led to")->needs(tree);
  show.add_option("--limit", record->limit, "of the tree, at most so many nodes; 500 when absent")
      ->needs(tree)
      ->check(CLI::Range(1, 2000));
  show.add_flag("--json", record->json, "print JSON");
  CLI::App& verify = add_command(
      audit, "verify", "Check every record, the tree and the checkpoints; exit 5 when one is wrong",
      "audit verify --payloads");
  auto depth = options_of(verify, invocation, run_audit_verify);
  verify.add_flag("--payloads", depth->payloads, "inputs and events, too");
  CLI::Option* kept = verify.add_option(
      "--checkpoint", depth->checkpoint,
      "the file of one that was kept elsewhere: the journal must begin with its records");
  CLI::Option* key =
      verify.add_option("--key", depth->key, "that one's verifier key, or a file that holds it");
  kept->needs(key);
  key->needs(kept);
  verify.add_flag("--json", depth->json, "print JSON");
}

void add_proving(CLI::App& audit, Invocation& invocation) {
  CLI::App& key = add_command(audit, "key", "Show the key that checks checkpoints and proofs",
                              "audit key > audit.pub");
  key.add_flag("--json", options_of(key, invocation, run_audit_key)->json, "print JSON");

  CLI::App& checkpoint =
      add_command(audit, "checkpoint", "Sign the journal as it is now, and show the checkpoint",
                  "audit checkpoint > /mnt/elsewhere/checkpoint");
  checkpoint.add_flag("--json", options_of(checkpoint, invocation, run_audit_checkpoint)->json,
                      "print JSON");

  CLI::App& checkpoints = add_command(audit, "checkpoints", "List the signed checkpoints",
                                      "audit checkpoints --size 1042");
  auto wanted = options_of(checkpoints, invocation, run_audit_checkpoints);
  checkpoints.add_option("--size", wanted->size, "only those of at least so many records");
  checkpoints.add_option("--limit", wanted->limit, "at most so many; 100 when absent");
  checkpoints.add_flag("--json", wanted->json, "one JSON object a line");

  CLI::App& prove = add_command(audit, "prove", "Prove that a record is in the journal",
                                "audit prove 1042 > 1042.tlog-proof");
  auto proved = options_of(prove, invocation, run_audit_prove);
  prove.add_option("sequence", proved->sequence, "the record's sequence")->required();
  prove.add_option("--size", proved->size,
                   "in the checkpoint of so many records; the smallest that fits when absent");

  CLI::App& consistency =
      add_command(audit, "consistency",
                  "Prove that the journal of one checkpoint is the beginning of that of another",
                  "audit consistency 1042 > since-1042.proof");
  auto both = options_of(consistency, invocation, run_audit_consistency);
  consistency.add_option("first", both->first, "records of the earlier checkpoint")->required();
  consistency.add_option("second", both->second, "records of the later one; the last when absent");

  CLI::App& check =
      add_command(audit, "check-proof", "Check a proof with nothing but the key; exit 5 when wrong",
                  "audit check-proof 1042.tlog-proof --key audit.pub");
  auto given = std::make_shared<CheckProofOptions>();
  check.add_option("file", given->file, "the proof")->required();
  check.add_option("--key", given->key, "the verifier key, or a file that holds it")->required();
  check.add_option("--checkpoint", given->checkpoint,
                   "of a consistency proof: the file of the earlier checkpoint");
  check.add_flag("--json", given->json, "print JSON");
  check.callback(
      [&invocation, given] { invocation.run_alone = [given] { return run_check_proof(*given); }; });
}

void add_replaying(CLI::App& app, Invocation& invocation) {
  CLI::App& replay = add_command(
      app, "replay",
      "Feed the journal to this binary's machines and compare; exit 5 when something differs",
      "replay --from /mnt/backups/tidemark");
  auto options = options_of(replay, invocation, run_replay);
  replay.add_option(
      "--from", options->from,
      "a directory of backups (the newest one), a data directory or its store; it is copied "
      "first, never changed");
  replay.add_option("--to", options->to,
                    "rebuild the data directory as of this record or RFC 3339 time");
  replay.add_option("--into", options->into, "the data directory to make; must not exist");
  replay.add_option("--differences", options->differences,
                    "show at most so many in full; 10 when absent");
  replay.add_flag("--json", options->json, "print JSON");
}

void add_forgetting(CLI::App& audit, Invocation& invocation) {
  CLI::App& retention = add_command(audit, "retention",
                                    "Show what is kept how long and what was dropped; or drop now",
                                    "audit retention --run");
  auto kept = options_of(retention, invocation, run_audit_retention);
  retention.add_flag("--run", kept->run, "drop now what is old enough");
  retention.add_flag("--json", kept->json, "print JSON");

  CLI::App& erase =
      add_command(audit, "erase", "Erase inputs and events from the history, and keep their proof",
                  "audit erase --tenant acme --why \"contract ended\"");
  auto erased = options_of(erase, invocation, run_audit_erase);
  erase.add_option("--tenant", erased->tenant, "of this tenant");
  erase.add_option("--instance", erased->instance, "of this machine instance");
  erase.add_option("--correlation", erased->correlation, "what this correlation id set off");
  erase.add_option("--why", erased->why, "the reason, kept in the journal; needed to erase");
  erase.add_flag("--dry-run", erased->dry_run, "only count");
  erase.add_flag("--json", erased->json, "print JSON");
}

}  // namespace

void add_audit_commands(CLI::App& app, Invocation& invocation) {
  CLI::App& audit =
      add_command(app, "audit", "Look into the journal, and prove it", "audit list --limit 20");
  audit.require_subcommand(1);
  add_reading(audit, invocation);
  add_proving(audit, invocation);
  add_replaying(app, invocation);
  add_forgetting(audit, invocation);
}

}  // namespace tidemark::app
