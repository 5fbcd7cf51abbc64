// HTTP messages as they come from strangers: requests to our server, answers of theirs.
#include "net/http.h"

#include "base/text.h"
#include "net/http_syntax.h"
#include "net/request_parser.h"
#include "net/response_reader.h"
#include "net/router.h"
#include "net/url.h"
#include "target.h"

namespace tidemark::fuzz {
namespace {

constexpr std::size_t kBodyLimit = 512;

bool is_clean(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

void check_head(const net::RequestHead& head) {
  require(net::is_token(head.method), "the method is a token");
  require(head.path == "*" || head.path.starts_with('/'), "the path is absolute");
  require(is_clean(head.path) && is_clean(head.query), "the target has no line breaks");
  for (const auto& [name, value] : head.headers) {
    require(net::is_token(name) && net::is_header_value(value) && is_clean(value),
            "headers cannot begin another");
  }
  require(!head.chunked || head.content_length == 0, "a body has one length");
}

struct Body {
  net::BodyReader::State state = net::BodyReader::State::more;
  std::string bytes;
  std::string rest;
};

// As the server does it: what has come is taken at once.
Body read_body(const net::RequestHead& head, std::string_view bytes, std::size_t piece_bytes) {
  using State = net::BodyReader::State;
  net::BodyReader reader(head, kBodyLimit);
  Body body;
  body.state = reader.feed(body.rest);
  while (body.state == State::more && !bytes.empty()) {
    const auto piece = bytes.substr(0, piece_bytes);
    bytes.remove_prefix(piece.size());
    body.rest.append(piece);
    body.state = reader.feed(body.rest);
  }
  body.rest.append(bytes);
  body.bytes = reader.take();
  return body;
}

void check_request(std::string_view bytes, std::size_t piece_bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return;
  const auto head = net::parse_request_head(bytes.substr(0, end + 2));
  if (!head) {
    require(head.error().status >= 400 && head.error().status < 600, "a refusal is an error");
    return;
  }
  check_head(*head);
  const Body whole = read_body(*head, bytes.substr(end + 4), bytes.size() + 1);
  const Body pieces = read_body(*head, bytes.substr(end + 4), piece_bytes);
  require(whole.bytes.size() <= kBodyLimit, "bodies are limited");
  require(whole.state == pieces.state, "pieces are as good as the whole");
  if (whole.state != net::BodyReader::State::complete) return;
  require(whole.bytes == pieces.bytes, "pieces give the same body");
  require(whole.rest == pieces.rest, "and leave the same for the next request");
}

void check_route(std::string_view path) {
  static const net::Router router = [] {
    net::Router all;
    const RouteHandler handler{};
    for (const char* pattern : {"/v1/calendars", "/v1/calendars/{id}", "/v1/calendars/{id}.ics",
                                "/v1/calendars/{id}/events", "/v1/audit/{seq}"}) {
      all.add("GET", pattern, handler);
    }
    return all;
  }();
  if (!percent_decode(path) || !path.starts_with('/')) return;
  const auto match = router.find("GET", path);
  for (const auto& [name, value] : match.captures) {
    require(!name.empty() && !match.pattern.empty(), "only a route that matched captures");
    require(!value.empty(), "what is captured is something");
  }
}

void check_response(std::string_view bytes, std::size_t piece_bytes) {
  HttpRequest request;
  request.max_body_bytes = kBodyLimit;
  request.max_header_bytes = 1024;
  if (piece_bytes % 2 == 0) request.keep_body_bytes = 64;
  net::ResponseReader reader(request);
  const std::size_t end = bytes.find("\n\n");
  bool goes_on = true;
  for (const auto& line : split(bytes.substr(0, end), '\n')) {
    if (goes_on) goes_on = reader.take_header(line + "\r\n", 200);
  }
  auto body = end == std::string_view::npos ? std::string_view() : bytes.substr(end + 2);
  while (goes_on && !body.empty()) {
    const auto piece = body.substr(0, piece_bytes);
    body.remove_prefix(piece.size());
    goes_on = reader.take_body(piece);
  }
  const HttpResponse& response = reader.response();
  if (response.status == 200) {
    require(response.body.size() <= kBodyLimit, "bodies are limited");
  }
  require(!request.keep_body_bytes || response.body.size() <= *request.keep_body_bytes,
          "and cut where it was asked for");
  const WallTime now = *parse_rfc3339("2025-12-16");
  if (const auto wait = retry_after(response.headers, now)) {
    require(*wait >= std::chrono::seconds{0} && *wait <= std::chrono::days{7},
            "a wait is reasonable");
  }
}

}  // namespace

TIDEMARK_FUZZ_TARGET(http) {
  if (bytes.empty()) return;
  const std::size_t piece_bytes = 1 + static_cast<std::uint8_t>(bytes.front()) % 32;
  bytes.remove_prefix(1);
  check_request(bytes, piece_bytes);
  check_response(bytes, piece_bytes);
  check_route(bytes);
}

}  // namespace tidemark::fuzz
