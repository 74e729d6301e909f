// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/keys.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>
#include <fmt/ranges.h>

namespace newswire::config {

std::span<const Group> Groups() {
  static constexpr std::array<Group, 7> kGroups{
      {{"http", "Fetching."},
       {"kafka", "Publishing. `topic`, `max_topics` and `max_event_bytes` hold for every output."},
       {"archive", "The WARC archive."},
       {"archive.retention",
        "The oldest segments are deleted, once what they hold is published and a snapshot of the "
        "sequencer's state is kept. Off unless one of these is given."},
       {"transforms", "Turning captures into posts."},
       {"log", "What the daemon says."},
       {"removal", "When a post counts as removed."}}};
  return kGroups;
}

std::vector<std::string_view> GroupsOf(std::string_view key) {
  std::vector<std::string_view> groups;
  for (size_t dot = key.find('.'); dot != std::string_view::npos; dot = key.find('.', dot + 1)) {
    groups.push_back(key.substr(0, dot));
  }
  return groups;
}

GroupChange ChangeOf(const std::vector<std::string_view>& before,
                     const std::vector<std::string_view>& after) {
  const auto differ = std::ranges::mismatch(before, after);
  return {.ended = static_cast<size_t>(before.end() - differ.in1),
          .begun = {differ.in2, after.end()}};
}

std::string_view LastOf(std::string_view name) { return name.substr(name.rfind('.') + 1); }

bool IsSecretProperty(std::string_view name) {
  static constexpr std::array<std::string_view, 8> kMarks{
      "password", "passwd", "secret", "token", "sasl.jaas", "ssl.key", "credential", "private"};
  std::string lower;
  for (const char c : name) {
    lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return std::ranges::any_of(
      kMarks, [&](std::string_view mark) { return lower.find(mark) != std::string::npos; });
}

std::string Expected(Shape shape, const std::vector<std::string_view>& choices) {
  switch (shape) {
    case Shape::kText:
      return "text";
    case Shape::kPath:
      return "a path";
    case Shape::kUrl:
      return "a URL";
    case Shape::kFlag:
      return "true or false";
    case Shape::kNumber:
      return "a whole number";
    case Shape::kDuration:
      return "a duration such as 100ms, 30s, 5m, 1h or 1d";
    case Shape::kSize:
      return "a size such as 256KiB, 5MiB or 1GB";
    case Shape::kByteCount:
      return "a number of bytes, or a size such as 900KiB";
    case Shape::kChoice:
      return fmt::format("one of: {}", fmt::join(choices, ", "));
    case Shape::kChoiceOrDuration:
      return fmt::format("{}, or a duration such as 30s, 5m or 1d", fmt::join(choices, ", "));
    case Shape::kTextList:
      return "a list of texts";
    case Shape::kDurationList:
      return "a list of durations such as [10m, 1h, 1d]";
    case Shape::kTextPairs:
      return "a mapping of texts";
    case Shape::kTable:
      return "a mapping of texts, or file: with the path of a CSV file";
  }
  return {};
}

}  // namespace newswire::config
