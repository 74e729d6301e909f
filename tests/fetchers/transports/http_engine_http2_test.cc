// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "fetchers/transports/http_engine.h"
#include "tests/support/certificate.h"
#include "tests/support/http_client.h"

namespace newswire::transports {
namespace {

using ::testing::Contains;
using ::testing::StartsWith;

// Node's HTTP/2 server: a peer that is not libcurl's library.
constexpr std::string_view kProgram = R"js(
const fs = require('fs');
const [certificate, key] = process.argv.slice(2);
const server = require('http2').createSecureServer(
    {cert: fs.readFileSync(certificate), key: fs.readFileSync(key), allowHTTP1: true},
    (request, response) => {
      response.setHeader('X-Version', request.httpVersion);
      response.setHeader('X-Port', request.socket.remotePort);
      if (request.url === '/quit') process.exit(0);
      if (request.url === '/reset') { response.write('half'); setImmediate(() => response.stream.close(2)); return; }
      response.end(request.url === '/long' ? 'x'.repeat(1000000) : 'hello');
    });
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
setTimeout(() => process.exit(1), 60000);
)js";

class HttpEngineOverHttp2 : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::system("command -v node >/dev/null 2>&1") != 0) {
      GTEST_SKIP() << "node is not installed: HTTP/2 is not tested";
    }
    const test::Certificate certificate = test::MakeCertificate({"IP:127.0.0.1"});
    std::ofstream(Path("cert.pem")) << certificate.certificate_pem;
    std::ofstream(Path("key.pem")) << certificate.key_pem;
    std::ofstream(Path("server.js")) << kProgram;
    const std::string command =
        "exec node " + Path("server.js") + " " + Path("cert.pem") + " " + Path("key.pem");
    node_ = popen(command.c_str(), "r");
    ASSERT_NE(node_, nullptr);
    ASSERT_EQ(std::fscanf(node_, "%d", &port_), 1) << "node gave no port";
    options_.ca_file = Path("cert.pem");
  }

  void TearDown() override {
    if (node_ != nullptr) {
      EXPECT_FALSE(test::Fetch(*test::MakeEngine(options_), Url("/quit")).has_value());
      pclose(node_);
    }
    for (const std::string_view name : {"cert.pem", "key.pem", "server.js"}) {
      unlink(Path(name).c_str());
    }
  }

  std::string Url(std::string_view path) const {
    return "https://127.0.0.1:" + std::to_string(port_) + std::string(path);
  }
  static std::string Path(std::string_view name) {
    return ::testing::TempDir() + "/newswire-http2-" + std::to_string(getpid()) + "-" +
           std::string(name);
  }

  HttpOptions options_ = test::LoopbackOptions();
  FILE* node_ = nullptr;
  int port_ = 0;
};

TEST_F(HttpEngineOverHttp2, IsChosenByTheServer) {
  const auto engine = test::MakeEngine(options_);
  const Result<HttpResponse> response = test::Fetch(*engine, Url("/"));
  ASSERT_TRUE(response.has_value()) << response.error();
  EXPECT_EQ(response->protocol, "HTTP/2");
  EXPECT_EQ(response->body, "hello");
  EXPECT_THAT(response->headers, Contains(HttpHeader{"x-version", "2.0"}));
  EXPECT_THAT(response->exchange.tls, StartsWith("TLSv1.3 TLS_"));
}

TEST_F(HttpEngineOverHttp2, CanBeTurnedOff) {
  options_.http2 = false;
  const auto engine = test::MakeEngine(options_);
  const Result<HttpResponse> response = test::Fetch(*engine, Url("/"));
  ASSERT_TRUE(response.has_value()) << response.error();
  EXPECT_EQ(response->protocol, "HTTP/1.1");
  EXPECT_THAT(response->headers, Contains(HttpHeader{"X-Version", "1.1"}));
}

TEST_F(HttpEngineOverHttp2, ACutBodyLeavesTheConnectionUsable) {
  const auto engine = test::MakeEngine(options_);
  const Result<HttpResponse> cut = test::Fetch(
      *engine, HttpRequest{.url = *newswire::Url::Parse(Url("/long")), .max_body_bytes = 1000});
  ASSERT_TRUE(cut.has_value()) << cut.error();
  EXPECT_EQ(cut->truncated, "length");
  EXPECT_EQ(cut->body.size(), 1000U);
  const Result<HttpResponse> after = test::Fetch(*engine, Url("/"));
  ASSERT_TRUE(after.has_value()) << after.error();
  EXPECT_EQ(after->body, "hello");
}

TEST_F(HttpEngineOverHttp2, AStreamThatIsResetIsCut) {
  const auto engine = test::MakeEngine(options_);
  const Result<HttpResponse> response = test::Fetch(*engine, Url("/reset"));
  ASSERT_TRUE(response.has_value()) << response.error();
  EXPECT_EQ(response->truncated, "disconnect");
  EXPECT_EQ(response->body, "half");
}

}  // namespace
}  // namespace newswire::transports
