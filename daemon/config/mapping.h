// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <fmt/core.h>

#include "daemon/config/diagnostics.h"
#include "daemon/config/keys.h"
#include "daemon/config/values.h"
#include "daemon/config/yaml.h"

namespace newswire::config {

// Where a mapping stands, and what reading it needs.
struct Context {
  std::string file;                                // for messages
  std::filesystem::path base;                      // what relative paths start at
  Diagnostics& diagnostics;                        // where complaints go
  std::map<std::string, std::string>& references;  // Config::references
};

// The bounds and words of a key, without its owner's type.
struct Rule {
  Shape shape;
  int64_t min, max;
  const std::vector<std::string_view>& choices;
};

// Where a key of a mapping stood, and whether its value could be read.
struct Place {
  const YamlNode* node = nullptr;
  bool good = false;
};
using Places = std::map<std::string, Place>;  // by full name within the mapping

// Reads a value of the given shape; nullopt (and a complaint under `name`) when it is not one.
std::optional<Value> ReadValue(const Context& context, const std::string& name, const Rule& rule,
                               const YamlNode& node);

// A mapping's entries, those of merge keys last and only where no own entry stands; complains about
// keys that are no text and about duplicates.
std::vector<const YamlEntry*> EntriesOf(const Context& context, const std::string& prefix,
                                        const YamlNode& mapping);

// Reads a mapping by a key table: unknown keys are refused with the nearest valid one. `places`
// gathers where each key stood. `prefix` is what the table's names are relative to within the file
// ("sources[0]."), `group` the group that is being read ("kafka."). `other` is asked for keys that
// the table does not hold, and returns whether it took them.
template <typename Owner, typename Other>
void ReadMapping(const Context& context, std::span<const Key<Owner>> keys, Owner& owner,
                 const YamlNode& mapping, const std::string& prefix, const std::string& group,
                 Places& places, const Other& other) {
  for (const YamlEntry* entry : EntriesOf(context, prefix + group, mapping)) {
    const std::string name = group + entry->key.scalar;
    const bool dotted = entry->key.scalar.find('.') != std::string::npos;
    const auto key =
        std::ranges::find_if(keys, [&](const auto& k) { return !dotted && k.name == name; });
    if (key != keys.end()) {
      const Rule rule{key->shape, key->min, key->max, key->choices};
      auto value = ReadValue(context, prefix + name, rule, entry->value);
      places[name] = {&entry->value, value.has_value()};
      if (value) {
        key->set(owner, *std::move(value));
      }
      continue;
    }
    const bool is_group = !dotted && std::ranges::any_of(keys, [&](const auto& k) {
      return k.name.starts_with(name + ".");
    });
    if (is_group) {
      if (entry->value.kind == YamlNode::Kind::kMapping) {
        ReadMapping(context, keys, owner, entry->value, prefix, name + ".", places, other);
      } else if (entry->value.kind != YamlNode::Kind::kNull) {
        context.diagnostics.Error(
            context.file, entry->value,
            {.key = prefix + name, .what = "is a group of keys", .expected = "a mapping"});
      }
      continue;
    }
    if (other(name, *entry)) {
      continue;
    }
    // The same word in another group; else the nearest of this level.
    std::vector<std::string> here, elsewhere;
    if (std::is_same_v<Owner, Config> && group.empty()) {
      here.emplace_back("sources");
    }
    for (const auto& k : keys) {
      if (k.name.starts_with(group)) {
        const std::string_view rest = k.name.substr(group.size());
        here.emplace_back(rest.substr(0, rest.find('.')));
      }
      if (k.name.substr(k.name.rfind('.') + 1) == entry->key.scalar || k.name == name) {
        elsewhere.emplace_back(k.name);
      }
    }
    std::optional<std::string> nearest;
    if (!elsewhere.empty()) {
      nearest = elsewhere.front();
    } else if (nearest = Nearest(entry->key.scalar, here); nearest) {
      nearest = group + *nearest;
    }
    context.diagnostics.Error(
        context.file, entry->key,
        {.key = prefix + name, .what = "unknown key", .nearest = nearest.value_or("")});
  }
}

}  // namespace newswire::config
