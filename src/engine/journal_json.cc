// Journal records as people and the API read them.
#include "base/hex.h"
#include "base/text.h"
#include "engine/journal.h"

namespace tidemark {
namespace {

// Text where it is text; else what would not survive JSON is shown in hexadecimal.
Json shown(std::string_view bytes) {
  if (is_valid_utf8(bytes)) return std::string(bytes);
  return Json{{"hex", to_hex_text(bytes)}};
}

Json or_null(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

template <class T, class Show>
Json list(const std::vector<T>& items, Show show) {
  Json array = Json::array();
  for (const auto& item : items) array.push_back(show(item));
  return array;
}

Json to_json(const JournalRecord::Row& row) {
  return {{"key", shown(row.key)},
          {"value_hash", row.value_hash ? Json(to_hex(*row.value_hash)) : Json()}};
}

Json to_json(const JournalRecord::EventNote& event) {
  return {{"id", event.id},
          {"type", event.type},
          {"dedupe_key", or_null(event.dedupe_key)},
          {"hash", to_hex(event.hash)}};
}

Json to_json(const EffectRequest& effect) {
  Json json{
      {"executor", effect.executor}, {"host", effect.host}, {"payload", shown(effect.payload)}};
  if (!effect.correlation_id.empty()) json["correlation_id"] = effect.correlation_id;
  return json;
}

Json to_json(const TimerChange& timer) {
  return {{"name", timer.name},
          {"due", timer.due ? Json(format_rfc3339(*timer.due)) : Json()},
          {"new_cause", timer.new_cause}};
}

Json to_json(const Message& message) {
  return {{"to", message.to.value}, {"type", message.type}, {"payload", shown(message.payload)}};
}

}  // namespace

Json to_json(const JournalRecord& record) {
  const auto each = [](const auto& item) { return to_json(item); };
  Json json = {{"sequence", record.sequence},
               {"id", make_id(kRecordPrefix, record.at, {record.sequence, kRecordIndex})},
               {"at", format_rfc3339(record.at)},
               {"company_id", record.tenant},
               {"instance", record.instance.value},
               {"previous", record.previous},
               {"machine_version", record.machine_version},
               {"input",
                {{"type", record.input_type},
                 {"hash", to_hex(record.input_hash)},
                 {"bytes", record.input_bytes}}},
               {"dedupe_key", or_null(record.dedupe_key)},
               {"correlation_id", record.correlation_id},
               {"causation_id", or_null(record.causation_id)},
               {"state", shown(record.state)},
               {"state_hash", to_hex(record.state_hash)},
               {"rows", list(record.rows, each)},
               {"events", list(record.events, each)},
               {"effects", list(record.effects, each)},
               {"timers", list(record.timers, each)},
               {"messages", list(record.messages, each)},
               {"secrets", record.secrets},
               {"dropped_secrets", record.dropped_secrets},
               {"end", record.end},
               {"hash", to_hex(record.hash)}};
  if (record.effect) {
    json["effect"] = {{"sequence", record.effect->sequence},
                      {"index", record.effect->index},
                      {"completes", record.completes}};
  }
  if (record.error) {
    json["error"] = {{"code", name(record.error->code)}, {"message", record.error->message}};
  }
  return json;
}

}  // namespace tidemark
