// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/model/error.h"

struct sockaddr;

namespace newswire::transports {

// An IPv6 address, or an IPv4 address in its IPv4-mapped form (::ffff:a.b.c.d): one form for both.
using IpAddress = std::array<uint8_t, 16>;

// Only the usual notation: four decimal numbers, or RFC 4291 section 2.2, with or without brackets.
// No zone, no octal, no host name.
std::optional<IpAddress> ParseIpAddress(std::string_view text);
std::string FormatIpAddress(const IpAddress& address);  // 203.0.113.7, 2001:db8::1

// Says which addresses this process may connect to: the public internet, and what the operator
// named. An address that carries an IPv4 address (IPv4-mapped, NAT64, 6to4) is judged by the IPv4
// address. Immutable; any thread.
class AddressPolicy {
 public:
  // `allow_networks`: CIDR or single addresses. A text that is none, or one with bits set beyond
  // its prefix, is kConfig and names the text: a typo never removes a rule silently.
  static Result<AddressPolicy> Create(std::span<const std::string> allow_networks);

  // Why not to connect there ("127.0.0.1 is a loopback address"), or nullopt: go ahead.
  std::optional<std::string> Refuse(const IpAddress& address) const;
  // The same for what a resolver gave. Neither IPv4 nor IPv6: refused.
  std::optional<std::string> Refuse(const sockaddr* address, size_t size) const;

 private:
  struct Network {
    IpAddress address;
    int prefix;
  };
  std::vector<Network> allowed_;
};

}  // namespace newswire::transports
