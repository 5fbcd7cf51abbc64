// The story of a record as nested JSON: what led to it and what it led to.
//
// A node is a record, an effect or a message, with its "children"; "more" counts the nodes left
// out below it. A record's events hold their deliveries.
#include <algorithm>
#include <map>
#include <utility>

#include "api/handlers.h"
#include "api/journal_lookup.h"
#include "base/text.h"
#include "engine/cause_tree.h"

namespace tidemark {
namespace {

using Node = CauseTree::Node;
using Output = CauseTree::Output;

// A level of the tree is two of JSON, and readers of JSON have a limit, too.
constexpr std::size_t kMaxDepth = 24;
// So that thousands of pages of one effect leave room for what comes after it.
constexpr std::size_t kMaxChildren = 100;
constexpr std::size_t kMaxEvents = 20;           // shown of one record
constexpr std::size_t kMaxEventsLookedUp = 200;  // whose deliveries are asked for

std::string_view to_text(Output::State state) {
  switch (state) {
    case Output::State::done: return "done";
    case Output::State::waiting: return "waiting";
    case Output::State::dropped: return "dropped";
    case Output::State::unknown: return "unknown";
  }
  return "unknown";
}

Json to_json(const delivery::EventDelivery& delivery) {
  return {{"endpoint", delivery.endpoint},
          {"state", delivery.state},
          {"record", delivery.record == 0 ? Json() : Json(delivery.record)},
          {"attempt", delivery.attempt},
          {"attempts", delivery.attempts}};
}

class TreeWriter {
 public:
  TreeWriter(const CauseTree& tree, std::size_t most) : tree_(tree), left_(most) {}

  // The nodes `indexes` as a "children" list of `parent`.
  void add_records(Json& parent, const std::vector<std::size_t>& indexes, std::size_t depth) {
    for (const std::size_t index : indexes) {
      Json& children = parent["children"];
      if (depth >= kMaxDepth || children.size() >= kMaxChildren || left_ == 0) {
        leave_out(parent, 1 + tree_.nodes[index].below);
        continue;
      }
      --left_;
      children.push_back(record_node(tree_.nodes[index], depth));
    }
  }

  struct Shown {
    Position position;
    std::string tenant;
    std::string id;
  };
  const std::vector<Shown>& events() const { return events_; }

 private:
  static void leave_out(Json& node, std::size_t records) {
    node["more"] = node["more"].get<std::size_t>() + records;
  }

  Json record_node(const Node& node, std::size_t depth) {
    const JournalRecord& record = node.record;
    Json json = {{"kind", "record"},
                 {"sequence", record.sequence},
                 {"at", format_rfc3339(record.at)},
                 {"instance", record.instance.value},
                 {"input_type", record.input_type},
                 {"outcome", record.error ? "refused"
                             : record.end ? "ended"
                                          : "done"},
                 {"error", record.error ? Json(record.error->message) : Json()},
                 {"events", Json::array()},
                 {"more_events", 0},
                 {"children", Json::array()},
                 {"more", 0}};
    add_events(json, record);
    for (std::size_t i = 0; i < node.outputs.size(); ++i) add_output(json, node, i, depth + 1);
    add_records(json, node.records, depth + 1);
    return json;
  }

  void add_events(Json& json, const JournalRecord& record) {
    const std::size_t shown = std::min(record.events.size(), kMaxEvents);
    for (std::size_t i = 0; i < shown; ++i) {
      const auto& event = record.events[i];
      json["events"].push_back(
          {{"id", event.id}, {"type", event.type}, {"deliveries", Json::array()}});
      events_.push_back(
          {{record.sequence, static_cast<std::uint16_t>(i)}, record.tenant, event.id});
    }
    json["more_events"] = record.events.size() - shown;
  }

  void add_output(Json& parent, const Node& node, std::size_t index, std::size_t depth) {
    const Output& output = node.outputs[index];
    std::size_t below = 1;
    for (const std::size_t record : output.records) below += 1 + tree_.nodes[record].below;
    if (depth >= kMaxDepth || parent["children"].size() >= kMaxChildren || left_ == 0) {
      return leave_out(parent, below);
    }
    --left_;
    Json json = output_node(node.record, index);
    json["state"] = to_text(output.state);
    json["children"] = Json::array();
    json["more"] = 0;
    add_records(json, output.records, depth + 1);
    parent["children"].push_back(std::move(json));
  }

  static Json output_node(const JournalRecord& record, std::size_t index) {
    if (index < record.effects.size()) {
      const Position position{record.sequence, static_cast<std::uint16_t>(index)};
      const auto& effect = record.effects[index];
      return {{"kind", "effect"},
              {"id", make_id(kEffectPrefix, record.at, position)},
              {"executor", effect.executor},
              {"host", effect.host}};
    }
    const auto& message = record.messages[index - record.effects.size()];
    return {{"kind", "message"}, {"to", message.to.value}, {"type", message.type}};
  }

  const CauseTree& tree_;
  std::size_t left_;
  std::vector<Shown> events_;
};

using Deliveries = std::map<std::string, Json>;  // by event id

void put_deliveries(Json& node, Deliveries& deliveries) {
  if (const auto events = node.find("events"); events != node.end()) {
    for (auto& event : *events) {
      const auto found = deliveries.find(event["id"].get<std::string>());
      if (found != deliveries.end()) event["deliveries"] = std::move(found->second);
    }
  }
  for (auto& child : node["children"]) put_deliveries(child, deliveries);
}

Result<Deliveries> read_deliveries(const ApiParts& parts,
                                   const std::vector<TreeWriter::Shown>& events) {
  std::map<std::string, std::vector<Position>> by_tenant;
  std::map<Position, std::string> ids;
  for (std::size_t i = 0; i < std::min(events.size(), kMaxEventsLookedUp); ++i) {
    by_tenant[events[i].tenant].push_back(events[i].position);
    ids[events[i].position] = events[i].id;
  }
  Deliveries found;
  for (const auto& [tenant, positions] : by_tenant) {
    TM_ASSIGN(const auto deliveries, parts.delivery.history(tenant, positions));
    for (const auto& delivery : deliveries) {
      found[ids[delivery.position]].push_back(to_json(delivery));
    }
  }
  return found;
}

}  // namespace

Result<ServerResponse> get_audit_tree(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto record, record_of_path(parts, call));
  const auto most = static_cast<std::size_t>(call.integer("limit", 500));
  if (most == 0) return fail(Errc::invalid_argument, "limit must be at least 1");
  const bool below = call.boolean("below");
  TM_ASSIGN(const auto tree, read_cause_tree(parts.store, call.tenant(), record.correlation_id,
                                             below ? record.sequence - 1 : 0));
  if (below && (tree.nodes.empty() || tree.nodes.front().record.sequence != record.sequence)) {
    return fail(Errc::not_found,
                "record " + std::to_string(record.sequence) + " was dropped just now");
  }
  TreeWriter writer(tree, most);
  Json answer = {{"correlation_id", record.correlation_id},
                 {"sequence", record.sequence},
                 {"children", Json::array()},
                 {"more", 0},
                 {"next", tree.next == 0 ? Json() : Json(tree.next)}};
  // With `below`, the record comes first: everything it led to comes after it.
  writer.add_records(answer, below ? std::vector<std::size_t>{0} : tree.roots, 0);
  TM_ASSIGN(auto deliveries, read_deliveries(parts, writer.events()));
  put_deliveries(answer, deliveries);
  return json_response(answer);
}

}  // namespace tidemark
