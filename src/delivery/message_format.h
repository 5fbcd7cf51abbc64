// An event as an HTTP message: what an endpoint is sent.
//
// envelope                 the stored text, byte for byte (src/domain/event.h)
// cloudevents_structured   CloudEvents 1.0.2 in the JSON event format
// cloudevents_binary       CloudEvents 1.0.2 in headers, HTTP Protocol Binding 1.0.2 section 3.1;
//                          the body is the payload
//
// CloudEvents attributes: id, source, type, time and data come from the fields of those names (time
// from occurred_at, data from payload); subject is payload.event.external_event_id when there is
// one; the extensions companyid, correlationid, causationid (when not null) and eventversion (an
// integer) carry the rest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "delivery/signature.h"
#include "net/http.h"

namespace tidemark::delivery {

enum class MessageFormat : std::uint8_t {
  envelope = 0,
  cloudevents_structured = 1,
  cloudevents_binary = 2
};
std::string_view to_text(MessageFormat format);
std::optional<MessageFormat> message_format_from_text(std::string_view text);

inline constexpr std::size_t kMaxCustomHeaders = 32;
inline constexpr std::size_t kMaxHeaderNameBytes = 128;
inline constexpr std::size_t kMaxHeaderValueBytes = 4096;
inline constexpr std::size_t kMaxCustomHeaderBytes = 16U << 10;  // names and values of all together

// Errc::invalid_argument or limit_exceeded naming the header, never its value: a name that is no
// token, is there twice, or is ours to set (hop-by-hop headers, content-*, host, user-agent,
// webhook-*, ce-*, ...); a value with anything but printable ASCII, blanks and tabs in it, or with
// a blank at an end. Errors begin with `place`.
Result<void> check_custom_headers(const HttpHeaders& headers, std::string_view place);

struct MessageOptions {
  MessageFormat format = MessageFormat::envelope;
  std::string_view webhook_id;    // the event's id, the same in every attempt
  std::int64_t unix_seconds = 0;  // of this attempt
  const std::vector<SigningKey>& keys;
  const HttpHeaders& custom_headers;
  std::string_view version;  // Tidemark's own
};

struct Message {
  HttpHeaders headers;  // names in lower case, the custom ones as they were given
  std::string body;
};

// Errc::corrupt when the text is no event (which `envelope` does not look for), invalid_argument
// for an id with '.' or anything but printable ASCII in it, or for custom headers that
// check_custom_headers() refuses. Without keys there is no webhook-signature.
Result<Message> make_message(const MessageOptions& options, std::string_view wire_text);

}  // namespace tidemark::delivery
