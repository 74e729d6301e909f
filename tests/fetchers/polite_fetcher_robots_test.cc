// SPDX-License-Identifier: Apache-2.0
#include "fetchers/polite_fetcher.h"
#include "tests/fetchers/polite_fetcher_fixture.h"

namespace newswire {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::HttpServer;
using test::ServerAnswer;
using test::ServerRequest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST_F(PoliteFetcherTest, AsksRobotsOnceBeforeDiscoveredUrls) {
  server_.Route("/robots.txt", ServerAnswer{.body = "user-agent: newswire\ndisallow: /no\n"});
  std::vector<std::shared_ptr<std::optional<FetchOutcome>>> allowed;
  for (int i = 0; i < 3; ++i) {
    allowed.push_back(Start(Discovered(server_.Url("/yes/" + std::to_string(i)))));
  }
  const auto denied = Start(Discovered(server_.Url("/no")));
  ASSERT_TRUE(Run());
  for (int i = 0; i < 3; ++i) {  // in order, the file first, through the same budget
    EXPECT_EQ((*allowed[i])->response->body, fmt::format("at {} /yes/{}", (i + 1) * 1000, i));
  }
  EXPECT_TRUE((*denied)->robots_denied);
  EXPECT_EQ((*denied)->error->kind, ErrorKind::kPermanent);
  EXPECT_EQ(server_.Count("/robots.txt"), 1U);
  EXPECT_EQ(server_.requests().front().target, "/robots.txt");
  EXPECT_EQ(server_.Count("/no"), 0U);
  EXPECT_THAT(robots_, ElementsAre(Pair(server_.Url("/robots.txt"), 200)));
}

TEST_F(PoliteFetcherTest, ThePolicySaysWhoIsChecked) {
  server_.Route("/robots.txt", ServerAnswer{.body = "user-agent: *\ndisallow: /\n"});
  FetchRequest request = Listed(server_.Url("/x"));
  request.robots = RobotsPolicy::kObey;
  EXPECT_TRUE(Get(request).robots_denied);
  request = Discovered(server_.Url("/x"));
  request.robots = RobotsPolicy::kIgnore;
  EXPECT_TRUE(Get(request).response.has_value());
}

TEST_F(PoliteFetcherTest, AsksAgainAfterADay) {
  server_.Route("/robots.txt", ServerAnswer{.body = ""});
  Get(Discovered(server_.Url("/x")));
  clock_.Advance(hours(23));
  Get(Discovered(server_.Url("/x")));
  EXPECT_EQ(server_.Count("/robots.txt"), 1U);
  clock_.Advance(hours(1));
  Get(Discovered(server_.Url("/x")));
  EXPECT_EQ(server_.Count("/robots.txt"), 2U);
}

TEST_F(PoliteFetcherTest, NoRobotsFileAllowsEverything) {
  for (const int status : {400, 401, 403, 404, 410}) {
    HttpServer site;
    site.Route("/robots.txt", ServerAnswer{.status = status, .body = "user-agent: *\ndisallow: /"});
    site.Route("/x", ServerAnswer{.body = "x"});
    const FetchOutcome outcome = Get(Discovered(site.Url("/x")));
    EXPECT_TRUE(outcome.response.has_value()) << status;
  }
}

TEST_F(PoliteFetcherTest, AnUnreachableRobotsFileDisallowsForNow) {
  const std::vector<ServerAnswer> answers = {{.status = 500},
                                             {.status = 503},
                                             {.raw = ""},
                                             {.body = "user-agent: x\n", .cut_after = 5},
                                             {.headers = {{"Content-Encoding", "gzip"}},
                                              .body = std::string("\x1f\x8b\x08\x00 broken", 11)}};
  for (size_t i = 0; i < answers.size(); ++i) {
    HttpServer site;
    site.Route("/robots.txt", answers[i]);
    site.Route("/x", ServerAnswer{.body = "x"});
    const FetchOutcome outcome = Get(Discovered(site.Url("/x")));
    ASSERT_TRUE(outcome.error.has_value()) << i;
    EXPECT_EQ(outcome.error->kind, ErrorKind::kTransient) << *outcome.error;
    EXPECT_FALSE(outcome.robots_denied);
    EXPECT_GE(outcome.retry_after, seconds(54)) << i;
    EXPECT_EQ(site.Count("/x"), 0U) << i;
    // Again after the backoff, and then it is there.
    Get(Discovered(site.Url("/x")));
    EXPECT_EQ(site.Count("/robots.txt"), 1U) << i;
    site.Route("/robots.txt", ServerAnswer{.status = 404});
    clock_.Advance(minutes(2));
    EXPECT_TRUE(Get(Discovered(site.Url("/x"))).response.has_value()) << i;
  }
  EXPECT_THAT(robots_, ::testing::Each(Pair(::testing::_, 404)));
}

TEST_F(PoliteFetcherTest, ATooBusyRobotsFileBlocksTheHost) {
  server_.Route("/robots.txt", ServerAnswer{.status = 429, .headers = {{"Retry-After", "600"}}});
  const FetchOutcome outcome = Get(Discovered(server_.Url("/x")));
  EXPECT_TRUE(outcome.host_blocked);
  EXPECT_EQ(outcome.retry_after, seconds(600));
  EXPECT_EQ(server_.Count("/x"), 0U);
  EXPECT_EQ(blocks_.size(), 1U);
}

TEST_F(PoliteFetcherTest, ARobotsFileOfARefusedAddressIsPermanent) {
  const FetchOutcome outcome = Get(Discovered("http://192.168.1.1/x"));
  ASSERT_TRUE(outcome.error.has_value());
  EXPECT_EQ(outcome.error->kind, ErrorKind::kPermanent);
  EXPECT_FALSE(outcome.robots_denied);
  EXPECT_THAT(outcome.error->message, HasSubstr("192.168.1.1 is a private address"));
}

TEST_F(PoliteFetcherTest, FollowsTheRobotsFilesRedirects) {
  HttpServer other;
  other.Route("/rules", ServerAnswer{.body = "user-agent: *\ndisallow: /no\n"});
  server_.Route("/robots.txt", {.status = 301, .headers = {{"Location", other.Url("/rules")}}});
  EXPECT_TRUE(Get(Discovered(server_.Url("/no"))).robots_denied);
  EXPECT_TRUE(Get(Discovered(server_.Url("/yes"))).response.has_value());
  EXPECT_EQ(other.Count("/robots.txt"), 0U);
  EXPECT_THAT(robots_, ElementsAre(Pair(server_.Url("/robots.txt"), 200)));
}

TEST_F(PoliteFetcherTest, ARobotsFileThatRedirectsForEverIsNone) {
  server_.Route("/robots.txt", {.status = 302, .headers = {{"Location", "/robots.txt"}}});
  EXPECT_TRUE(Get(Discovered(server_.Url("/x"))).response.has_value());
  EXPECT_EQ(server_.Count("/robots.txt"), 1U);
}

TEST_F(PoliteFetcherTest, ObeysCrawlDelay) {
  server_.Route("/robots.txt", ServerAnswer{.body = "user-agent: *\ncrawl-delay: 7\ndisallow:\n"});
  const auto first = Start(Discovered(server_.Url("/1")));
  const auto second = Start(Discovered(server_.Url("/2")));
  ASSERT_TRUE(Run());
  EXPECT_EQ((*first)->response->body, "at 7000 /1");
  EXPECT_EQ((*second)->response->body, "at 14000 /2");
  FetchRequest ignoring = Discovered(server_.Url("/3"));
  ignoring.robots = RobotsPolicy::kIgnore;
  clock_.Advance(hours(1));
  const milliseconds before = Passed();
  Get(ignoring);
  Get(ignoring);
  EXPECT_EQ(Passed() - before, seconds(1));
}

TEST_F(PoliteFetcherTest, AHugeRobotsFileIsCutNotRefused) {
  std::string file = "user-agent: *\ndisallow: /no\n";
  while (file.size() < (size_t{2} << 20)) {
    file += "# nothing to see here\n";
  }
  server_.Route("/robots.txt", ServerAnswer{.body = file});
  EXPECT_TRUE(Get(Discovered(server_.Url("/no"))).robots_denied);
  EXPECT_TRUE(Get(Discovered(server_.Url("/yes"))).response.has_value());
}

TEST_F(PoliteFetcherTest, EachOriginHasItsOwnFile) {
  server_.Route("/robots.txt", [this](const ServerRequest& request) {
    const bool closed = request.Header("Host")->starts_with("closed.");
    return ServerAnswer{.body = closed ? "user-agent: *\ndisallow: /\n" : ""};
  });
  const auto closed = Start(Discovered(server_.Url("/x", "closed.localhost")));
  const auto open = Start(Discovered(server_.Url("/x", "open.localhost")));
  ASSERT_TRUE(Run());
  EXPECT_TRUE((*closed)->robots_denied);
  EXPECT_TRUE((*open)->response.has_value());
}

}  // namespace
}  // namespace newswire
