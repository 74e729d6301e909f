// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/replay_target.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "daemon/commands/topics.h"

namespace newswire::commands {
namespace {

constexpr const char* kReplayFolder = "replay";
constexpr const char* kLiveFolder = "topics";

// "20261120T020000Z": what the header newswire-replay says.
std::string RunName(const Clock& clock) {
  std::string name = FormatUtc(std::chrono::floor<std::chrono::seconds>(clock.Wall()));
  std::erase_if(name, [](char c) { return c == '-' || c == ':'; });
  return name;
}

}  // namespace

bool IsCompacted(const config::Config& config) {
  const auto policy = config.kafka.topic_config.find("cleanup.policy");
  return config.output == publish::OutputKind::kKafka &&
         policy != config.kafka.topic_config.end() &&
         policy->second.find("compact") != std::string::npos;
}

std::unique_ptr<publish::Output> MakeReplayOutput(const ReplayRequest& request,
                                                  const config::Config& config,
                                                  const std::string& uuid, const Clock& clock) {
  publish::KafkaOptions options = config.kafka;
  options.topic = ReplayTopicPattern(request, config);
  switch (config.output) {
    case publish::OutputKind::kFiles:
      return publish::MakeFilesOutput(config.data_dir / kReplayFolder, options.topic, uuid, clock);
    case publish::OutputKind::kEmbedded:
      return publish::MakeEmbeddedOutput(std::move(options), config.data_dir, uuid, RunName(clock),
                                         clock);
    case publish::OutputKind::kKafka:
      break;
  }
  return publish::MakeKafkaOutput(std::move(options), uuid, RunName(clock), clock);
}

Result<std::unique_ptr<publish::TopicReader>> OpenReplayTopics(const ReplayRequest& request,
                                                               const config::Config& config,
                                                               const Clock& clock) {
  return OpenTopics({.output = config.output,
                     .kafka = config.kafka,
                     .data_dir = config.data_dir,
                     .files_dir = config.data_dir / (request.to ? kReplayFolder : kLiveFolder),
                     .patterns = {TopicGlob(ReplayTopicPattern(request, config))}},
                    clock);
}

}  // namespace newswire::commands
