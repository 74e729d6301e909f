// SPDX-License-Identifier: Apache-2.0
#include "fetchers/polite_fetcher.h"
#include "tests/fetchers/polite_fetcher_fixture.h"

namespace newswire {
namespace {

using test::HttpServer;
using test::ServerAnswer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

ServerAnswer To(std::string location, int status = 302) {
  return {.status = status, .headers = {{"Location", std::move(location)}}};
}

TEST_F(PoliteFetcherTest, FollowsRedirectsAndNamesThem) {
  server_.Route("/a", To("/b"));
  server_.Route("/b", To("c?d"));
  const FetchOutcome outcome = Get(Listed(server_.Url("/a")));
  ASSERT_TRUE(outcome.response.has_value()) << *outcome.error;
  EXPECT_EQ(outcome.final_url, server_.Url("/c?d"));
  EXPECT_EQ(outcome.response->body, "at 2000 /c?d");  // every hop waits for its turn
  EXPECT_THAT(outcome.response->exchange.redirects,
              ElementsAre(server_.Url("/a"), server_.Url("/b")));
  EXPECT_EQ(outcome.permanent_target, std::nullopt);
}

TEST_F(PoliteFetcherTest, RemembersAPermanentRedirect) {
  server_.Route("/a", To("/b", 301));
  server_.Route("/b", To("/c", 308));
  EXPECT_EQ(Get(Listed(server_.Url("/a"))).permanent_target, server_.Url("/c"));
}

TEST_F(PoliteFetcherTest, ATemporaryHopEndsThePermanentChain) {
  server_.Route("/a", To("/b", 301));
  server_.Route("/b", To("/c", 307));
  server_.Route("/c", To("/d", 301));
  EXPECT_EQ(Get(Listed(server_.Url("/a"))).permanent_target, server_.Url("/b"));
  server_.Route("/x", To("/a", 302));
  EXPECT_EQ(Get(Listed(server_.Url("/x"))).permanent_target, std::nullopt);
}

TEST_F(PoliteFetcherTest, ARedirectIntoNowhereIsNotRemembered) {
  server_.Route("/a", To("/b", 301));
  server_.Route("/b", ServerAnswer{.status = 404});
  const FetchOutcome outcome = Get(Listed(server_.Url("/a")));
  EXPECT_EQ(outcome.response->status, 404);
  EXPECT_EQ(outcome.permanent_target, std::nullopt);
}

TEST_F(PoliteFetcherTest, FiveRedirectsAreFollowedSixAreNot) {
  for (int i = 0; i < 6; ++i) {
    server_.Route("/" + std::to_string(i), To("/" + std::to_string(i + 1)));
  }
  const FetchOutcome five = Get(Listed(server_.Url("/1")));
  ASSERT_TRUE(five.response.has_value()) << *five.error;
  EXPECT_EQ(five.final_url, server_.Url("/6"));
  const FetchOutcome six = Get(Listed(server_.Url("/0")));
  ASSERT_TRUE(six.error.has_value());
  EXPECT_EQ(six.error->kind, ErrorKind::kTransient);
  EXPECT_THAT(six.error->message, HasSubstr("more than 5 redirects"));
}

TEST_F(PoliteFetcherTest, ARedirectLoopIsRefused) {
  server_.Route("/a", To("/b"));
  server_.Route("/b", To("/a#again"));
  server_.Route("/self", To("/self"));
  for (const std::string_view path : {"/a", "/self"}) {
    const FetchOutcome outcome = Get(Listed(server_.Url(path)));
    ASSERT_TRUE(outcome.error.has_value()) << path;
    EXPECT_EQ(outcome.error->kind, ErrorKind::kTransient);
    EXPECT_THAT(outcome.error->message, HasSubstr("redirect loop"));
  }
  EXPECT_EQ(server_.Count("/a"), 1U);
}

TEST_F(PoliteFetcherTest, ARedirectWithoutAPlaceIsAnAnswer) {
  server_.Route("/a", ServerAnswer{.status = 301});
  server_.Route("/choice", To("/b", 300));
  EXPECT_EQ(Get(Listed(server_.Url("/a"))).response->status, 301);
  EXPECT_EQ(Get(Listed(server_.Url("/choice"))).response->status, 300);
}

TEST_F(PoliteFetcherTest, ARedirectToAnotherSchemeIsRefused) {
  server_.Route("/file", To("file:///etc/passwd"));
  const FetchOutcome outcome = Get(Listed(server_.Url("/file")));
  ASSERT_TRUE(outcome.error.has_value());
  EXPECT_EQ(outcome.error->kind, ErrorKind::kPermanent) << *outcome.error;
  server_.Route("/script", To("javascript:alert(1)"));
  EXPECT_TRUE(Get(Listed(server_.Url("/script"))).error.has_value());
}

TEST_F(PoliteFetcherTest, ARedirectToARefusedAddressIsRefused) {
  server_.Route("/meta", To("http://169.254.169.254/latest/meta-data/"));
  const FetchOutcome outcome = Get(Listed(server_.Url("/meta")));
  ASSERT_TRUE(outcome.error.has_value());
  EXPECT_EQ(outcome.error->kind, ErrorKind::kPermanent);
  EXPECT_THAT(outcome.error->message, HasSubstr("link-local"));
}

TEST_F(PoliteFetcherTest, ValidatorsGoToTheFirstHopOnly) {
  server_.Route("/a", To("/b"));
  FetchRequest request = Listed(server_.Url("/a"));
  request.etag = "\"v1\"";
  Get(request);
  EXPECT_EQ(server_.RequestsTo("/a").at(0).Header("If-None-Match"), "\"v1\"");
  EXPECT_EQ(server_.RequestsTo("/b").at(0).Header("If-None-Match"), std::nullopt);
}

TEST_F(PoliteFetcherTest, AHopObeysTheBudgetOfItsOwnDomain) {
  HttpServer other;
  server_.Route("/a", To(other.Url("/b")));
  budget_->Restore("127.0.0.1:" + std::to_string(other.port()),
                   {.blocked_until = clock_.Wall() + std::chrono::hours(1)});
  const FetchOutcome outcome = Get(Listed(server_.Url("/a")));
  EXPECT_TRUE(outcome.host_blocked);
  EXPECT_TRUE(other.requests().empty());
}

TEST_F(PoliteFetcherTest, AHopOfADiscoveredUrlObeysRobots) {
  HttpServer other;
  other.Route("/robots.txt", ServerAnswer{.body = "user-agent: *\ndisallow: /private\n"});
  other.Route("/open", ServerAnswer{.body = "open"});
  server_.Route("/robots.txt", ServerAnswer{.status = 404});
  server_.Route("/a", To(other.Url("/private/b")));
  server_.Route("/c", To(other.Url("/open")));
  const FetchOutcome denied = Get(Discovered(server_.Url("/a")));
  EXPECT_TRUE(denied.robots_denied);
  EXPECT_EQ(denied.final_url, other.Url("/private/b"));
  EXPECT_EQ(other.Count("/private/b"), 0U);
  EXPECT_EQ(Get(Discovered(server_.Url("/c"))).response->body, "open");
  // What the operator listed goes where its site says.
  EXPECT_EQ(Get(Listed(server_.Url("/a"))).response->status, 404);
}

}  // namespace
}  // namespace newswire
