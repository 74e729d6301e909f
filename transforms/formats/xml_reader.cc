// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/xml_reader.h"

#include <algorithm>
#include <climits>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "transforms/formats/entities.h"
#include "transforms/formats/xml_repair.h"
#include "transforms/text/libxml2.h"
#include "transforms/text/utf8.h"

namespace newswire::formats {
namespace {

constexpr int kPointersPerAttribute = 5;
constexpr size_t kMaxTagBytes = 4'096;
constexpr int kMaxNames = 20'000;  // different ones: libxml2 looks them up in ever longer chains
constexpr size_t kAttributeEscape = 5;  // "&#38;"

const char* Chars(const xmlChar* text) { return reinterpret_cast<const char*>(text); }
const xmlChar* XmlChars(const char* text) { return reinterpret_cast<const xmlChar*>(text); }

// One run of libxml2 over one text. Bridges its C callbacks to the handler.
class Run {
 public:
  explicit Run(XmlHandler& handler) : handler_(handler) {}

  // False when the text is not well-formed up to its root's end.
  bool Parse(std::string_view text, bool recover);
  bool any_element() const { return any_element_; }
  bool names_exhausted() const { return names_exhausted_; }
  bool entities_exhausted() const { return entities_.exhausted(); }

 private:
  static Run& Self(void* context) { return *static_cast<Run*>(context); }
  static void OnStart(void* context, const xmlChar* local, const xmlChar* prefix,
                      const xmlChar* uri, int, const xmlChar**, int attributes, int,
                      const xmlChar** raw);
  static void OnEnd(void* context, const xmlChar* local, const xmlChar* prefix, const xmlChar* uri);
  static void OnCharacters(void* context, const xmlChar* text, int length);
  static void OnInstruction(void* context, const xmlChar* target, const xmlChar*);
  static void OnEntity(void* context, const xmlChar* name, int type, const xmlChar*, const xmlChar*,
                       xmlChar* content);
  static xmlEntityPtr OnGetEntity(void* context, const xmlChar* name);
  static void OnError(void* context, xmlErrorPtr error);
  static xmlSAXHandler Callbacks();

  XmlHandler& handler_;
  xmlParserCtxtPtr parser_ = nullptr;
  EntityTable entities_;
  xmlEntity entity_{};
  std::string replacement_, entity_name_;
  int depth_ = 0;
  bool any_element_ = false, root_ended_ = false, failed_ = false, recover_ = false;
  bool names_exhausted_ = false;
};

void Run::OnStart(void* context, const xmlChar* local, const xmlChar* prefix, const xmlChar* uri,
                  int, const xmlChar**, int attributes, int, const xmlChar** raw) {
  Run& self = Self(context);
  ++self.depth_;
  self.any_element_ = true;
  self.handler_.StartElement({Chars(local), Chars(prefix), Chars(uri)}, {raw, attributes});
  self.names_exhausted_ = xmlDictSize(self.parser_->dict) > kMaxNames;
  if (self.names_exhausted_ || self.handler_.done()) {
    xmlStopParser(self.parser_);
  }
}

void Run::OnEnd(void* context, const xmlChar* local, const xmlChar* prefix, const xmlChar* uri) {
  Run& self = Self(context);
  self.root_ended_ = --self.depth_ == 0;
  self.handler_.EndElement({Chars(local), Chars(prefix), Chars(uri)});
  if (self.root_ended_ || self.handler_.done()) {
    xmlStopParser(self.parser_);
  }
}

void Run::OnCharacters(void* context, const xmlChar* text, int length) {
  Self(context).handler_.Characters({Chars(text), static_cast<size_t>(length)});
}

void Run::OnInstruction(void* context, const xmlChar* target, const xmlChar*) {
  if (kCutMark == Chars(target)) {
    Self(context).handler_.Cut();
  }
}

void Run::OnEntity(void* context, const xmlChar* name, int type, const xmlChar*, const xmlChar*,
                   xmlChar* content) {
  if (type == XML_INTERNAL_GENERAL_ENTITY && name != nullptr && content != nullptr) {
    Self(context).entities_.Declare(Chars(name), Chars(content));
  }
}

// libxml2 hands an entity's text on at once when it takes it for a predefined one: so it never
// parses replacement texts itself and its own expansion limits need not be trusted. In attribute
// values it would take only the first byte of such an entity; there a general one is given, with
// what it would read again written as numeric references.
xmlEntityPtr Run::OnGetEntity(void* context, const xmlChar* name) {
  Run& self = Self(context);
  if (self.parser_->inSubset != 0) {
    return nullptr;  // asked while it is declared, for libxml2's own books
  }
  const auto expansion = self.entities_.Expand(Chars(name));
  const bool attribute = self.parser_->instate == XML_PARSER_ATTRIBUTE_VALUE;
  self.replacement_.clear();
  if (!expansion) {
    self.replacement_ += attribute ? "&#38;" : "&";
    self.replacement_ += Chars(name);
    self.replacement_ += ';';
  } else if (!attribute) {
    self.replacement_ = *expansion;
  } else {
    self.replacement_.reserve(expansion->size() + kAttributeEscape);
    for (const char byte : *expansion) {
      if (byte == '&') {
        self.replacement_ += "&#38;";
      } else if (byte == '<') {
        self.replacement_ += "&#60;";
      } else {
        self.replacement_ += byte;
      }
    }
  }
  self.entity_name_ = Chars(name);
  self.entity_ = {};
  self.entity_.type = XML_ENTITY_DECL;
  self.entity_.name = XmlChars(self.entity_name_.c_str());
  self.entity_.etype = attribute ? XML_INTERNAL_GENERAL_ENTITY : XML_INTERNAL_PREDEFINED_ENTITY;
  self.entity_.content = reinterpret_cast<xmlChar*>(self.replacement_.data());
  self.entity_.orig = self.entity_.content;
  self.entity_.length = static_cast<int>(self.replacement_.size());
  self.entity_.checked = 2;
  return &self.entity_;
}

void Run::OnError(void* context, xmlErrorPtr error) {
  Run& self = Self(context);
  if (error->level == XML_ERR_FATAL && !self.root_ended_) {
    self.failed_ = true;
    if (!self.recover_) {
      xmlStopParser(self.parser_);
    }
  }
}

xmlSAXHandler Run::Callbacks() {
  xmlSAXHandler sax{};
  sax.initialized = XML_SAX2_MAGIC;
  sax.startElementNs = &OnStart;
  sax.endElementNs = &OnEnd;
  sax.characters = &OnCharacters;
  sax.ignorableWhitespace = &OnCharacters;
  sax.cdataBlock = &OnCharacters;
  sax.processingInstruction = &OnInstruction;
  sax.entityDecl = &OnEntity;
  sax.getEntity = &OnGetEntity;
  sax.serror = &OnError;
  return sax;
}

bool Run::Parse(std::string_view text, bool recover) {
  if (text.size() > INT_MAX) {
    return false;
  }
  text::InitLibxml2();
  using Parser = std::unique_ptr<xmlParserCtxt, decltype(&xmlFreeParserCtxt)>;
  const Parser parser(xmlCreateMemoryParserCtxt(text.data(), static_cast<int>(text.size())),
                      &xmlFreeParserCtxt);
  if (parser == nullptr) {
    return false;
  }
  parser_ = parser.get();
  recover_ = recover;
  *parser_->sax = Callbacks();
  parser_->userData = this;
  xmlCtxtUseOptions(parser_, XML_PARSE_NOENT | XML_PARSE_NONET | (recover ? XML_PARSE_RECOVER : 0));
  xmlParseDocument(parser_);
  if (parser_->myDoc != nullptr) {
    xmlFreeDoc(parser_->myDoc);
    parser_->myDoc = nullptr;
  }
  parser_ = nullptr;
  return root_ended_ && !failed_;
}

// The text from its first element on: libxml2 wants the declaration first or not at all, and the
// charset it names is not this text's any more.
std::string_view WithoutDeclaration(std::string_view text) {
  text.remove_prefix(std::min(text.find('<'), text.size()));
  while (text.starts_with("<?xml") && text.size() > 5 && text[5] != '-') {
    const size_t end = text.find("?>");
    const size_t next = text.find('<', 1);
    if (end == std::string_view::npos || next < end) {
      text.remove_prefix(std::min(next, text.size()));
    } else {
      text.remove_prefix(end + 2);
    }
    text.remove_prefix(std::min(text.find('<'), text.size()));
  }
  return text;
}

std::string TooManyNames() {
  return fmt::format("more than {} different names: the rest was not read", kMaxNames);
}

// Whether a start tag is longer than any that is meant: libxml2 compares each attribute of a tag
// with all others, so that a tag of 2 MB takes it half a minute. Only gaps between two `<` are
// looked into.
bool HasHugeTag(std::string_view text) {
  for (size_t open = text.find('<'); open != std::string_view::npos;) {
    const size_t next = std::min(text.find('<', open + 1), text.size());
    if (next - open > kMaxTagBytes && next > open + 1 && text[open + 1] != '!') {
      char quote = 0;
      size_t at = open + 1;
      for (; at < next && at - open <= kMaxTagBytes && (quote != 0 || text[at] != '>'); ++at) {
        if (quote != 0) {
          quote = text[at] == quote ? '\0' : quote;
        } else if (text[at] == '"' || text[at] == '\'') {
          quote = text[at];
        }
      }
      if (at - open > kMaxTagBytes) {
        return true;
      }
    }
    open = next == text.size() ? std::string_view::npos : next;
  }
  return false;
}

}  // namespace

XmlAttributes::Attribute XmlAttributes::at(int index) const {
  const unsigned char** raw = raw_ + static_cast<ptrdiff_t>(index) * kPointersPerAttribute;
  return {.local = Chars(raw[0]),
          .prefix = raw[1] == nullptr ? std::string_view() : Chars(raw[1]),
          .value = {Chars(raw[3]), static_cast<size_t>(raw[4] - raw[3])}};
}

const unsigned char** XmlAttributes::Find(std::string_view local, std::string_view prefix) const {
  for (int i = 0; i < count_; ++i) {
    const unsigned char** raw = raw_ + static_cast<ptrdiff_t>(i) * kPointersPerAttribute;
    if ((raw[0][0] | 0x20) == (local[0] | 0x20) &&
        (raw[1] == nullptr ? prefix.empty() : prefix == Chars(raw[1])) &&
        text::EqualsIgnoreAsciiCase(Chars(raw[0]), local)) {
      return raw;
    }
  }
  return nullptr;
}

bool XmlAttributes::Has(std::string_view local, std::string_view prefix) const {
  return Find(local, prefix) != nullptr;
}

std::string_view XmlAttributes::Get(std::string_view local, std::string_view prefix) const {
  const unsigned char** raw = Find(local, prefix);
  return raw == nullptr ? std::string_view()
                        : std::string_view(Chars(raw[3]), static_cast<size_t>(raw[4] - raw[3]));
}

XmlOutcome ReadXml(std::string_view text, XmlHandler& handler) {
  text = WithoutDeclaration(text);
  XmlOutcome outcome;
  if (text.empty()) {
    return outcome;
  }
  if (!HasHugeTag(text)) {
    Run strict(handler);
    const bool whole = strict.Parse(text, false);
    outcome.any_element = strict.any_element();
    if (strict.names_exhausted()) {
      outcome.damage = TooManyNames();
      return outcome;
    }
    if (whole || handler.done()) {
      outcome.damage = strict.entities_exhausted() ? "entities expand beyond the limit" : "";
      return outcome;
    }
  }
  handler.Restart();
  RepairedXml repaired = RepairXml(text);
  Run tolerant(handler);
  const bool whole = tolerant.Parse(repaired.text, true);
  outcome.any_element = tolerant.any_element();
  outcome.damage = tolerant.names_exhausted() ? TooManyNames() : std::move(repaired.damage);
  if (outcome.damage.empty() && !whole && !handler.done()) {
    outcome.damage = "the document is not well-formed";
  }
  return outcome;
}

}  // namespace newswire::formats
