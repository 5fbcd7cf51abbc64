// The commands that prove and replay the journal.
#pragma once

#include <cstdint>
#include <string>

#include "app/config.h"

namespace tidemark::app {

struct VerifyOptions {
  bool payloads = false;
  std::string checkpoint;  // a file that was kept elsewhere; empty: none
  std::string key;         // that it is signed with
  bool json = false;
};
int run_audit_verify(const Config& config, const VerifyOptions& options);

struct ProofOptions {
  bool json = false;
};
struct RetentionArguments {
  bool run = false;
  bool json = false;
};
int run_audit_retention(const Config& config, const RetentionArguments& options);

struct EraseArguments {
  std::string tenant;
  std::string instance;
  std::string correlation;
  std::string why;
  bool dry_run = false;
  bool json = false;
};
int run_audit_erase(const Config& config, const EraseArguments& options);

int run_audit_key(const Config& config, const ProofOptions& options);
int run_audit_checkpoint(const Config& config, const ProofOptions& options);

struct CheckpointsOptions {
  std::uint64_t size = 1;
  std::uint64_t limit = 100;
  bool json = false;
};
int run_audit_checkpoints(const Config& config, const CheckpointsOptions& options);

struct ProveOptions {
  std::string sequence;
  std::string size;
};
int run_audit_prove(const Config& config, const ProveOptions& options);

struct ConsistencyOptions {
  std::string first;
  std::string second;
};
int run_audit_consistency(const Config& config, const ConsistencyOptions& options);

struct CheckProofOptions {
  std::string file;
  std::string key;
  std::string checkpoint;
  bool json = false;
};
int run_check_proof(const CheckProofOptions& options);

struct ReplayCommandOptions {
  std::string from;  // a data directory, its store or a directory of backups; empty: as configured
  std::string to;    // a sequence or a time; empty: the journal's end
  std::string into;  // a data directory to make; empty: only compare
  std::size_t differences = 10;
  bool json = false;
};
int run_replay(const Config& config, const ReplayCommandOptions& options);

}  // namespace tidemark::app
