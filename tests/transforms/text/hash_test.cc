// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/hash.h"

#include <string>

#include <gtest/gtest.h>

namespace newswire::text {
namespace {

TEST(Hash, MatchesPublishedVectors) {
  EXPECT_EQ(Hex(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Hex(Sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Hex(Sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

TEST(Hash, ReadsTheHexadecimalThatItWrites) {
  std::array<uint8_t, 20> digest{};
  EXPECT_TRUE(FromHex("A9993e364706816aba3e25717850c26c9cd0d89d", digest));
  EXPECT_EQ(digest, Sha1("abc"));
  std::array<uint8_t, 2> bytes{};
  for (const char* hex : {"", "a", "abc", "abcde", "ab g", "-1ab", "0xab", "+1+2"}) {
    EXPECT_FALSE(FromHex(hex, bytes)) << hex;
  }
}

TEST(Hash, WritesBase32AsWarcToolsDo) {
  EXPECT_EQ(Base32(Sha1("")), "3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ");  // of every empty payload
  const std::string foob = "fooba";
  EXPECT_EQ(Base32({reinterpret_cast<const uint8_t*>(foob.data()), 5}), "MZXW6YTB");
  EXPECT_EQ(Base32({reinterpret_cast<const uint8_t*>(foob.data()), 1}), "MY");
}

TEST(FieldHasher, TellsFieldsApart) {
  FieldHasher hasher;
  hasher.Add("ab");
  hasher.Add("c");
  const auto first = hasher.Finish();
  hasher.Add("a");
  hasher.Add("bc");
  const auto second = hasher.Finish();
  hasher.Add("ab");
  hasher.Add("c");
  EXPECT_NE(first, second);
  EXPECT_EQ(first, hasher.Finish());
}

}  // namespace
}  // namespace newswire::text
