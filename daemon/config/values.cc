// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>

#include <fmt/core.h>

namespace newswire::config {
namespace {

using std::chrono::milliseconds;

struct Unit {
  std::string_view name;
  uint64_t factor;
};

// Largest first: formatting takes the first that divides.
constexpr std::array<Unit, 6> kDurationUnits{{{"w", 604'800'000},
                                              {"d", 86'400'000},
                                              {"h", 3'600'000},
                                              {"m", 60'000},
                                              {"s", 1000},
                                              {"ms", 1}}};
constexpr std::array<Unit, 10> kSizeUnits{{{"TiB", uint64_t{1} << 40},
                                           {"GiB", uint64_t{1} << 30},
                                           {"MiB", uint64_t{1} << 20},
                                           {"KiB", uint64_t{1} << 10},
                                           {"TB", 1'000'000'000'000},
                                           {"GB", 1'000'000'000},
                                           {"MB", 1'000'000},
                                           {"kB", 1000},
                                           {"KB", 1000},
                                           {"B", 1}}};
constexpr uint64_t kMaxMilliseconds = uint64_t{100} * 366 * 86'400'000;
constexpr uint64_t kMaxSize = uint64_t{1} << 60;
constexpr size_t kMaxComparedBytes = 64;

std::optional<uint64_t> ParseWithUnit(std::string_view text, std::span<const Unit> units,
                                      uint64_t max) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) {
    return std::nullopt;
  }
  std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  if (unit.empty() && number == 0) {
    return 0;
  }
  unit.remove_prefix(std::min(unit.find_first_not_of(' '), unit.size()));
  for (const Unit& known : units) {
    if (unit == known.name) {
      if (number > max / known.factor) {
        return std::nullopt;
      }
      return number * known.factor;
    }
  }
  return std::nullopt;
}

std::string FormatWithUnit(uint64_t number, std::span<const Unit> units) {
  if (number == 0) {
    return "0";
  }
  for (const Unit& unit : units) {
    if (number % unit.factor == 0) {
      return fmt::format("{}{}", number / unit.factor, unit.name);
    }
  }
  return fmt::format("{}{}", number, units.back().name);
}

bool IsPlainSafe(std::string_view text) {
  constexpr std::string_view kStart = "/.";
  constexpr std::string_view kInside = "/._-+";
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.empty() || text == "true" || text == "false" || text == "null" ||
      (!letter(text.front()) && kStart.find(text.front()) == std::string_view::npos)) {
    return false;
  }
  return std::ranges::all_of(text, [&](char c) {
    return letter(c) || digit(c) || kInside.find(c) != std::string_view::npos;
  });
}

std::string QuoteYaml(std::string_view text) {
  if (IsPlainSafe(text)) {
    return std::string(text);
  }
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + '"';
}

template <typename List, typename Format>
std::string JoinFlow(const List& list, const Format& format) {
  std::string out = "[";
  for (const auto& item : list) {
    out += out.size() > 1 ? ", " : "";
    out += format(item);
  }
  return out + "]";
}

// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1,
                             cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

std::string Simplified(std::string_view word) {
  std::string out;
  for (const char c : word.substr(0, kMaxComparedBytes)) {
    if (c >= 'A' && c <= 'Z') {
      out += static_cast<char>(c - 'A' + 'a');
    } else {
      out += c == '-' || c == ' ' ? '_' : c;
    }
  }
  return out;
}

}  // namespace

std::optional<milliseconds> ParseDuration(std::string_view text) {
  const auto number = ParseWithUnit(text, kDurationUnits, kMaxMilliseconds);
  if (!number) {
    return std::nullopt;
  }
  return milliseconds(*number);
}

std::optional<uint64_t> ParseSize(std::string_view text) {
  return ParseWithUnit(text, kSizeUnits, kMaxSize);
}

std::string FormatDuration(milliseconds duration) {
  return FormatWithUnit(static_cast<uint64_t>(duration.count()), kDurationUnits);
}

std::string FormatSize(uint64_t bytes) { return FormatWithUnit(bytes, kSizeUnits); }

std::string FormatYaml(const Value& value) {
  struct Visitor {
    std::string operator()(std::monostate) const { return ""; }
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(int64_t number) const { return fmt::format("{}", number); }
    std::string operator()(const std::string& text) const { return QuoteYaml(text); }
    std::string operator()(milliseconds duration) const { return FormatDuration(duration); }
    std::string operator()(Bytes bytes) const { return FormatSize(bytes.count); }
    std::string operator()(const TextList& list) const { return JoinFlow(list, QuoteYaml); }
    std::string operator()(const DurationList& list) const {
      return JoinFlow(list, FormatDuration);
    }
    std::string operator()(const TextPairs& pairs) const {
      std::string out = "{";
      for (const auto& [name, text] : pairs) {
        out += out.size() > 1 ? ", " : "";
        out += QuoteYaml(name) + ": " + QuoteYaml(text);
      }
      return out + "}";
    }
  };
  return std::visit(Visitor{}, value);
}

std::optional<std::string> Nearest(std::string_view word, const std::vector<std::string>& names) {
  const std::string wanted = Simplified(word);
  std::optional<std::string> best;
  size_t best_distance = std::max<size_t>(1, std::min<size_t>(3, wanted.size() / 3)) + 1;
  for (const std::string& name : names) {
    const size_t distance = Distance(wanted, Simplified(name));
    if (distance < best_distance) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace newswire::config
