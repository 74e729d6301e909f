// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <ostream>
#include <stop_token>
#include <string>
#include <vector>

#include "daemon/publish/output.h"
#include "daemon/publish/topic_reader.h"

namespace newswire::commands {

struct TailOptions {
  publish::OutputKind output = publish::OutputKind::kKafka;
  publish::KafkaOptions kafka;      // brokers, properties; topic gives the default of `topics`
  std::filesystem::path data_dir;   // files: <data_dir>/topics; embedded: <data_dir>/broker.json
  std::vector<std::string> topics;  // patterns; empty: every topic of kafka.topic, dead letters too
  publish::ReadFrom from = publish::ReadFrom::kEnd;
  std::optional<uint64_t> count;  // ends after so many; nullopt: when stopped
  bool json = false;              // one JSON object a line: topic, partition, offset, key, …
  bool colour = false;            // ANSI colours, for a terminal
};

// `newswired tail`: prints committed events as they come: time, topic, type, publisher, title and
// first words; control characters of strangers never reach the terminal. Success when `count` is
// reached, `stop` is requested or `out` is closed. kTransient: no broker answers.
Status RunTail(const TailOptions& options, std::ostream& out, const Clock& clock,
               std::stop_token stop);

// What it prints for one record; ends with a newline.
std::string FormatRecord(const publish::TopicRecord& record, bool colour);
std::string RecordToJson(const publish::TopicRecord& record);

}  // namespace newswire::commands
