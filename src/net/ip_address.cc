#include "net/ip_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <vector>

#include "base/text.h"

namespace tidemark {
namespace {

constexpr std::size_t kLongestText = 64;

IpAddress v4_of(std::uint32_t number) {
  return {
      .is_v4 = true,
      .bytes = {static_cast<std::uint8_t>(number >> 24), static_cast<std::uint8_t>(number >> 16),
                static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)}};
}

bool is_hexadecimal(std::string_view part) {
  return part.starts_with("0x") || part.starts_with("0X");
}

bool looks_like_a_number(std::string_view part) {
  if (is_hexadecimal(part)) {
    return part.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string_view::npos;
  }
  return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<std::uint64_t> number_of(std::string_view part) {
  int base = 10;
  if (is_hexadecimal(part)) {
    base = 16;
    part.remove_prefix(2);
    if (part.empty()) return 0;  // "0x" alone
  } else if (part.size() > 1 && part.front() == '0') {
    base = 8;
  }
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number, base);
  if (error != std::errc() || end != part.data() + part.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(is_v4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof text);
  return text;
}

std::optional<IpAddress> IpAddress::embedded_v4() const {
  if (is_v4) return std::nullopt;
  const bool mapped = bytes[10] == 0xff && bytes[11] == 0xff;
  const bool compatible = bytes[10] == 0 && bytes[11] == 0;
  const bool zeros = std::all_of(bytes.begin(), bytes.begin() + 10, [](auto b) { return b == 0; });
  if (!zeros || (!mapped && !compatible)) return std::nullopt;
  if (compatible && bytes[12] == 0 && bytes[13] == 0 && bytes[14] == 0 && bytes[15] <= 1) {
    return std::nullopt;
  }
  return IpAddress{.is_v4 = true, .bytes = {bytes[12], bytes[13], bytes[14], bytes[15]}};
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.size() > kLongestText || text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string copy(text);
  IpAddress address;
  address.is_v4 = copy.find(':') == std::string::npos;
  if (::inet_pton(address.is_v4 ? AF_INET : AF_INET6, copy.c_str(), address.bytes.data()) != 1) {
    return std::nullopt;
  }
  return address;
}

std::optional<IpAddress> IpAddress::from(const sockaddr& address) {
  IpAddress result;
  if (address.sa_family == AF_INET) {
    result.is_v4 = true;
    std::memcpy(result.bytes.data(), &reinterpret_cast<const sockaddr_in&>(address).sin_addr, 4);
  } else if (address.sa_family == AF_INET6) {
    std::memcpy(result.bytes.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, 16);
  } else {
    return std::nullopt;
  }
  return result;
}

bool AddressRange::contains(const IpAddress& address) const {
  if (address.is_v4 != first.is_v4) return false;
  const std::size_t whole = prefix_bits / 8;
  if (!std::equal(first.bytes.begin(), first.bytes.begin() + whole, address.bytes.begin())) {
    return false;
  }
  const std::size_t rest = prefix_bits % 8;
  return rest == 0 || ((first.bytes[whole] ^ address.bytes[whole]) >> (8 - rest)) == 0;
}

NumericHost read_numeric_host(std::string_view host) {
  const std::vector<std::string> parts = split(host, '.');
  if (parts.empty() || !looks_like_a_number(parts.back())) return {};
  NumericHost result{.is_number = true};
  if (parts.size() > 4) return result;
  std::uint64_t address = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto number = looks_like_a_number(parts[i]) ? number_of(parts[i]) : std::nullopt;
    const bool last = i + 1 == parts.size();
    const std::size_t bits = last ? 8 * (5 - parts.size()) : 8;
    if (!number || *number >= (std::uint64_t{1} << bits)) return result;
    address = (address << bits) | *number;
  }
  result.address = v4_of(static_cast<std::uint32_t>(address));
  return result;
}

}  // namespace tidemark
