// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/sha256.h"

#include <array>
#include <cstdint>

#include <openssl/evp.h>

#include "transforms/text/hash.h"

namespace newswire::archive {

Sha256Stream::Sha256Stream() : context_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex(context_, EVP_sha256(), nullptr);
}

Sha256Stream::~Sha256Stream() { EVP_MD_CTX_free(context_); }

void Sha256Stream::Add(std::string_view bytes) {
  EVP_DigestUpdate(context_, bytes.data(), bytes.size());
}

std::string Sha256Stream::Finish() {
  std::array<uint8_t, 32> sum{};
  unsigned length = 0;
  EVP_DigestFinal_ex(context_, sum.data(), &length);
  return text::Hex(sum);
}

}  // namespace newswire::archive
