// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/formats/feed_names.h"
#include "transforms/formats/feed_raw.h"
#include "transforms/formats/xml_reader.h"

namespace newswire::formats {

// Collects the value of one element: character data, and elements inside it written out as HTML
// again (xhtml content, and the markup that careless feeds put into any element).
class FeedText {
 public:
  // `type` and `mode` of `attributes` say what the value is (Atom 1.0, section 3.1; Atom 0.3);
  // `otherwise` holds where they do not.
  void Open(size_t depth, const XmlAttributes& attributes, TextKind otherwise,
            Vocabulary vocabulary, uint32_t base);
  bool open() const { return depth_ != 0; }
  size_t depth() const { return depth_; }

  void Characters(std::string_view text);
  void StartElement(const XmlName& name, const XmlAttributes& attributes, uint32_t base,
                    const std::vector<LinkBase>& bases);
  void EndElement(size_t depth);
  // The value; nullopt when it is nothing to read (binary data).
  std::optional<RawText> Close();

 private:
  struct Inner {
    std::string name;  // empty: written without tags
    bool is_void = false;
  };

  size_t depth_ = 0;
  TextKind kind_ = TextKind::kPlain;
  std::string value_;
  std::vector<Inner> inner_;
  size_t hidden_depth_ = 0;  // inside script
  uint32_t base_ = 0;
  bool markup_ = false;  // elements were met or announced: character data is escaped
  bool xhtml_ = false, elements_ = false, base64_ = false, binary_ = false;
};

}  // namespace newswire::formats
