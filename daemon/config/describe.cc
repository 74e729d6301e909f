// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/describe.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <vector>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "daemon/config/keys.h"
#include "transforms/text/json.h"

namespace newswire::config {
namespace {

using text::JsonWriter;

constexpr size_t kCommentWidth = 96;
constexpr std::string_view kDurationPattern = "^([0-9]+ ?(ms|s|m|h|d|w)|0)$";
constexpr std::string_view kSizePattern = "^([0-9]+ ?(B|[kKMGT]B|[KMGT]iB)|0)$";
constexpr std::string_view kSourceSchema = "#/$defs/source";
// Any value may come from the environment: what a file says then fits no pattern.
constexpr std::string_view kReferencePattern = "\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}";

std::string_view GroupOf(std::string_view name) {
  const size_t dot = name.find('.');
  return dot == std::string_view::npos ? std::string_view{} : name.substr(0, dot);
}

std::string GroupSummary(std::string_view group) {
  for (const Group& known : Groups()) {
    if (known.name == group) {
      return std::string(known.summary);
    }
  }
  return {};
}

// Compact JSON to one member a line.
std::string Pretty(std::string_view json) {
  std::string out;
  size_t depth = 0;
  bool in_string = false, escaped = false;
  const auto line = [&] { out += "\n" + std::string(2 * depth, ' '); };
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      out += c;
      in_string = escaped || c != '"';
      escaped = !escaped && c == '\\';
      continue;
    }
    switch (c) {
      case '"':
        in_string = true;
        out += c;
        break;
      case '{':
      case '[':
        out += c;
        if (i + 1 < json.size() && (json[i + 1] == '}' || json[i + 1] == ']')) {
          out += json[++i];
          break;
        }
        ++depth;
        line();
        break;
      case '}':
      case ']':
        --depth;
        line();
        out += c;
        break;
      case ',':
        out += c;
        line();
        break;
      case ':':
        out += ": ";
        break;
      default:
        out += c;
    }
  }
  return out + "\n";
}

// ---- JSON Schema -----------------------------------------------------------------------------

void WriteAlternatives(JsonWriter& json, std::string_view first) {
  json.Key("anyOf").BeginArray();
  json.Raw(first);
  json.BeginObject().Key("$ref").String("#/$defs/reference").EndObject();
  json.EndArray();
}

std::string Fragment(std::string_view type, std::string_view pattern) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject().Key("type").String(type);
  if (!pattern.empty()) {
    json.Key("pattern").String(pattern);
  }
  json.EndObject();
  return out;
}

std::string ChoicesFragment(const std::vector<std::string_view>& choices) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject().Key("enum").BeginArray();
  for (const std::string_view choice : choices) {
    json.String(choice);
  }
  json.EndArray().EndObject();
  return out;
}

template <typename Owner>
void WriteShape(JsonWriter& json, const Key<Owner>& key) {
  switch (key.shape) {
    case Shape::kText:
    case Shape::kPath:
    case Shape::kUrl:
      json.Key("type").String("string");
      return;
    case Shape::kFlag:
      WriteAlternatives(json, Fragment("boolean", ""));
      return;
    case Shape::kNumber: {
      std::string number;
      JsonWriter inner(number);
      inner.BeginObject().Key("type").String("integer").Key("minimum").Int(key.min);
      if (key.max != std::numeric_limits<int64_t>::max()) {
        inner.Key("maximum").Int(key.max);
      }
      inner.EndObject();
      WriteAlternatives(json, number);
      return;
    }
    case Shape::kDuration:
      json.Key("$ref").String("#/$defs/duration");
      return;
    case Shape::kSize:
      json.Key("$ref").String("#/$defs/size");
      return;
    case Shape::kByteCount:
      json.Key("anyOf").BeginArray();
      json.Raw(Fragment("integer", ""));
      json.BeginObject().Key("$ref").String("#/$defs/size").EndObject();
      json.EndArray();
      return;
    case Shape::kChoice:
      WriteAlternatives(json, ChoicesFragment(key.choices));
      return;
    case Shape::kChoiceOrDuration:
      json.Key("anyOf").BeginArray();
      json.Raw(ChoicesFragment(key.choices));
      json.BeginObject().Key("$ref").String("#/$defs/duration").EndObject();
      json.EndArray();
      return;
    case Shape::kTextList:
      json.Key("type").String("array").Key("items").Raw(Fragment("string", ""));
      return;
    case Shape::kDurationList:
      json.Key("type").String("array").Key("items").BeginObject();
      json.Key("$ref").String("#/$defs/duration").EndObject();
      return;
    case Shape::kTextPairs:
      json.Key("type").String("object").Key("additionalProperties").BeginObject();
      json.Key("type").BeginArray().String("string").String("number").String("boolean").EndArray();
      json.EndObject();
      return;
    case Shape::kTable:
      json.Key("anyOf").BeginArray().BeginObject();
      json.Key("type").String("object").Key("additionalProperties");
      json.Raw(Fragment("string", "")).EndObject();
      json.Raw(Fragment("string", "^file:")).EndArray();
      return;
  }
}

template <typename Owner>
void WriteKeys(JsonWriter& json, std::span<const Key<Owner>> keys, const Owner& defaults) {
  json.Key("properties").BeginObject();
  std::vector<std::string_view> groups;
  const auto go_to = [&](std::vector<std::string_view> wanted) {
    const GroupChange change = ChangeOf(groups, wanted);
    for (size_t i = 0; i < change.ended; ++i) {
      json.EndObject().EndObject();
    }
    for (const std::string_view group : change.begun) {
      json.Key(LastOf(group)).BeginObject().Key("description").String(GroupSummary(group));
      json.Key("type").BeginArray().String("object").String("null").EndArray();
      json.Key("additionalProperties").Bool(false).Key("properties").BeginObject();
    }
    groups = std::move(wanted);
  };
  for (const Key<Owner>& key : keys) {
    go_to(GroupsOf(key.name));
    json.Key(LastOf(key.name)).BeginObject().Key("description").String(key.summary);
    WriteShape(json, key);
    if (key.absent.empty()) {
      const Value value = key.get(defaults);
      if (const auto* flag = std::get_if<bool>(&value)) {
        json.Key("default").Bool(*flag);
      } else if (const auto* number = std::get_if<int64_t>(&value)) {
        json.Key("default").Int(*number);
      } else if (const auto* text = std::get_if<std::string>(&value)) {
        json.Key("default").String(*text);
      } else if (std::holds_alternative<std::chrono::milliseconds>(value) ||
                 std::holds_alternative<Bytes>(value)) {
        json.Key("default").String(FormatYaml(value));
      }
    }
    json.EndObject();
  }
  go_to({});
}

// ---- YAML ------------------------------------------------------------------------------------

void WriteComment(std::string& out, std::string_view text, std::string_view indent) {
  std::string line;
  const auto flush = [&] {
    out += fmt::format("{}# {}\n", indent, line);
    line.clear();
  };
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (!line.empty() && indent.size() + 3 + line.size() + word.size() > kCommentWidth) {
      flush();
    }
    line += line.empty() ? "" : " ";
    line += word;
  }
  if (!line.empty()) {
    flush();
  }
}

template <typename Owner>
std::string Comment(const Key<Owner>& key) {
  std::string text(key.summary);
  if (key.shape == Shape::kChoice) {
    text += fmt::format(" One of: {}.", fmt::join(key.choices, ", "));
  }
  if (!key.absent.empty()) {
    text += key.absent.starts_with("required") ? fmt::format(" R{}.", key.absent.substr(1))
                                               : fmt::format(" Default: {}.", key.absent);
  }
  return text;
}

// An example as YAML: flow mappings and lists as they are, other text quoted where it must be.
std::string ExampleValue(std::string_view example) {
  return example.starts_with('{') || example.starts_with('[') || ParseDuration(example)
             ? std::string(example)
             : FormatYaml(Value(std::string(example)));
}

bool IsLiveByExample(std::string_view name) {
  return name == "http.user_agent" || name == "kafka.brokers" || name == "id" || name == "kind" ||
         name == "url" || name == "http.proxy";
}

template <typename Owner>
void WriteYamlKey(std::string& out, const Key<Owner>& key, const Owner& defaults,
                  std::string_view indent) {
  WriteComment(out, Comment(key), indent);
  const std::string value = FormatYaml(key.get(defaults));
  const bool has_default = key.absent.empty();
  if (has_default) {
    out += fmt::format("{}{}: {}\n", indent, LastOf(key.name), value);
    if (!key.example.empty()) {
      out += fmt::format("{}# such as: {}\n", indent, ExampleValue(key.example));
    }
    return;
  }
  const std::string example = key.example.empty() ? value : ExampleValue(key.example);
  const bool live = IsLiveByExample(key.name) && key.name != "http.proxy";
  out += fmt::format("{}{}{}: {}\n", indent, live ? "" : "# ", LastOf(key.name), example);
}

template <typename Owner>
void WriteYamlKeys(std::string& out, std::span<const Key<Owner>> keys, const Owner& defaults,
                   const std::string& indent) {
  std::vector<std::string_view> groups;
  for (const Key<Owner>& key : keys) {
    std::vector<std::string_view> wanted = GroupsOf(key.name);
    const std::vector<std::string_view> begun = ChangeOf(groups, wanted).begun;
    for (size_t i = 0; i < begun.size(); ++i) {
      const size_t depth = wanted.size() - begun.size() + i;
      const std::string at = indent + std::string(2 * depth, ' ');
      out += at.empty() ? "\n" : "";
      WriteComment(out, GroupSummary(begun[i]), at);
      out += fmt::format("{}{}:\n", at, LastOf(begun[i]));
    }
    WriteYamlKey(out, key, defaults, indent + std::string(2 * wanted.size(), ' '));
    groups = std::move(wanted);
  }
}

// ---- Markdown --------------------------------------------------------------------------------

std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '<' || c == '>') {
      out += '\\';
    }
    out += c;
  }
  return out;
}

template <typename Owner>
std::string Bounds(const Key<Owner>& key) {
  const bool bounded = key.max != std::numeric_limits<int64_t>::max();
  const auto range = [&](const auto& format) {
    if (!bounded) {
      return key.min == 0 ? std::string{} : fmt::format("at least {}", format(key.min));
    }
    return fmt::format("{} to {}", format(key.min), format(key.max));
  };
  switch (key.shape) {
    case Shape::kNumber:
      return range([](int64_t number) { return fmt::format("{}", number); });
    case Shape::kDuration:
    case Shape::kDurationList:
    case Shape::kChoiceOrDuration:
      return range([](int64_t ms) { return FormatDuration(std::chrono::milliseconds(ms)); });
    case Shape::kSize:
    case Shape::kByteCount:
      return range([](int64_t bytes) { return FormatSize(static_cast<uint64_t>(bytes)); });
    default:
      return {};
  }
}

template <typename Owner>
std::string Form(const Key<Owner>& key) {
  switch (key.shape) {
    case Shape::kChoice:
      return fmt::format("`{}`", fmt::join(key.choices, "`, `"));
    case Shape::kChoiceOrDuration:
      return fmt::format("`{}` or a duration", fmt::join(key.choices, "`, `"));
    case Shape::kDuration:
      return "duration";
    case Shape::kSize:
      return "size";
    case Shape::kByteCount:
      return "bytes";
    case Shape::kDurationList:
      return "list of durations";
    default:
      return Expected(key.shape, key.choices);
  }
}

template <typename Owner>
void WriteMarkdown(std::string& out, std::span<const Key<Owner>> keys, const Owner& defaults,
                   std::string_view prefix) {
  std::string_view group = "?";
  for (const Key<Owner>& key : keys) {
    const bool nested = !prefix.empty();  // a source's groups stay in one table
    if (!nested && GroupOf(key.name) != group) {
      group = GroupOf(key.name);
      out += group.empty() ? "### Top level\n"
                           : fmt::format("\n### {}\n\n{}\n", group, GroupSummary(group));
      out += "\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n";
    }
    std::string form = Form(key);
    if (const std::string bounds = Bounds(key); !bounds.empty()) {
      form += ", " + bounds;
    }
    const std::string value = FormatYaml(key.get(defaults));
    out += fmt::format("| `{}{}` | {} | {} | {} |\n", prefix, key.name, Escaped(form),
                       !key.absent.empty() ? Escaped(key.absent) : fmt::format("`{}`", value),
                       Escaped(key.summary));
  }
}

}  // namespace

std::string SchemaText() {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  json.Key("$schema").String("https://json-schema.org/draft/2020-12/schema");
  json.Key("$id").String("urn:newswire:schema:configuration:v1");
  json.Key("title").String("newswired configuration");
  json.Key("type").String("object").Key("additionalProperties").Bool(false);
  WriteKeys(json, ConfigKeys(), Config{});
  json.Key("sources").BeginObject();
  json.Key("description")
      .String(
          "Where posts come from: sources, or paths of files and folders "
          "of *.yaml with sources, relative to this file.");
  json.Key("type").BeginArray().String("array").String("null").EndArray();
  json.Key("items").BeginObject().Key("anyOf").BeginArray();
  json.BeginObject().Key("$ref").String(kSourceSchema).EndObject();
  json.Raw(Fragment("string", "")).EndArray().EndObject().EndObject();
  json.EndObject();  // properties
  json.Key("$defs").BeginObject();
  json.Key("reference").Raw(Fragment("string", kReferencePattern));
  json.Key("duration").BeginObject().Key("anyOf").BeginArray();
  json.Raw(Fragment("string", kDurationPattern)).Raw(R"({"const":0})");
  json.BeginObject().Key("$ref").String("#/$defs/reference").EndObject().EndArray().EndObject();
  json.Key("size").BeginObject().Key("anyOf").BeginArray();
  json.Raw(Fragment("string", kSizePattern)).Raw(R"({"const":0})");
  json.BeginObject().Key("$ref").String("#/$defs/reference").EndObject().EndArray().EndObject();
  json.Key("source").BeginObject().Key("type").String("object");
  json.Key("additionalProperties").Bool(false);
  json.Key("required").BeginArray().String("id").String("kind").String("url").EndArray();
  WriteKeys(json, SourceKeys(), DefaultSource());
  json.EndObject().EndObject();  // properties, source
  json.EndObject().EndObject();  // $defs, all
  return Pretty(out);
}

std::string ExampleText(bool live_source) {
  std::string out =
      "# SPDX-License-Identifier: Apache-2.0\n"
      "# The configuration of newswired: every key with its default. Only what differs from a\n"
      "# default needs to stand in a file; configs/examples has short ones. Any text may hold\n"
      "# ${VARIABLE} or ${VARIABLE:-default}; a text `file:<path>` is replaced by that file's "
      "text.\n"
      "# `newswired check --config FILE` says what is wrong with it.\n\n";
  WriteYamlKeys(out, ConfigKeys(), Config{}, "");
  out +=
      "\n# Where posts come from: mappings as below, or paths of files and folders of *.yaml with\n"
      "# such sources, relative to this file.\n";
  std::string source;
  WriteYamlKeys(source, SourceKeys(), DefaultSource(), "    ");
  // The list's dash goes before the first key.
  const size_t first = source.find("    id:");
  source.replace(first, 4, "  - ");
  if (live_source) {
    return out + "sources:\n" + source;
  }
  out += "sources: []\n#sources:\n";
  for (size_t at = 0; at < source.size();) {
    const size_t end = source.find('\n', at);
    out += "#" + source.substr(at, end - at + 1);
    at = end + 1;
  }
  return out;
}

std::string ReferenceText() {
  std::string out;
  WriteMarkdown(out, ConfigKeys(), Config{}, "");
  out +=
      "\n### sources\n\nA list; each item is a source, or the path of a file or folder of `*.yaml` "
      "with sources, relative to the file that names it.\n\n"
      "| key | value | default | meaning |\n| --- | --- | --- | --- |\n";
  WriteMarkdown(out, SourceKeys(), DefaultSource(), "sources[].");
  return out;
}

}  // namespace newswire::config
