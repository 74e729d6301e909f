// SPDX-License-Identifier: Apache-2.0
#include "fetchers/transports/address_policy.h"

#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace newswire::transports {
namespace {

constexpr int kMappedBits = 96;  // the length of ::ffff:0:0 before an IPv4 address
constexpr IpAddress kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};

bool Contains(const IpAddress& network, int prefix, const IpAddress& address) {
  const size_t whole = static_cast<size_t>(prefix) / 8;
  if (std::memcmp(network.data(), address.data(), whole) != 0) {
    return false;
  }
  const int rest = prefix % 8;
  if (rest == 0) {
    return true;
  }
  const auto mask = static_cast<uint8_t>(0xff << (8 - rest));
  return (network[whole] & mask) == (address[whole] & mask);
}

bool IsIpv4(const IpAddress& address) { return Contains(kMapped, kMappedBits, address); }

IpAddress MapIpv4(const uint8_t* bytes) {
  IpAddress out = kMapped;
  std::memcpy(&out[12], bytes, 4);
  return out;
}

struct SpecialRange {
  std::array<uint8_t, 16> start;
  int prefix;
  std::string_view name;
};

// The IANA IPv4 Special-Purpose Address Registry (RFC 6890), and multicast (RFC 5771). `start`
// holds the four bytes of the address.
constexpr SpecialRange kIpv4Ranges[] = {
    {{0}, 8, "an unspecified address"},
    {{10}, 8, "a private address"},
    {{100, 64}, 10, "a carrier-grade NAT address"},
    {{127}, 8, "a loopback address"},
    {{169, 254}, 16, "a link-local address"},
    {{172, 16}, 12, "a private address"},
    {{192, 0, 0}, 24, "an address reserved for protocols"},
    {{192, 0, 2}, 24, "a documentation address"},
    {{192, 88, 99}, 24, "a 6to4 relay address"},
    {{192, 168}, 16, "a private address"},
    {{198, 18}, 15, "a benchmarking address"},
    {{198, 51, 100}, 24, "a documentation address"},
    {{203, 0, 113}, 24, "a documentation address"},
    {{224}, 4, "a multicast address"},
    {{255, 255, 255, 255}, 32, "the broadcast address"},
    {{240}, 4, "a reserved address"},
};

// The IANA IPv6 Special-Purpose Address Registry; what lies outside of 2000::/3 is no global
// unicast (RFC 4291 section 2.4) and refused as such after these.
constexpr SpecialRange kIpv6Ranges[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 128, "the unspecified address"},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, "the loopback address"},
    {{0xfc}, 7, "a unique local (private) address"},
    {{0xfe, 0x80}, 10, "a link-local address"},
    {{0xfe, 0xc0}, 10, "a site-local (private) address"},
    {{0xff}, 8, "a multicast address"},
    {{0x20, 0x01, 0, 0}, 32, "a Teredo address"},
    {{0x20, 0x01, 0, 0}, 23, "an address reserved for protocols"},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "a documentation address"},
    {{0x3f, 0xff}, 20, "a documentation address"},
};
constexpr IpAddress kGlobalUnicast = {0x20};
constexpr int kGlobalUnicastBits = 3;
constexpr IpAddress kNat64 = {0x00, 0x64, 0xff, 0x9b};  // RFC 6052 section 2.1
constexpr int kNat64Bits = 96;
constexpr IpAddress kSixToFour = {0x20, 0x02};  // RFC 3056
constexpr int kSixToFourBits = 16;

std::optional<std::string_view> NameIpv4(const IpAddress& address) {
  for (const SpecialRange& range : kIpv4Ranges) {
    if (Contains(MapIpv4(range.start.data()), kMappedBits + range.prefix, address)) {
      return range.name;
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> NameIpv6(const IpAddress& address) {
  for (const SpecialRange& range : kIpv6Ranges) {
    if (Contains(range.start, range.prefix, address)) {
      return range.name;
    }
  }
  if (!Contains(kGlobalUnicast, kGlobalUnicastBits, address)) {
    return "no global unicast address";
  }
  return std::nullopt;
}

std::unexpected<Error> BadNetwork(std::string_view text, std::string_view why) {
  return Fail(
      ErrorKind::kConfig,
      fmt::format("\"{}\" is no network: {} (expected for example 10.1.0.0/16, 192.0.2.7 or "
                  "fd00::/8)",
                  text, why));
}

}  // namespace

std::optional<IpAddress> ParseIpAddress(std::string_view text) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
  }
  if (text.empty() || text.size() >= INET6_ADDRSTRLEN) {
    return std::nullopt;
  }
  const std::string copy(text);
  IpAddress out{};
  std::array<uint8_t, 4> v4{};
  if (inet_pton(AF_INET, copy.c_str(), v4.data()) == 1) {
    return MapIpv4(v4.data());
  }
  if (inet_pton(AF_INET6, copy.c_str(), out.data()) == 1) {
    return out;
  }
  return std::nullopt;
}

std::string FormatIpAddress(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool v4 = IsIpv4(address);
  inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? &address[12] : address.data(), text.data(), text.size());
  return text.data();
}

Result<AddressPolicy> AddressPolicy::Create(std::span<const std::string> allow_networks) {
  AddressPolicy policy;
  for (const std::string& text : allow_networks) {
    const size_t slash = text.find('/');
    const std::optional<IpAddress> address = ParseIpAddress(text.substr(0, slash));
    if (!address || text.front() == '[') {
      return BadNetwork(text, "the part before the slash is no IP address");
    }
    const bool v4 = text.find(':') == std::string::npos;
    const int width = v4 ? 32 : 128;
    int prefix = width;
    if (slash != std::string::npos) {
      const char* begin = text.data() + slash + 1;
      const char* end = text.data() + text.size();
      const auto [stop, error] = std::from_chars(begin, end, prefix);
      if (begin == end || error != std::errc{} || stop != end || prefix < 0 || prefix > width) {
        return BadNetwork(text, fmt::format("the length must be a number from 0 to {}", width));
      }
    }
    const int bits = v4 ? kMappedBits + prefix : prefix;
    IpAddress start = *address;
    for (int bit = bits; bit < 128; ++bit) {
      start[static_cast<size_t>(bit) / 8] &= static_cast<uint8_t>(~(0x80 >> (bit % 8)));
    }
    if (start != *address) {
      return BadNetwork(text, fmt::format("it has bits beyond its length; the network is {}/{}",
                                          FormatIpAddress(start), prefix));
    }
    policy.allowed_.push_back({start, bits});
  }
  return policy;
}

std::optional<std::string> AddressPolicy::Refuse(const IpAddress& address) const {
  for (const Network& network : allowed_) {
    // ::/0 names IPv6 alone: IPv4 is written as IPv4.
    if (IsIpv4(address) == (network.prefix >= kMappedBits && IsIpv4(network.address)) &&
        Contains(network.address, network.prefix, address)) {
      return std::nullopt;
    }
  }
  std::optional<std::string_view> name;
  if (IsIpv4(address)) {
    name = NameIpv4(address);
  } else if (Contains(kNat64, kNat64Bits, address)) {
    return Refuse(MapIpv4(&address[12]));
  } else if (Contains(kSixToFour, kSixToFourBits, address)) {
    return Refuse(MapIpv4(&address[2]));
  } else {
    name = NameIpv6(address);
  }
  if (!name) {
    return std::nullopt;
  }
  return fmt::format("{} is {}", FormatIpAddress(address), *name);
}

std::optional<std::string> AddressPolicy::Refuse(const sockaddr* address, size_t size) const {
  if (address->sa_family == AF_INET && size >= sizeof(sockaddr_in)) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    std::array<uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
    return Refuse(MapIpv4(bytes.data()));
  }
  if (address->sa_family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    IpAddress bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return Refuse(bytes);
  }
  return "it is neither an IPv4 nor an IPv6 address";
}

}  // namespace newswire::transports
