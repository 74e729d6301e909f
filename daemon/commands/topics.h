// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "daemon/publish/output.h"
#include "daemon/publish/topic_reader.h"
#include "fetchers/clock.h"
#include "transforms/model/error.h"

namespace newswire::commands {

// Where events can be read from.
struct TopicsAt {
  publish::OutputKind output = publish::OutputKind::kKafka;
  publish::KafkaOptions kafka;        // brokers, properties
  std::filesystem::path data_dir;     // embedded: <data_dir>/broker.json
  std::filesystem::path files_dir;    // files: the folder of the topics
  std::vector<std::string> patterns;  // of topic names, with * and ?
  publish::ReadFrom from = publish::ReadFrom::kBeginning;
};

// kTransient: no embedded broker runs; kConfig: no broker is named.
Result<std::unique_ptr<publish::TopicReader>> OpenTopics(const TopicsAt& at, const Clock& clock);

// `{category}` of a topic pattern as `*`.
std::string TopicGlob(std::string topic_pattern);

}  // namespace newswire::commands
