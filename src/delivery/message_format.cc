#include "delivery/message_format.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "domain/event.h"

namespace tidemark::delivery {
namespace {

constexpr std::array<std::pair<MessageFormat, std::string_view>, 3> kFormats{
    {{MessageFormat::envelope, "envelope"},
     {MessageFormat::cloudevents_structured, "cloudevents_structured"},
     {MessageFormat::cloudevents_binary, "cloudevents_binary"}}};
constexpr std::string_view kJsonType = "application/json";

bool is_printable(char c) {
  return c > 0x20 && c < 0x7F;
}

char hex_digit(unsigned value) {
  return "0123456789ABCDEF"[value & 0xF];
}

void append_encoded(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  out.append({'%', hex_digit(byte >> 4U), hex_digit(byte)});
}

// HTTP Protocol Binding 1.0.2, section 3.1.3.2. Byte by byte is the same: the text is UTF-8.
std::string header_value(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_printable(c) && c != '"' && c != '%') {
      out.push_back(c);
    } else {
      append_encoded(out, c);
    }
  }
  return out;
}

// CloudEvents wants a URI-reference; "<provider>:<account>" is one as it is, unless it has letters
// that no URI may have.
std::string source_uri(std::string_view source) {
  std::string out;
  for (const char c : source) {
    if (is_printable(c) && std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos) {
      out.push_back(c);
    } else {
      append_encoded(out, c);
    }
  }
  return out;
}

// U+0000 to U+001F and U+007F to U+009F, which CloudEvents allows in no text.
bool has_controls(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    if (byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      return true;
    }
  }
  return false;
}

std::optional<std::string> subject_of(const Event& event) {
  const auto found = event.payload.find("event");
  if (found == event.payload.end() || !found->is_object()) return std::nullopt;
  const auto id = found->find("external_event_id");
  if (id == found->end() || !id->is_string()) return std::nullopt;
  auto subject = id->get<std::string>();
  if (subject.empty() || has_controls(subject)) return std::nullopt;
  return subject;
}

// Every attribute but datacontenttype and data, which each mode places in its own way.
std::vector<std::pair<std::string, Json>> attributes_of(const Event& event) {
  std::vector<std::pair<std::string, Json>> attributes{{"specversion", "1.0"},
                                                       {"id", event.id},
                                                       {"source", source_uri(event.source)},
                                                       {"type", event.type},
                                                       {"time", format_rfc3339(event.occurred_at)}};
  if (auto subject = subject_of(event)) attributes.emplace_back("subject", std::move(*subject));
  const auto extension = [&](const char* name, const std::string& value) {
    if (!value.empty()) attributes.emplace_back(name, value);
  };
  extension("companyid", event.company_id);
  extension("correlationid", event.correlation_id);
  extension("causationid", event.causation_id);
  attributes.emplace_back("eventversion", event.version);
  return attributes;
}

Result<Event> read_event(std::string_view wire_text) {
  auto json = parse_json(wire_text);
  if (!json) return fail(Errc::corrupt, "a stored event: " + json.error().message);
  auto event = event_from_json(*json);
  if (!event) return fail(Errc::corrupt, "a stored event: " + event.error().message);
  return event;
}

Message structured(const Event& event) {
  nlohmann::ordered_json out;
  for (const auto& [name, value] : attributes_of(event)) out[name] = value;
  out["datacontenttype"] = kJsonType;
  std::string body = out.dump(-1, ' ', false, Json::error_handler_t::replace);
  body.pop_back();
  // The payload keeps its own (sorted) order, so it is appended as text.
  body.append(",\"data\":").append(dump_json(event.payload)).append("}");
  return {{{"content-type", "application/cloudevents+json"}}, std::move(body)};
}

Message binary(const Event& event) {
  Message message{{{"content-type", std::string(kJsonType)}}, dump_json(event.payload)};
  for (const auto& [name, value] : attributes_of(event)) {
    message.headers.emplace_back("ce-" + name, value.is_string()
                                                   ? header_value(value.get<std::string>())
                                                   : dump_json(value));
  }
  return message;
}

Result<Message> format_event(MessageFormat format, std::string_view wire_text) {
  if (format == MessageFormat::envelope) {
    return Message{{{"content-type", std::string(kJsonType)}}, std::string(wire_text)};
  }
  TM_ASSIGN(const Event event, read_event(wire_text));
  return format == MessageFormat::cloudevents_structured ? structured(event) : binary(event);
}

}  // namespace

std::string_view to_text(MessageFormat format) {
  for (const auto& [known, text] : kFormats) {
    if (known == format) return text;
  }
  return kFormats[0].second;
}

std::optional<MessageFormat> message_format_from_text(std::string_view text) {
  for (const auto& [format, known] : kFormats) {
    if (known == text) return format;
  }
  return std::nullopt;
}

Result<Message> make_message(const MessageOptions& options, std::string_view wire_text) {
  if (options.webhook_id.empty() || options.webhook_id.find('.') != std::string_view::npos ||
      !std::all_of(options.webhook_id.begin(), options.webhook_id.end(), is_printable)) {
    return fail(Errc::invalid_argument, "a webhook id is printable ASCII without '.'");
  }
  TM_TRY(check_custom_headers(options.custom_headers, "headers"));
  TM_ASSIGN(Message message, format_event(options.format, wire_text));
  message.headers.emplace_back("webhook-id", options.webhook_id);
  message.headers.emplace_back("webhook-timestamp", std::to_string(options.unix_seconds));
  if (!options.keys.empty()) {
    message.headers.emplace_back("webhook-signature", sign(options.keys, options.webhook_id,
                                                           options.unix_seconds, message.body));
  }
  message.headers.emplace_back("user-agent", "Tidemark/" + std::string(options.version));
  message.headers.insert(message.headers.end(), options.custom_headers.begin(),
                         options.custom_headers.end());
  return message;
}

}  // namespace tidemark::delivery
