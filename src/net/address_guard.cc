#include "net/address_guard.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

#include "base/text.h"
#include "net/special_addresses.h"
#include "net/url.h"

namespace tidemark {
namespace {

constexpr std::size_t kMaxNameBytes = 253;  // RFC 1035 section 2.3.4
constexpr std::size_t kMaxLabelBytes = 63;

Result<std::vector<IpAddress>> ask_the_system(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0) {
    return fail(Errc::unavailable,
                "the host name cannot be resolved (" + std::string(::gai_strerror(error)) + ")");
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  std::vector<IpAddress> addresses;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    if (const auto address = IpAddress::from(*at->ai_addr)) addresses.push_back(*address);
  }
  return addresses;
}

std::string_view without_final_dot(std::string_view host) {
  if (host.size() > 1 && host.ends_with('.')) host.remove_suffix(1);
  return host;
}

bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > kMaxNameBytes) return false;
  const auto labels = split(host, '.');
  return std::all_of(labels.begin(), labels.end(), [](const std::string& label) {
    return !label.empty() && label.size() <= kMaxLabelBytes &&
           label.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string::npos;
  });
}

// A URL's host, read as the HTTP client and the resolver will read it.
struct Host {
  std::string name;  // lower case, without brackets and final dot
  std::optional<IpAddress> address{};
};

tl::unexpected<Error> no_host(const std::string& why) {
  return fail(Errc::invalid_argument, "the URL's host " + why);
}

Result<Host> read_host(std::string_view text) {
  auto decoded = percent_decode(text);
  if (!decoded) return no_host("has a '%' that encodes nothing");
  Host host{.name = to_lower_ascii(*decoded)};
  if (host.name.starts_with('[') && host.name.ends_with(']')) {
    host.name = host.name.substr(1, host.name.size() - 2);
    if (host.name.find(':') == std::string::npos) return no_host("is not an IPv6 address");
  }
  if (host.name.find(':') != std::string::npos) {
    host.name = host.name.substr(0, host.name.find('%'));  // a zone names an interface
    host.address = IpAddress::parse(host.name);
    if (!host.address) return no_host("is not an IPv6 address");
    return host;
  }
  host.name = without_final_dot(host.name);
  if (!is_host_name(host.name)) {
    return no_host(
        "is not a host name of letters, digits, hyphens and dots (an international name is written "
        "in its xn-- form)");
  }
  const NumericHost numeric = read_numeric_host(host.name);
  if (numeric.is_number && !numeric.address) {
    return no_host("\"" + host.name + "\" is a number but not an IPv4 address");
  }
  host.address = numeric.address;
  return host;
}

std::string refusal(const std::string& subject, std::string_view what, const std::string& entries) {
  return subject + " is " + std::string(what) +
         ", and requests go to the public internet only; if it is meant to be reached, add " +
         entries + " to allow in [delivery]";
}

}  // namespace

AddressGuard::AddressGuard() : resolver_(&ask_the_system) {}

Result<AddressGuard> AddressGuard::make(const std::vector<std::string>& allow, Resolver resolver) {
  AddressGuard guard;
  if (resolver) guard.resolver_ = std::move(resolver);
  for (const std::string& entry : allow) TM_TRY(guard.add(entry));
  return guard;
}

Result<void> AddressGuard::add(std::string_view entry) {
  const auto refuse = [&](const std::string& why) {
    return fail(Errc::invalid_argument,
                "allow in [delivery]: \"" + to_valid_utf8(entry.substr(0, 80)) + "\" " + why);
  };
  const std::size_t slash = entry.find('/');
  std::string_view host = entry.substr(0, slash);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  auto address = IpAddress::parse(host);
  if (!address && slash == std::string_view::npos) {
    const std::string name = to_lower_ascii(without_final_dot(host));
    if (!is_host_name(name) || read_numeric_host(name).is_number) {
      return refuse(
          "is neither an address (10.1.2.3), a range (10.0.0.0/8) nor a host name without "
          "wildcards (hooks.internal)");
    }
    names_.insert(name);
    return {};
  }
  if (!address) return refuse("is not a range: write it as 10.0.0.0/8 or fd00::/8");
  std::size_t bits = address->bits();
  if (slash != std::string_view::npos) {
    const std::string_view text = entry.substr(slash + 1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
    if (error != std::errc() || end != text.data() + text.size() || bits > address->bits()) {
      return refuse("must have a number from 0 to " + std::to_string(address->bits()) +
                    " after the '/'");
    }
  }
  if (const auto inner = address->embedded_v4(); inner && bits >= 96) {
    address = inner;
    bits -= 96;
  }
  for (std::size_t bit = bits; bit < address->bits(); ++bit) {
    if ((address->bytes[bit / 8] & (0x80U >> bit % 8)) == 0) continue;
    return refuse("has bits set after the first " + std::to_string(bits) +
                  ": give the range's first address");
  }
  ranges_.push_back({*address, bits});
  return {};
}

bool AddressGuard::allows_name(std::string_view host) const {
  return !names_.empty() && names_.contains(to_lower_ascii(without_final_dot(host)));
}

Result<void> AddressGuard::check_address(const IpAddress& address, std::string_view host) const {
  const std::string_view what = net::special_purpose(address);
  if (what.empty()) return {};
  const auto inner = address.embedded_v4();
  for (const AddressRange& range : ranges_) {
    if (range.contains(address) || (inner && range.contains(*inner))) return {};
  }
  const std::string text = address.to_string();
  if (host.empty() || host == text || host == '[' + text + ']') {
    return fail(Errc::forbidden, refusal("the address " + text, what, '"' + text + '"'));
  }
  const std::string shown = to_valid_utf8(host);
  // A host that is an address in another spelling is allowed as an address only.
  const auto read = read_host(host);
  const bool is_name = read && !read->address;
  return fail(Errc::forbidden,
              refusal("the host " + shown + " has the address " + text + ", which", what,
                      is_name ? '"' + shown + "\" or \"" + text + '"' : '"' + text + '"'));
}

Result<void> AddressGuard::check_address(const sockaddr& address, std::string_view host) const {
  if (const auto ip = IpAddress::from(address)) return check_address(*ip, host);
  return fail(Errc::forbidden, "the host " + to_valid_utf8(host) +
                                   " has an address that is neither IPv4 nor IPv6, and requests go "
                                   "to the public internet only");
}

Result<void> AddressGuard::check_host(std::string_view text) const {
  TM_ASSIGN(const Host host, read_host(text));
  if (host.address) return check_address(*host.address, text);
  if (allows_name(host.name) || !net::is_special_name(host.name)) return {};
  return fail(Errc::forbidden, refusal("the host " + host.name, "a name of this machine or cloud",
                                       '"' + host.name + '"'));
}

Result<void> AddressGuard::check_url(std::string_view text) const {
  TM_ASSIGN(const Url url, parse_url(text));
  TM_TRY(check_host(url.host));
  TM_ASSIGN(const Host host, read_host(url.host));
  if (host.address || allows_name(host.name)) return {};
  auto addresses = resolver_(host.name);
  if (!addresses) return fail(in_context("the host " + host.name, std::move(addresses).error()));
  if (addresses->empty()) {
    return fail(Errc::unavailable, "the host " + host.name + " has no address");
  }
  for (const IpAddress& address : *addresses) TM_TRY(check_address(address, host.name));
  return {};
}

}  // namespace tidemark
