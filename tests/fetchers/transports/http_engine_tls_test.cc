// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "fetchers/transports/http_engine.h"
#include "tests/support/certificate.h"
#include "tests/support/http_client.h"
#include "tests/support/http_server.h"

namespace newswire::transports {
namespace {

using test::Certificate;
using test::Fetch;
using test::HttpServer;
using test::LoopbackOptions;
using test::MakeEngine;
using test::ServerAnswer;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A CA file that lives as long as the test.
class CaFile {
 public:
  explicit CaFile(const Certificate& certificate)
      : path_(::testing::TempDir() + "/newswire-ca-" + std::to_string(getpid()) + ".pem") {
    std::ofstream(path_) << certificate.certificate_pem;
  }
  ~CaFile() { unlink(path_.c_str()); }
  CaFile(const CaFile&) = delete;
  CaFile& operator=(const CaFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

HttpOptions Trusting(const CaFile& file) {
  HttpOptions options = LoopbackOptions();
  options.ca_file = file.path();
  return options;
}

TEST(HttpEngineOverTls, NamesVersionAndCipher) {
  const Certificate certificate = test::MakeCertificate({"IP:127.0.0.1"});
  HttpServer server({certificate.certificate_pem, certificate.key_pem});
  server.Route("/", ServerAnswer{.body = "secret"});
  const CaFile file(certificate);
  const auto engine = MakeEngine(Trusting(file));
  for (int i = 0; i < 2; ++i) {  // on the connection used again, too
    const Result<HttpResponse> response = Fetch(*engine, server.Url("/"));
    ASSERT_TRUE(response.has_value()) << response.error();
    EXPECT_EQ(response->body, "secret");
    EXPECT_THAT(response->exchange.tls, StartsWith("TLSv1.3 TLS_"));
  }
  EXPECT_EQ(server.requests().back().connection, 1U);
}

TEST(HttpEngineOverTls, RefusesACertificateNobodyVouchesFor) {
  const Certificate certificate = test::MakeCertificate({"IP:127.0.0.1"});
  HttpServer server({certificate.certificate_pem, certificate.key_pem});
  const auto engine = MakeEngine(LoopbackOptions());
  const Result<HttpResponse> response = Fetch(*engine, server.Url("/"));
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().kind, ErrorKind::kTransient);
  EXPECT_THAT(response.error().message, HasSubstr("certificate is not valid"));
  EXPECT_TRUE(server.requests().empty());
}

TEST(HttpEngineOverTls, RefusesACertificateOfAnotherName) {
  const Certificate certificate = test::MakeCertificate({"DNS:other.example"});
  HttpServer server({certificate.certificate_pem, certificate.key_pem});
  const CaFile file(certificate);
  const auto engine = MakeEngine(Trusting(file));
  const Result<HttpResponse> response = Fetch(*engine, server.Url("/"));
  ASSERT_FALSE(response.has_value());
  EXPECT_THAT(response.error().message, HasSubstr("certificate is not valid"));
  EXPECT_TRUE(server.requests().empty());
}

TEST(HttpEngineOverTls, PlainHttpBehindHttpsIsAHandShakeError) {
  HttpServer server;
  const auto engine = MakeEngine(LoopbackOptions());
  const Result<HttpResponse> response =
      Fetch(*engine, "https://127.0.0.1:" + std::to_string(server.port()) + "/");
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().kind, ErrorKind::kTransient);
  EXPECT_THAT(response.error().message, HasSubstr("TLS hand-shake failed"));
}

}  // namespace
}  // namespace newswire::transports
