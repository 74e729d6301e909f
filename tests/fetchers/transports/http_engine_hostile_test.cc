// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fetchers/transports/http_engine.h"
#include "tests/support/http_client.h"
#include "tests/support/http_server.h"

namespace newswire::transports {
namespace {

using test::Fetch;
using test::HttpServer;
using test::LoopbackOptions;
using test::MakeEngine;
using test::ServerAnswer;
using ::testing::HasSubstr;

HttpOptions Impatient() {
  HttpOptions options = LoopbackOptions();
  options.total_timeout = std::chrono::milliseconds(300);
  return options;
}

TEST(HttpEngineAgainstAHostileServer, CutsAnEndlessBodyAtTheLimit) {
  HttpServer server;
  server.Route("/", ServerAnswer{.endless = true});
  const auto engine = MakeEngine(LoopbackOptions());
  const Result<HttpResponse> response =
      Fetch(*engine, HttpRequest{.url = *Url::Parse(server.Url("/")), .max_body_bytes = 100'000});
  ASSERT_TRUE(response.has_value()) << response.error();
  EXPECT_EQ(response->body.size(), 100'000U);
  EXPECT_EQ(response->truncated, "length");
  EXPECT_EQ(engine->in_flight(), 0U);
}

TEST(HttpEngineAgainstAHostileServer, ABodyOfExactlyTheLimitIsWhole) {
  HttpServer server;
  server.Route("/", ServerAnswer{.body = std::string(1000, 'x')});
  const auto engine = MakeEngine(LoopbackOptions());
  const Url url = *Url::Parse(server.Url("/"));
  EXPECT_EQ(Fetch(*engine, HttpRequest{.url = url, .max_body_bytes = 1000})->truncated, "");
  const Result<HttpResponse> cut = Fetch(*engine, HttpRequest{.url = url, .max_body_bytes = 999});
  EXPECT_EQ(cut->truncated, "length");
  EXPECT_EQ(cut->body.size(), 999U);
  EXPECT_EQ(Fetch(*engine, HttpRequest{.url = url, .max_body_bytes = 0})->body, "");
}

TEST(HttpEngineAgainstAHostileServer, DoesNotReserveWhatALyingContentLengthSays) {
  HttpServer server;
  server.Route("/", ServerAnswer{.raw = "HTTP/1.1 200 OK\r\n"
                                        "Content-Length: 9000000000000000000\r\n\r\nhi"});
  const auto engine = MakeEngine(LoopbackOptions());
  const Result<HttpResponse> response = Fetch(
      *engine, HttpRequest{.url = *Url::Parse(server.Url("/")), .max_body_bytes = size_t{1} << 40});
  ASSERT_TRUE(response.has_value()) << response.error();
  EXPECT_EQ(response->body, "hi");
  EXPECT_EQ(response->truncated, "disconnect");
  EXPECT_LE(response->body.capacity(), size_t{2} << 20);
}

TEST(HttpEngineAgainstAHostileServer, AByteASecondRunsIntoTheTimeOut) {
  HttpServer server;
  server.Route("/body", ServerAnswer{.raw = "HTTP/1.1 200 OK\r\n\r\nslowly but surely",
                                     .bytes_per_second = 100});
  HttpOptions options = Impatient();
  const auto engine = MakeEngine(options);
  const Result<HttpResponse> response = Fetch(*engine, server.Url("/body"));
  ASSERT_TRUE(response.has_value()) << response.error();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->truncated, "time");
  EXPECT_THAT("slowly but surely", ::testing::StartsWith(response->body));
}

TEST(HttpEngineAgainstAHostileServer, ALowSpeedIsAborted) {
  HttpServer server;
  server.Route("/", ServerAnswer{.body = std::string(5000, 'x'), .bytes_per_second = 100});
  HttpOptions options = LoopbackOptions();
  options.low_speed_time = std::chrono::seconds(1);
  options.low_speed_bytes = 1000;
  const auto engine = MakeEngine(options);
  const Result<HttpResponse> response = Fetch(*engine, server.Url("/"));
  ASSERT_TRUE(response.has_value()) << response.error();
  EXPECT_EQ(response->truncated, "time");
}

TEST(HttpEngineAgainstAHostileServer, ATimeOutBeforeTheHeaderEndsIsAnError) {
  HttpServer server;
  server.Route("/silent", ServerAnswer{.before_header = std::chrono::hours(1)});
  server.Route("/slow", ServerAnswer{.raw = "HTTP/1.1 200 OK\r\nA: 1\r\n", .bytes_per_second = 50});
  const auto engine = MakeEngine(Impatient());
  for (const std::string_view path : {"/silent", "/slow"}) {
    const Result<HttpResponse> response = Fetch(*engine, server.Url(path));
    ASSERT_FALSE(response.has_value()) << path;
    EXPECT_EQ(response.error().kind, ErrorKind::kTransient);
    EXPECT_THAT(response.error().message, HasSubstr("time-out before the header")) << path;
  }
}

TEST(HttpEngineAgainstAHostileServer, AHeaderBombIsBounded) {
  HttpServer server;
  std::string bomb = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 20'000; ++i) {
    bomb += "X-Filler: yes\r\n";
  }
  server.Route("/many", ServerAnswer{.raw = bomb});
  server.Route("/long",
               ServerAnswer{.raw = "HTTP/1.1 200 OK\r\nA: " + std::string(1'000'000, 'x')});
  std::string early;
  for (int i = 0; i < 20'000; ++i) {
    early += "HTTP/1.1 103 Early Hints\r\n\r\n";
  }
  server.Route("/early", ServerAnswer{.raw = early});
  const auto engine = MakeEngine(LoopbackOptions());
  for (const std::string_view path : {"/many", "/long", "/early"}) {
    const Result<HttpResponse> response = Fetch(*engine, server.Url(path));
    ASSERT_FALSE(response.has_value()) << path;
    EXPECT_EQ(response.error().kind, ErrorKind::kTransient) << response.error();
  }
  EXPECT_THAT(Fetch(*engine, server.Url("/many")).error().message,
              HasSubstr("the header is longer than 65536 bytes"));
}

TEST(HttpEngineAgainstAHostileServer, TrailersAreBoundedToo) {
  HttpServer server;
  std::string raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n";
  for (int i = 0; i < 20'000; ++i) {
    raw += "X-Filler: yes\r\n";
  }
  server.Route("/", ServerAnswer{.raw = raw});
  const auto engine = MakeEngine(LoopbackOptions());
  const Result<HttpResponse> response = Fetch(*engine, server.Url("/"));
  ASSERT_TRUE(response.has_value()) << response.error();
  EXPECT_EQ(response->body, "hi");
  EXPECT_EQ(response->truncated, "disconnect");
}

TEST(HttpEngineAgainstAHostileServer, GarbageIsATransientError) {
  HttpServer server;
  server.Route("/garbage", ServerAnswer{.raw = "\x01\x02\x03 what is this\r\n\r\n"});
  server.Route("/ftp", ServerAnswer{.raw = "220 ftp ready\r\n"});
  server.Route("/nothing", ServerAnswer{.raw = ""});
  server.Route("/version", ServerAnswer{.raw = "HTTP/7.3 banana\r\n\r\n"});
  const auto engine = MakeEngine(LoopbackOptions());
  for (const std::string_view path : {"/garbage", "/ftp", "/nothing", "/version"}) {
    const Result<HttpResponse> response = Fetch(*engine, server.Url(path));
    ASSERT_FALSE(response.has_value()) << path;
    EXPECT_EQ(response.error().kind, ErrorKind::kTransient) << response.error();
  }
}

TEST(HttpEngineAgainstAHostileServer, AConnectionClosedInTheBodyIsMarked) {
  HttpServer server;
  server.Route("/length", ServerAnswer{.body = "0123456789", .cut_after = 4});
  server.Route("/chunked", ServerAnswer{.body = "0123456789", .chunked = true, .cut_after = 7});
  const auto engine = MakeEngine(LoopbackOptions());
  const Result<HttpResponse> by_length = Fetch(*engine, server.Url("/length"));
  ASSERT_TRUE(by_length.has_value()) << by_length.error();
  EXPECT_EQ(by_length->body, "0123");
  EXPECT_EQ(by_length->truncated, "disconnect");
  const Result<HttpResponse> chunked = Fetch(*engine, server.Url("/chunked"));
  ASSERT_TRUE(chunked.has_value()) << chunked.error();
  EXPECT_EQ(chunked->body, "0123");
  EXPECT_EQ(chunked->truncated, "disconnect");
}

TEST(HttpEngineAgainstAHostileServer, ACutInTheHeaderIsAnError) {
  HttpServer server;
  server.Route("/", ServerAnswer{.raw = "HTTP/1.1 200 OK\r\nContent-Ty"});
  const auto engine = MakeEngine(LoopbackOptions());
  const Result<HttpResponse> response = Fetch(*engine, server.Url("/"));
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().kind, ErrorKind::kTransient);
}

TEST(HttpEngineAgainstAHostileServer, OthersGoOnBesideASlowOne) {
  HttpServer server;
  server.Route("/slow", ServerAnswer{.before_header = std::chrono::hours(1)});
  server.Route("/fast", ServerAnswer{.body = "x"});
  auto engine = MakeEngine(LoopbackOptions());
  bool slow_done = false;
  engine->Start({.url = *Url::Parse(server.Url("/slow"))},
                [&](const Result<HttpResponse>&) { slow_done = true; });
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(Fetch(*engine, server.Url("/fast")).has_value());
  }
  EXPECT_FALSE(slow_done);
  engine.reset();
  EXPECT_TRUE(slow_done);
}

}  // namespace
}  // namespace newswire::transports
