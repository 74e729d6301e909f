// SPDX-License-Identifier: Apache-2.0
#include <span>
#include <vector>

#include "daemon/config/key_builders.h"
#include "daemon/config/keys.h"

namespace newswire::config {
namespace {

using namespace builders;  // NOLINT(google-build-using-namespace): the table is written in these
                           // words

const Names<publish::OutputKind>& OutputNames() {
  static const Names<publish::OutputKind> kNames{{"kafka", publish::OutputKind::kKafka},
                                                 {"files", publish::OutputKind::kFiles},
                                                 {"embedded", publish::OutputKind::kEmbedded}};
  return kNames;
}
const Names<publish::Delivery>& DeliveryNames() {
  static const Names<publish::Delivery> kNames{{"exactly_once", publish::Delivery::kExactlyOnce},
                                               {"at_least_once", publish::Delivery::kAtLeastOnce}};
  return kNames;
}
const Names<publish::RecordTime>& RecordTimeNames() {
  static const Names<publish::RecordTime> kNames{{"publish", publish::RecordTime::kPublish},
                                                 {"fetched", publish::RecordTime::kFetched},
                                                 {"published", publish::RecordTime::kPublished}};
  return kNames;
}
const Names<publish::OnMissingPosition>& MissingNames() {
  static const Names<publish::OnMissingPosition> kNames{
      {"stop", publish::OnMissingPosition::kStop},
      {"beginning", publish::OnMissingPosition::kBeginning},
      {"end", publish::OnMissingPosition::kEnd}};
  return kNames;
}

const std::vector<Key<Config>>& ConfigTable() {
  static const std::vector<Key<Config>> kTable{
      Text<Config>(
          [](auto& c) -> auto& { return c.data_dir; },
          {.name = "data_dir",
           .shape = Shape::kPath,
           .summary =
               "Where the archive, the frontier and the sequencer's state live. One daemon owns "
               "it at a time."}),
      Choice<Config>(
          [](auto& c) -> auto& { return c.output; }, []() -> auto& { return OutputNames(); },
          {.name = "output",
           .shape = Shape::kChoice,
           .summary =
               "Where events go: a Kafka cluster; JSON Lines files under <data_dir>/topics; or "
               "the embedded broker, in memory and for trial only."}),

      Text<Config>(
          [](auto& c) -> auto& { return c.http.engine.user_agent; },
          {.name = "http.user_agent",
           .shape = Shape::kText,
           .summary =
               "Sent with every request. It must say how to reach you: a mailto:, an address or "
               "a URL.",
           .absent = "required, unless every source is on this machine",
           .example = "newswire/1.0 (+mailto:ops@example.org)"}),
      List<Config>(
          [](auto& c) -> auto& { return c.http.engine.allow_networks; },
          {.name = "http.allow_networks",
           .shape = Shape::kTextList,
           .summary =
               "Networks (CIDR) that may be fetched from although they are loopback, private, "
               "link-local, CGNAT, ULA or multicast, which are refused otherwise."}),
      Duration<Config>(
          [](auto& c) -> auto& { return c.http.delay; },
          {.name = "http.delay",
           .shape = Shape::kDuration,
           .summary =
               "Pause between two requests to one registrable domain. A source may set its own; "
               "robots.txt may ask for more.",
           .max = kDay}),
      Number<Config>([](auto& c) -> auto& { return c.http.engine.max_in_flight; },
                     {.name = "http.max_in_flight",
                      .shape = Shape::kNumber,
                      .summary = "Requests under way at once, over all hosts.",
                      .min = 1,
                      .max = 10'000}),
      Duration<Config>([](auto& c) -> auto& { return c.http.engine.connect_timeout; },
                       {.name = "http.connect_timeout",
                        .shape = Shape::kDuration,
                        .summary = "For resolving a name, connecting and the TLS hand-shake.",
                        .min = 100,
                        .max = 5 * kMinute}),
      Duration<Config>([](auto& c) -> auto& { return c.http.engine.total_timeout; },
                       {.name = "http.total_timeout",
                        .shape = Shape::kDuration,
                        .summary = "For a whole exchange.",
                        .min = 100,
                        .max = kHour}),
      Duration<Config>(
          [](auto& c) -> auto& { return c.http.engine.low_speed_time; },
          {.name = "http.low_speed_time",
           .shape = Shape::kDuration,
           .summary =
               "An answer that is slower than http.low_speed_size a second for so long is cut.",
           .min = kSecond,
           .max = kHour}),
      Size<Config>([](auto& c) -> auto& { return c.http.engine.low_speed_bytes; },
                   {.name = "http.low_speed_size",
                    .shape = Shape::kSize,
                    .summary = "Bytes a second: see http.low_speed_time.",
                    .min = 1,
                    .max = kMiB}),
      Size<Config>([](auto& c) -> auto& { return c.http.engine.max_header_bytes; },
                   {.name = "http.max_header_size",
                    .shape = Shape::kSize,
                    .summary = "An answer with a larger header is refused.",
                    .min = kKiB,
                    .max = kMiB}),
      Size<Config>([](auto& c) -> auto& { return c.http.max_post_bytes; },
                   {.name = "http.max_post_size",
                    .shape = Shape::kSize,
                    .summary = "Bodies of posts are cut here, as received and decoded.",
                    .min = kKiB,
                    .max = 256 * kMiB}),
      Size<Config>([](auto& c) -> auto& { return c.http.max_feed_bytes; },
                   {.name = "http.max_feed_size",
                    .shape = Shape::kSize,
                    .summary = "Bodies of feeds and of JSON are cut here.",
                    .min = kKiB,
                    .max = 256 * kMiB}),
      Size<Config>([](auto& c) -> auto& { return c.http.max_sitemap_bytes; },
                   {.name = "http.max_sitemap_size",
                    .shape = Shape::kSize,
                    .summary = "Bodies of sitemaps are cut here.",
                    .min = kKiB,
                    .max = 256 * kMiB}),
      Flag<Config>([](auto& c) -> auto& { return c.http.engine.http2; },
                   {.name = "http.http2",
                    .shape = Shape::kFlag,
                    .summary = "Speak HTTP/2 with servers that offer it."}),
      Text<Config>(
          [](auto& c) -> auto& { return c.http.engine.proxy; },
          {.name = "http.proxy",
           .shape = Shape::kText,
           .summary =
               "A proxy for all requests (http://host:port). The environment's proxy variables "
               "are not used.",
           .absent = "none",
           .example = "http://127.0.0.1:3128"}),

      Text<Config>([](auto& c) -> auto& { return c.kafka.brokers; },
                   {.name = "kafka.brokers",
                    .shape = Shape::kText,
                    .summary = "Bootstrap servers: host:port, separated by commas.",
                    .absent = "required with output: kafka",
                    .example = "127.0.0.1:9092"}),
      Text<Config>(
          [](auto& c) -> auto& { return c.kafka.topic; },
          {.name = "kafka.topic",
           .shape = Shape::kText,
           .summary =
               "Topic of a post. {category} is the category's slug; what stands before it names "
               "the checkpoint, dead-letter and other topics too, and may not be empty."}),
      Choice<Config>(
          [](auto& c) -> auto& { return c.kafka.delivery; },
          []() -> auto& { return DeliveryNames(); },
          {.name = "kafka.delivery",
           .shape = Shape::kChoice,
           .summary =
               "exactly_once: events and position in one transaction. at_least_once: for brokers "
               "without transactions."}),
      Duration<Config>([](auto& c) -> auto& { return c.kafka.commit_interval; },
                       {.name = "kafka.commit_interval",
                        .shape = Shape::kDuration,
                        .summary = "A transaction is committed so long after its first event.",
                        .min = 1,
                        .max = 30 * kSecond}),
      Size<Config>([](auto& c) -> auto& { return c.kafka.commit_bytes; },
                   {.name = "kafka.commit_size",
                    .shape = Shape::kSize,
                    .summary = "A transaction that holds so many bytes is committed sooner.",
                    .min = kKiB,
                    .max = 256 * kMiB}),
      Number<Config>([](auto& c) -> auto& { return c.kafka.commit_events; },
                     {.name = "kafka.commit_events",
                      .shape = Shape::kNumber,
                      .summary = "So is one of so many events.",
                      .min = 1,
                      .max = 1'000'000}),
      Size<Config>(
          [](auto& c) -> auto& { return c.kafka.max_event_bytes; },
          {.name = "kafka.max_event_bytes",
           .shape = Shape::kByteCount,
           .summary = "A larger event loses its annotations, then the end of its text, and says "
                      "truncated: true. Keep it below the topics' max.message.bytes.",
           .min = 16 * kKiB,
           .max = 64 * kMiB}),
      Number<Config>(
          [](auto& c) -> auto& { return c.kafka.max_topics; },
          {.name = "kafka.max_topics",
           .shape = Shape::kNumber,
           .summary = "So many categories get a topic of their own; the posts of all others go to "
                      "<prefix>other.",
           .min = 1,
           .max = 100'000}),
      Number<Config>([](auto& c) -> auto& { return c.kafka.partitions; },
                     {.name = "kafka.partitions",
                      .shape = Shape::kNumber,
                      .summary = "Of the topics that we create.",
                      .min = 1,
                      .max = 10'000}),
      Number<Config>(
          [](auto& c) -> auto& { return c.kafka.replication; },
          {.name = "kafka.replication",
           .shape = Shape::kNumber,
           .summary = "Of the topics that we create. 0: 3, or the number of brokers when there are "
                      "fewer.",
           .max = 100}),
      Choice<Config>(
          [](auto& c) -> auto& { return c.kafka.timestamp; },
          []() -> auto& { return RecordTimeNames(); },
          {.name = "kafka.timestamp",
           .shape = Shape::kChoice,
           .summary =
               "The record's timestamp: when it is published, when it was fetched, or the "
               "article's own date (with that, retention.ms deletes old articles at once)."}),
      Choice<Config>(
          [](auto& c) -> auto& { return c.kafka.on_missing_position; },
          []() -> auto& { return MissingNames(); },
          {.name = "kafka.on_missing_position",
           .shape = Shape::kChoice,
           .summary =
               "When the cluster does not know how far this archive was published: stop with the "
               "reason, publish from the beginning, or go on from the end."}),
      Flag<Config>([](auto& c) -> auto& { return c.kafka.shared_prefix; },
                   {.name = "kafka.shared_prefix",
                    .shape = Shape::kFlag,
                    .summary = "Allow several archives to publish under one topic prefix."}),
      Map<Config>([](auto& c) -> auto& { return c.kafka.topic_config; },
                  {.name = "kafka.topic_config",
                   .shape = Shape::kTextPairs,
                   .summary = "Settings of the topics that we create, by Kafka's names.",
                   .example = "{retention.ms: \"604800000\"}"}),
      Map<Config>(
          [](auto& c) -> auto& { return c.kafka.properties; },
          {.name = "kafka.properties",
           .shape = Shape::kTextPairs,
           .summary =
               "Any librdkafka property, over our own settings: TLS, SASL, compression. Secrets "
               "belong into ${VARIABLE} or file:/path.",
           .example = "{security.protocol: sasl_ssl, sasl.password: "
                      "\"file:${CREDENTIALS_DIRECTORY}/kafka-password\"}"}),

      Text<Config>([](auto& c) -> auto& { return c.archive.dir; },
                   {.name = "archive.dir",
                    .shape = Shape::kPath,
                    .summary = "The archive's folder, when it is to lie on another disk.",
                    .absent = "<data_dir>/archive",
                    .example = "/srv/news-archive"}),
      Text<Config>([](auto& c) -> auto& { return c.archive.instance; },
                   {.name = "archive.instance",
                    .shape = Shape::kText,
                    .summary = "In the segments' names: newswire-<instance>-<serial>.warc.gz."}),
      Size<Config>([](auto& c) -> auto& { return c.archive.segment_size; },
                   {.name = "archive.segment_size",
                    .shape = Shape::kSize,
                    .summary = "A segment is sealed after the capture that passes this size.",
                    .min = 64 * kKiB,
                    .max = 256 * kGiB}),
      Duration<Config>([](auto& c) -> auto& { return c.archive.segment_age; },
                       {.name = "archive.segment_age",
                        .shape = Shape::kDuration,
                        .summary = "A segment is sealed at this age, whatever its size.",
                        .min = kMinute,
                        .max = 366 * kDay}),
      Duration<Config>([](auto& c) -> auto& { return c.archive.sync_interval; },
                       {.name = "archive.sync_interval",
                        .shape = Shape::kDuration,
                        .summary = "Captures wait at most so long for the fsync that they share; "
                                   "after a pause not at all.",
                        .max = kSecond}),
      Number<Config>([](auto& c) -> auto& { return c.archive.compression_level; },
                     {.name = "archive.compression_level",
                      .shape = Shape::kNumber,
                      .summary = "Of gzip (libdeflate): 1 is fastest, 12 smallest.",
                      .min = 1,
                      .max = 12}),
      Size<Config>([](auto& c) -> auto& { return c.archive.min_free_bytes; },
                   {.name = "archive.min_free",
                    .shape = Shape::kSize,
                    .summary = "Fetching pauses while the disk of the archive, or that of "
                               "the state, has less room than this.",
                    .min = 0}),
      Flag<Config>(
          [](auto& c) -> auto& { return c.archive_discovery; },
          {.name = "archive.discovery",
           .shape = Shape::kFlag,
           .summary =
               "Keep feeds, sitemaps and robots.txt too, whenever what they say changed. Feeds "
               "that are the body of posts are always kept."}),
      OptionalDuration<Config>([](auto& c) -> auto& { return c.archive.retention.age; },
                               {.name = "archive.retention.age",
                                .shape = Shape::kDuration,
                                .summary = "A segment goes when all it holds is older than this.",
                                .min = kMinute,
                                .max = 100 * 366 * kDay,
                                .absent = "off",
                                .example = "365d"}),
      OptionalSize<Config>(
          [](auto& c) -> auto& { return c.archive.retention.size; },
          {.name = "archive.retention.size",
           .shape = Shape::kSize,
           .summary = "The oldest segments go when all of them together are larger than this. At "
                      "least twice archive.segment_size.",
           .min = 128 * kKiB,
           .absent = "off",
           .example = "100GiB"}),

      Number<Config>(
          [](auto& c) -> auto& { return c.transform_threads; },
          {.name = "transforms.threads",
           .shape = Shape::kNumber,
           .summary =
               "Threads that turn captures into posts. 0: one for each core. The events do not "
               "depend on it.",
           .max = 1024}),

      Text<Config>([](auto& c) -> auto& { return c.log_level; },
                   {.name = "log.level",
                    .shape = Shape::kChoice,
                    .summary = "The least severe messages that are written.",
                    .choices = {"debug", "info", "warn", "error"}}),
  };
  return kTable;
}

}  // namespace

std::span<const Key<Config>> ConfigKeys() { return ConfigTable(); }

}  // namespace newswire::config
