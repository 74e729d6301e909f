// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace newswire::formats {

// An element's name. The pointers are interned: within one reading the same name has the same
// pointers. `prefix` and `uri` are null where there is none; a prefix without a URI was never
// declared.
struct XmlName {
  const char* local;
  const char* prefix;
  const char* uri;
};

// The attributes of one start tag; lives during the call that brings it.
class XmlAttributes {
 public:
  XmlAttributes(const unsigned char** raw, int count) : raw_(raw), count_(count) {}

  struct Attribute {
    std::string_view local, prefix, value;
  };
  int size() const { return count_; }
  Attribute at(int index) const;
  // The value of the first attribute with this local name (without case) and prefix; "" if absent.
  std::string_view Get(std::string_view local, std::string_view prefix = {}) const;
  bool Has(std::string_view local, std::string_view prefix = {}) const;
  bool empty() const { return count_ == 0; }

 private:
  const unsigned char** Find(std::string_view local, std::string_view prefix) const;

  const unsigned char** raw_;  // five pointers an attribute, as libxml2's SAX2 gives them
  int count_;
};

// Receives a document's parts in order. Views live during the call only.
class XmlHandler {
 public:
  virtual ~XmlHandler() = default;

  // Forget everything: the document is read again from its beginning.
  virtual void Restart() = 0;
  virtual void StartElement(const XmlName& name, const XmlAttributes& attributes) = 0;
  virtual void EndElement(const XmlName& name) = 0;
  virtual void Characters(std::string_view text) = 0;
  // The document was cut here: elements that end from now on are incomplete.
  virtual void Cut() = 0;
  // Asked after each element: no more is wanted.
  virtual bool done() const = 0;
};

struct XmlOutcome {
  bool any_element = false;
  std::string damage;  // why the reading ended early, for a person; empty when it did not
};

// Reads XML text (valid UTF-8, no BOM) by libxml2's SAX2 parser: strictly first; when that fails,
// `Restart` and once more over the repaired text (xml_repair.h). HTML's entities are known,
// entities of the internal subset are expanded within bounds (entities.h), nothing external is
// ever loaded. What stands before the first `<` and after the root's end is ignored.
XmlOutcome ReadXml(std::string_view text, XmlHandler& handler);

}  // namespace newswire::formats
