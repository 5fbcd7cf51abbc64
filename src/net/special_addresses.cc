#include "net/special_addresses.h"

#include <vector>

namespace tidemark::net {
namespace {

struct Special {
  std::string_view first;
  std::size_t prefix_bits;
  std::string_view what;
};

constexpr std::string_view kMetadata = "the metadata service of a cloud";

// The first match names the address, hence single addresses before the ranges they lie in. Sources:
// IANA IPv4 and IPv6 Special-Purpose Address Registries, and the clouds' own documentation.
constexpr Special kSpecial[] = {
    {"169.254.169.254", 32, kMetadata},
    {"169.254.170.2", 32, kMetadata},    // Amazon ECS
    {"100.100.100.200", 32, kMetadata},  // Alibaba
    {"192.0.0.192", 32, kMetadata},      // Oracle
    {"168.63.129.16", 32, kMetadata},    // Azure, in a public range
    {"fd00:ec2::", 32, kMetadata},       // Amazon
    {"fd20:ce::", 32, kMetadata},        // Google
    {"0.0.0.0", 8, "an address of \"this network\" (RFC 1122)"},
    {"10.0.0.0", 8, "a private address (RFC 1918)"},
    {"100.64.0.0", 10, "a shared address of a provider's network (RFC 6598)"},
    {"127.0.0.0", 8, "a loopback address (RFC 1122)"},
    {"169.254.0.0", 16, "a link-local address (RFC 3927)"},
    {"172.16.0.0", 12, "a private address (RFC 1918)"},
    {"192.0.0.0", 24, "an address for protocol assignments (RFC 6890)"},
    {"192.0.2.0", 24, "a documentation address (RFC 5737)"},
    {"192.88.99.0", 24, "a 6to4 relay address (RFC 7526)"},
    {"192.168.0.0", 16, "a private address (RFC 1918)"},
    {"198.18.0.0", 15, "a benchmarking address (RFC 2544)"},
    {"198.51.100.0", 24, "a documentation address (RFC 5737)"},
    {"203.0.113.0", 24, "a documentation address (RFC 5737)"},
    {"224.0.0.0", 4, "a multicast address (RFC 5771)"},
    {"255.255.255.255", 32, "the broadcast address (RFC 919)"},
    {"240.0.0.0", 4, "a reserved address (RFC 1112)"},
    {"::", 128, "the unspecified address (RFC 4291)"},
    {"::1", 128, "the loopback address (RFC 4291)"},
    {"64:ff9b::", 96, "an address of an IPv4 translator (RFC 6052)"},
    {"64:ff9b:1::", 48, "an address of a local IPv4 translator (RFC 8215)"},
    {"100::", 64, "a discard address (RFC 6666)"},
    {"2001::", 32, "a Teredo address (RFC 4380)"},
    {"2001:2::", 48, "a benchmarking address (RFC 5180)"},
    {"2001::", 23, "an address for protocol assignments (RFC 2928)"},
    {"2001:db8::", 32, "a documentation address (RFC 3849)"},
    {"2002::", 16, "a 6to4 address (RFC 3056)"},
    {"3fff::", 20, "a documentation address (RFC 9637)"},
    {"5f00::", 16, "a segment routing address (RFC 9602)"},
    {"fc00::", 7, "a unique local address (RFC 4193)"},
    {"fe80::", 10, "a link-local address (RFC 4291)"},
    {"fec0::", 10, "a site-local address (RFC 3879)"},
    {"ff00::", 8, "a multicast address (RFC 4291)"},
};

struct Row {
  AddressRange range;
  std::string_view what;
};

const std::vector<Row>& rows() {
  static const std::vector<Row> table = [] {
    std::vector<Row> parsed;
    for (const Special& special : kSpecial) {
      parsed.push_back(
          {{IpAddress::parse(special.first).value(), special.prefix_bits}, special.what});
    }
    return parsed;
  }();
  return table;
}

}  // namespace

std::string_view special_purpose(const IpAddress& address) {
  if (const auto inner = address.embedded_v4()) return special_purpose(*inner);
  for (const Row& row : rows()) {
    if (row.range.contains(address)) return row.what;
  }
  const bool global_unicast = address.is_v4 || (address.bytes[0] & 0xe0) == 0x20;
  return global_unicast ? "" : "not a global unicast address (RFC 4291)";
}

bool is_special_name(std::string_view host) {
  for (const std::string_view name :
       {"localhost", "localhost.localdomain", "localhost6", "localhost6.localdomain6",
        "ip6-localhost", "ip6-loopback", "metadata.google.internal", "metadata.goog",
        "instance-data", "instance-data.ec2.internal"}) {
    if (host == name) return true;
  }
  return host.ends_with(".localhost");
}

}  // namespace tidemark::net
