// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/post_row.h"

#include <cstring>

#include "transforms/text/hash.h"

namespace newswire::relay {
namespace {

constexpr size_t kLinkKeyBytes = 16;
constexpr size_t kWholeBytes = sizeof(PostDigest::whole);
constexpr size_t kFieldsBytes = sizeof(PostDigest::fields);

}  // namespace

std::string LinkKey(std::string_view source, std::string_view link) {
  text::FieldHasher hasher;
  hasher.Add(source);
  hasher.Add(link);
  const auto sum = hasher.Finish();
  return {reinterpret_cast<const char*>(sum.data()), kLinkKeyBytes};
}

std::string PackDigest(const PostDigest& digest) {
  std::string bytes(kWholeBytes + kFieldsBytes, '\0');
  std::memcpy(bytes.data(), digest.whole.data(), kWholeBytes);
  std::memcpy(bytes.data() + kWholeBytes, digest.fields.data(), kFieldsBytes);
  return bytes;
}

std::optional<PostDigest> UnpackDigest(std::string_view bytes) {
  if (bytes.size() != kWholeBytes + kFieldsBytes) {
    return std::nullopt;
  }
  PostDigest digest;
  std::memcpy(digest.whole.data(), bytes.data(), kWholeBytes);
  std::memcpy(digest.fields.data(), bytes.data() + kWholeBytes, kFieldsBytes);
  return digest;
}

}  // namespace newswire::relay
