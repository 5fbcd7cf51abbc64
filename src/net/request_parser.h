// Reads HTTP/1.1 requests from bytes as they arrive (RFC 9112), strictly: what two parsers could
// read in two ways is refused, so that nothing can be smuggled past a proxy. Inside src/net/ only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "net/http.h"

namespace tidemark::net {

// A request that is answered by the server itself, and then the connection is closed.
struct Refusal {
  int status = 400;
  std::string detail;
};

struct RequestHead {
  std::string method;
  std::string path;   // raw, starts with '/' (or is "*")
  std::string query;  // raw, without the '?'
  HttpHeaders headers;
  bool http_1_0 = false;
  bool keep_alive = true;
  bool expects_continue = false;
  bool chunked = false;
  std::uint64_t content_length = 0;
};

// `text` is the request line and the header lines, each with its CRLF, without the empty line.
tl::expected<RequestHead, Refusal> parse_request_head(std::string_view text);

// Takes a body out of a buffer, piece by piece. Chunk extensions and trailers are dropped.
class BodyReader {
 public:
  enum class State { more, complete, malformed, too_large };

  BodyReader() = default;
  BodyReader(const RequestHead& head, std::size_t limit_bytes);

  // Removes what belongs to the body from the front of `in`.
  State feed(std::string& in);
  std::string take() { return std::move(body_); }

 private:
  enum class Step { size_line, data, data_end, trailer, done };

  State feed_sized(std::string& in);
  State feed_chunked(std::string& in);
  // The next line without its CRLF; nothing when it is not there yet.
  std::optional<std::string_view> next_line(const std::string& in, std::size_t& at) const;
  bool start_chunk(std::string_view size_line);

  bool chunked_ = false;
  std::size_t limit_ = 0;
  std::uint64_t left_ = 0;  // of the sized body or of the current chunk
  Step step_ = Step::size_line;
  std::size_t trailer_bytes_ = 0;
  std::string body_;
};

}  // namespace tidemark::net
