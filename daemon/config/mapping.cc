// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/mapping.h"

#include <charconv>

#include "daemon/config/references.h"
#include "daemon/config/table.h"
#include "transforms/text/utf8.h"

namespace newswire::config {
namespace {

using std::chrono::milliseconds;

// Reads values under one key; complains once for each that is wrong.
class ValueReader {
 public:
  ValueReader(const Context& context, const std::string& name, const Rule& rule)
      : context_(context), name_(name), rule_(rule) {}

  std::optional<Value> Read(const YamlNode& node) const {
    switch (rule_.shape) {
      case Shape::kTextList:
      case Shape::kDurationList:
        return ReadList(node);
      case Shape::kTextPairs:
      case Shape::kTable:
        return ReadPairs(node);
      default:
        return ReadScalar(node, name_);
    }
  }

 private:
  std::optional<Value> Refuse(const YamlNode& node, const std::string& name,
                              std::string what) const {
    context_.diagnostics.Error(
        context_.file, node,
        {.key = name, .what = std::move(what), .expected = Expected(rule_.shape, rule_.choices)});
    return std::nullopt;
  }

  void Remember(const YamlNode& node, const std::string& name) const {
    if (node.referenced) {
      context_.references[name] = WithoutDefaults(node.written);
    }
  }

  std::optional<Value> ReadScalar(const YamlNode& node, const std::string& name) const {
    if (!node.problem.empty()) {
      context_.diagnostics.Error(context_.file, node, {.key = name, .what = node.problem});
      return std::nullopt;
    }
    if (node.kind == YamlNode::Kind::kNull) {
      return Refuse(node, name, "has no value");
    }
    if (node.kind != YamlNode::Kind::kScalar) {
      return Refuse(node, name,
                    node.kind == YamlNode::Kind::kMapping ? "is a mapping" : "is a list");
    }
    Remember(node, name);
    const std::string& text = node.scalar;
    switch (rule_.shape) {
      case Shape::kFlag:
        if (text == "true" || text == "false") {
          return text == "true";
        }
        return Refuse(node, name, fmt::format("'{}' is neither true nor false", Shown(node)));
      case Shape::kNumber:
        return ReadNumber(node, name);
      case Shape::kDuration:
      case Shape::kDurationList:
        return ReadDuration(node, name);
      case Shape::kSize:
      case Shape::kByteCount:
        return ReadSize(node, name);
      case Shape::kChoice:
        return ReadChoice(node, name);
      case Shape::kChoiceOrDuration:
        if (std::ranges::find(rule_.choices, text) != rule_.choices.end()) {
          return text;
        }
        return ReadDuration(node, name);
      default:
        return ReadText(node, name);
    }
  }

  std::optional<Value> ReadText(const YamlNode& node, const std::string& name) const {
    if (!text::IsValidUtf8(node.scalar) || node.scalar.find('\0') != std::string::npos) {
      return Refuse(node, name, "is not valid UTF-8 text");
    }
    const bool may_be_file = rule_.shape == Shape::kText || rule_.shape == Shape::kTextPairs;
    if (may_be_file && IsFileReference(node.scalar)) {
      context_.references[name] = WithoutDefaults(node.written);
      auto content = ReadSmallFile(ReferencedPath(node.scalar, context_.base), kMaxReferencedBytes);
      if (!content) {
        context_.diagnostics.Error(
            context_.file, node,
            {.key = name,
             .what = fmt::format("'{}' {}", Shown(node), content.error().message),
             .expected = "a readable file with the value"});
        return std::nullopt;
      }
      while (!content->empty() && (content->back() == '\n' || content->back() == '\r')) {
        content->pop_back();
      }
      return *std::move(content);
    }
    if (rule_.shape == Shape::kPath) {
      return (context_.base / node.scalar).lexically_normal().string();
    }
    return node.scalar;
  }

  std::optional<Value> ReadNumber(const YamlNode& node, const std::string& name) const {
    int64_t number = 0;
    const char* last = node.scalar.data() + node.scalar.size();
    const auto [end, error] = std::from_chars(node.scalar.data(), last, number);
    if (error != std::errc{} || end != last) {
      return Refuse(node, name, fmt::format("'{}' is not a whole number", Shown(node)));
    }
    if (number < rule_.min || number > rule_.max) {
      return Refuse(node, name,
                    OutOfBounds(node, fmt::format("{}", rule_.min), fmt::format("{}", rule_.max)));
    }
    return number;
  }

  std::optional<Value> ReadDuration(const YamlNode& node, const std::string& name) const {
    const auto duration = ParseDuration(node.scalar);
    if (!duration) {
      return Refuse(node, name, fmt::format("'{}' {}", Shown(node), WhyNoUnit(node)));
    }
    if (duration->count() < rule_.min || duration->count() > rule_.max) {
      return Refuse(node, name,
                    OutOfBounds(node, FormatDuration(milliseconds(rule_.min)),
                                FormatDuration(milliseconds(rule_.max))));
    }
    return *duration;
  }

  std::optional<Value> ReadSize(const YamlNode& node, const std::string& name) const {
    std::optional<uint64_t> size = ParseSize(node.scalar);
    if (!size && rule_.shape == Shape::kByteCount) {
      size = ParseSize(node.scalar + "B");
    }
    if (!size) {
      return Refuse(node, name, fmt::format("'{}' {}", Shown(node), WhyNoUnit(node)));
    }
    if (*size < static_cast<uint64_t>(rule_.min) || *size > static_cast<uint64_t>(rule_.max)) {
      return Refuse(node, name,
                    OutOfBounds(node, FormatSize(static_cast<uint64_t>(rule_.min)),
                                FormatSize(static_cast<uint64_t>(rule_.max))));
    }
    return Bytes{*size};
  }

  std::optional<Value> ReadChoice(const YamlNode& node, const std::string& name) const {
    if (std::ranges::find(rule_.choices, node.scalar) != rule_.choices.end()) {
      return node.scalar;
    }
    if (name.ends_with(".kind") && IsPlannedKind(node.scalar)) {
      return Refuse(node, name,
                    fmt::format("kind '{}' is not available in this version", Shown(node)));
    }
    context_.diagnostics.Error(
        context_.file, node,
        {.key = name,
         .what = fmt::format("'{}' is not known", Shown(node)),
         .expected = Expected(rule_.shape, rule_.choices),
         .nearest = node.referenced
                        ? ""
                        : Nearest(node.scalar, {rule_.choices.begin(), rule_.choices.end()})
                              .value_or("")});
    return std::nullopt;
  }

  std::optional<Value> ReadList(const YamlNode& node) const {
    if (node.kind != YamlNode::Kind::kSequence) {
      return Refuse(node, name_, "is not a list");
    }
    TextList texts;
    DurationList durations;
    bool whole = true;
    for (size_t i = 0; i < node.items.size(); ++i) {
      const auto value = ReadScalar(node.items[i], fmt::format("{}[{}]", name_, i));
      if (!value) {
        whole = false;
      } else if (const auto* duration = std::get_if<milliseconds>(&*value)) {
        durations.push_back(*duration);
      } else {
        texts.push_back(std::get<std::string>(*value));
      }
    }
    if (!whole) {
      return std::nullopt;
    }
    return rule_.shape == Shape::kDurationList ? Value(std::move(durations))
                                               : Value(std::move(texts));
  }

  std::optional<Value> ReadPairs(const YamlNode& node) const {
    if (rule_.shape == Shape::kTable && node.problem.empty() && IsFileReference(node.scalar)) {
      return ReadCsv(node);
    }
    if (node.kind == YamlNode::Kind::kNull) {
      return TextPairs{};
    }
    if (node.kind != YamlNode::Kind::kMapping) {
      return Refuse(node, name_, "is not a mapping");
    }
    TextPairs pairs;
    bool whole = true;
    for (const YamlEntry* entry : EntriesOf(context_, name_ + ".", node)) {
      if (const auto value = ReadScalar(entry->value, name_ + "." + entry->key.scalar)) {
        pairs.emplace_back(entry->key.scalar, std::get<std::string>(*value));
      } else {
        whole = false;
      }
    }
    return whole ? std::optional<Value>(std::move(pairs)) : std::nullopt;
  }

  std::optional<Value> ReadCsv(const YamlNode& node) const {
    auto bytes = ReadSmallFile(ReferencedPath(node.scalar, context_.base), kMaxTableBytes);
    if (!bytes) {
      return Refuse(node, name_, fmt::format("'{}' {}", Shown(node), bytes.error().message));
    }
    auto table = ParseTable(*bytes);
    if (!table) {
      return Refuse(node, name_, fmt::format("'{}': {}", Shown(node), table.error().message));
    }
    return *std::move(table);
  }

  static std::string_view WhyNoUnit(const YamlNode& node) {
    const bool number = !node.scalar.empty() && std::ranges::all_of(node.scalar, [](char c) {
      return c >= '0' && c <= '9';
    });
    return number ? "has no unit" : "is not understood";
  }

  std::string OutOfBounds(const YamlNode& node, std::string_view min, std::string_view max) const {
    if (rule_.max == std::numeric_limits<int64_t>::max()) {
      return fmt::format("'{}' is less than {}", Shown(node), min);
    }
    return fmt::format("'{}' is not between {} and {}", Shown(node), min, max);
  }

  const Context& context_;
  const std::string& name_;
  const Rule& rule_;
};

}  // namespace

std::optional<Value> ReadValue(const Context& context, const std::string& name, const Rule& rule,
                               const YamlNode& node) {
  return ValueReader(context, name, rule).Read(node);
}

std::vector<const YamlEntry*> EntriesOf(const Context& context, const std::string& prefix,
                                        const YamlNode& mapping) {
  std::vector<const YamlEntry*> out;
  std::map<std::string_view, int> lines;
  for (const YamlEntry& entry : mapping.entries) {
    if (entry.key.kind != YamlNode::Kind::kScalar) {
      context.diagnostics.Error(context.file, entry.key,
                                {.key = prefix, .what = "a key is not text"});
      continue;
    }
    const auto [first, is_new] = lines.emplace(entry.key.scalar, entry.key.line);
    if (!is_new) {
      context.diagnostics.Error(
          context.file, entry.key,
          {.key = prefix + Shown(entry.key),
           .what = fmt::format("given twice (first in line {})", first->second)});
      continue;
    }
    out.push_back(&entry);
  }
  for (const YamlEntry& entry : mapping.merged) {
    if (entry.key.kind == YamlNode::Kind::kScalar &&
        lines.emplace(entry.key.scalar, entry.key.line).second) {
      out.push_back(&entry);
    }
  }
  return out;
}

}  // namespace newswire::config
