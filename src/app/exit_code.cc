#include "app/exit_code.h"

namespace tidemark::app {

ExitCode exit_code_of(Errc code) {
  switch (code) {
    case Errc::invalid_argument: return kBadUsage;
    case Errc::corrupt:
    case Errc::locked:
    case Errc::newer_format: return kStoreRefused;
    case Errc::unauthorized:
    case Errc::forbidden:
    case Errc::stale_cursor:
    case Errc::protocol_error:
    case Errc::tls_error:
    case Errc::unavailable:
    case Errc::timeout: return kUpstreamFailed;
    case Errc::not_found:
    case Errc::conflict:
    case Errc::limit_exceeded:
    case Errc::parse_error:
    case Errc::overloaded:
    case Errc::io_error:
    case Errc::disk_full:
    case Errc::no_key:
    case Errc::cancelled:
    case Errc::internal: return kFailed;
  }
  return kFailed;
}

ExitCode exit_code_of_name(std::string_view error_code) {
  if (error_code == "address_refused") return kBadUsage;  // the API's own name
  for (int code = 0; code <= static_cast<int>(Errc::internal); ++code) {
    if (name(static_cast<Errc>(code)) == error_code) return exit_code_of(static_cast<Errc>(code));
  }
  return kFailed;
}

}  // namespace tidemark::app
