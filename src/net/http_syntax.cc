#include "net/http_syntax.h"

#include <algorithm>

namespace tidemark::net {
namespace {

char lower(char character) {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a')
                                              : character;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char character) {
    return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
           (character >= 'A' && character <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(character) != std::string_view::npos;
  });
}

bool is_header_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char character) {
    const auto byte = static_cast<unsigned char>(character);
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
  });
}

Result<void> check_request(const HttpRequest& request) {
  if (!is_token(request.method)) {
    return fail(Errc::invalid_argument, "the HTTP method is not a word of letters");
  }
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name)) {
      return fail(Errc::invalid_argument, "a header name contains characters that are not allowed");
    }
    if (!is_header_value(value)) {
      return fail(Errc::invalid_argument,
                  "the value of header " + name + " contains line breaks or control characters");
    }
    for (const std::string_view own : {"Content-Length", "Transfer-Encoding", "Host", "Connection",
                                       "Accept-Encoding", "Expect"}) {
      if (equal_ignoring_case(name, own)) {
        return fail(Errc::invalid_argument, "the header " + name + " is set by the client itself");
      }
    }
  }
  return {};
}

}  // namespace tidemark::net
