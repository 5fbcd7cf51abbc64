#include "base/result.h"

namespace tidemark {

std::string_view name(Errc code) {
  switch (code) {
    case Errc::invalid_argument: return "invalid_argument";
    case Errc::not_found: return "not_found";
    case Errc::conflict: return "conflict";
    case Errc::limit_exceeded: return "limit_exceeded";
    case Errc::unauthorized: return "unauthorized";
    case Errc::forbidden: return "forbidden";
    case Errc::stale_cursor: return "stale_cursor";
    case Errc::protocol_error: return "protocol_error";
    case Errc::parse_error: return "parse_error";
    case Errc::tls_error: return "tls_error";
    case Errc::unavailable: return "unavailable";
    case Errc::timeout: return "timeout";
    case Errc::overloaded: return "overloaded";
    case Errc::io_error: return "io_error";
    case Errc::disk_full: return "disk_full";
    case Errc::corrupt: return "corrupt";
    case Errc::locked: return "locked";
    case Errc::newer_format: return "newer_format";
    case Errc::no_key: return "no_key";
    case Errc::cancelled: return "cancelled";
    case Errc::internal: return "internal";
  }
  return "internal";
}

bool retryable(Errc code) {
  switch (code) {
    case Errc::unavailable:
    case Errc::timeout:
    case Errc::overloaded:
    case Errc::io_error:
    case Errc::disk_full: return true;
    default: return false;
  }
}

Error in_context(std::string_view context, Error error) {
  error.message.insert(0, ": ").insert(0, context);
  return error;
}

}  // namespace tidemark
