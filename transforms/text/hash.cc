// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/hash.h"

#include <charconv>
#include <memory>

#include <openssl/evp.h>

namespace newswire::text {
namespace {

// Fetched once: an implicit fetch costs more than hashing a short text.
const EVP_MD* Sha256Method() {
  static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> method(
      EVP_MD_fetch(nullptr, "SHA256", nullptr), &EVP_MD_free);
  return method.get();
}

const EVP_MD* Sha1Method() {
  static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> method(
      EVP_MD_fetch(nullptr, "SHA1", nullptr), &EVP_MD_free);
  return method.get();
}

EVP_MD_CTX* Context(void* context) { return static_cast<EVP_MD_CTX*>(context); }

}  // namespace

std::array<uint8_t, 32> Sha256(std::string_view bytes) {
  std::array<uint8_t, 32> digest{};
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, Sha256Method(), nullptr);
  return digest;
}

std::array<uint8_t, 20> Sha1(std::string_view bytes) {
  std::array<uint8_t, 20> digest{};
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, Sha1Method(), nullptr);
  return digest;
}

std::string Hex(std::span<const uint8_t> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const uint8_t byte : bytes) {
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out;
}

bool FromHex(std::string_view hex, std::span<uint8_t> bytes) {
  constexpr int kHexadecimal = 16;
  if (hex.size() != 2 * bytes.size()) {
    return false;
  }
  for (size_t i = 0; i < bytes.size(); ++i) {
    const char* begin = hex.data() + 2 * i;
    const auto [end, error] = std::from_chars(begin, begin + 2, bytes[i], kHexadecimal);
    if (error != std::errc{} || end != begin + 2) {
      return false;
    }
  }
  return true;
}

std::string Base32(std::span<const uint8_t> bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string out;
  out.reserve((bytes.size() * 8 + 4) / 5);
  uint32_t buffer = 0;
  int bits = 0;
  for (const uint8_t byte : bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      out.push_back(kDigits[(buffer >> bits) & 31]);
    }
  }
  if (bits > 0) {
    out.push_back(kDigits[(buffer << (5 - bits)) & 31]);
  }
  return out;
}

FieldHasher::FieldHasher() : context_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex2(Context(context_), Sha256Method(), nullptr);
}

FieldHasher::~FieldHasher() { EVP_MD_CTX_free(Context(context_)); }

void FieldHasher::Add(std::string_view field) {
  std::array<uint8_t, 8> length{};
  uint64_t size = field.size();
  for (uint8_t& byte : length) {
    byte = static_cast<uint8_t>(size & 0xff);
    size >>= 8;
  }
  EVP_DigestUpdate(Context(context_), length.data(), length.size());
  EVP_DigestUpdate(Context(context_), field.data(), field.size());
}

std::array<uint8_t, 32> FieldHasher::Finish() {
  std::array<uint8_t, 32> digest{};
  EVP_DigestFinal_ex(Context(context_), digest.data(), nullptr);
  EVP_DigestInit_ex2(Context(context_), Sha256Method(), nullptr);
  return digest;
}

}  // namespace newswire::text
