// URLs, and the guard that decides where webhooks may go. What the system's own resolver makes of a
// host is the oracle: an address that is not public must not be reachable in any spelling.
#include "net/url.h"

#include <netdb.h>
#include <sys/socket.h>

#include "net/address_guard.h"
#include "target.h"

namespace tidemark::fuzz {
namespace {

const AddressGuard& guard() {
  static const AddressGuard guard = *AddressGuard::make({}, [](const std::string&) {
    return Result<std::vector<IpAddress>>({*IpAddress::parse("93.184.216.34")});
  });
  return guard;
}

void check_numeric_host(std::string host) {
  if (!guard().check_host(host)) return;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.find('\0') != std::string::npos) return;
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    require(guard().check_address(*each->ai_addr).has_value(),
            "a host that passes is no spelling of an address that does not");
  }
  ::freeaddrinfo(found);
}

void check_url(const Url& url) {
  require(parse_url(url.to_string()) == url, "a URL comes back");
  require(url.path.starts_with('/'), "its path is absolute");
  require(url.host.find('@') == std::string::npos, "its host holds no user name");
  require(url.for_messages().find('?') == std::string::npos, "no query goes into a message");
  require(parse_url(url.origin()).has_value(), "its origin is a URL");
  require(same_origin(url, *parse_url(url.origin())), "and of the same origin");
}

void check_reference(std::string_view reference) {
  for (const char* text :
       {"https://example.com/a/b/c?d", "http://[::1]:8080/", "http://h/x/../y"}) {
    const Url base = *parse_url(text);
    const auto found = resolve(base, reference);
    if (!found) continue;
    check_url(*found);
    const auto again = resolve(base, found->to_string());
    require(again && *again == *found, "what was resolved is absolute");
  }
}

void check_encoding(std::string_view bytes) {
  if (bytes.find('\0') == std::string_view::npos) {
    require(percent_decode(percent_encode_path(bytes)) == std::string(bytes),
            "an encoded path comes back");
    require(percent_decode(percent_encode_segment(bytes)) == std::string(bytes),
            "an encoded segment comes back");
  }
  require(percent_encode_segment(bytes).find('/') == std::string::npos, "a segment is one");
  if (const auto address = IpAddress::parse(bytes)) {
    require(IpAddress::parse(address->to_string()) == address, "an address comes back");
  }
}

}  // namespace

TIDEMARK_FUZZ_TARGET(url) {
  if (const auto url = parse_url(bytes)) {
    check_url(*url);
    if (guard().check_url(bytes)) check_numeric_host(url->host);
  }
  check_numeric_host(std::string(bytes));
  check_reference(bytes);
  check_encoding(bytes);
  static_cast<void>(AddressGuard::make({std::string(bytes)}));
}

}  // namespace tidemark::fuzz
