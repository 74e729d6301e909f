// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "daemon/publish/output.h"

namespace newswire::publish {

// One record of a topic, as a subscriber sees it. Of files only topic, offset and value are known.
struct TopicRecord {
  std::string topic;
  int32_t partition = -1;
  int64_t offset = 0;             // of files: the byte where its line begins
  std::optional<UtcMillis> time;  // the record's timestamp
  std::string key, value;
  std::vector<std::pair<std::string, std::string>> headers;
};

enum class ReadFrom { kBeginning, kEnd };

// Reads committed records of every topic whose name matches one of the patterns (`*` and `?`), and
// of those that come into being later (from their beginning). One thread.
class TopicReader {
 public:
  virtual ~TopicReader() = default;
  // The next record; nullopt: none came within about a second, or `stop`. Records of one partition
  // or file come in order. kTransient: the broker is away (asking again goes on); kCorruption,
  // kConfig.
  virtual Result<std::optional<TopicRecord>> Next(std::stop_token stop) = 0;
  // Whether everything that was committed when the topics were first looked at has been given.
  virtual bool CaughtUp() const = 0;
};

// Needs no consumer group and commits nothing. `options`: brokers and properties.
Result<std::unique_ptr<TopicReader>> MakeKafkaTopicReader(const KafkaOptions& options,
                                                          std::vector<std::string> patterns,
                                                          ReadFrom from, const Clock& clock);
// A folder of the files output, up to what its manifest says.
std::unique_ptr<TopicReader> MakeFilesTopicReader(std::filesystem::path topics_dir,
                                                  std::vector<std::string> patterns, ReadFrom from);

bool MatchesTopic(const std::vector<std::string>& patterns, const std::string& topic);

}  // namespace newswire::publish
