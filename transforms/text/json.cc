// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/json.h"

#define RAPIDJSON_HAS_STDSTRING 0
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include "transforms/text/utf8.h"

namespace newswire::text {
namespace {

using Node = rapidjson::Value;

constexpr int kMaxDepth = 128;
constexpr std::string_view kBom = "\xEF\xBB\xBF";

const Node& Get(const void* node) { return *static_cast<const Node*>(node); }

// Passes events on to a rapidjson document and refuses depth and text that is not UTF-8 (an escaped
// lone surrogate can make some).
class GuardedHandler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, GuardedHandler> {
 public:
  explicit GuardedHandler(rapidjson::Document& document) : document_(document) {}

  bool Null() { return document_.Null(); }
  bool Bool(bool value) { return document_.Bool(value); }
  bool Int(int value) { return document_.Int(value); }
  bool Uint(unsigned value) { return document_.Uint(value); }
  bool Int64(int64_t value) { return document_.Int64(value); }
  bool Uint64(uint64_t value) { return document_.Uint64(value); }
  bool Double(double value) { return document_.Double(value); }
  bool String(const char* text, rapidjson::SizeType length, bool copy) {
    return IsValidUtf8({text, length}) && document_.String(text, length, copy);
  }
  bool Key(const char* text, rapidjson::SizeType length, bool copy) {
    return IsValidUtf8({text, length}) && document_.Key(text, length, copy);
  }
  bool StartObject() { return ++depth_ <= kMaxDepth && document_.StartObject(); }
  bool EndObject(rapidjson::SizeType count) {
    --depth_;
    return document_.EndObject(count);
  }
  bool StartArray() { return ++depth_ <= kMaxDepth && document_.StartArray(); }
  bool EndArray(rapidjson::SizeType count) {
    --depth_;
    return document_.EndArray(count);
  }
  bool too_deep() const { return depth_ > kMaxDepth; }

 private:
  rapidjson::Document& document_;
  int depth_ = 0;
};

bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// 0xD800..0xDFFF when `text` has a surrogate escape (\uD83D) at `at`; else 0.
unsigned SurrogateAt(std::string_view text, size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u' ||
      (text[at + 2] | 0x20) != 'd' || !IsHex(text[at + 3]) || !IsHex(text[at + 4]) ||
      !IsHex(text[at + 5])) {
    return 0;
  }
  unsigned value = 0;
  std::from_chars(text.data() + at + 2, text.data() + at + 6, value, 16);
  return value >= 0xD800 && value <= 0xDFFF ? value : 0;
}

// Half an emoji, as cut by programs that count UTF-16: each lone surrogate becomes \uFFFD, of the
// same length. Empty: there was none.
std::string RepairSurrogates(std::string_view text) {
  std::string repaired;
  for (size_t at = text.find('\\'); at != std::string_view::npos; at = text.find('\\', at)) {
    const unsigned first = SurrogateAt(text, at);
    if (first == 0) {
      at += 2;
      if (at >= text.size()) {
        break;
      }
      continue;
    }
    const unsigned second = first < 0xDC00 ? SurrogateAt(text, at + 6) : 0;
    if (second >= 0xDC00) {
      at += 12;
      continue;
    }
    if (repaired.empty()) {
      repaired = text;
    }
    repaired.replace(at + 2, 4, "FFFD");
    at += 6;
  }
  return repaired;
}

void DumpNode(const Node& node, JsonWriter& out) {
  switch (node.GetType()) {
    case rapidjson::kNullType:
      out.Null();
      break;
    case rapidjson::kFalseType:
    case rapidjson::kTrueType:
      out.Bool(node.GetBool());
      break;
    case rapidjson::kStringType:
      out.String({node.GetString(), node.GetStringLength()});
      break;
    case rapidjson::kNumberType:
      if (node.IsInt64()) {
        out.Int(node.GetInt64());
      } else if (node.IsUint64()) {
        out.Uint(node.GetUint64());
      } else {
        out.Double(node.GetDouble());
      }
      break;
    case rapidjson::kObjectType:
      out.BeginObject();
      for (auto member = node.MemberBegin(); member != node.MemberEnd(); ++member) {
        out.Key({member->name.GetString(), member->name.GetStringLength()});
        DumpNode(member->value, out);
      }
      out.EndObject();
      break;
    case rapidjson::kArrayType:
      out.BeginArray();
      for (const Node& element : node.GetArray()) {
        DumpNode(element, out);
      }
      out.EndArray();
      break;
  }
}

// 1: must be escaped (RFC 8259 section 7).
constexpr std::array<uint8_t, 256> MakeEscapeTable() {
  std::array<uint8_t, 256> table{};
  for (size_t c = 0; c < 0x20; ++c) {
    table[c] = 1;
  }
  table['"'] = 1;
  table['\\'] = 1;
  return table;
}
constexpr std::array<uint8_t, 256> kMustEscape = MakeEscapeTable();

void AppendEscaped(uint8_t c, std::string& out) {
  constexpr char kDigits[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out.append("\\\"");
      break;
    case '\\':
      out.append("\\\\");
      break;
    case '\n':
      out.append("\\n");
      break;
    case '\r':
      out.append("\\r");
      break;
    case '\t':
      out.append("\\t");
      break;
    case '\b':
      out.append("\\b");
      break;
    case '\f':
      out.append("\\f");
      break;
    default:
      out.append("\\u00");
      out.push_back(kDigits[c >> 4]);
      out.push_back(kDigits[c & 15]);
  }
}

// True when none of eight bytes must be escaped.
bool IsPlainWord(const char* bytes) {
  constexpr uint64_t kOnes = 0x0101010101010101ull;
  constexpr uint64_t kHighs = 0x8080808080808080ull;
  uint64_t word = 0;
  std::memcpy(&word, bytes, 8);
  const uint64_t quote = word ^ (kOnes * '"');
  const uint64_t slash = word ^ (kOnes * '\\');
  const uint64_t found =
      ((word - kOnes * 0x20) & ~word) | ((quote - kOnes) & ~quote) | ((slash - kOnes) & ~slash);
  return (found & kHighs) == 0;
}

void AppendQuoted(std::string_view text, std::string& out) {
  out.push_back('"');
  size_t begin = 0;
  size_t at = 0;
  while (at < text.size()) {
    if (at + 8 <= text.size() && IsPlainWord(text.data() + at)) {
      at += 8;
      continue;
    }
    const size_t end = std::min(at + 8, text.size());
    for (; at < end; ++at) {
      const auto c = static_cast<uint8_t>(text[at]);
      if (kMustEscape[c] != 0) {
        out.append(text, begin, at - begin);
        AppendEscaped(c, out);
        begin = at + 1;
      }
    }
  }
  out.append(text, begin);
  out.push_back('"');
}

}  // namespace

struct JsonDocument::Impl {
  rapidjson::Document document;
};

JsonDocument::JsonDocument(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;
JsonDocument::~JsonDocument() = default;

JsonValue JsonDocument::root() const {
  const Node& root = impl_->document;
  return JsonValue(&root);
}

Result<JsonDocument> JsonDocument::Parse(std::string_view text) {
  size_t skipped = 0;
  if (text.starts_with(kBom)) {
    skipped = kBom.size();
    text.remove_prefix(skipped);
  }
  const std::string repaired = RepairSurrogates(text);
  if (!repaired.empty()) {
    text = repaired;
  }
  auto impl = std::make_unique<Impl>();
  rapidjson::MemoryStream memory(text.data(), text.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(memory);
  rapidjson::ParseResult outcome;
  bool too_deep = false;
  const auto generate = [&](rapidjson::Document& document) {
    rapidjson::Reader reader;
    GuardedHandler handler(document);
    outcome = reader.Parse < rapidjson::kParseIterativeFlag |
              rapidjson::kParseValidateEncodingFlag |
              rapidjson::kParseFullPrecisionFlag > (stream, handler);
    too_deep = handler.too_deep();
    return !outcome.IsError();
  };
  impl->document.Populate(generate);
  if (outcome.IsError()) {
    const std::string_view reason =
        too_deep ? "nested deeper than 128"
        : outcome.Code() == rapidjson::kParseErrorTermination
            ? "text that is not UTF-8"
            : std::string_view(rapidjson::GetParseError_En(outcome.Code()));
    return Fail(ErrorKind::kMalformed, "not JSON: " + std::string(reason) + " at byte " +
                                           std::to_string(outcome.Offset() + skipped));
  }
  return JsonDocument(std::move(impl));
}

bool JsonValue::is_null() const { return node_ != nullptr && Get(node_).IsNull(); }
bool JsonValue::is_object() const { return node_ != nullptr && Get(node_).IsObject(); }
bool JsonValue::is_array() const { return node_ != nullptr && Get(node_).IsArray(); }
bool JsonValue::is_string() const { return node_ != nullptr && Get(node_).IsString(); }
bool JsonValue::is_number() const { return node_ != nullptr && Get(node_).IsNumber(); }
bool JsonValue::is_bool() const { return node_ != nullptr && Get(node_).IsBool(); }

JsonValue JsonValue::operator[](std::string_view key) const {
  if (!is_object()) {
    return {};
  }
  const Node& object = Get(node_);
  for (auto member = object.MemberBegin(); member != object.MemberEnd(); ++member) {
    if (std::string_view(member->name.GetString(), member->name.GetStringLength()) == key) {
      return JsonValue(&member->value);
    }
  }
  return {};
}

JsonValue JsonValue::at(size_t index) const {
  if (!is_array() || index >= Get(node_).Size()) {
    return {};
  }
  return JsonValue(&Get(node_)[static_cast<rapidjson::SizeType>(index)]);
}

size_t JsonValue::size() const {
  if (is_array()) {
    return Get(node_).Size();
  }
  return is_object() ? Get(node_).MemberCount() : 0;
}

std::optional<std::string_view> JsonValue::string() const {
  if (!is_string()) {
    return std::nullopt;
  }
  return std::string_view(Get(node_).GetString(), Get(node_).GetStringLength());
}

std::string_view JsonValue::string_or(std::string_view fallback) const {
  return string().value_or(fallback);
}

std::optional<int64_t> JsonValue::integer() const {
  if (!is_number() || !Get(node_).IsInt64()) {
    return std::nullopt;
  }
  return Get(node_).GetInt64();
}

std::optional<double> JsonValue::number() const {
  if (!is_number()) {
    return std::nullopt;
  }
  return Get(node_).GetDouble();
}

std::optional<bool> JsonValue::boolean() const {
  if (!is_bool()) {
    return std::nullopt;
  }
  return Get(node_).GetBool();
}

void JsonValue::ForEachMember(
    const std::function<void(std::string_view key, JsonValue value)>& visit) const {
  if (!is_object()) {
    return;
  }
  const Node& object = Get(node_);
  for (auto member = object.MemberBegin(); member != object.MemberEnd(); ++member) {
    visit({member->name.GetString(), member->name.GetStringLength()}, JsonValue(&member->value));
  }
}

std::string JsonValue::Dump() const {
  std::string out;
  JsonWriter writer(out);
  if (exists()) {
    DumpNode(Get(node_), writer);
  }
  return out;
}

void JsonWriter::Separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (!first_) {
    out_.push_back(',');
  }
  first_ = false;
}

JsonWriter& JsonWriter::BeginObject() {
  Separate();
  out_.push_back('{');
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::EndObject() {
  out_.push_back('}');
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::BeginArray() {
  Separate();
  out_.push_back('[');
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::EndArray() {
  out_.push_back(']');
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::Key(std::string_view key) {
  Separate();
  AppendQuoted(key, out_);
  out_.push_back(':');
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::String(std::string_view text) {
  Separate();
  AppendQuoted(text, out_);
  return *this;
}

JsonWriter& JsonWriter::StringOrNull(std::string_view text) {
  return text.empty() ? Null() : String(text);
}

JsonWriter& JsonWriter::Int(int64_t value) {
  Separate();
  std::array<char, 24> digits{};
  const auto [end, error] = std::to_chars(digits.begin(), digits.end(), value);
  out_.append(digits.begin(), end);
  return *this;
}

JsonWriter& JsonWriter::Uint(uint64_t value) {
  Separate();
  std::array<char, 24> digits{};
  const auto [end, error] = std::to_chars(digits.begin(), digits.end(), value);
  out_.append(digits.begin(), end);
  return *this;
}

JsonWriter& JsonWriter::Double(double value) {
  if (!std::isfinite(value)) {
    return Null();
  }
  Separate();
  std::array<char, 32> digits{};
  const auto [end, error] = std::to_chars(digits.begin(), digits.end(), value);
  out_.append(digits.begin(), end);
  return *this;
}

JsonWriter& JsonWriter::Bool(bool value) { return Raw(value ? "true" : "false"); }
JsonWriter& JsonWriter::Null() { return Raw("null"); }

JsonWriter& JsonWriter::Raw(std::string_view json) {
  Separate();
  out_.append(json);
  return *this;
}

}  // namespace newswire::text
