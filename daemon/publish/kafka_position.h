// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "daemon/publish/kafka_client.h"

namespace newswire::publish {

// The newest committed record of one key in one partition.
struct KeyedRecord {
  std::optional<std::string> value;  // nullopt: the key is not there
  std::string other_key;             // some other key that was met; empty: none
};

// Reads it up to the high watermark that `watermarks` (role kReadUncommitted) sees now, as
// read_committed, through a client of its own. To be called after init_transactions, which settles
// what a killed predecessor left open; a transaction of somebody else in this partition is waited
// for. Cost: one tail of 64 records when the key is among them, else larger and larger tails.
// kTransient: no answer before `deadline`, or a transaction still open then; kCancelled; kConfig:
// not allowed to read.
Result<KeyedRecord> ReadNewest(const KafkaOptions& options, const KafkaClient& watermarks,
                               const std::string& topic, int32_t partition, std::string_view key,
                               const Clock& clock, SteadyTime deadline, std::stop_token stop);

}  // namespace newswire::publish
