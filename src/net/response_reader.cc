#include "net/response_reader.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.h"

namespace tidemark::net {
namespace {

constexpr std::size_t kMaxErrorBodyBytes = 64U << 10;
constexpr std::size_t kMaxHeaders = 256;

}  // namespace

bool is_success(int status) {
  return status >= 200 && status < 300;
}

ResponseReader::ResponseReader(const HttpRequest& request, bool success_goes_to_a_sink)
    : max_body_bytes_(request.max_body_bytes),
      max_header_bytes_(request.max_header_bytes),
      keep_body_bytes_(request.keep_body_bytes),
      to_sink_(success_goes_to_a_sink) {}

bool ResponseReader::stop(std::string what) {
  stopped_by_ = Error{Errc::limit_exceeded, std::move(what), std::nullopt};
  return false;
}

bool ResponseReader::take_header(std::string_view line, int status) {
  header_bytes_ += line.size();
  if (header_bytes_ > max_header_bytes_ || response_.headers.size() >= kMaxHeaders) {
    return stop("the answer's headers exceed " + format_size(max_header_bytes_) + " or " +
                std::to_string(kMaxHeaders) + " lines");
  }
  if (line.starts_with("HTTP/")) {
    // A new answer: after 100 Continue, or after the 401 that asked for credentials.
    response_.headers.clear();
    headers_done_ = false;
    response_.status = status;
    return true;
  }
  const std::string_view text = trim(line);
  if (text.empty()) {
    headers_done_ = true;
  } else if (headers_done_) {
    // A trailer: nothing we speak has a use for one.
  } else if ((line.front() == ' ' || line.front() == '\t') && !response_.headers.empty()) {
    (response_.headers.back().second += ' ') += text;  // folded, RFC 9112 section 5.2
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    response_.headers.emplace_back(trim(text.substr(0, colon)), trim(text.substr(colon + 1)));
  }
  return true;
}

// Nothing: all of it must fit.
std::optional<std::size_t> ResponseReader::kept_bytes() const {
  if (is_success(response_.status)) return to_sink_ ? std::nullopt : keep_body_bytes_;
  return keep_body_bytes_.value_or(kMaxErrorBodyBytes);
}

bool ResponseReader::take_body(std::string_view piece) {
  body_bytes_ += piece.size();
  if (const auto kept = kept_bytes()) {
    const std::size_t room = *kept - std::min(*kept, response_.body.size());
    response_.body.append(piece.substr(0, room));
    cut_ = body_bytes_ > (keep_body_bytes_ ? max_body_bytes_ : *kept);
    return !cut_;
  }
  if (body_bytes_ > max_body_bytes_) {
    return stop("the answer is larger than " + format_size(max_body_bytes_) + " (decompressed)");
  }
  if (!to_sink_) response_.body.append(piece);
  return true;
}

bool ResponseReader::has_enough() const {
  if (cut_) return true;
  if (!keep_body_bytes_ || !headers_done_ || response_.status < 200 || stopped_by_) return false;
  const auto kept = kept_bytes();
  return kept && response_.body.size() >= *kept;
}

}  // namespace tidemark::net
