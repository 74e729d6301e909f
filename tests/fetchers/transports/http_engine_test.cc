// SPDX-License-Identifier: Apache-2.0
#include "fetchers/transports/http_engine.h"

#include <cstdlib>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"
#include "tests/support/http_client.h"
#include "tests/support/http_server.h"

namespace newswire::transports {
namespace {

using test::Fetch;
using test::HttpServer;
using test::LoopbackOptions;
using test::MakeEngine;
using test::PollUntil;
using test::ServerAnswer;
using test::ServerRequest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(HttpEngine, GivesStatusHeadersAndBodyAsReceived) {
  HttpServer server;
  server.Route("/post", ServerAnswer{.status = 404,
                                     .headers = {{"X-One", "1"}, {"x-TWO", "a  b"}, {"X-One", "2"}},
                                     .body = "gone"});
  const auto engine = MakeEngine(LoopbackOptions());
  const Result<HttpResponse> response = Fetch(*engine, server.Url("/post"));
  ASSERT_TRUE(response.has_value()) << response.error();
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->protocol, "HTTP/1.1");
  EXPECT_EQ(response->body, "gone");
  EXPECT_EQ(response->truncated, "");
  EXPECT_THAT(response->headers,
              ElementsAre(HttpHeader{"X-One", "1"}, HttpHeader{"x-TWO", "a  b"},
                          HttpHeader{"X-One", "2"}, HttpHeader{"Content-Length", "4"}));
  EXPECT_EQ(response->exchange.remote_address, "127.0.0.1:" + std::to_string(server.port()));
  EXPECT_EQ(response->exchange.tls, "");
}

TEST(HttpEngine, SaysWhoItIsAndSendsValidatorsByteForByte) {
  HttpServer server;
  server.Route("/", ServerAnswer{.status = 304});
  const auto engine = MakeEngine(LoopbackOptions());
  const Result<HttpResponse> response =
      Fetch(*engine, HttpRequest{.url = *Url::Parse(server.Url("/")),
                                 .headers = {{"If-None-Match", "W/\"a,  b\""},
                                             {"If-Modified-Since", "yesterday, I think"}},
                                 .accept = "application/rss+xml"});
  ASSERT_TRUE(response.has_value()) << response.error();
  EXPECT_EQ(response->status, 304);
  const ServerRequest request = server.requests().at(0);
  EXPECT_EQ(request.Header("User-Agent"), "newswire/1.0 (+mailto:test@example.org)");
  EXPECT_EQ(request.Header("Accept-Encoding"), "gzip, br");
  EXPECT_EQ(request.Header("Accept"), "application/rss+xml");
  EXPECT_EQ(request.Header("If-None-Match"), "W/\"a,  b\"");
  EXPECT_EQ(request.Header("If-Modified-Since"), "yesterday, I think");
  EXPECT_EQ(request.Header("Cookie"), std::nullopt);
}

TEST(HttpEngine, AStoredValueCannotBecomeAHeaderOfItsOwn) {
  HttpServer server;
  server.Route("/", ServerAnswer{});
  const auto engine = MakeEngine(LoopbackOptions());
  ASSERT_TRUE(Fetch(*engine, HttpRequest{.url = *Url::Parse(server.Url("/")),
                                         .headers = {{"If-None-Match", "\"a\"\r\nX-Evil: 1"}}})
                  .has_value());
  EXPECT_EQ(server.requests().at(0).Header("X-Evil"), std::nullopt);
  EXPECT_EQ(server.requests().at(0).Header("If-None-Match"), std::nullopt);
}

TEST(HttpEngine, HeadersOfOneRequestDoNotLeakIntoTheNext) {
  HttpServer server;
  server.Route("/", ServerAnswer{});
  const auto engine = MakeEngine(LoopbackOptions());
  ASSERT_TRUE(Fetch(*engine, HttpRequest{.url = *Url::Parse(server.Url("/")),
                                         .headers = {{"If-None-Match", "\"a\""}}}));
  ASSERT_TRUE(Fetch(*engine, server.Url("/")));
  EXPECT_EQ(server.requests().at(1).Header("If-None-Match"), std::nullopt);
}

TEST(HttpEngine, KeepsTheContentEncoding) {
  const std::string encoded("\x1f\x8b\x08\x00 this is never decoded", 26);
  HttpServer server;
  server.Route("/", ServerAnswer{.headers = {{"Content-Encoding", "gzip"}}, .body = encoded});
  const auto engine = MakeEngine(LoopbackOptions());
  const Result<HttpResponse> response = Fetch(*engine, server.Url("/"));
  ASSERT_TRUE(response.has_value()) << response.error();
  EXPECT_EQ(response->body, encoded);
  EXPECT_EQ(FindHeader(response->headers, "content-encoding"), "gzip");
}

TEST(HttpEngine, UndoesChunksAndDropsHopByHopHeaders) {
  HttpServer server;
  server.Route("/", ServerAnswer{.headers = {{"Keep-Alive", "timeout=5"}, {"ETag", "\"1\""}},
                                 .body = "in a chunk",
                                 .chunked = true,
                                 .close = true});
  const auto engine = MakeEngine(LoopbackOptions());
  const Result<HttpResponse> response = Fetch(*engine, server.Url("/"));
  ASSERT_TRUE(response.has_value()) << response.error();
  EXPECT_EQ(response->body, "in a chunk");
  EXPECT_THAT(response->headers, ElementsAre(HttpHeader{"ETag", "\"1\""}));
}

TEST(HttpEngine, TrailersAreNoHeaders) {
  HttpServer server;
  server.Route("/",
               ServerAnswer{.raw = "HTTP/1.1 200 OK\r\nA: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
                                   "2\r\nhi\r\n0\r\nHTTP/9: x\r\nB: 2\r\n\r\n"});
  const auto engine = MakeEngine(LoopbackOptions());
  const Result<HttpResponse> response = Fetch(*engine, server.Url("/"));
  ASSERT_TRUE(response.has_value()) << response.error();
  EXPECT_EQ(response->body, "hi");
  EXPECT_THAT(response->headers, ElementsAre(HttpHeader{"A", "1"}));
}

TEST(HttpEngine, KeepsOnlyTheFinalHeaderBlock) {
  HttpServer server;
  server.Route("/", ServerAnswer{.headers = {{"B", "2"}},
                                 .body = "x",
                                 .before = "HTTP/1.1 103 Early Hints\r\nA: 1\r\n\r\n"
                                           "HTTP/1.1 103 Early Hints\r\nA: 2\r\n\r\n"});
  const auto engine = MakeEngine(LoopbackOptions());
  const Result<HttpResponse> response = Fetch(*engine, server.Url("/"));
  ASSERT_TRUE(response.has_value()) << response.error();
  EXPECT_EQ(response->status, 200);
  EXPECT_THAT(response->headers,
              ElementsAre(HttpHeader{"B", "2"}, HttpHeader{"Content-Length", "1"}));
}

TEST(HttpEngine, JoinsFoldedHeaderLines) {
  HttpServer server;
  server.Route("/", ServerAnswer{.raw = "HTTP/1.0 200 OK\r\nA: one\r\n\t two\r\n\r\nbody"});
  const auto engine = MakeEngine(LoopbackOptions());
  const Result<HttpResponse> response = Fetch(*engine, server.Url("/"));
  ASSERT_TRUE(response.has_value()) << response.error();
  EXPECT_EQ(response->protocol, "HTTP/1.0");
  EXPECT_EQ(response->body, "body");
  EXPECT_THAT(response->headers, ElementsAre(HttpHeader{"A", "one two"}));
}

TEST(HttpEngine, FollowsNoRedirect) {
  HttpServer server;
  server.Route("/old", ServerAnswer{.status = 301, .headers = {{"Location", "/new"}}});
  const auto engine = MakeEngine(LoopbackOptions());
  const Result<HttpResponse> response = Fetch(*engine, server.Url("/old"));
  ASSERT_TRUE(response.has_value()) << response.error();
  EXPECT_EQ(response->status, 301);
  EXPECT_EQ(server.Count("/new"), 0U);
}

TEST(HttpEngine, UsesAConnectionAgain) {
  HttpServer server;
  server.Route("/", ServerAnswer{.body = "x"});
  const auto engine = MakeEngine(LoopbackOptions());
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(Fetch(*engine, server.Url("/")).has_value());
  }
  for (const ServerRequest& request : server.requests()) {
    EXPECT_EQ(request.connection, 1U);
  }
}

TEST(HttpEngine, StampsTimesByTheClockItWasGiven) {
  HttpServer server;
  server.Route("/", ServerAnswer{});
  const test::FakeClock clock;
  const auto engine = MakeEngine(LoopbackOptions(), clock);
  const Result<HttpResponse> response = Fetch(*engine, server.Url("/"));
  ASSERT_TRUE(response.has_value()) << response.error();
  EXPECT_EQ(response->started_at, clock.Wall());
  EXPECT_EQ(response->answered_at, clock.Wall());
  EXPECT_EQ(response->exchange.duration.count(), 0);
}

TEST(HttpEngine, RefusesAddressesTheOperatorDidNotName) {
  HttpServer server;
  HttpOptions options = LoopbackOptions();
  options.allow_networks.clear();
  const auto engine = MakeEngine(options);
  for (const std::string_view host : {"127.0.0.1", "localhost"}) {
    const Result<HttpResponse> response = Fetch(*engine, server.Url("/", host));
    ASSERT_FALSE(response.has_value()) << host;
    EXPECT_EQ(response.error().kind, ErrorKind::kPermanent) << response.error();
    EXPECT_THAT(response.error().message, HasSubstr("loopback address")) << host;
  }
  EXPECT_TRUE(server.requests().empty());
}

TEST(HttpEngine, ReachesANameWhoseAddressIsAllowed) {
  HttpServer server;
  server.Route("/", ServerAnswer{.body = "x"});
  const auto engine = MakeEngine(LoopbackOptions());
  const Result<HttpResponse> response = Fetch(*engine, server.Url("/", "localhost"));
  ASSERT_TRUE(response.has_value()) << response.error();
  EXPECT_EQ(response->body, "x");
}

TEST(HttpEngine, RefusesOtherSchemes) {
  const auto engine = MakeEngine(LoopbackOptions());
  const Result<HttpResponse> response = Fetch(*engine, "file:///etc/passwd");
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().kind, ErrorKind::kPermanent);
}

TEST(HttpEngine, IgnoresTheEnvironmentsProxy) {
  HttpServer server;
  server.Route("/", ServerAnswer{.body = "direct"});
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  const auto engine = MakeEngine(LoopbackOptions());
  const Result<HttpResponse> response = Fetch(*engine, server.Url("/"));
  unsetenv("http_proxy");
  ASSERT_TRUE(response.has_value()) << response.error();
  EXPECT_EQ(response->body, "direct");
}

TEST(HttpEngine, GoesThroughTheConfiguredProxy) {
  HttpServer proxy;
  proxy.Default([](const ServerRequest& request) {
    return ServerAnswer{.body = "asked for " + request.target};
  });
  HttpOptions options = LoopbackOptions();
  options.allow_networks.clear();  // the proxy is the operator's own choice
  options.proxy = proxy.Url("");
  const auto engine = MakeEngine(options);
  const Result<HttpResponse> response = Fetch(*engine, "http://news.example/a?b");
  ASSERT_TRUE(response.has_value()) << response.error();
  EXPECT_EQ(response->body, "asked for http://news.example/a?b");
  EXPECT_FALSE(Fetch(*engine, "http://10.0.0.1/").has_value());
}

TEST(HttpEngine, AConnectionRefusedIsTransient) {
  uint16_t port = 0;
  {
    const HttpServer closed;
    port = closed.port();
  }
  const auto engine = MakeEngine(LoopbackOptions());
  const Result<HttpResponse> response =
      Fetch(*engine, "http://127.0.0.1:" + std::to_string(port) + "/");
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().kind, ErrorKind::kTransient);
  EXPECT_THAT(response.error().message, HasSubstr("no connection"));
}

TEST(HttpEngine, ANameThatDoesNotResolveIsTransient) {
  const auto engine = MakeEngine(LoopbackOptions());
  const Result<HttpResponse> response = Fetch(*engine, "http://nowhere.invalid/");
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().kind, ErrorKind::kTransient);
  EXPECT_THAT(response.error().message, HasSubstr("http://nowhere.invalid: "));
}

TEST(HttpEngine, RunsAtMostMaxInFlightAndKeepsTheOthersInOrder) {
  HttpServer server;
  server.Default([](const ServerRequest&) { return ServerAnswer{.body = "x"}; });
  HttpOptions options = LoopbackOptions();
  options.max_in_flight = 1;
  const auto engine = MakeEngine(options);
  std::vector<int> order;
  for (int i = 0; i < 20; ++i) {
    engine->Start({.url = *Url::Parse(server.Url("/" + std::to_string(i)))},
                  [&order, i](const Result<HttpResponse>& r) {
                    EXPECT_TRUE(r.has_value());
                    order.push_back(i);
                  });
  }
  EXPECT_EQ(engine->in_flight(), 20U);
  EXPECT_TRUE(order.empty());  // nothing completes within Start
  ASSERT_TRUE(PollUntil(*engine, [&] { return order.size() == 20; }));
  EXPECT_TRUE(std::ranges::is_sorted(order));
  EXPECT_EQ(engine->in_flight(), 0U);
  EXPECT_EQ(server.requests().back().connection, 1U);
}

TEST(HttpEngine, ACompletionMayStartAnotherRequest) {
  HttpServer server;
  server.Default([](const ServerRequest&) { return ServerAnswer{.body = "x"}; });
  const auto engine = MakeEngine(LoopbackOptions());
  int done = 0;
  std::function<void(Result<HttpResponse>)> again = [&](const Result<HttpResponse>& r) {
    EXPECT_TRUE(r.has_value());
    if (++done < 10) {
      engine->Start({.url = *Url::Parse(server.Url("/"))}, again);
    }
  };
  engine->Start({.url = *Url::Parse(server.Url("/"))}, again);
  EXPECT_TRUE(PollUntil(*engine, [&] { return done == 10; }));
}

TEST(HttpEngine, CancelsWhatIsUnfinishedWhenDestroyed) {
  HttpServer server;
  server.Route("/slow", ServerAnswer{.before_header = std::chrono::hours(1)});
  HttpOptions options = LoopbackOptions();
  options.max_in_flight = 1;
  auto engine = MakeEngine(options);
  std::vector<ErrorKind> kinds;
  for (int i = 0; i < 3; ++i) {
    engine->Start({.url = *Url::Parse(server.Url("/slow"))}, [&](const Result<HttpResponse>& r) {
      ASSERT_FALSE(r.has_value());
      kinds.push_back(r.error().kind);
    });
  }
  engine->Poll(std::chrono::milliseconds(0));
  engine.reset();
  EXPECT_THAT(kinds,
              ElementsAre(ErrorKind::kCancelled, ErrorKind::kCancelled, ErrorKind::kCancelled));
}

TEST(HttpEngine, WakeupEndsAPollFromAnotherThread) {
  const auto engine = MakeEngine(LoopbackOptions());
  std::jthread waker([&] { engine->Wakeup(); });
  engine->Poll(std::chrono::hours(1));  // the test's own time-out is the failure
}

TEST(HttpEngine, RefusesABadNetworkOrCaFile) {
  HttpOptions options = LoopbackOptions();
  options.allow_networks = {"127.0.0.0/88"};
  const auto bad_network = HttpEngine::Create(options, SystemClock());
  ASSERT_FALSE(bad_network.has_value());
  EXPECT_EQ(bad_network.error().kind, ErrorKind::kConfig);
  EXPECT_THAT(bad_network.error().message, HasSubstr("http.allow_networks: \"127.0.0.0/88\""));
  options = LoopbackOptions();
  options.ca_file = "/nonexistent/ca.pem";
  const auto bad_file = HttpEngine::Create(options, SystemClock());
  ASSERT_FALSE(bad_file.has_value());
  EXPECT_EQ(bad_file.error().kind, ErrorKind::kConfig);
}

}  // namespace
}  // namespace newswire::transports
