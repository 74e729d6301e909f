// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/config/config.h"
#include "tests/daemon/config/test_files.h"

namespace newswire::config {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string Refusal(const std::string& yaml) {
  const auto config = Parse(yaml, "c.yaml");
  EXPECT_FALSE(config) << yaml;
  if (config) {
    return "";
  }
  EXPECT_EQ(config.error().kind, ErrorKind::kConfig);
  return config.error().message;
}

// A whole configuration around some keys of the top level.
std::string With(const std::string& keys) {
  return "output: files\nhttp: {user_agent: me@example.org}\n" + keys;
}
// And around keys of one source (flow style).
std::string WithSource(const std::string& keys) {
  return With("sources:\n  - {id: a, kind: feed, url: \"https://a.example/\", " + keys + "}\n");
}

struct Case {
  const char* name;
  std::string yaml;
  std::vector<std::string> says;
};

void PrintTo(const Case& refused, std::ostream* out) { *out << refused.yaml; }

class Refusals : public testing::TestWithParam<Case> {};

TEST_P(Refusals, SayWhereWhatAndWhatIsExpected) {
  const std::string message = Refusal(GetParam().yaml);
  for (const std::string& part : GetParam().says) {
    EXPECT_THAT(message, HasSubstr(part));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Keys, Refusals,
    testing::Values(
        Case{"UnknownTopLevel",
             With("data_dri: /x\n"),
             {"c.yaml:3:1: data_dri: unknown key", "did you mean 'data_dir'?"}},
        Case{"UnknownInGroup",
             With("kafka:\n  comit_interval: 1s\n"),
             {"c.yaml:4:3: kafka.comit_interval: unknown key",
              "did you mean 'kafka.commit_interval'?"}},
        Case{"UnknownInInnerGroup",
             With("archive:\n  retention:\n    ages: 1d\n"),
             {"c.yaml:5:5: archive.retention.ages: unknown key",
              "did you mean 'archive.retention.age'?"}},
        Case{"InnerGroupIsAValue",
             With("archive: {retention: 30d}\n"),
             {"archive.retention: is a group of keys", "a mapping"}},
        Case{"RetentionOfLessThanTwoSegments",
             With("archive: {retention: {size: 500MiB}}\n"),
             {"archive.retention.size: '500MiB' is less than two segments", "512MiB"}},
        Case{"InTheWrongGroup",
             With("segment_size: 1MiB\n"),
             {"segment_size: unknown key", "did you mean 'archive.segment_size'?"}},
        Case{"MisspelledSources", With("souces: []\n"), {"did you mean 'sources'?"}},
        Case{"UnknownInSource",
             WithSource("evry: 30s"),
             {"sources[0].evry: unknown key", "did you mean 'every'?"}},
        Case{"Duplicate",
             With("log: {level: info}\nlog: {level: warn}\n"),
             {"c.yaml:4:1: log: given twice (first in line 3)"}},
        Case{"DuplicateInSource",
             WithSource("every: 1s, every: 2s"),
             {"sources[0].every: given twice"}},
        Case{"GroupIsAValue", With("kafka: yes\n"), {"kafka: is a group of keys", "a mapping"}},
        Case{"ListForAValue", With("log: {level: [info]}\n"), {"log.level: is a list"}},
        Case{"NoValue", With("data_dir:\n"), {"data_dir: has no value"}},
        Case{"NotAMapping", "- a\n- b\n", {"is not a mapping"}},
        Case{"NotYaml", "a: [1\n", {"c.yaml:", "not YAML"}}),
    [](const auto& parameter) { return parameter.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Values, Refusals,
    testing::Values(
        Case{"DurationWithoutUnit",
             With("kafka: {commit_interval: 100}\n"),
             {"c.yaml:3:26: kafka.commit_interval: '100' has no unit",
              "expected a duration such as"}},
        Case{"SizeWithoutUnit",
             With("archive: {segment_size: 256}\n"),
             {"archive.segment_size: '256' has no unit", "a size such as"}},
        Case{"DurationOutOfBounds",
             With("kafka: {commit_interval: 1h}\n"),
             {"'1h' is not between 1ms and 30s"}},
        Case{"NumberOutOfBounds",
             With("archive: {compression_level: 13}\n"),
             {"'13' is not between 1 and 12"}},
        Case{"NotANumber", With("transforms: {threads: many}\n"), {"a whole number"}},
        Case{
            "NotAFlag", "output: files\nhttp: {user_agent: a@b.c, http2: on}\n", {"true or false"}},
        Case{"UnknownChoice",
             With("log: {level: wran}\n"),
             {"'wran' is not known", "one of: debug, info, warn, error", "did you mean 'warn'?"}},
        Case{"UnknownOutput",
             "output: kafak\n",
             {"c.yaml:1:9: output:", "one of: kafka, files, embedded", "did you mean 'kafka'?"}},
        Case{"PollTooOften", WithSource("every: 500ms"), {"every: '500ms' is not between 1s"}},
        Case{"EveryWithoutUnit",
             WithSource("every: 30"),
             {"'30' has no unit", "adaptive, or a duration"}},
        Case{"BadItemInList",
             WithSource("recheck: [10m, 60]"),
             {"sources[0].recheck[1]: '60' has no unit"}},
        Case{"KeyOfAGroup", With("http2: 1\n"), {"did you mean 'http.http2'?"}}),
    [](const auto& parameter) { return parameter.param.name; });

INSTANTIATE_TEST_SUITE_P(
    CrossChecks, Refusals,
    testing::Values(
        Case{"NoContact",
             "output: files\nhttp: {user_agent: crawler/1.0}\nsources:\n"
             "  - {id: a, kind: feed, url: 'https://a.example/'}\n",
             {"c.yaml:2:20: http.user_agent: says nobody to reach", "a contact"}},
        Case{"NoUserAgent",
             "output: files\nsources:\n  - {id: a, kind: feed, url: 'https://a.example/'}\n",
             {"http.user_agent: missing"}},
        Case{"HeaderInjection",
             "output: files\nhttp: {user_agent: \"a@b.c\\r\\nX: y\"}\nsources: []\n",
             {"characters that a header cannot"}},
        Case{"Network",
             "output: files\nhttp: {user_agent: a@b.c, allow_networks: [127.0.0.0/8, 10.0.0/33]}\n",
             {"http.allow_networks:", "10.0.0/33"}},
        Case{"NoBrokers",
             "http: {user_agent: a@b.c}\nsources: []\n",
             {"kafka.brokers: missing, but output is kafka"}},
        Case{"TopicWithoutPrefix", With("kafka: {topic: '{category}'}\n"), {"kafka.topic:"}},
        Case{"TopicWithoutCategory", With("kafka: {topic: news}\n"), {"kafka.topic:"}},
        Case{"UnknownZone",
             WithSource("timezone: Asia/Shanghay"),
             {"timezone: there is no zone 'Asia/Shanghay'"}},
        Case{"UnknownLanguage", WithSource("language: 'not a tag'"), {"language:", "BCP 47"}},
        Case{"UnknownStep",
             WithSource("steps: [decode, cleen]"),
             {"there is no step 'cleen'", "did you mean 'clean'?"}},
        Case{"PatternMissing", WithSource("id_policy: pattern"), {"id_pattern: missing"}},
        Case{"PatternBroken",
             WithSource("id_policy: pattern, id_pattern: '(['"),
             {"sources[0].id_pattern:"}},
        Case{"DuplicateId",
             With("sources:\n  - {id: a, kind: feed, url: 'https://a.example/'}\n"
                  "  - {id: a, kind: feed, url: 'https://b.example/'}\n"),
             {"c.yaml:5:10: sources[1].id: another source has the id 'a' (c.yaml:4)"}},
        Case{"BadId",
             With("sources:\n  - {id: 'A b', kind: feed, url: 'https://a.example/'}\n"),
             {"'A b' is no id"}},
        Case{"MissingId",
             With("sources:\n  - {kind: feed, url: 'https://a.example/'}\n"),
             {"c.yaml:4:5: sources[0].id: missing"}},
        Case{"BadUrl",
             With("sources:\n  - {id: a, kind: feed, url: 'ftp://a.example/'}\n"),
             {"sources[0].url: 'ftp://a.example/'", "http or https"}},
        Case{"CredentialsInUrl",
             With("sources:\n  - {id: a, kind: feed, url: 'https://u:p@a.example/'}\n"),
             {"sources[0].url:", "without user name"}},
        Case{"SitemapOfAFeed",
             WithSource("sitemap: 'https://a.example/sitemap.xml'"),
             {"sitemap: belongs to kind jekyll"}},
        Case{"BodyOfAFeed", WithSource("body: file"), {"cannot have the body 'file'"}}),
    [](const auto& parameter) { return parameter.param.name; });

TEST(KindsOfLaterVersions, AreRefusedPlainly) {
  for (const std::string kind : {"sitemap", "listing", "json_api"}) {
    EXPECT_EQ(
        Refusal(With("sources:\n  - {id: a, url: 'https://a.example/', kind: " + kind + "}\n")),
        "c.yaml:4:46: sources[0].kind: kind '" + kind +
            "' is not available in this version; expected one of: feed, jekyll, folder");
  }
}

TEST(Refusal, ReportsAllErrorsNotOnlyTheFirst) {
  const std::string message = Refusal(
      "output: fiels\nlog: {level: loud}\nhttp:\n  total_timeout: 30\nsources:\n"
      "  - {id: a, kind: feed, url: 'https://a.example/', every: 1}\n  - {id: b, kind: "
      "nonsense}\n");
  for (const char* key : {"output:", "log.level:", "http.total_timeout:", "sources[0].every:",
                          "sources[1].kind:", "sources[1].url: missing"}) {
    EXPECT_THAT(message, HasSubstr(key));
  }
}

TEST(Refusal, BoundsHowMuchItSays) {
  std::string yaml;
  for (int i = 0; i < 1000; ++i) {
    yaml += "k" + std::to_string(i) + ": 1\n";
  }
  const std::string message = Refusal(yaml);
  EXPECT_THAT(message, HasSubstr("\nand 9"));
  EXPECT_LT(message.size(), 20'000U);
}

TEST(Refusal, NamesTheMissingVariable) {
  ASSERT_EQ(unsetenv("NEWSWIRE_TEST_ABSENT"), 0);
  EXPECT_THAT(Refusal(With("log: {level: \"${NEWSWIRE_TEST_ABSENT}\"}\n")),
              AllOf(HasSubstr("c.yaml:3:14: log.level:"), HasSubstr("NEWSWIRE_TEST_ABSENT")));
  EXPECT_THAT(Refusal(With("log: {level: \"${\"}\n")), HasSubstr("without '}'"));
}

TEST(Refusal, NamesTheFileThatCannotBeRead) {
  EXPECT_THAT(Refusal(With("kafka: {properties: {sasl.password: 'file:/no/such/file'}}\n")),
              AllOf(HasSubstr("kafka.properties.sasl.password"), HasSubstr("/no/such/file")));
}

TEST(Refusal, NeverShowsWhatCameFromElsewhere) {
  ASSERT_EQ(setenv("NEWSWIRE_TEST_SECRET", "hunter2", 1), 0);
  const TestFiles files;
  files.Write("secret", "hunter2");
  for (const std::string& yaml :
       {With("log: {level: \"${NEWSWIRE_TEST_SECRET}\"}\n"),
        With("archive: {segment_size: \"${NEWSWIRE_TEST_SECRET}\"}\n"),
        With("archive: {instance: \"-${NEWSWIRE_TEST_SECRET}\"}\n"),
        With("kafka: {topic: \"${NEWSWIRE_TEST_SECRET}\"}\n"),
        With("kafka: {topic: \"file:secret\"}\n"),
        With("kafka: {properties: {a: [\"${NEWSWIRE_TEST_SECRET}\"]}}\n"),
        With("transforms: {threads: \"${NEWSWIRE_TEST_SECRET}\"}\n"),
        std::string("output: files\nhttp: {user_agent: a@b.c, allow_networks: "
                    "[\"${NEWSWIRE_TEST_SECRET}\"]}\n"),
        WithSource("timezone: \"${NEWSWIRE_TEST_SECRET}\""),
        WithSource("language: \"${NEWSWIRE_TEST_SECRET} no\""),
        WithSource("every: \"${NEWSWIRE_TEST_SECRET}\""),
        WithSource("steps: [\"${NEWSWIRE_TEST_SECRET}\"]"),
        WithSource("id_policy: pattern, id_pattern: \"([${NEWSWIRE_TEST_SECRET}\""),
        With("sources: [{id: \"!${NEWSWIRE_TEST_SECRET}\", kind: feed, url: "
             "'https://a.example/'}]\n"),
        With("sources: [{id: a, kind: \"${NEWSWIRE_TEST_SECRET}\", url: 'https://a.example/'}]\n"),
        With("sources: [{id: a, kind: feed, url: \"x:${NEWSWIRE_TEST_SECRET}\"}]\n"),
        With("sources: [\"${NEWSWIRE_TEST_SECRET}\"]\n")}) {
    const auto config = Parse(yaml, files.dir() / "c.yaml");
    ASSERT_FALSE(config) << yaml;
    EXPECT_THAT(config.error().message, Not(HasSubstr("hunter2"))) << yaml;
  }
}

TEST(Refusal, SaysThatTheFileIsMissing) {
  const auto config = Load("/no/such/newswired.yaml");
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message,
              AllOf(HasSubstr("/no/such/newswired.yaml"), HasSubstr("No such file")));
}

}  // namespace
}  // namespace newswire::config
