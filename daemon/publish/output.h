// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "fetchers/clock.h"
#include "transforms/model/error.h"
#include "transforms/model/event.h"
#include "transforms/model/position.h"

namespace newswire::publish {

enum class OutputKind { kKafka, kFiles, kEmbedded };
enum class Delivery { kExactlyOnce, kAtLeastOnce };
enum class RecordTime { kPublish, kFetched, kPublished };
enum class OnMissingPosition { kStop, kBeginning, kEnd };

struct KafkaOptions {
  std::string brokers;
  std::string topic = "news.{category}";  // a literal prefix is required
  Delivery delivery = Delivery::kExactlyOnce;
  std::chrono::milliseconds commit_interval{100};
  size_t commit_bytes = size_t{8} << 20;
  size_t commit_events = 5000;
  size_t max_event_bytes = 900'000;
  uint32_t max_topics = 1000;
  int partitions = 4;
  int replication = 0;  // 0: 3, or the number of brokers when there are fewer
  std::map<std::string, std::string> topic_config;  // for topics that we create
  std::map<std::string, std::string>
      properties;  // librdkafka's, over our defaults; may hold secrets
  RecordTime timestamp = RecordTime::kPublish;
  OnMissingPosition on_missing_position = OnMissingPosition::kStop;
  bool shared_prefix = false;
};

// How far an output got: committed together with the events that lead there.
struct Checkpoint {
  std::string archive;    // uuid of the archive
  Position position;      // the first byte after the last capture covered
  Position last_capture;  // that capture's first byte, and its record: checked at start
  std::string last_record;
  uint64_t events = 0;  // committed so far by this archive

  bool operator==(const Checkpoint&) const = default;
};
// The JSON that outputs keep (docs/formats/checkpoint.md), one line. `time` is when it was written.
std::string CheckpointToJson(const Checkpoint& checkpoint, UtcMillis time);
// kCorruption when it is no checkpoint, or one of a later version.
Result<Checkpoint> CheckpointFromJson(std::string_view json);

struct Batch {
  std::span<const Event> events;
  Checkpoint checkpoint;
};

enum class Commit {
  kDone,     // events and checkpoint are committed
  kUnknown,  // the outcome is not known, or the batch was aborted: Open again and go on from what
             // it says
};

// Where events go. Kafka (or the manifest) is the only truth about what was published. One thread
// at a time calls it; a stop token may be requested from any.
class Output {
 public:
  virtual ~Output() = default;

  // Settles what a killed predecessor left (init_transactions, cutting files back), then reads the
  // committed checkpoint of this archive; nullopt: none. Called at start and after every
  // Commit::kUnknown. kTransient: not reachable now, call again; kPermanent: fenced or refused, the
  // process must end with the reason; kConfig: wrong topics or settings; kCorruption: what is
  // stored there is damaged. One call takes at most about 30 s while the broker is away (two
  // transaction time-outs when a killed predecessor's transaction holds the position back), and
  // backs off by itself when commits fail in a row.
  virtual Result<std::optional<Checkpoint>> Open(std::stop_token stop) = 0;

  // Makes the topics of these slugs exist (Kafka's Admin API). Slugs are topic_slug values. After a
  // successful Open. kTransient: not reachable now; kConfig: a topic cannot take max_event_bytes.
  // Optional: Publish does it for slugs it meets first.
  virtual Status PrepareTopics(std::span<const std::string> slugs, std::stop_token stop) = 0;

  // All or nothing for read_committed readers (exactly_once, files); in order. Waits while the
  // broker is away (the relay waits, the archive grows). kPermanent: fenced, or refused by the
  // broker; kConfig: an event is too large for its topic; kCorruption: the disk failed;
  // kCancelled: stopped; the outcome is unknown and the next Open settles it. Before Open, or after
  // kUnknown or an error, it is kUnknown. A batch without events commits the position alone.
  virtual Result<Commit> Publish(const Batch& batch, std::stop_token stop) = 0;

  // The relay has nothing to publish now. Called while it waits for the archive, at least once when
  // it has caught up; returns at once.
  virtual void Idle() {}

  // The topic's full name for a topic_slug value: the pattern applied to TopicSlug(slug); the slug
  // "dead-letter" is <prefix>dead-letter.
  virtual std::string TopicName(std::string_view slug) const = 0;
  // Cluster id, or the folder of the files: a position belongs to it. Empty before the first Open.
  virtual std::string Identity() const = 0;
};

// The slug as topics can hold it: lower case, [a-z0-9-], others become '-' (runs are one), at most
// 100 characters; "checkpoint", "dead-letter", "other", "frontier" and "" give "other".
std::string TopicSlug(std::string_view category_slug);
// kConfig unless the pattern has a literal prefix, exactly one {category}, and gives legal topic
// names.
Status CheckTopicPattern(std::string_view pattern);
std::string TopicPrefix(std::string_view pattern);  // "news." of "news.{category}"; checkpoint
                                                    // topic = prefix + "checkpoint"
// What Output::TopicName does.
std::string TopicName(std::string_view pattern, std::string_view topic_slug);

// `archive_uuid` makes the transactional.id: newswire-<uuid>-0, or with `replay_run` …-replay
// (checkpoint partition 1 and the header newswire-replay). `clock` outlives the output.
std::unique_ptr<Output> MakeKafkaOutput(KafkaOptions options, std::string archive_uuid,
                                        std::optional<std::string> replay_run, const Clock& clock);

// <topics_dir>/<topic>.jsonl and <topics_dir>/manifest.json (docs/formats/files-output.md). One
// writer a folder: a replay writes into a folder of its own.
std::unique_ptr<Output> MakeFilesOutput(std::filesystem::path topics_dir, std::string topic_pattern,
                                        std::string archive_uuid,
                                        const Clock& clock = SystemClock());

// The embedded broker of <data_dir>/broker.json: the one that answers there, or one that Open
// starts
// (`executable` broker --data-dir …) and the destructor ends. Always at_least_once; for trial. Open
// gives nullopt for a broker that does not hold our checkpoint: it is new and is refilled from the
// beginning of the archive (see docs/kafka.md for what it keeps).
std::unique_ptr<Output> MakeEmbeddedOutput(
    KafkaOptions options, const std::filesystem::path& data_dir, std::string archive_uuid,
    std::optional<std::string> replay_run, const Clock& clock,
    const std::filesystem::path& executable = "/proc/self/exe");

}  // namespace newswire::publish
