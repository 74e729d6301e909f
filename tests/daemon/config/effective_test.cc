// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/config/config.h"
#include "tests/daemon/config/test_files.h"
#include "transforms/text/json.h"

namespace newswire::config {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kYaml = R"(
output: files
http: {user_agent: me@example.org, proxy: "http://joe:hunter3@proxy:3128"}
kafka:
  brokers: kafka:9092
  properties:
    sasl.username: joe
    sasl.password: hunter2
    ssl.key.password: "${NEWSWIRE_TEST_SECRET}"
    sasl.oauthbearer.client.secret: hunter4
    client.rack: "${NEWSWIRE_TEST_RACK:-hunter5}"
sources:
  - {id: a, kind: feed, url: "https://a.example/?key=${NEWSWIRE_TEST_SECRET}", every: 30s,
     timezone: "${NEWSWIRE_TEST_ZONE}", categories: {b: "2", a: "1"}, backfill: 3d}
  - {id: b, kind: jekyll, url: "https://b.example/"}
)";

Config Example() {
  setenv("NEWSWIRE_TEST_SECRET", "hunter6", 1);
  setenv("NEWSWIRE_TEST_ZONE", "Asia/Shanghai", 1);
  unsetenv("NEWSWIRE_TEST_RACK");
  auto config = Parse(kYaml, "c.yaml");
  EXPECT_TRUE(config) << config.error();
  return *std::move(config);
}

TEST(EffectiveJson, HoldsNoSecret) {
  const std::string json = EffectiveJson(Example());
  EXPECT_THAT(json, Not(HasSubstr("hunter")));
  EXPECT_THAT(json, HasSubstr(R"("sasl.username":"joe")"));
  EXPECT_THAT(json, Not(HasSubstr("sasl.password")));
  EXPECT_THAT(json, HasSubstr(R"("ssl.key.password":"${NEWSWIRE_TEST_SECRET}")"));
  EXPECT_THAT(json, HasSubstr(R"("client.rack":"${NEWSWIRE_TEST_RACK}")"));
  EXPECT_THAT(json, HasSubstr(R"("proxy":"http://proxy:3128")"));
  EXPECT_THAT(json, HasSubstr(R"(https://a.example/?key=${NEWSWIRE_TEST_SECRET})"));
}

TEST(EffectiveJson, IsTheSameBytesForTheSameConfiguration) {
  EXPECT_EQ(EffectiveJson(Example()), EffectiveJson(Example()));
}

TEST(EffectiveJson, GivesItsSourcesBack) {
  const Config config = Example();
  const auto sources = SourcesFromEffectiveJson(EffectiveJson(config));
  ASSERT_TRUE(sources) << sources.error();
  ASSERT_EQ(sources->size(), 2U);
  Source first = config.sources[0];
  first.url = "https://a.example/?key=${NEWSWIRE_TEST_SECRET}";
  EXPECT_EQ(sources->at(0), first);
  EXPECT_EQ(sources->at(0).timezone, "Asia/Shanghai");  // shapes values: a rebuild needs it
  EXPECT_EQ(sources->at(1), config.sources[1]);
}

TEST(EffectiveJson, HasEveryKeyInGroups) {
  const auto document = text::JsonDocument::Parse(EffectiveJson(Example()));
  ASSERT_TRUE(document) << document.error();
  const auto root = document->root();
  EXPECT_EQ(root["output"].string(), "files");
  EXPECT_EQ(root["kafka"]["commit_interval"].string(), "100ms");
  EXPECT_EQ(root["archive"]["segment_size"].string(), "256MiB");
  EXPECT_EQ(root["http"]["max_in_flight"].integer(), 256);
  EXPECT_EQ(root["archive"]["discovery"].boolean(), true);
  EXPECT_EQ(root["log"]["level"].string(), "info");
}

TEST(EffectiveJson, HasGroupsInGroups) {
  const auto config = Parse(
      "output: files\nhttp: {user_agent: me@example.org}\n"
      "archive: {retention: {size: 1GiB}}\n",
      "c.yaml");
  ASSERT_TRUE(config) << config.error();
  const auto document = text::JsonDocument::Parse(EffectiveJson(*config));
  ASSERT_TRUE(document) << document.error();
  const text::JsonValue retention = document->root()["archive"]["retention"];
  EXPECT_EQ(retention["size"].string_or(""), "1GiB");
  EXPECT_TRUE(retention["age"].is_null());
  EXPECT_TRUE(document->root()["transforms"]["threads"].exists()) << "the group behind it";
}

TEST(EffectiveJson, ThatIsNoneIsMalformed) {
  for (const char* json : {"", "[]", "{}", R"({"sources":{}})", R"({"sources":[{"id":3}]})"}) {
    const auto sources = SourcesFromEffectiveJson(json);
    ASSERT_FALSE(sources) << json;
    EXPECT_EQ(sources.error().kind, ErrorKind::kMalformed) << json;
  }
}

}  // namespace
}  // namespace newswire::config
