// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/text/json.h"

namespace newswire::formats {

// A file of tests/corpus/<folder> and what it must become: `name.ext` and `name.expected.json`.
struct CorpusCase {
  std::string name;
  std::string bytes;
  std::string expected;  // compact JSON; {"error": "..."} where the file must be refused
};

inline std::string ReadBytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline std::vector<CorpusCase> ReadCorpus(std::string_view folder) {
  constexpr std::string_view kExpected = ".expected.json";
  std::vector<CorpusCase> cases;
  const std::filesystem::path root = std::filesystem::path(NEWSWIRE_TEST_CORPUS) / folder;
  for (const auto& file : std::filesystem::directory_iterator(root)) {
    const std::string name = file.path().filename().string();
    if (name.ends_with(kExpected)) {
      continue;
    }
    const std::string stem = name.substr(0, name.find('.'));
    const std::string written = ReadBytes(root / (stem + std::string(kExpected)));
    const auto expected = text::JsonDocument::Parse(written);
    cases.push_back({.name = name,
                     .bytes = ReadBytes(file.path()),
                     .expected = expected ? expected->root().Dump() : "no expectation: " + stem});
  }
  std::ranges::sort(cases, {}, &CorpusCase::name);
  return cases;
}

}  // namespace newswire::formats
