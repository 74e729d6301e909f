// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace newswire::text {

std::array<uint8_t, 32> Sha256(std::string_view bytes);
std::array<uint8_t, 20> Sha1(std::string_view bytes);
std::string Hex(std::span<const uint8_t> bytes);  // lower case
// Fills `bytes` from twice as many digits, of either case; false when they are not that.
bool FromHex(std::string_view hex, std::span<uint8_t> bytes);
std::string Base32(
    std::span<const uint8_t> bytes);  // RFC 4648 upper case, no padding needed for SHA-1

// A SHA-256 over a sequence of fields, each preceded by its length: no two sequences collide by
// shifting bytes between fields.
class FieldHasher {
 public:
  FieldHasher();
  ~FieldHasher();
  FieldHasher(const FieldHasher&) = delete;
  FieldHasher& operator=(const FieldHasher&) = delete;
  void Add(std::string_view field);
  std::array<uint8_t, 32> Finish();  // the hasher may be used again afterwards

 private:
  void* context_;  // EVP_MD_CTX
};

}  // namespace newswire::text
