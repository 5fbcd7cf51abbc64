// JSON bodies and CBOR values: what they hold comes back, whatever reads them.
#include "base/json.h"

#include "base/base64.h"
#include "base/hex.h"
#include "base/text.h"
#include "delivery/endpoint_config.h"
#include "domain/event.h"
#include "target.h"

namespace tidemark::fuzz {
namespace {

void check_value(const Json& value) {
  const std::string text = dump_json(value);
  require(is_valid_utf8(text), "JSON is UTF-8");
  const auto again = parse_json(text);
  require(again && dump_json(*again) == text, "JSON comes back");
  const auto from_stored = from_cbor(to_cbor(value));
  require(from_stored && dump_json(*from_stored) == text, "CBOR comes back");
}

void check_endpoint(const Json& value) {
  const auto config = delivery::endpoint_config_from_json(value);
  if (!config) return;
  const auto again = delivery::endpoint_config_from_json(delivery::to_json(*config));
  require(again && *again == *config, "an endpoint's configuration comes back");
  require(config->concurrency >= 1 && config->concurrency <= delivery::kMaxConcurrency,
          "concurrency is limited");
  require(config->schedule.delays.size() <= delivery::kMaxAttempts, "attempts are limited");
}

void check_filter(const Json& value) {
  const auto filter = delivery::EventFilter::from_json(value, "filter");
  if (!filter) return;
  const auto again = delivery::EventFilter::from_json(filter->to_json(), "filter");
  require(again && *again == *filter, "a filter comes back");
  // The filter's own description is as good an event as any.
  require(filter->accepts(value) == again->accepts(value), "and accepts the same");
}

void check_schedule(const Json& value) {
  const auto schedule = delivery::retry_schedule_from_json(value, "schedule");
  if (!schedule) return;
  const auto again = delivery::retry_schedule_from_json(delivery::to_json(*schedule), "schedule");
  require(again && *again == *schedule, "a schedule comes back");
}

void check_event(const Json& value) {
  const auto event = event_from_json(value);
  if (!event) return;
  const auto wire = parse_json(to_json_text(*event));
  require(wire.has_value(), "an event on the wire is JSON");
  const auto again = event_from_json(*wire);
  require(again.has_value() && dump_json(to_json(*again)) == dump_json(to_json(*event)),
          "an event comes back from the wire");
  const std::vector<delivery::SigningKey> keys;
  for (const auto format :
       {delivery::MessageFormat::envelope, delivery::MessageFormat::cloudevents_structured,
        delivery::MessageFormat::cloudevents_binary}) {
    const auto message = delivery::make_message({.format = format,
                                                 .webhook_id = "evt_1",
                                                 .unix_seconds = 1,
                                                 .keys = keys,
                                                 .custom_headers = {},
                                                 .version = "1"},
                                                to_json_text(*event));
    if (!message) continue;
    for (const auto& [name, content] : message->headers) {
      require((name + content).find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos,
              "no header can begin another");
    }
  }
}

}  // namespace

TIDEMARK_FUZZ_TARGET(json) {
  if (const auto value = parse_json(bytes)) {
    require(json_depth(bytes) <= kMaxJsonDepth, "depth is limited");
    check_value(*value);
    check_endpoint(*value);
    check_filter(*value);
    check_schedule(*value);
    check_event(*value);
    static_cast<void>(delivery::type_globs_from_json(*value, "types"));
  }
  if (const auto value = from_cbor(bytes)) {
    require(from_cbor(to_cbor(*value)).has_value(), "a stored value can be read again");
  }
  std::string quoted;
  append_json_string(quoted, bytes);
  const auto unquoted = parse_json(quoted);
  require(unquoted && unquoted->is_string() && *unquoted == to_valid_utf8(bytes),
          "any text can be quoted");
  require(from_base64(to_base64(bytes)) == std::string(bytes), "base64 comes back");
  if (const auto decoded = from_base64(bytes)) {
    require(to_base64(*decoded) == bytes, "base64 has one spelling");
  }
  require(from_hex_text(to_hex_text(bytes)) == std::string(bytes), "hexadecimal comes back");
}

}  // namespace tidemark::fuzz
