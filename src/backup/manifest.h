// What a backup says of itself: a JSON file beside it, written last, so that a backup without one
// was never finished. Verification compares what is restored with it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "store/archive.h"

namespace tidemark::backup {

// A store's content, as far as it can be compared.
struct Content {
  StorePoint point;
  std::string origin;  // leaf hash of journal record 1, in hex: whose history this is; empty: none
  std::string root;    // of the journal's tree of point.sequence records, in hex
  std::map<std::string, std::uint64_t> rows;  // exact, by table
  bool operator==(const Content&) const = default;
};

struct Manifest {
  std::uint32_t id = 0;
  WallTime created_at{};
  std::string version;  // of the Tidemark that made it
  Content content;
  std::uint64_t bytes = 0;        // what it takes to restore it
  std::uint64_t added_bytes = 0;  // what it added to the directory
  std::uint32_t files = 0;
  std::map<std::string, std::string> keys;  // key files that go with it -> their SHA-256 in hex
};

Json to_json(const Manifest& manifest);
// Errc::corrupt, or Errc::newer_format for one of a later version's form.
Result<Manifest> manifest_from_json(std::string_view text);

// What a verification found, kept beside the backup.
struct Verification {
  WallTime at{};
  std::uint64_t records = 0;
  std::uint64_t payloads = 0;     // inputs and events whose bytes were checked
  std::uint64_t checkpoints = 0;  // signed ones of the journal
  std::uint64_t rows = 0;
  std::string finding;  // empty: it is what its manifest says, and the audit holds
};

Json to_json(const Verification& verification);
Result<Verification> verification_from_json(std::string_view text);

// What the data directory remembers of its backups (last made, last verified).
struct Mark {
  std::uint32_t id = 0;
  WallTime at{};
  std::string directory;
  std::string origin;
  Sequence sequence = 0;
};

Json to_json(const Mark& mark);
Result<Mark> mark_from_json(std::string_view text);

}  // namespace tidemark::backup
