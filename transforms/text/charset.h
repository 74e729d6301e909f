// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace newswire::text {

enum class CharsetEvidence {
  kBom,
  kValidUtf8,
  kHeader,
  kMeta,
  kXmlDeclaration,
  kContent,
  kFallback
};
std::string_view Name(CharsetEvidence evidence);

struct DecodedText {
  std::string text;     // valid UTF-8, no BOM, NUL removed
  std::string charset;  // the IANA name used: "UTF-8", "GB18030", ...
  CharsetEvidence evidence = CharsetEvidence::kFallback;
  size_t replaced = 0;  // ill-formed sequences that became U+FFFD
};

// Bytes to text, in this order: a byte order mark; valid UTF-8 (which wins over any declaration);
// the charset of `content_type`; the one declared inside (XML declaration, or a meta tag anywhere
// in the head: the whole head is read, not its first 1,024 bytes); Han frequency of GB18030 against
// Big5, Shift_JIS, EUC-KR; windows-1252. gb2312 and gbk are read as GB18030, iso-8859-1 and
// us-ascii as windows-1252 (WHATWG Encoding). Never fails: what cannot be read is replaced and
// counted.
DecodedText DecodeText(std::string_view bytes, std::string_view content_type);

}  // namespace newswire::text
