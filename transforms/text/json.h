// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/model/error.h"

namespace newswire::text {

// Reading: a parsed document and light views into it (RapidJSON behind). A `JsonValue` lives as
// long as its `JsonDocument`. Depth is limited to 128 (iterative parser), size by the caller. Text
// is valid UTF-8 or the document is refused.
class JsonValue {
 public:
  JsonValue() = default;  // "missing": every question is answered with nothing
  explicit JsonValue(const void* node) : node_(node) {}

  bool exists() const { return node_ != nullptr; }
  bool is_null() const;
  bool is_object() const;
  bool is_array() const;
  bool is_string() const;
  bool is_number() const;
  bool is_bool() const;
  JsonValue operator[](std::string_view key) const;  // member, or missing
  JsonValue at(size_t index) const;                  // element, or missing
  size_t size() const;                               // of an array or object; else 0
  std::optional<std::string_view> string() const;
  std::string_view string_or(std::string_view fallback) const;
  std::optional<int64_t> integer() const;
  std::optional<double> number() const;
  std::optional<bool> boolean() const;
  // Members in document order.
  void ForEachMember(const std::function<void(std::string_view key, JsonValue value)>& visit) const;
  std::string Dump() const;  // compact JSON

 private:
  const void* node_ = nullptr;
};

class JsonDocument {
 public:
  // kMalformed names the byte offset.
  static Result<JsonDocument> Parse(std::string_view text);
  JsonDocument(JsonDocument&&) noexcept;
  JsonDocument& operator=(JsonDocument&&) noexcept;
  ~JsonDocument();
  JsonValue root() const;

 private:
  struct Impl;
  explicit JsonDocument(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Writing: compact, keys in the order given, no escaping beyond RFC 8259's need. Appends to a
// string; nothing is buffered.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}
  JsonWriter& BeginObject();
  JsonWriter& EndObject();
  JsonWriter& BeginArray();
  JsonWriter& EndArray();
  JsonWriter& Key(std::string_view key);
  JsonWriter& String(std::string_view text);
  JsonWriter& StringOrNull(std::string_view text);  // empty: null
  JsonWriter& Int(int64_t value);
  JsonWriter& Uint(uint64_t value);
  JsonWriter& Double(double value);  // shortest form that reads back; not finite: null
  JsonWriter& Bool(bool value);
  JsonWriter& Null();
  JsonWriter& Raw(std::string_view json);  // already JSON

 private:
  void Separate();
  std::string& out_;
  bool first_ = true, after_key_ = false;
};

}  // namespace newswire::text
