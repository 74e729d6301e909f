// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "daemon/config/yaml.h"
#include "transforms/model/error.h"

namespace newswire::config {

inline constexpr size_t kMaxReferencedBytes = 64 * 1024;
inline constexpr size_t kMaxTableBytes = size_t{4} << 20;

// Replaces `${NAME}` and `${NAME:-default}` in `text` (`$${` is a literal `${`). kConfig names the
// variable that is not set. `*referenced` becomes true when anything was replaced.
Result<std::string> ExpandEnvironment(std::string_view text, bool* referenced);

// The same for every scalar of a tree (mapping keys excepted), in place. What cannot be resolved
// has its `problem` set.
void ExpandTree(YamlNode& node);

// `${NAME:-default}` without its default, which may be a secret too.
std::string WithoutDefaults(std::string_view written);

// `file:<path>`, and what it names, relative to `base`.
bool IsFileReference(std::string_view text);
std::filesystem::path ReferencedPath(std::string_view text, const std::filesystem::path& base);

// A whole file of at most `max_bytes`. kConfig says why not.
Result<std::string> ReadSmallFile(const std::filesystem::path& file, size_t max_bytes);

}  // namespace newswire::config
