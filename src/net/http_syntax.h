// What may stand in an HTTP message (RFC 9110 section 5). Inside src/net/ only.
#pragma once

#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace tidemark::net {

bool is_token(std::string_view text);
// No line breaks, no control characters: nothing that could start another header.
bool is_header_value(std::string_view text);

// Errc::invalid_argument for a method, header name or header value that could change the shape of
// the request, and for headers that are the client's own (Host, Content-Length, ...).
Result<void> check_request(const HttpRequest& request);

}  // namespace tidemark::net
