// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "daemon/publish/output.h"

namespace newswire::publish {
namespace {

constexpr std::string_view kPlace = "{category}";
constexpr std::string_view kOther = "other";
constexpr std::string_view kDeadLetter = "dead-letter";
constexpr size_t kMaxSlug = 100;
constexpr size_t kMaxTopicName = 249;  // Kafka's
constexpr std::array<std::string_view, 5> kReserved = {"", "checkpoint", kDeadLetter, kOther,
                                                       "frontier"};

bool IsTopicCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace

std::string TopicSlug(std::string_view category_slug) {
  std::string slug;
  for (const char c : category_slug) {
    if (slug.size() >= kMaxSlug) {
      break;
    }
    if (c >= 'A' && c <= 'Z') {
      slug += static_cast<char>(c - 'A' + 'a');
    } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      slug += c;
    } else if (!slug.empty() && slug.back() != '-') {
      slug += '-';
    }
  }
  while (!slug.empty() && slug.back() == '-') {
    slug.pop_back();
  }
  if (std::ranges::find(kReserved, slug) != kReserved.end()) {
    return std::string(kOther);
  }
  return slug;
}

Status CheckTopicPattern(std::string_view pattern) {
  const auto refuse = [&](std::string_view why) -> Status {
    return Fail(ErrorKind::kConfig, fmt::format("kafka.topic: \"{}\": {}", pattern, why));
  };
  const size_t place = pattern.find(kPlace);
  if (place == std::string_view::npos) {
    return refuse("{category} is missing, as in \"news.{category}\"");
  }
  if (pattern.find(kPlace, place + 1) != std::string_view::npos) {
    return refuse("{category} stands there twice");
  }
  if (place == 0) {
    return refuse("a literal prefix is required before {category}, as in \"news.{category}\"");
  }
  const std::string_view prefix = pattern.substr(0, place);
  const std::string_view suffix = pattern.substr(place + kPlace.size());
  if (!std::ranges::all_of(prefix, IsTopicCharacter) ||
      !std::ranges::all_of(suffix, IsTopicCharacter)) {
    return refuse("topic names hold letters, digits, '.', '_' and '-' only");
  }
  if (prefix.starts_with("__")) {
    return refuse("topics that begin with __ are Kafka's own");
  }
  if (prefix.size() + suffix.size() + kMaxSlug > kMaxTopicName) {
    return refuse(fmt::format("topic names would be longer than {} characters", kMaxTopicName));
  }
  return {};
}

std::string TopicPrefix(std::string_view pattern) {
  return std::string(pattern.substr(0, pattern.find(kPlace)));
}

std::string TopicName(std::string_view pattern, std::string_view topic_slug) {
  const size_t place = pattern.find(kPlace);
  if (topic_slug == kDeadLetter || place == std::string_view::npos) {
    return TopicPrefix(pattern) + std::string(kDeadLetter);
  }
  std::string name(pattern.substr(0, place));
  name += TopicSlug(topic_slug);
  name += pattern.substr(place + kPlace.size());
  return name;
}

}  // namespace newswire::publish
