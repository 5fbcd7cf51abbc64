// Where requests to URLs that users give may go: to the public internet, and to what the operator
// has allowed by name. Everything else, the machine itself, its network and the metadata service
// of its cloud, is refused, so that nobody makes the server fetch or trigger what only the server
// can reach (SSRF).
//
// Refused are the special-purpose addresses of the IANA registries (RFC 6890 and its updates:
// RFC 1122, 1918, 3849, 3927, 4193, 4380, 5737, 6052, 6598, 8215, 9637, ...) and all of IPv6 that
// is not global unicast (RFC 4291 section 2.4: 2000::/3). An IPv6 address that stands for an IPv4
// one is judged as that.
//
// It is asked three times: check_url when a URL is saved or tested, check_host before every
// request, and check_address with the address of every socket about to be connected. Only the last
// one cannot be deceived by a name that changes its address in between; the others tell the user
// early and plainly.
//
//   [delivery] allow = ["10.0.0.0/8", "::1", "hooks.internal"]
//
// Errors: forbidden when refused, with host, address and what to put into the allow-list;
// invalid_argument when it is no host at all; unavailable when a name cannot be resolved.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "net/ip_address.h"

struct sockaddr;

namespace tidemark {

// Thread-safe: nothing changes after make().
class AddressGuard {
 public:
  // All addresses of a name. Blocks. Another one than the system's is for tests.
  using Resolver = std::function<Result<std::vector<IpAddress>>(const std::string& host)>;

  AddressGuard();  // nothing is allowed but the public internet

  // Each entry is an address ("127.0.0.1", "::1"), a range ("10.0.0.0/8") or a host name
  // ("hooks.internal": exactly that one, in any case, a final dot ignored), which may then have any
  // address. Errc::invalid_argument names the entry that is none of these.
  static Result<AddressGuard> make(const std::vector<std::string>& allow, Resolver resolver = {});

  // `host` is what the address was found under, for the message; may be empty.
  Result<void> check_address(const IpAddress& address, std::string_view host = {}) const;
  Result<void> check_address(const sockaddr& address, std::string_view host = {}) const;

  // What the host of a URL says by itself, in any spelling and without asking DNS: addresses
  // ("127.1", "0x7f000001", "[::ffff:10.0.0.1]"), localhost, names of metadata services.
  Result<void> check_host(std::string_view host) const;

  // The whole URL: its form, its host and, for a name that is not allowed as such, every address it
  // has now. Blocks for DNS.
  Result<void> check_url(std::string_view url) const;

  // True when the host may have any address.
  bool allows_name(std::string_view host) const;

 private:
  Result<void> add(std::string_view entry);

  Resolver resolver_;
  std::vector<AddressRange> ranges_;
  std::unordered_set<std::string> names_;
};

}  // namespace tidemark
