// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/yaml.h"

namespace newswire::config {

// What one refused (or doubtful) place of a file has to say.
struct Diagnostic {
  std::string key;       // full name: "sources[2].every"
  std::string what;      // "'30' has no unit"; never a value that came from a reference
  std::string expected;  // "a duration such as 30s"; may be empty
  std::string nearest;   // the valid word that was probably meant; may be empty
};

// Collects everything that is wrong, in reading order: an operator sees all of it at once.
class Diagnostics {
 public:
  void Error(std::string_view file, const YamlNode& at, const Diagnostic& diagnostic);
  void Warn(std::string_view file, const YamlNode& at, const Diagnostic& diagnostic);
  // A failure of a whole file: "file: what".
  void FileError(std::string_view file, std::string_view what);

  size_t errors() const { return errors_total_; }
  // One a line; at most 100, then how many more there are.
  std::string ErrorText() const;
  std::vector<std::string> TakeWarnings() { return std::move(warnings_); }

 private:
  void Add(std::string line);

  std::vector<std::string> errors_, warnings_;
  size_t errors_total_ = 0;
};

// A scalar as messages may show it: as it stands in the file, cut to 60 bytes, control characters
// replaced.
std::string Shown(const YamlNode& scalar);

}  // namespace newswire::config
