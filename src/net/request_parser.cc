#include "net/request_parser.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.h"
#include "net/http_syntax.h"
#include "net/url.h"

namespace tidemark::net {
namespace {

constexpr std::size_t kMaxHeaders = 100;
constexpr std::size_t kMaxTargetBytes = 8000;
constexpr std::size_t kMaxChunkLineBytes = 256;
constexpr std::size_t kMaxTrailerBytes = 4096;

using Refused = tl::unexpected<Refusal>;

Refused refuse(int status, std::string detail) {
  return Refused(Refusal{status, std::move(detail)});
}

bool is_decimal(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

tl::expected<void, Refusal> parse_target(std::string_view target, RequestHead& head) {
  if (target.size() > kMaxTargetBytes) return refuse(414, "the request target is too long");
  // Absolute form, RFC 9112 section 3.2.2: a server must take it, whatever host it names.
  if (to_lower_ascii(target.substr(0, 7)) == "http://") {
    const std::size_t slash = target.find_first_of("/?", 7);
    target = slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  const std::size_t question = target.find('?');
  head.path = target.substr(0, question);
  if (question != std::string_view::npos) head.query = target.substr(question + 1);
  if (head.path != "*" && !head.path.starts_with('/')) {
    return refuse(400, "the request target does not start with '/'");
  }
  const bool clean = std::all_of(target.begin(), target.end(), [](char character) {
    const auto byte = static_cast<unsigned char>(character);
    return byte > 0x20 && byte < 0x7f && character != '#';
  });
  if (!clean) return refuse(400, "the request target contains bytes that must be percent-encoded");
  if (!percent_decode(head.path) || !percent_decode(head.query)) {
    return refuse(400, "the request target is not correctly percent-encoded");
  }
  return {};
}

tl::expected<void, Refusal> parse_request_line(std::string_view line, RequestHead& head) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return refuse(400, "the request line is not \"METHOD TARGET VERSION\"");
  }
  head.method = line.substr(0, first);
  if (!is_token(head.method)) return refuse(400, "the method is not a word");
  const std::string_view version = line.substr(last + 1);
  if (version == "HTTP/1.0") {
    head.http_1_0 = true;
    head.keep_alive = false;
  } else if (version != "HTTP/1.1") {
    return version.starts_with("HTTP/") ? refuse(505, "this server speaks HTTP/1.1")
                                        : refuse(400, "the request line names no HTTP version");
  }
  return parse_target(line.substr(first + 1, last - first - 1), head);
}

tl::expected<void, Refusal> parse_field(std::string_view line, RequestHead& head) {
  if (head.headers.size() >= kMaxHeaders) return refuse(431, "too many header lines");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    // This also refuses folded lines and blanks before the colon (RFC 9112 section 5.1).
    return refuse(400, "a header line is not \"Name: value\"");
  }
  const std::string_view value = trim(line.substr(colon + 1));
  if (!is_header_value(value)) return refuse(400, "a header value contains control characters");
  head.headers.emplace_back(line.substr(0, colon), value);
  return {};
}

std::size_t count_of(const RequestHead& head, std::string_view name) {
  return static_cast<std::size_t>(
      std::count_if(head.headers.begin(), head.headers.end(),
                    [&](const auto& field) { return find_header({field}, name).has_value(); }));
}

// RFC 9112 section 6.3, without its leniencies.
tl::expected<void, Refusal> read_framing(RequestHead& head) {
  const auto length = find_header(head.headers, "Content-Length");
  const auto encoding = find_header(head.headers, "Transfer-Encoding");
  if (count_of(head, "Content-Length") > 1 || count_of(head, "Transfer-Encoding") > 1 ||
      (length && encoding)) {
    return refuse(400, "the length of the body is given more than once");
  }
  if (encoding) {
    if (head.http_1_0) return refuse(400, "HTTP/1.0 has no Transfer-Encoding");
    if (to_lower_ascii(*encoding) != "chunked") {
      return refuse(501, "the only Transfer-Encoding understood is chunked");
    }
    head.chunked = true;
  }
  if (!length) return {};
  if (!is_decimal(*length)) return refuse(400, "Content-Length is not a number");
  const auto [end, error] =
      std::from_chars(length->data(), length->data() + length->size(), head.content_length);
  // A number too large for 64 bits is certainly too large for us.
  if (error != std::errc()) head.content_length = UINT64_MAX;
  return {};
}

tl::expected<void, Refusal> read_connection(RequestHead& head) {
  for (const auto& [name, value] : head.headers) {
    if (to_lower_ascii(name) != "connection") continue;
    for (const std::string& word : split(to_lower_ascii(value), ',')) {
      if (trim(word) == "close") head.keep_alive = false;
      if (trim(word) == "keep-alive" && head.http_1_0) head.keep_alive = true;
    }
  }
  if (const auto expect = find_header(head.headers, "Expect"); expect && !head.http_1_0) {
    if (to_lower_ascii(*expect) != "100-continue") return refuse(417, "unknown expectation");
    head.expects_continue = head.chunked || head.content_length > 0;
  }
  const std::size_t hosts = count_of(head, "Host");
  if (hosts > 1 || (hosts == 0 && !head.http_1_0)) {
    return refuse(400, "a request needs exactly one Host header");
  }
  return {};
}

}  // namespace

tl::expected<RequestHead, Refusal> parse_request_head(std::string_view text) {
  RequestHead head;
  bool first = true;
  while (!text.empty()) {
    const std::size_t end = text.find("\r\n");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
    const auto parsed = first ? parse_request_line(line, head) : parse_field(line, head);
    if (!parsed) return Refused(parsed.error());
    first = false;
  }
  if (first) return refuse(400, "the request is empty");
  if (const auto framing = read_framing(head); !framing) return Refused(framing.error());
  if (const auto rest = read_connection(head); !rest) return Refused(rest.error());
  return head;
}

BodyReader::BodyReader(const RequestHead& head, std::size_t limit_bytes)
    : chunked_(head.chunked), limit_(limit_bytes), left_(head.content_length) {}

BodyReader::State BodyReader::feed(std::string& in) {
  return chunked_ ? feed_chunked(in) : feed_sized(in);
}

BodyReader::State BodyReader::feed_sized(std::string& in) {
  if (body_.size() + left_ > limit_ || left_ > limit_) return State::too_large;
  const std::size_t size = std::min<std::uint64_t>(left_, in.size());
  body_.append(in, 0, size);
  in.erase(0, size);
  left_ -= size;
  return left_ == 0 ? State::complete : State::more;
}

std::optional<std::string_view> BodyReader::next_line(const std::string& in,
                                                      std::size_t& at) const {
  const std::size_t end = in.find("\r\n", at);
  if (end == std::string::npos) return std::nullopt;
  const std::string_view line = std::string_view(in).substr(at, end - at);
  at = end + 2;
  return line;
}

bool BodyReader::start_chunk(std::string_view size_line) {
  const std::string_view digits = trim(size_line.substr(0, size_line.find(';')));
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), left_, 16);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) return false;
  step_ = left_ == 0 ? Step::trailer : Step::data;
  return true;
}

BodyReader::State BodyReader::feed_chunked(std::string& in) {
  std::size_t at = 0;
  State state = State::more;
  while (state == State::more && step_ != Step::done) {
    if (step_ == Step::data) {
      if (left_ > limit_ - body_.size()) return State::too_large;
      const std::size_t size = std::min<std::uint64_t>(left_, in.size() - at);
      body_.append(in, at, size);
      at += size;
      left_ -= size;
      if (left_ > 0) break;
      step_ = Step::data_end;
    }
    const std::size_t longest = step_ == Step::trailer ? kMaxTrailerBytes : kMaxChunkLineBytes;
    const auto line = next_line(in, at);
    if (!line) {
      if (in.size() - at > longest) state = State::malformed;
      break;
    }
    if (line->size() > longest) {
      state = State::malformed;
    } else if (step_ == Step::size_line) {
      if (!start_chunk(*line)) state = State::malformed;
    } else if (step_ == Step::data_end) {
      if (!line->empty()) state = State::malformed;
      step_ = Step::size_line;
    } else {
      trailer_bytes_ += line->size();
      if (trailer_bytes_ > kMaxTrailerBytes) state = State::malformed;
      if (line->empty()) step_ = Step::done;
    }
  }
  in.erase(0, at);
  if (state == State::more && step_ == Step::done) state = State::complete;
  return state;
}

}  // namespace tidemark::net
