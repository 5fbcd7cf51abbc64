// Collects an answer within the limits of its request. Inside src/net/ only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "net/http.h"

namespace tidemark::net {

bool is_success(int status);

class ResponseReader {
 public:
  // Bodies of 2xx answers that a sink takes are only counted.
  explicit ResponseReader(const HttpRequest& request, bool success_goes_to_a_sink = false);

  // One line each, the status line and the empty one at the end included; `status` is the one of
  // the answer they belong to. False ends the transfer: see stopped_by().
  bool take_header(std::string_view line, int status);
  // False ends the transfer, either by stopped_by() or because there is enough.
  bool take_body(std::string_view piece);

  HttpResponse& response() { return response_; }
  // A limit that was exceeded, without saying where.
  const std::optional<Error>& stopped_by() const { return stopped_by_; }
  // True when everything to be kept is here, so that a failure from now on does no harm.
  bool has_enough() const;

 private:
  bool stop(std::string what);
  std::optional<std::size_t> kept_bytes() const;

  std::uint64_t max_body_bytes_;
  std::size_t max_header_bytes_;
  std::optional<std::size_t> keep_body_bytes_;
  bool to_sink_;

  HttpResponse response_;
  std::optional<Error> stopped_by_;
  bool headers_done_ = false;
  bool cut_ = false;
  std::uint64_t body_bytes_ = 0;
  std::size_t header_bytes_ = 0;
};

}  // namespace tidemark::net
