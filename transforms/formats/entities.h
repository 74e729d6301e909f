// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace newswire::formats {

// The character of an HTML named reference ("eacute", "nbsp", "apos") as UTF-8; "" when there is
// no such name. Names are case-sensitive (HTML 4.01, section 24).
std::string_view HtmlEntity(std::string_view name);

// Appends the character of a numeric reference. The code points 128 to 159 are read as windows-1252
// (HTML, section 13.2.5.80); what is no character becomes U+FFFD, an ASCII control a space.
void AppendNumericReference(uint32_t code, std::string& out);

struct ReferenceMatch {
  size_t length = 0;  // of the reference in the text, `&` included; 0: this `&` is just text
};

// Reads one HTML character reference at `text[0] == '&'` and appends what it stands for. A missing
// `;` is forgiven after the five names that people forget it for and after digits.
ReferenceMatch AppendReference(std::string_view text, std::string& out);

// The entities that a document type declaration declares. What they expand to is bounded: 1,000
// names, 64 KiB an entity, 1 MiB and 100,000 references in one document, nested 8 deep. Beyond a
// bound every declared entity expands to nothing and `exhausted()` says so.
class EntityTable {
 public:
  static constexpr size_t kMaxEntities = 1'000;
  static constexpr size_t kMaxEntityBytes = size_t{64} << 10;
  static constexpr size_t kMaxDocumentBytes = size_t{1} << 20;
  static constexpr size_t kMaxReferences = 100'000;
  static constexpr int kMaxDepth = 8;

  // The first declaration of a name counts (XML 1.0, section 4.2).
  void Declare(std::string_view name, std::string_view value);
  // Reads the `<!ENTITY name "value">` declarations of an internal subset. External and parameter
  // entities are passed over.
  void DeclareAll(std::string_view internal_subset);
  // The replacement text; of a declared name first, then of an HTML one. nullopt: unknown.
  // The view lives until the next call.
  std::optional<std::string_view> Expand(std::string_view name);
  bool exhausted() const { return exhausted_; }
  bool empty() const { return declared_.empty(); }

 private:
  bool AppendExpansion(std::string_view value, int depth, std::string& out);

  std::map<std::string, std::string, std::less<>> declared_;
  std::string expansion_;
  size_t expanded_bytes_ = 0, references_ = 0;
  bool exhausted_ = false;
};

}  // namespace newswire::formats
