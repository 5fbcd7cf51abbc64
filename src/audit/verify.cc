#include "audit/verify.h"

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <utility>

#include "audit/checkpoint.h"
#include "audit/checkpoint_machine.h"
#include "audit/explained_gaps.h"
#include "audit/state_flaws.h"
#include "engine/journal.h"
#include "engine/journal_codec.h"
#include "engine/journal_tree.h"
#include "engine/keys.h"
#include "engine/merkle.h"

namespace tidemark::audit {

using namespace engine;

namespace {

constexpr unsigned kPartLevel = std::countr_zero(kRecordsPerPart);

std::string name_of(merkle::Node node) {
  return "the tree's node " + std::to_string(node.index) + " of level " +
         std::to_string(node.level);
}

// One part's leaves, hashed upwards; each complete node is compared with the stored one.
class PartTree {
 public:
  PartTree(const StoreView& view, Sequence after) : view_(view), index_(after) {}

  Result<std::optional<Finding>> append(const Sha256& leaf) {
    merkle::Node node{0, index_++};
    Sha256 hash = leaf;
    while ((node.index & 1) == 1 && node.level < kPartLevel) {
      hash = merkle::parent(left_[node.level], hash);
      node = {node.level + 1, node.index / 2};
      if (node.level < kTileLevel) continue;
      TM_ASSIGN(auto finding, compare(node, hash));
      if (finding) return finding;
    }
    left_[node.level] = hash;
    return std::nullopt;
  }

  // A whole tile whose records are gone: its root is stored, and what is above must fit it.
  Result<std::optional<Finding>> append_dropped_tile() {
    merkle::Node node{kTileLevel, index_ >> kTileLevel};
    TM_ASSIGN(const auto bytes, view_.get(Table::journal_index, tree_key(node.level, node.index)));
    const auto stored = bytes ? decode_node(*bytes) : Result<Sha256>(fail(Errc::not_found, ""));
    if (!stored) {
      return Finding{index_ + 1, name_of(node) + ", whose records are dropped, is missing"};
    }
    TM_ASSIGN(auto below, check_kept(node, *stored));
    if (below) return below;
    index_ += kTileLeaves;
    Sha256 hash = *stored;
    while ((node.index & 1) == 1 && node.level < kPartLevel) {
      hash = merkle::parent(left_[node.level], hash);
      node = {node.level + 1, node.index / 2};
      TM_ASSIGN(auto finding, compare(node, hash));
      if (finding) return finding;
    }
    left_[node.level] = hash;
    return std::nullopt;
  }

 private:
  Result<std::optional<Finding>> compare(merkle::Node node, const Sha256& hash) const {
    TM_ASSIGN(const auto bytes, view_.get(Table::journal_index, tree_key(node.level, node.index)));
    if (!bytes) return std::nullopt;  // an older version's: it is computed when it is needed
    const auto stored = decode_node(*bytes);
    if (stored && *stored == hash) return std::nullopt;
    return Finding{(node.index << node.level) + 1,
                   name_of(node) + " is not the hash of its records"};
  }

  // What proofs need of a tile whose records are gone are pairs of nodes, along paths from the
  // root.
  Result<std::optional<Finding>> check_kept(merkle::Node tile, const Sha256& root) const {
    std::map<std::uint64_t, Sha256> above{{tile.index, root}};
    for (unsigned level = kTileLevel; level-- > 0;) {
      const std::uint64_t begin = tile.index << (kTileLevel - level);
      const std::uint64_t end = (tile.index + 1) << (kTileLevel - level);
      std::map<std::uint64_t, Sha256> kept;
      TM_TRY(view_.scan(Table::journal_index, tree_level_prefix(level), tree_key(level, begin),
                        [&](std::string_view key, std::string_view value) {
                          const auto index = index_of_tree_key(key).value_or(end);
                          // One that cannot be read is like none: its pair has no parent's hash.
                          if (index < end) kept[index] = decode_node(value).value_or(Sha256{});
                          return index < end;
                        }));
      for (const auto& [index, hash] : kept) {
        const auto left = kept.find(index & ~std::uint64_t{1});
        const auto right = kept.find(index | 1);
        const auto parent = above.find(index / 2);
        const bool whole = left != kept.end() && right != kept.end() && parent != above.end();
        if (whole && merkle::parent(left->second, right->second) == parent->second) continue;
        return Finding{(index << level) + 1,
                       name_of({level, index}) + ", kept for proofs, does not fit its neighbours"};
      }
      above = std::move(kept);
    }
    return std::nullopt;
  }

  const StoreView& view_;
  std::uint64_t index_;
  std::array<Sha256, kPartLevel + 1> left_{};
};

class Part {
 public:
  Part(const StoreView& view, const VerifyOptions& options)
      : view_(view),
        options_(options),
        tree_(view, options.after),
        gaps_(view),
        expected_(options.after + 1) {
    end_ = std::min(options.after + kRecordsPerPart, options.last);
  }

  Result<VerifiedPart> run() {
    TM_TRY(pass_dropped());
    if (part_.finding) return std::move(part_);
    std::optional<Error> failure;
    TM_TRY(view_.scan(Table::journal, partition_prefix(), sequence_key(expected_),
                      [&](std::string_view key, std::string_view value) {
                        auto taken = take(key, value);
                        if (!taken) failure = std::move(taken).error();
                        return taken.value_or(false);
                      }));
    if (failure) return fail(*std::move(failure));
    if (!part_.finding && expected_ <= end_) find(expected_, "is missing");
    if (!part_.finding && end_ < options_.last) part_.next = end_;
    return std::move(part_);
  }

 private:
  void find(Sequence sequence, std::string what) {
    part_.finding = {sequence, "record " + std::to_string(sequence) + " " + std::move(what)};
  }

  Result<void> pass_dropped() {
    TM_ASSIGN(const auto retention, read_retention(view_));
    part_.dropped_through = retention.through;
    part_.dropped_at = retention.at;
    part_.dropped_behind = retention.size;
    while (expected_ <= std::min(end_, retention.through)) {
      TM_ASSIGN(part_.finding, tree_.append_dropped_tile());
      if (part_.finding) return {};
      part_.dropped += kTileLeaves;
      expected_ += kTileLeaves;
    }
    return {};
  }

  // False: enough.
  Result<bool> take(std::string_view key, std::string_view value) {
    const auto sequence = parse_sequence_key(key);
    if (expected_ > end_) {
      const bool too_many = options_.ends && end_ == options_.last;
      if (too_many) find(sequence.value_or(expected_), "is behind the last one");
      return false;
    }
    if (sequence != expected_) return find(expected_, "is missing"), false;
    const auto leaf = checked_leaf_hash(value);
    if (!leaf) return find(expected_, "has bytes that do not match its hash"), false;
    if (sequence_of_record(value) != expected_) return find(expected_, "is another one"), false;
    TM_ASSIGN(auto finding, tree_.append(*leaf));
    if (finding) {
      part_.finding = std::move(finding);
      return false;
    }
    if (options_.payloads) TM_TRY(check_payloads(value));
    ++part_.records;
    ++expected_;
    return !part_.finding;
  }

  Result<void> check_payloads(std::string_view value) {
    const auto record = decode_record(value);
    if (!record) {
      find(expected_, "cannot be read");
      return {};
    }
    const auto input = read_input(view_, record->sequence);
    if (!input && retryable(input.error().code)) return fail(input.error());
    const bool no_input = !input && input.error().code == Errc::not_found;
    TM_ASSIGN(const bool input_gone, explained(no_input, kInputsRow, *record));
    if (!input_gone && (!input || sha256(*input) != record->input_hash)) {
      find(expected_, "has an input that is missing or does not match its hash");
      return {};
    }
    if (!input_gone) ++part_.payloads;
    for (std::size_t i = 0; i < record->events.size(); ++i) {
      const Position position{record->sequence, static_cast<std::uint16_t>(i)};
      TM_ASSIGN(const auto event, view_.get(Table::event, event_key(position)));
      TM_ASSIGN(const bool event_gone, explained(!event, kEventsRow, *record));
      if (event_gone) continue;
      if (!event || sha256(*event) != record->events[i].hash) {
        find(expected_, "has an event, " + record->events[i].id +
                            ", that is missing or does not match its hash");
        return {};
      }
      ++part_.payloads;
    }
    return {};
  }

  Result<bool> explained(bool missing, char letter, const JournalRecord& record) {
    if (!missing) return false;
    TM_ASSIGN(const bool gone, gaps_.explain(letter, record));
    if (gone) ++part_.explained;
    return gone;
  }

  const StoreView& view_;
  const VerifyOptions& options_;
  PartTree tree_;
  ExplainedGaps gaps_;
  Sequence expected_;
  Sequence end_ = 0;
  VerifiedPart part_;
};

// The stored nodes above those that parts check.
Result<std::optional<Finding>> verify_upper_nodes(const StoreView& view, Sequence last) {
  for (unsigned level = kPartLevel + 1; last >> level != 0; ++level) {
    for (std::uint64_t index = 0; index < last >> level; ++index) {
      TM_ASSIGN(const auto bytes, view.get(Table::journal_index, tree_key(level, index)));
      if (!bytes) continue;
      TM_ASSIGN(const Sha256 left, read_node(view, {level - 1, 2 * index}));
      TM_ASSIGN(const Sha256 right, read_node(view, {level - 1, 2 * index + 1}));
      const auto stored = decode_node(*bytes);
      if (stored && *stored == merkle::parent(left, right)) continue;
      return Finding{(index << level) + 1,
                     name_of({level, index}) + " is not the hash of what lies below it"};
    }
  }
  return std::nullopt;
}

// Nothing when the note holds.
Result<std::optional<std::string>> flaw_of(const StoreView& view, Sequence last,
                                           std::string_view note, const VerifierKey& key) {
  const auto checkpoint = verified_checkpoint(note, key);
  if (!checkpoint) return "a stored checkpoint is not valid: " + checkpoint.error().message;
  const std::string name = "the checkpoint of " + std::to_string(checkpoint->size) + " records";
  if (checkpoint->size > last) {
    return name + " is larger than the journal, which ends at " + std::to_string(last) +
           ": records are missing at its end";
  }
  const auto root = merkle::root(checkpoint->size, journal_nodes(view));
  if (!root) return fail(root.error());
  if (*root != checkpoint->root) {
    return name + " has another root than the journal: a record up to there was changed";
  }
  return std::nullopt;
}

}  // namespace

Result<VerifiedPart> verify_records(const StoreView& view, const VerifyOptions& options) {
  if (options.after % kRecordsPerPart != 0) {
    return fail(Errc::invalid_argument,
                "a part begins after a multiple of " + std::to_string(kRecordsPerPart));
  }
  return Part(view, options).run();
}

Result<std::vector<std::string>> notes_to_verify(const StoreView& view, Sequence last,
                                                 Sequence newest) {
  TM_ASSIGN(auto stored, read_checkpoints(view, 0, SIZE_MAX));
  std::vector<std::string> notes;
  for (auto& checkpoint : stored) {
    const bool signed_since = checkpoint.size > last && checkpoint.size <= newest;
    if (!signed_since) notes.push_back(std::move(checkpoint.note));
  }
  return notes;
}

Result<VerifiedCheckpoints> verify_checkpoints(const StoreView& view, Sequence last,
                                               const std::vector<std::string>& notes,
                                               const VerifierKey& key) {
  VerifiedCheckpoints verified;
  for (const auto flaw_of_own : {flaw_of_retention, flaw_of_checkpoints}) {
    TM_ASSIGN(auto flaw, flaw_of_own(view));
    if (!flaw) continue;
    verified.finding = {0, *std::move(flaw)};
    return verified;
  }
  TM_ASSIGN(verified.finding, verify_upper_nodes(view, last));
  for (const std::string& note : notes) {
    if (verified.finding) break;
    TM_ASSIGN(auto flaw, flaw_of(view, last, note, key));
    if (flaw) {
      verified.finding = {0, *std::move(flaw)};
    } else {
      ++verified.checkpoints;
    }
  }
  return verified;
}

}  // namespace tidemark::audit
