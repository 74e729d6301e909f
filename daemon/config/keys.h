// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/config.h"
#include "daemon/config/values.h"

namespace newswire::config {

// How a key is written.
enum class Shape {
  kText,
  kPath,
  kUrl,               // or a path, for folders: checked by CheckSource
  kFlag,              // true | false
  kNumber,            // whole
  kDuration,          // 30s
  kSize,              // 256KiB
  kByteCount,         // bytes: the unit is in the key's name, so a bare number will do; or a size
  kChoice,            // one of `choices`
  kChoiceOrDuration,  // one of `choices`, or a duration
  kTextList,
  kDurationList,
  kTextPairs,  // a mapping of texts
  kTable,      // a mapping of texts, or `file:<CSV>` with two columns
};

// One key of the configuration. The tables below are the only description there is: parsing,
// suggestions, the effective JSON, the JSON Schema, configs/newswired.yaml and the reference in
// docs/configuration.md are all made from them. The default is what a fresh Owner holds.
template <typename Owner>
struct Key {
  std::string_view name;  // with its groups: "kafka.brokers"
  Shape shape;
  std::string_view summary;  // one or two sentences, for a person
  Value (*get)(const Owner&);
  void (*set)(Owner&, Value);
  int64_t min = 0;  // of numbers, milliseconds, bytes
  int64_t max = std::numeric_limits<int64_t>::max();
  std::vector<std::string_view> choices = {};
  std::string_view absent = {};   // what no value means, when there is no default
  std::string_view example = {};  // for keys without a useful default
};

struct Group {
  std::string_view name, summary;
};

// In the order of the file.
std::span<const Key<Config>> ConfigKeys();
std::span<const Key<Source>> SourceKeys();
std::span<const Group> Groups();  // by their full names: "archive.retention"

// The groups that a key stands in, outermost first: {"archive", "archive.retention"}.
std::vector<std::string_view> GroupsOf(std::string_view key);
// Which groups end and which begin between two keys that follow each other.
struct GroupChange {
  size_t ended = 0;
  std::vector<std::string_view> begun;  // outermost first
};
GroupChange ChangeOf(const std::vector<std::string_view>& before,
                     const std::vector<std::string_view>& after);
// The name without its groups.
std::string_view LastOf(std::string_view name);

// What a source is before its keys are read; `kind` decides `body`.
Source DefaultSource();
BodyKind DefaultBody(SourceKind kind);

// Kinds that this version can read, and those that a later one will.
std::span<const std::string_view> BuiltKinds();
bool IsPlannedKind(std::string_view name);

// Whether a librdkafka property holds a secret, by its name.
bool IsSecretProperty(std::string_view name);

// "a duration such as 30s": what a message says is expected.
std::string Expected(Shape shape, const std::vector<std::string_view>& choices);

}  // namespace newswire::config
