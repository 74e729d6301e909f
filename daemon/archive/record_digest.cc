// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/record_digest.h"

#include <optional>
#include <string>

#include "daemon/archive/http_block.h"
#include "transforms/text/hash.h"
#include "transforms/text/utf8.h"

namespace newswire::archive {
namespace {

// Whether `value` is these bytes in hex or in base32, with or without padding.
template <typename Sum>
DigestCheck Compare(std::string_view value, const Sum& sum) {
  while (value.ends_with('=')) {
    value.remove_suffix(1);
  }
  std::string base32 = text::Base32(sum);
  base32.resize(base32.find_last_not_of('=') + 1);
  const std::string hex = text::Hex(sum);
  if (value.size() != base32.size() && value.size() != hex.size()) {
    return DigestCheck::kUnknown;
  }
  return text::EqualsIgnoreAsciiCase(value, value.size() == hex.size() ? hex : base32)
             ? DigestCheck::kRight
             : DigestCheck::kWrong;
}

}  // namespace

DigestCheck CheckDigest(std::string_view digest, std::string_view bytes) {
  if (digest.empty()) {
    return DigestCheck::kAbsent;
  }
  const size_t colon = digest.find(':');
  if (colon == std::string_view::npos) {
    return DigestCheck::kUnknown;
  }
  const std::string name = text::ToLowerAscii(digest.substr(0, colon));
  const std::string_view value = digest.substr(colon + 1);
  if (name == "sha1" || name == "sha-1") {
    return Compare(value, text::Sha1(bytes));
  }
  if (name == "sha256" || name == "sha-256") {
    return Compare(value, text::Sha256(bytes));
  }
  return DigestCheck::kUnknown;
}

RecordDigests CheckDigests(const WarcRecord& record) {
  RecordDigests checks{.block = CheckDigest(record.Field("WARC-Block-Digest"), record.block)};
  const std::string_view digest = record.Field("WARC-Payload-Digest");
  if (text::EqualsIgnoreAsciiCase(record.type(), "revisit") ||
      !record.Field("WARC-Segment-Number").empty()) {
    return checks;
  }
  std::string_view payload = record.block;
  std::optional<HttpHead> head;
  if (text::ToLowerAscii(record.Field("Content-Type")).starts_with("application/http")) {
    head = ParseHttpResponse(record.block);
    if (!head) {
      head = ParseHttpRequest(record.block);
    }
  }
  if (head) {
    payload.remove_prefix(head->length);
  }
  checks.payload = CheckDigest(digest, payload);
  if (checks.payload == DigestCheck::kWrong && head &&
      FindHeader(head->headers, "Transfer-Encoding")) {
    if (const std::optional<Dechunked> plain = Dechunk(payload)) {
      checks.payload = CheckDigest(digest, plain->body);
    }
  }
  return checks;
}

}  // namespace newswire::archive
