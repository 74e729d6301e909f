// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace newswire::config {

struct YamlEntry;

// A YAML document as a plain tree, with the place of every node: the only form in which the rest of
// the configuration sees YAML. Aliases are copies, merge keys (`<<: *base`) are applied.
struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMapping };

  Kind kind = Kind::kNull;
  bool plain = false;  // a scalar without quotes: what may be a number or a truth value
  int line = 0, column = 0;
  std::string scalar;       // of kScalar; references resolved
  std::string written;      // of kScalar; as it stands in the file: what messages may show
  std::string problem;      // why a reference in it could not be resolved; empty: nothing is wrong
  bool referenced = false;  // `scalar` came from the environment or from a file
  std::vector<YamlNode> items;     // of kSequence
  std::vector<YamlEntry> merged;   // of kMapping: what merge keys brought, used where no entry is
  std::vector<YamlEntry> entries;  // of kMapping, file order, duplicates kept
};

struct YamlEntry {
  YamlNode key, value;
};

struct YamlError {
  int line = 0, column = 0;
  std::string what;
};

inline constexpr size_t kMaxYamlBytes = size_t{1} << 20;
inline constexpr size_t kMaxYamlNodes = 500'000;  // aliases expanded
inline constexpr int kMaxYamlDepth = 64;

// Reads one document (an empty text is kNull). False: `error` says where and why. Never throws.
bool ReadYaml(std::string_view text, YamlNode& root, YamlError& error);

}  // namespace newswire::config
