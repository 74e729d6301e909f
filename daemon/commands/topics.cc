// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/topics.h"

#include <utility>

#include <fmt/format.h>

#include "daemon/publish/embedded_broker.h"

namespace newswire::commands {

std::string TopicGlob(std::string topic_pattern) {
  constexpr std::string_view kPlace = "{category}";
  if (const size_t place = topic_pattern.find(kPlace); place != std::string::npos) {
    topic_pattern.replace(place, kPlace.size(), "*");
  }
  return topic_pattern;
}

Result<std::unique_ptr<publish::TopicReader>> OpenTopics(const TopicsAt& at, const Clock& clock) {
  if (at.output == publish::OutputKind::kFiles) {
    return publish::MakeFilesTopicReader(at.files_dir, at.patterns, at.from);
  }
  publish::KafkaOptions kafka = at.kafka;
  if (at.output == publish::OutputKind::kEmbedded && kafka.brokers.empty()) {
    const auto file = publish::ReadBrokerFile(at.data_dir);
    if (!file) {
      return Fail(ErrorKind::kTransient,
                  fmt::format("no embedded broker runs: there is no {}",
                              publish::BrokerFilePath(at.data_dir).string()));
    }
    kafka.brokers = file->brokers;
    kafka.properties.clear();
  }
  if (kafka.brokers.empty()) {
    return Fail(ErrorKind::kConfig, "no brokers: give --brokers or a configuration");
  }
  return publish::MakeKafkaTopicReader(kafka, at.patterns, at.from, clock);
}

}  // namespace newswire::commands
