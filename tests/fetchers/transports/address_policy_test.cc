// SPDX-License-Identifier: Apache-2.0
#include "fetchers/transports/address_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

namespace newswire::transports {
namespace {

using ::testing::HasSubstr;

AddressPolicy Policy(const std::vector<std::string>& allow) {
  Result<AddressPolicy> policy = AddressPolicy::Create(allow);
  EXPECT_TRUE(policy.has_value()) << policy.error();
  return *policy;
}

std::string Verdict(const AddressPolicy& policy, std::string_view text) {
  const std::optional<IpAddress> address = ParseIpAddress(text);
  if (!address) {
    return "unreadable";
  }
  return policy.Refuse(*address).value_or("allowed");
}

struct Case {
  std::string_view address, verdict;
};

class SpecialAddress : public ::testing::TestWithParam<Case> {};

TEST_P(SpecialAddress, IsJudgedByDefault) {
  EXPECT_EQ(Verdict(Policy({}), GetParam().address), GetParam().verdict);
}

INSTANTIATE_TEST_SUITE_P(
    AddressPolicy, SpecialAddress,
    ::testing::Values(
        Case{"127.0.0.1", "127.0.0.1 is a loopback address"},
        Case{"127.255.255.255", "127.255.255.255 is a loopback address"},
        Case{"128.0.0.1", "allowed"}, Case{"0.0.0.0", "0.0.0.0 is an unspecified address"},
        Case{"0.1.2.3", "0.1.2.3 is an unspecified address"},
        Case{"10.1.2.3", "10.1.2.3 is a private address"}, Case{"11.0.0.0", "allowed"},
        Case{"172.16.0.1", "172.16.0.1 is a private address"},
        Case{"172.31.255.255", "172.31.255.255 is a private address"},
        Case{"172.32.0.0", "allowed"}, Case{"172.15.255.255", "allowed"},
        Case{"192.168.1.1", "192.168.1.1 is a private address"},
        Case{"169.254.169.254", "169.254.169.254 is a link-local address"},
        Case{"100.64.0.1", "100.64.0.1 is a carrier-grade NAT address"},
        Case{"100.127.255.255", "100.127.255.255 is a carrier-grade NAT address"},
        Case{"100.128.0.0", "allowed"}, Case{"224.0.0.1", "224.0.0.1 is a multicast address"},
        Case{"239.255.255.255", "239.255.255.255 is a multicast address"},
        Case{"240.0.0.1", "240.0.0.1 is a reserved address"},
        Case{"255.255.255.255", "255.255.255.255 is the broadcast address"},
        Case{"198.19.0.1", "198.19.0.1 is a benchmarking address"},
        Case{"203.0.113.9", "203.0.113.9 is a documentation address"},
        Case{"192.88.99.1", "192.88.99.1 is a 6to4 relay address"},
        Case{"93.184.216.34", "allowed"}, Case{"::", ":: is the unspecified address"},
        Case{"::1", "::1 is the loopback address"}, Case{"[::1]", "::1 is the loopback address"},
        Case{"::2", "::2 is no global unicast address"},
        Case{"::127.0.0.1", "::127.0.0.1 is no global unicast address"},
        Case{"::ffff:127.0.0.1", "127.0.0.1 is a loopback address"},
        Case{"::ffff:7f00:1", "127.0.0.1 is a loopback address"},
        Case{"::ffff:93.184.216.34", "allowed"},
        Case{"64:ff9b::10.0.0.1", "10.0.0.1 is a private address"},
        Case{"64:ff9b::93.184.216.34", "allowed"},
        Case{"64:ff9b:1::1", "64:ff9b:1::1 is no global unicast address"},
        Case{"2002:7f00:1::1", "127.0.0.1 is a loopback address"},
        Case{"2002:5db8:d822::1", "allowed"}, Case{"2001::1", "2001::1 is a Teredo address"},
        Case{"2001:10::1", "2001:10::1 is an address reserved for protocols"},
        Case{"2001:db8::1", "2001:db8::1 is a documentation address"},
        Case{"fc00::1", "fc00::1 is a unique local (private) address"},
        Case{"fdff::1", "fdff::1 is a unique local (private) address"},
        Case{"fe80::1", "fe80::1 is a link-local address"},
        Case{"febf::1", "febf::1 is a link-local address"},
        Case{"fec0::1", "fec0::1 is a site-local (private) address"},
        Case{"ff02::1", "ff02::1 is a multicast address"},
        Case{"100::1", "100::1 is no global unicast address"},
        Case{"2606:2800:220:1::1", "allowed"}, Case{"2400:cb00::1", "allowed"}),
    [](const auto& test) {
      std::string name(test.param.address);
      for (char& c : name) {
        c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
      }
      return name + "_" + std::to_string(test.index);
    });

TEST(AddressPolicy, AllowsWhatTheOperatorNames) {
  const AddressPolicy policy = Policy({"127.0.0.0/8", "10.1.2.3", "fd00::/8", "0.0.0.0/32"});
  EXPECT_EQ(Verdict(policy, "127.9.9.9"), "allowed");
  EXPECT_EQ(Verdict(policy, "10.1.2.3"), "allowed");
  EXPECT_EQ(Verdict(policy, "10.1.2.4"), "10.1.2.4 is a private address");
  EXPECT_EQ(Verdict(policy, "::ffff:127.0.0.1"), "allowed");
  EXPECT_EQ(Verdict(policy, "64:ff9b::10.1.2.3"), "allowed");
  EXPECT_EQ(Verdict(policy, "fd12::1"), "allowed");
  EXPECT_EQ(Verdict(policy, "fc12::1"), "fc12::1 is a unique local (private) address");
  EXPECT_EQ(Verdict(policy, "::1"), "::1 is the loopback address");
}

TEST(AddressPolicy, TakesOddPrefixLengths) {
  const AddressPolicy policy = Policy({"10.0.0.128/25", "172.16.0.0/13"});
  EXPECT_EQ(Verdict(policy, "10.0.0.128"), "allowed");
  EXPECT_EQ(Verdict(policy, "10.0.0.127"), "10.0.0.127 is a private address");
  EXPECT_EQ(Verdict(policy, "172.23.255.255"), "allowed");
  EXPECT_EQ(Verdict(policy, "172.24.0.0"), "172.24.0.0 is a private address");
}

TEST(AddressPolicy, AllOfIpv6DoesNotNameIpv4) {
  const AddressPolicy policy = Policy({"::/0"});
  EXPECT_EQ(Verdict(policy, "::1"), "allowed");
  EXPECT_EQ(Verdict(policy, "127.0.0.1"), "127.0.0.1 is a loopback address");
  EXPECT_EQ(Verdict(Policy({"0.0.0.0/0"}), "127.0.0.1"), "allowed");
  EXPECT_EQ(Verdict(Policy({"0.0.0.0/0"}), "::1"), "::1 is the loopback address");
}

class BadNetwork : public ::testing::TestWithParam<std::string> {};

TEST_P(BadNetwork, IsAnErrorThatNamesIt) {
  const Result<AddressPolicy> policy =
      AddressPolicy::Create(std::vector<std::string>{"127.0.0.0/8", GetParam()});
  ASSERT_FALSE(policy.has_value());
  EXPECT_EQ(policy.error().kind, ErrorKind::kConfig);
  EXPECT_THAT(policy.error().message, HasSubstr("\"" + GetParam() + "\""));
}

INSTANTIATE_TEST_SUITE_P(AddressPolicy, BadNetwork,
                         ::testing::Values("", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
                                           "10.0.0.0/8x", "10.0.0/8", "10.0.0.0.0/8", "10.1.0.0/8",
                                           "fd00::1/8", "fd00::/129", "localhost", "010.0.0.0/8",
                                           "[::1]/128", "10.0.0.0 /8", " 10.0.0.0/8", "0x7f.1"));

TEST(AddressPolicy, NamesTheNetworkThatWasMeant) {
  const Result<AddressPolicy> policy =
      AddressPolicy::Create(std::vector<std::string>{"10.1.2.3/8"});
  ASSERT_FALSE(policy.has_value());
  EXPECT_THAT(policy.error().message, HasSubstr("the network is 10.0.0.0/8"));
}

TEST(AddressPolicy, JudgesSocketAddresses) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(Policy({}).Refuse(reinterpret_cast<const sockaddr*>(&v4), sizeof v4),
            "127.0.0.1 is a loopback address");
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_addr = in6addr_loopback;
  EXPECT_EQ(Policy({}).Refuse(reinterpret_cast<const sockaddr*>(&v6), sizeof v6),
            "::1 is the loopback address");
  v6.sin6_family = AF_UNIX;
  EXPECT_TRUE(Policy({}).Refuse(reinterpret_cast<const sockaddr*>(&v6), sizeof v6).has_value());
}

}  // namespace
}  // namespace newswire::transports
