// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/config/config.h"
#include "tests/daemon/config/test_files.h"

namespace newswire::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kSmallest = R"yaml(data_dir: /var/lib/newswired
output: kafka                      # kafka | files | embedded
http:
  user_agent: "newswire/1.0 (+mailto:ops@example.org)"
  allow_networks: [127.0.0.0/8]    # refused otherwise, see section 6
kafka:
  brokers: 127.0.0.1:9092
  topic: news.{category}
  delivery: exactly_once           # exactly_once | at_least_once
  commit_interval: 100ms
archive:
  segment_size: 256MiB
sources:
  - id: finews                     # the namespace of its posts' ids
    kind: jekyll                   # feed | sitemap | listing | jekyll | json_api | folder
    url: https://finews.example/
    every: 30s                     # or: adaptive
    timezone: Asia/Shanghai
    delay: 1s                      # between two requests to its host
    recheck: [10m, 1h, 6h, 1d]     # [] turns re-checks off
)yaml";

TEST(Configuration, ReadsTheSmallestOne) {
  const auto config = Parse(kSmallest, "newswired.yaml");
  ASSERT_TRUE(config) << config.error();
  EXPECT_EQ(config->data_dir, "/var/lib/newswired");
  EXPECT_EQ(config->archive.dir, "/var/lib/newswired/archive");
  EXPECT_EQ(config->output, publish::OutputKind::kKafka);
  EXPECT_EQ(config->http.engine.user_agent, "newswire/1.0 (+mailto:ops@example.org)");
  EXPECT_THAT(config->http.engine.allow_networks, ElementsAre("127.0.0.0/8"));
  EXPECT_EQ(config->kafka.brokers, "127.0.0.1:9092");
  EXPECT_EQ(config->kafka.topic, "news.{category}");
  EXPECT_EQ(config->kafka.delivery, publish::Delivery::kExactlyOnce);
  EXPECT_EQ(config->kafka.commit_interval, 100ms);
  EXPECT_EQ(config->archive.segment_size, 256U << 20);
  ASSERT_EQ(config->sources.size(), 1U);
  const Source& source = config->sources[0];
  EXPECT_EQ(source.id, "finews");
  EXPECT_EQ(source.kind, SourceKind::kJekyll);
  EXPECT_EQ(source.url, "https://finews.example/");
  EXPECT_EQ(source.body, BodyKind::kPage);
  EXPECT_EQ(source.every, 30s);
  EXPECT_EQ(source.timezone, "Asia/Shanghai");
  EXPECT_EQ(source.delay, 1s);
  EXPECT_THAT(source.recheck, ElementsAre(600s, 3600s, 21600s, 86400s));
  EXPECT_THAT(config->warnings, IsEmpty());
}

TEST(Configuration, ReadsEveryOtherKey) {
  const TestFiles files;
  files.Write("posts/2022-04-19-1.md", "---\n---\n");
  const auto file = files.Write("newswired.yaml", R"yaml(
data_dir: data
output: files
http:
  user_agent: me@example.org
  delay: 0
  max_in_flight: 7
  connect_timeout: 1s
  total_timeout: 2s
  low_speed_time: 3s
  low_speed_size: 4KiB
  max_header_size: 5KiB
  max_post_size: 6MiB
  max_feed_size: 7MiB
  max_sitemap_size: 8MiB
  http2: false
  proxy: http://127.0.0.1:3128
kafka:
  delivery: at_least_once
  commit_size: 1MiB
  commit_events: 10
  max_event_bytes: 500000
  max_topics: 20
  partitions: 2
  replication: 1
  timestamp: published
  on_missing_position: end
  shared_prefix: true
  topic_config: {retention.ms: 86400000}
  properties: {compression.type: zstd}
archive:
  dir: elsewhere
  instance: two
  segment_age: 1h
  sync_interval: 5ms
  compression_level: 1
  min_free: 1GiB
  discovery: false
  retention: {age: 90d, size: 10GiB}
transforms: {threads: 3}
log: {level: debug}
sources:
  - id: a
    kind: folder
    url: posts
    parallel: 2
    recheck: []
    robots: obey
    backfill: 2d
    removal: {confirm_after: 2h, when_unlisted: true}
    id_policy: pattern
    id_pattern: "/([0-9]+)\\.html$"
    language: zh
    categories: {央视: cctv}
  - {id: b, kind: feed, url: "https://example.org/feed", body: feed, every: adaptive, backfill: all,
     robots: discovered}
)yaml");
  const auto config = Load(file);
  ASSERT_TRUE(config) << config.error();
  EXPECT_EQ(config->data_dir, files.dir() / "data");
  EXPECT_EQ(config->output, publish::OutputKind::kFiles);
  EXPECT_EQ(config->http.delay, 0ms);
  const auto& engine = config->http.engine;
  EXPECT_EQ(engine.max_in_flight, 7U);
  EXPECT_EQ(engine.connect_timeout, 1s);
  EXPECT_EQ(engine.total_timeout, 2s);
  EXPECT_EQ(engine.low_speed_time, 3s);
  EXPECT_EQ(engine.low_speed_bytes, 4096U);
  EXPECT_EQ(engine.max_header_bytes, 5120U);
  EXPECT_FALSE(engine.http2);
  EXPECT_EQ(engine.proxy, "http://127.0.0.1:3128");
  EXPECT_EQ(config->http.max_post_bytes, 6U << 20);
  EXPECT_EQ(config->http.max_feed_bytes, 7U << 20);
  EXPECT_EQ(config->http.max_sitemap_bytes, 8U << 20);
  const auto& kafka = config->kafka;
  EXPECT_EQ(kafka.delivery, publish::Delivery::kAtLeastOnce);
  EXPECT_EQ(kafka.commit_bytes, 1U << 20);
  EXPECT_EQ(kafka.commit_events, 10U);
  EXPECT_EQ(kafka.max_event_bytes, 500'000U);
  EXPECT_EQ(kafka.max_topics, 20U);
  EXPECT_EQ(kafka.partitions, 2);
  EXPECT_EQ(kafka.replication, 1);
  EXPECT_EQ(kafka.timestamp, publish::RecordTime::kPublished);
  EXPECT_EQ(kafka.on_missing_position, publish::OnMissingPosition::kEnd);
  EXPECT_TRUE(kafka.shared_prefix);
  EXPECT_THAT(kafka.topic_config, ElementsAre(testing::Pair("retention.ms", "86400000")));
  EXPECT_THAT(kafka.properties, ElementsAre(testing::Pair("compression.type", "zstd")));
  EXPECT_EQ(config->archive.dir, files.dir() / "elsewhere");
  EXPECT_EQ(config->archive.instance, "two");
  EXPECT_EQ(config->archive.segment_age, 1h);
  EXPECT_EQ(config->archive.sync_interval, 5ms);
  EXPECT_EQ(config->archive.compression_level, 1);
  EXPECT_EQ(config->archive.min_free_bytes, 1U << 30);
  EXPECT_FALSE(config->archive_discovery);
  EXPECT_EQ(config->archive.retention.age, 90 * 24h);
  EXPECT_EQ(config->archive.retention.size, uint64_t{10} << 30);
  EXPECT_EQ(config->transform_threads, 3);
  EXPECT_EQ(config->log_level, "debug");

  ASSERT_EQ(config->sources.size(), 2U);
  const Source& a = config->sources[0];
  EXPECT_EQ(a.url, files.dir() / "posts");
  EXPECT_EQ(a.body, BodyKind::kFile);
  EXPECT_EQ(a.parallel, 2);
  EXPECT_THAT(a.recheck, IsEmpty());
  EXPECT_EQ(a.robots, RobotsPolicy::kObey);
  EXPECT_EQ(a.backfill, (Backfill{Backfill::Kind::kAge, 172'800s}));
  EXPECT_EQ(a.removal, (RemovalRules{7200s, true}));
  EXPECT_EQ(a.id_policy, IdPolicy::kPattern);
  EXPECT_EQ(a.id_pattern, "/([0-9]+)\\.html$");
  EXPECT_EQ(a.language, "zh");
  EXPECT_THAT(a.categories, ElementsAre(testing::Pair("央视", "cctv")));
  const Source& b = config->sources[1];
  EXPECT_EQ(b.body, BodyKind::kFeed);
  EXPECT_EQ(b.every, std::nullopt);
  EXPECT_EQ(b.delay, std::nullopt);
  EXPECT_EQ(b.backfill.kind, Backfill::Kind::kAll);
}

TEST(Configuration, TakesSourcesFromFilesAndFolders) {
  const TestFiles files;
  files.Write("sources/b.yaml", "id: b\nkind: feed\nurl: https://b.example/feed\n");
  files.Write("sources/a.yml",
              "- {id: a1, kind: feed, url: 'https://a.example/1'}\n"
              "- {id: a2, kind: feed, url: 'https://a.example/2'}\n");
  files.Write("sources/notes.txt", "not YAML: [\n");
  files.Write("one.yaml", "sources:\n  - {id: c, kind: feed, url: 'https://c.example/'}\n");
  const auto file = files.Write("newswired.yaml", R"yaml(
output: files
http: {user_agent: me@example.org}
sources:
  - sources
  - one.yaml
  - {id: d, kind: feed, url: "https://d.example/"}
)yaml");
  const auto config = Load(file);
  ASSERT_TRUE(config) << config.error();
  std::vector<std::string> ids;
  for (const Source& source : config->sources) {
    ids.push_back(source.id);
  }
  EXPECT_THAT(ids, ElementsAre("a1", "a2", "b", "c", "d"));
}

TEST(Configuration, NamesTheIncludedFileThatIsWrong) {
  const TestFiles files;
  const auto bad = files.Write("sources/b.yaml", "id: b\nkind: fed\nurl: https://b.example/feed\n");
  const auto file =
      files.Write("newswired.yaml",
                  "output: files\nhttp: {user_agent: a@b.c}\nsources: [sources, absent.yaml]\n");
  const auto config = Load(file);
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr(bad.string() + ":2:7: kind: 'fed' is not known"));
  EXPECT_THAT(config.error().message, HasSubstr("did you mean 'feed'?"));
  EXPECT_THAT(config.error().message, HasSubstr(file.string() + ":3:"));
  EXPECT_THAT(config.error().message, HasSubstr("absent.yaml"));
}

TEST(Configuration, SharesSettingsByMergeKeys) {
  const auto config = Parse(R"yaml(
output: files
http: {user_agent: me@example.org}
sources:
  - &base {id: a, kind: feed, url: "https://a.example/", timezone: Asia/Shanghai, every: 30s}
  - {<<: *base, id: b, url: "https://b.example/"}
)yaml",
                            "c.yaml");
  ASSERT_TRUE(config) << config.error();
  ASSERT_EQ(config->sources.size(), 2U);
  EXPECT_EQ(config->sources[1].id, "b");
  EXPECT_EQ(config->sources[1].timezone, "Asia/Shanghai");
  EXPECT_EQ(config->sources[1].every, 30s);
}

TEST(Configuration, TakesValuesFromTheEnvironmentAndFromFiles) {
  ASSERT_EQ(setenv("NEWSWIRE_TEST_LEVEL", "warn", 1), 0);
  ASSERT_EQ(setenv("NEWSWIRE_TEST_EVERY", "45s", 1), 0);
  ASSERT_EQ(unsetenv("NEWSWIRE_TEST_ABSENT"), 0);
  const TestFiles files;
  files.Write("secret", "hunter2\n");
  const auto file = files.Write("newswired.yaml", R"yaml(
output: files
http: {user_agent: "x (${NEWSWIRE_TEST_ABSENT:-me@example.org})"
}
log: {level: "${NEWSWIRE_TEST_LEVEL}"}
kafka:
  properties:
    sasl.password: file:secret
    client.id: literal-$${x}
sources:
  - {id: a, kind: feed, url: "https://a.example/", every: "${NEWSWIRE_TEST_EVERY}"}
)yaml");
  const auto config = Load(file);
  ASSERT_TRUE(config) << config.error();
  EXPECT_EQ(config->log_level, "warn");
  EXPECT_EQ(config->http.engine.user_agent, "x (me@example.org)");
  EXPECT_EQ(config->kafka.properties.at("sasl.password"), "hunter2");
  EXPECT_EQ(config->kafka.properties.at("client.id"), "literal-${x}");
  EXPECT_EQ(config->sources[0].every, 45s);
}

TEST(Configuration, ReadsAMappingTableFromCsv) {
  const TestFiles files;
  files.Write("names.csv", "中国证券报,zhongguozhengquanbao\n");
  const auto file = files.Write("newswired.yaml", R"yaml(
output: files
http: {user_agent: me@example.org}
sources:
  - {id: a, kind: feed, url: "https://a.example/", categories: "file:names.csv"}
)yaml");
  const auto config = Load(file);
  ASSERT_TRUE(config) << config.error();
  EXPECT_THAT(config->sources[0].categories,
              ElementsAre(testing::Pair("中国证券报", "zhongguozhengquanbao")));
}

TEST(Configuration, NeedsNoContactForSourcesOnThisMachine) {
  const auto config = Parse(R"yaml(
output: files
http: {allow_networks: [127.0.0.0/8]}
sources:
  - {id: a, kind: feed, url: "http://127.0.0.1:8080/feed.xml"}
  - {id: b, kind: folder, url: /tmp}
)yaml",
                            "c.yaml");
  ASSERT_TRUE(config) << config.error();
  EXPECT_THAT(config->http.engine.user_agent, HasSubstr("newswired/"));
}

TEST(Configuration, WarnsOfWhatIsOnlyDoubtful) {
  const auto config = Parse(
      "output: files\nhttp: {user_agent: a@b.c}\n"
      "sources:\n  - {id: a, kind: folder, url: /no/such/folder}\n",
      "c.yaml");
  ASSERT_TRUE(config) << config.error();
  ASSERT_EQ(config->warnings.size(), 1U);
  EXPECT_THAT(config->warnings[0], HasSubstr("c.yaml:4:"));
  EXPECT_THAT(config->warnings[0], HasSubstr("does not exist"));
}

}  // namespace
}  // namespace newswire::config
