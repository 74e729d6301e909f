// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/commands/exit_codes.h"
#include "tests/daemon/commands/capture_run.h"
#include "tests/daemon/config/test_files.h"
#include "tests/support/http_server.h"

namespace newswire::commands {
namespace {

using config::TestFiles;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kFeed =
    R"(<rss version="2.0"><channel><title>t</title>
<item><title>a</title><link>http://127.0.0.1/a</link></item>
<item><title>b</title><link>http://127.0.0.1/b</link></item></channel></rss>)";

TEST(Check, SaysWhatIsConfigured) {
  const TestFiles files;
  const auto file = files.Write("c.yaml",
                                "output: files\nhttp: {user_agent: a@b.c}\n"
                                "sources: [{id: a, kind: feed, url: 'https://a.example/'}]\n");
  const Ran ran = RunWords({"check", "--config", file.string()});
  EXPECT_EQ(ran.code, kExitOk) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("1 source, output files"));
}

TEST(Check, ShowsTheEffectiveConfigurationWithoutSecrets) {
  const TestFiles files;
  const auto file = files.Write(
      "c.yaml", "kafka: {brokers: 'b:1', properties: {sasl.password: hunter2}}\nsources: []\n");
  const Ran ran = RunWords({"check", "--effective", "--config", file.string()});
  EXPECT_EQ(ran.code, kExitOk) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr(R"("brokers":"b:1")"), Not(HasSubstr("hunter2"))));
  EXPECT_THAT(ran.err, HasSubstr("warning:"));
}

TEST(CheckProbe, ReachesEachSourceOnceAndSaysWhichFail) {
  test::HttpServer server;
  server.Route("/feed.xml", {.headers = {{"Content-Type", "application/rss+xml"}}, .body = kFeed});
  server.Route("/page.html", {.body = "<p>no feed"});
  const TestFiles files;
  files.Write("posts/2022-01-01-1.md", "---\ntitle: t\n---\nx\n");
  const auto file =
      files.Write("c.yaml",
                  "data_dir: data\noutput: files\nhttp: {allow_networks: [127.0.0.0/8], delay: 0}\n"
                  "sources:\n"
                  "  - {id: good, kind: feed, url: '" +
                      server.Url("/feed.xml") +
                      "'}\n"
                      "  - {id: gone, kind: feed, url: '" +
                      server.Url("/gone.xml") +
                      "'}\n"
                      "  - {id: page, kind: feed, url: '" +
                      server.Url("/page.html") +
                      "'}\n"
                      "  - {id: dir, kind: folder, url: posts}\n"
                      "  - {id: lost, kind: folder, url: nowhere}\n");
  const Ran ran = RunWords({"check", "--probe", "--config", file.string()});
  EXPECT_EQ(ran.code, kExitFailed);
  EXPECT_THAT(ran.out, HasSubstr("ok      data_dir: "));
  EXPECT_THAT(ran.out, HasSubstr("ok      good: " + server.Url("/feed.xml") + ": 2 posts"));
  EXPECT_THAT(ran.out, HasSubstr("FAILED  gone: " + server.Url("/gone.xml") + ": HTTP 404"));
  EXPECT_THAT(ran.out, HasSubstr("FAILED  page: "));
  EXPECT_THAT(ran.out, HasSubstr("ok      dir: "));
  EXPECT_THAT(ran.out, HasSubstr("FAILED  lost: "));
  EXPECT_EQ(server.Count("/feed.xml"), 1U);
}

TEST(CheckProbe, SaysThatNoBrokerAnswers) {
  const TestFiles files;
  // Port 1 of loopback: nobody listens there.
  const auto file = files.Write("c.yaml", "data_dir: data\nkafka: {brokers: '127.0.0.1:1'}\n");
  std::ostringstream out, err;
  CheckOptions options{
      .config = file, .probe = true, .probe_timeout = std::chrono::milliseconds(500)};
  EXPECT_EQ(RunCheck(options, out, err, SystemClock(), {}), kExitFailed);
  EXPECT_THAT(out.str(), HasSubstr("FAILED  kafka: "));
}

}  // namespace
}  // namespace newswire::commands
