// Internet addresses as values: what a socket address, a resolver or a piece of text stands for.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct sockaddr;

namespace tidemark {

// An IPv4 or IPv6 address, without port and zone.
struct IpAddress {
  bool is_v4 = false;
  std::array<std::uint8_t, 16> bytes{};  // network order; of IPv4 the first four

  bool operator==(const IpAddress&) const = default;

  std::size_t bits() const { return is_v4 ? 32 : 128; }
  std::string to_string() const;  // "10.0.0.1", "fe80::1"

  // The IPv4 address inside an IPv4-mapped (::ffff:0:0/96) or IPv4-compatible (::/96, but neither
  // :: nor ::1) one, RFC 4291 section 2.5.5: the system connects to that when it connects at all.
  std::optional<IpAddress> embedded_v4() const;

  // Dotted decimal or RFC 4291 text, nothing else; no brackets, no zone.
  static std::optional<IpAddress> parse(std::string_view text);
  // Nothing for families other than AF_INET and AF_INET6.
  static std::optional<IpAddress> from(const sockaddr& address);
};

// The addresses whose first `prefix_bits` bits are those of `first`.
struct AddressRange {
  IpAddress first;
  std::size_t prefix_bits = 0;

  bool contains(const IpAddress& address) const;
};

// How the resolver and libcurl read a host made of numbers, inet_aton(3): one to four parts,
// decimal, octal ("0177") or hexadecimal ("0x7f"), the last one filling the bytes that are left.
struct NumericHost {
  bool is_number = false;              // false: a name
  std::optional<IpAddress> address{};  // absent although a number: not one of an address
};
NumericHost read_numeric_host(std::string_view host);

}  // namespace tidemark
