// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/front_matter.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <yaml.h>

#include "transforms/text/utf8.h"

namespace newswire::formats {
namespace {

constexpr size_t kMaxBytes = size_t{64} << 10;
constexpr int kMaxDepth = 16;
constexpr size_t kMaxItems = 1000;  // of one list, and of other keys

// A key with its scalars: one, or those of its list.
using Entry = std::pair<std::string, std::vector<std::string>>;

struct Line {
  std::string_view text;  // without its end
  size_t next;            // offset of the line after it
};

Line LineAt(std::string_view text, size_t at) {
  const size_t end = std::min(text.find('\n', at), text.size());
  std::string_view line = text.substr(at, end - at);
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return {line, std::min(end + 1, text.size())};
}

bool IsFence(std::string_view line, std::string_view fence) {
  return line.starts_with(fence) && text::TrimBlank(line.substr(fence.size())).empty();
}

// Where the YAML stands and where the body begins.
struct Extent {
  size_t begin, end, body;
};

std::optional<Extent> FindExtent(std::string_view text) {
  size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  Line line = LineAt(text, at);
  while (at < text.size() && text::TrimBlank(line.text).empty()) {
    at = line.next;
    line = LineAt(text, at);
  }
  if (at >= text.size() || !IsFence(line.text, "---")) {
    return std::nullopt;
  }
  Extent extent{line.next, line.next, 0};
  at = line.next;
  while (at < text.size() && at - extent.begin <= kMaxBytes) {
    line = LineAt(text, at);
    if (IsFence(line.text, "---") || IsFence(line.text, "...")) {
      extent.end = at;
      extent.body = line.next;
      return extent;
    }
    at = line.next;
  }
  return std::nullopt;
}

class YamlEvents {
 public:
  explicit YamlEvents(std::string_view text) {
    usable_ = yaml_parser_initialize(&parser_) != 0;
    if (usable_) {
      yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
      yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                   text.size());
    }
  }
  ~YamlEvents() {
    Drop();
    if (usable_) {
      yaml_parser_delete(&parser_);
    }
  }
  YamlEvents(const YamlEvents&) = delete;
  YamlEvents& operator=(const YamlEvents&) = delete;

  // YAML_NO_EVENT: damaged.
  yaml_event_type_t Next() {
    Drop();
    if (!usable_ || yaml_parser_parse(&parser_, &event_) == 0) {
      return YAML_NO_EVENT;
    }
    held_ = true;
    return event_.type;
  }
  std::string_view scalar() const {
    return {reinterpret_cast<const char*>(event_.data.scalar.value), event_.data.scalar.length};
  }
  bool is_null() const {
    return event_.data.scalar.plain_implicit != 0 &&
           event_.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (scalar().empty() || scalar() == "~" || scalar() == "null");
  }

 private:
  void Drop() {
    if (held_) {
      yaml_event_delete(&event_);
      held_ = false;
    }
  }
  yaml_parser_t parser_{};
  yaml_event_t event_{};
  bool usable_ = false, held_ = false;
};

// The scalars of the top mapping, and those of lists in it; deeper values are passed over. nullopt:
// not one valid YAML mapping, or an alias, or too deep.
std::optional<std::vector<Entry>> ReadYaml(std::string_view yaml) {
  YamlEvents events(yaml);
  std::vector<Entry> entries;
  int depth = 0;
  bool key_next = true;
  bool mapping_seen = false;
  bool in_list = false;  // of the top mapping's values
  while (true) {
    const yaml_event_type_t type = events.Next();
    switch (type) {
      case YAML_NO_EVENT:
      case YAML_ALIAS_EVENT:
        return std::nullopt;
      case YAML_STREAM_END_EVENT:
        return mapping_seen ? std::optional(std::move(entries)) : std::nullopt;
      case YAML_MAPPING_START_EVENT:
        if (depth == 0) {
          mapping_seen = true;
        }
        [[fallthrough]];
      case YAML_SEQUENCE_START_EVENT:
        if (++depth > kMaxDepth || !mapping_seen || (depth == 2 && key_next)) {
          return std::nullopt;
        }
        if (depth == 2) {
          in_list = type == YAML_SEQUENCE_START_EVENT;
        }
        break;
      case YAML_MAPPING_END_EVENT:
      case YAML_SEQUENCE_END_EVENT:
        if (--depth == 1) {
          key_next = true;
        }
        break;
      case YAML_SCALAR_EVENT:
        if (!mapping_seen || entries.size() > kMaxItems) {
          return std::nullopt;
        }
        if (depth == 1 && key_next) {
          entries.emplace_back(events.scalar(), std::vector<std::string>{});
          key_next = false;
        } else if (depth == 1 || (depth == 2 && in_list)) {
          if (!events.is_null() && entries.back().second.size() < kMaxItems) {
            entries.back().second.emplace_back(events.scalar());
          }
          key_next = key_next || depth == 1;
        }
        break;
      default:
        break;
    }
  }
}

// `"a "quoted" title"` as its author meant it: the outermost quotes off, `\"` undone.
std::string Unquote(std::string_view value) {
  value = text::TrimBlank(value);
  if (value.size() < 2 || value.front() != value.back() ||
      (value.front() != '"' && value.front() != '\'')) {
    return std::string(value);
  }
  const bool doubled = value.front() == '\'';
  value = value.substr(1, value.size() - 2);
  std::string out;
  out.reserve(value.size());
  for (size_t i = 0; i < value.size(); ++i) {
    if (i + 1 < value.size() &&
        ((!doubled && value[i] == '\\' && (value[i + 1] == '"' || value[i + 1] == '\\')) ||
         (doubled && value[i] == '\'' && value[i + 1] == '\''))) {
      ++i;
    }
    out.push_back(value[i]);
  }
  return out;
}

void AddItem(std::vector<std::string>& items, std::string_view value) {
  std::string item = Unquote(value);
  if (!item.empty() && items.size() < kMaxItems) {
    items.push_back(std::move(item));
  }
}

// [a, "b"] of one line.
void AddFlowList(std::vector<std::string>& items, std::string_view list) {
  list = list.substr(1, list.size() - 2);
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    AddItem(items, list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

bool IsKey(std::string_view key) {
  return !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

// Line by line: `key: value`, and `- item` under a key without value.
std::vector<Entry> ReadLines(std::string_view yaml) {
  std::vector<Entry> entries;
  for (size_t at = 0; at < yaml.size() && entries.size() < kMaxItems;) {
    const Line line = LineAt(yaml, at);
    at = line.next;
    const size_t colon = line.text.find(':');
    if (colon != std::string_view::npos && IsKey(line.text.substr(0, colon))) {
      entries.emplace_back(line.text.substr(0, colon), std::vector<std::string>{});
      const std::string_view value = text::TrimBlank(line.text.substr(colon + 1));
      if (value.size() >= 2 && value.front() == '[' && value.back() == ']') {
        AddFlowList(entries.back().second, value);
      } else if (!value.empty()) {
        AddItem(entries.back().second, value);
      }
      continue;
    }
    const std::string_view item = text::TrimBlank(line.text);
    if (item.starts_with("- ") && !entries.empty()) {
      AddItem(entries.back().second, item.substr(2));
    }
  }
  return entries;
}

// A title with a backslash may be valid YAML by accident: `C:\new` holds a line end then.
bool HasControlCharacter(const std::vector<Entry>& entries) {
  return std::ranges::any_of(entries, [](const Entry& entry) {
    return entry.first == "title" && std::ranges::any_of(entry.second, [](const auto& text) {
             return std::ranges::any_of(
                 text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
           });
  });
}

void Trim(std::string& text) { text = std::string(text::TrimBlank(text)); }

void Assign(FrontMatter& front_matter, Entry entry) {
  auto& [key, values] = entry;
  for (std::string& value : values) {
    Trim(value);
  }
  std::erase(values, "");
  const auto take = [&](std::vector<std::string>& list) {
    list.insert(list.end(), std::make_move_iterator(values.begin()),
                std::make_move_iterator(values.end()));
  };
  if (key == "title" || key == "date" || key == "layout") {
    std::string& field = key == "title"  ? front_matter.title
                         : key == "date" ? front_matter.date
                                         : front_matter.layout;
    field = values.empty() ? "" : std::move(values.front());
  } else if (key == "categories" || key == "category") {
    take(front_matter.categories);
  } else if (key == "tags" || key == "tag") {
    take(front_matter.tags);
  } else if (key == "author" || key == "authors") {
    take(front_matter.authors);
  } else if (values.size() == 1) {
    front_matter.other.emplace_back(std::move(key), std::move(values.front()));
  }
}

}  // namespace

std::optional<FrontMatter> ParseFrontMatter(std::string_view text) {
  const auto extent = FindExtent(text);
  if (!extent) {
    return std::nullopt;
  }
  const std::string_view yaml = text.substr(extent->begin, extent->end - extent->begin);
  FrontMatter front_matter;
  front_matter.body_offset = extent->body;
  auto entries = ReadYaml(yaml);
  if (!entries || HasControlCharacter(*entries)) {
    front_matter.tolerant = !text::TrimBlank(yaml).empty();
    entries = ReadLines(yaml);
  }
  for (Entry& entry : *entries) {
    Assign(front_matter, std::move(entry));
  }
  return front_matter;
}

}  // namespace newswire::formats
