// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace newswire::config {

struct Bytes {
  uint64_t count = 0;
  bool operator==(const Bytes&) const = default;
};
using TextList = std::vector<std::string>;
using DurationList = std::vector<std::chrono::milliseconds>;
using TextPairs = std::vector<std::pair<std::string, std::string>>;  // file order

// A value of a key, whatever its type. monostate: absent.
using Value = std::variant<std::monostate, bool, int64_t, std::string, std::chrono::milliseconds,
                           Bytes, TextList, DurationList, TextPairs>;

// `100ms`, `30s`, `5m`, `1h`, `1d`, `2w`; `0` needs no unit. Whole numbers; nullopt for anything
// else, also when it does not fit (at most 100 years).
std::optional<std::chrono::milliseconds> ParseDuration(std::string_view text);
// `512B`, `256KiB`, `5MiB`, `2GiB`, `1TiB` (powers of 1,024), `1kB`, `1MB`, `1GB`, `1TB` (powers of
// 1,000); `0` needs no unit. nullopt for anything else.
std::optional<uint64_t> ParseSize(std::string_view text);

// The shortest form that the parsers read back.
std::string FormatDuration(std::chrono::milliseconds duration);
std::string FormatSize(uint64_t bytes);

// As it can stand in the YAML file, in flow style: `[10m, 1h]`, `{a: b}`, `"quoted"`. "" if absent.
std::string FormatYaml(const Value& value);

// The candidate nearest to `word`, when near enough to be what was meant.
std::optional<std::string> Nearest(std::string_view word, const std::vector<std::string>& names);

}  // namespace newswire::config
