#include "engine/cause_tree.h"

#include <algorithm>
#include <utility>

#include "engine/keys.h"

namespace tidemark {
namespace {

using Node = CauseTree::Node;
using Output = CauseTree::Output;

// A tree holds thousands of records, and shows none of these.
JournalRecord without_bytes(JournalRecord record) {
  record.state.clear();
  for (auto& effect : record.effects) effect.payload.clear();
  for (auto& message : record.messages) message.payload.clear();
  record.rows.clear();
  return record;
}

// What a causation id names; nothing when it comes from outside.
std::optional<Position> cause_of(const std::string& id) {
  for (const auto prefix : {kRecordPrefix, kEffectPrefix, kEventPrefix}) {
    if (const auto position = parse_id(prefix, id)) return position;
  }
  return std::nullopt;
}

std::size_t find(const std::vector<Node>& nodes, Sequence sequence) {
  const auto found = std::lower_bound(
      nodes.begin(), nodes.end(), sequence,
      [](const Node& node, Sequence wanted) { return node.record.sequence < wanted; });
  if (found == nodes.end() || found->record.sequence != sequence) return CauseTree::kNone;
  return static_cast<std::size_t>(found - nodes.begin());
}

// Hangs node `index` below what caused it. A cause comes before what it causes: an id that claims
// otherwise was made up outside, and so there can be no ring.
void hang(CauseTree& tree, std::size_t index) {
  const JournalRecord& record = tree.nodes[index].record;
  const auto cause = record.effect ? record.effect : cause_of(record.causation_id);
  const std::size_t parent = cause ? find(tree.nodes, cause->sequence) : CauseTree::kNone;
  if (parent == CauseTree::kNone || parent >= index) {
    tree.roots.push_back(index);
    return;
  }
  tree.nodes[index].parent = parent;
  Node& above = tree.nodes[parent];
  if (!record.effect || record.effect->index >= above.outputs.size()) {
    above.records.push_back(index);
    return;
  }
  Output& output = above.outputs[record.effect->index];
  output.records.push_back(index);
  if (record.completes) output.state = Output::State::done;
}

std::string outbox_key_of(const JournalRecord& record, std::size_t index) {
  const Position position{record.sequence, static_cast<std::uint16_t>(index)};
  if (index < record.effects.size()) {
    const auto& effect = record.effects[index];
    return engine::outbox_key(effect.executor, effect.host, position);
  }
  return engine::outbox_key({}, record.messages[index - record.effects.size()].to.value, position);
}

Result<void> look_into_outbox(const StoreView& view, CauseTree& tree) {
  for (auto& node : tree.nodes) {
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      Output& output = node.outputs[i];
      if (output.state == Output::State::done) continue;
      TM_ASSIGN(const auto bytes, view.get(Table::outbox, outbox_key_of(node.record, i)));
      if (bytes) {
        output.state = Output::State::waiting;
      } else if (tree.next == 0) {
        output.state = Output::State::dropped;
      }
    }
  }
  return {};
}

void count_below(CauseTree& tree) {
  for (std::size_t i = tree.nodes.size(); i-- > 0;) {
    const Node& node = tree.nodes[i];
    if (node.parent != CauseTree::kNone) tree.nodes[node.parent].below += node.below + 1;
  }
}

}  // namespace

Result<CauseTree> read_cause_tree(const StoreView& view, const std::string& tenant,
                                  const std::string& correlation_id, Sequence after,
                                  std::size_t most) {
  RecordFilter filter{.tenant = tenant, .correlation_id = correlation_id, .after = after};
  filter.limit = most;
  TM_ASSIGN(auto page, read_record_page(view, filter, 2 * most));
  CauseTree tree;
  tree.next = page.next;
  tree.nodes.reserve(page.records.size());
  for (auto& record : page.records) {
    Node node{without_bytes(std::move(record))};
    node.outputs.resize(node.record.effects.size() + node.record.messages.size());
    tree.nodes.push_back(std::move(node));
  }
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) hang(tree, i);
  TM_TRY(look_into_outbox(view, tree));
  count_below(tree);
  return tree;
}

}  // namespace tidemark
