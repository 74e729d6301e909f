// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/control/client.h"
#include "daemon/control/server.h"
#include "daemon/control/socket.h"
#include "fetchers/clock.h"
#include "tests/daemon/archive/redact_fixture.h"

namespace newswire::control {
namespace {

using archive::MakeCapture;
using archive::TemporaryFolder;

class ControlSocket : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = archive::Archive::Open(archive::MakeOptions(folder_.path() / "archive"),
                                         archive::MakeInfo(), SystemClock());
    ASSERT_TRUE(opened) << opened.error();
    archive_ = std::move(*opened);
  }
  std::filesystem::path Path() const { return folder_.path() / kSocketName; }
  Status Start(const std::filesystem::path& path) {
    auto server =
        Server::Start({.socket = path,
                       .software = "newswired/test",
                       .knows_source = [](std::string_view id) { return id == "finews"; }},
                      *archive_);
    if (server) {
      server_ = std::move(*server);
    }
    return server ? Status() : std::unexpected(server.error());
  }
  // Sends bytes as they are; what comes back until the server ends the connection.
  static std::string Raw(const std::filesystem::path& path, std::string bytes) {
    auto socket = Connect(path);
    EXPECT_TRUE(socket && socket->has_value());
    while (!bytes.empty()) {
      if (!WriteSome((*socket)->get(), bytes)) {
        break;
      }
      pollfd wait{(*socket)->get(), static_cast<short>(bytes.empty() ? 0 : POLLOUT), 0};
      poll(&wait, 1, bytes.empty() ? 0 : 1000);
    }
    shutdown((*socket)->get(), SHUT_WR);
    std::string got;
    char buffer[4096];
    while (true) {
      pollfd wait{(*socket)->get(), POLLIN, 0};
      if (poll(&wait, 1, 60'000) <= 0) {
        ADD_FAILURE() << "no end of the connection";
        return got;
      }
      const ssize_t n = recv((*socket)->get(), buffer, sizeof buffer, 0);
      if (n <= 0) {
        return got;
      }
      got.append(buffer, static_cast<size_t>(n));
    }
  }

  TemporaryFolder folder_;
  std::unique_ptr<archive::Archive> archive_;
  std::unique_ptr<Server> server_;
};

TEST_F(ControlSocket, CapturesGoThroughItAsTheyAre) {
  ASSERT_TRUE(Start(Path()));
  auto client = Client::Connect(Path());
  ASSERT_TRUE(client) << client.error();
  ASSERT_NE(*client, nullptr);
  EXPECT_EQ((*client)->archive_uuid(), archive_->uuid());
  Capture gone = MakeCapture(2);
  gone.kind = CaptureKind::kGone;
  std::vector<Capture> captures = {MakeCapture(0), MakeCapture(1), gone};
  captures[0].refers_to = RefersTo{.record_id = "urn:uuid:elsewhere"};
  captures[1].body.assign(3'000'000, 'x');
  for (const Capture& capture : captures) {
    ASSERT_TRUE((*client)->Append(capture));
  }
  std::vector<Position> ends;
  for (size_t n = 0; n < captures.size(); ++n) {
    const auto answer = (*client)->NextAnswer();
    ASSERT_TRUE(answer) << answer.error();
    ends.push_back(answer->end);
  }
  EXPECT_EQ(ends.back(), archive_->durable_end());
  const archive::Contents contents = archive::ReadArchive(folder_.path() / "archive");
  ASSERT_EQ(contents.captures.size(), 3u);
  for (size_t n = 0; n < 2; ++n) {
    archive::ExpectSameCapture(contents.captures[n], captures[n]);
    EXPECT_EQ(contents.captures[n].address.end, ends[n]);
  }
  EXPECT_EQ(contents.captures[2].kind, CaptureKind::kGone);
}

TEST_F(ControlSocket, AnswersComeInOrderAlsoWhenSomeAreRefused) {
  ASSERT_TRUE(Start(Path()));
  auto client = Client::Connect(Path());
  ASSERT_TRUE(client && *client);
  for (int n = 0; n < 300; ++n) {
    Capture capture = MakeCapture(n);
    if (n % 3 == 1) {
      capture.metadata.source = "stranger";
    }
    ASSERT_TRUE((*client)->Append(std::move(capture)));
  }
  for (int n = 0; n < 300; ++n) {
    const auto answer = (*client)->NextAnswer();
    ASSERT_EQ(answer.has_value(), n % 3 != 1) << n;
    if (!answer) {
      EXPECT_EQ(answer.error().kind, ErrorKind::kConfig);
    }
  }
  EXPECT_EQ(archive::ReadArchive(folder_.path() / "archive").captures.size(), 200u);
}

TEST_F(ControlSocket, ARedactionGoesThroughItAndIsToldLineByLine) {
  archive_.reset();
  auto opened = archive::Archive::Open(archive::MakeOptions(folder_.path() / "archive"),
                                       archive::NewsInfo(), SystemClock());
  ASSERT_TRUE(opened) << opened.error();
  archive_ = std::move(*opened);
  ASSERT_TRUE(Start(Path()));
  auto client = Client::Connect(Path());
  ASSERT_TRUE(client && *client);
  // Behind appends of the same connection.
  for (int n = 0; n < 3; ++n) {
    ASSERT_TRUE((*client)->Append(archive::NewsPage(n)));
  }
  for (int n = 0; n < 3; ++n) {
    ASSERT_TRUE((*client)->NextAnswer());
  }
  const std::string post = "finews:" + archive::NewsId(1);
  auto report = (*client)->Redact({.posts = {post}, .reason = "a court said \"so\""}, {});
  ASSERT_TRUE(report) << report.error();
  ASSERT_EQ(report->captures.size(), 1u);
  EXPECT_EQ(report->captures[0].url, archive::NewsUrl(1));
  EXPECT_EQ(report->captures[0].segment, "newswire-main-00000001.warc.gz");
  EXPECT_EQ(report->segments.size(), 1u);
  const auto controls = archive_->controls();
  EXPECT_TRUE(controls->redactions()->Names(post));
  ASSERT_EQ(controls->all().size(), 1u);
  EXPECT_EQ(report->record, controls->all()[0].position);
  EXPECT_EQ(archive::RedactionFromJson(controls->all()[0].body)->reason, "a court said \"so\"");
  // The connection goes on, after refusals too.
  const auto unknown = (*client)->Redact({.posts = {"finews:no"}, .reason = {}}, {});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::kPermanent);
  EXPECT_EQ(unknown.error().message, "the archive holds no capture of the post finews:no");
  EXPECT_FALSE((*client)->Redact({.posts = {}, .reason = {}}, {}));
  report = (*client)->Redact({.posts = {post}, .reason = {}}, {});
  ASSERT_TRUE(report) << report.error();
  EXPECT_FALSE(report->record);
  EXPECT_EQ(report->blanked_before, 1u);
  ASSERT_TRUE((*client)->Append(archive::NewsPage(4)));
  EXPECT_TRUE((*client)->NextAnswer());
}

TEST_F(ControlSocket, NobodyListensAfterTheEndAndAStaleSocketIsReplaced) {
  ASSERT_TRUE(Start(Path()));
  server_.reset();
  auto client = Client::Connect(Path());
  ASSERT_TRUE(client) << client.error();
  EXPECT_EQ(*client, nullptr);
  {
    // What kill -9 leaves: the name without a listener.
    auto stale = Listen(Path());
    ASSERT_TRUE(stale);
  }
  ASSERT_TRUE(std::filesystem::exists(std::filesystem::symlink_status(Path())));
  client = Client::Connect(Path());
  ASSERT_TRUE(client) << client.error();
  EXPECT_EQ(*client, nullptr);
  ASSERT_TRUE(Start(Path()));
  client = Client::Connect(Path());
  ASSERT_TRUE(client) << client.error();
  EXPECT_NE(*client, nullptr);
}

TEST_F(ControlSocket, IsForItsOwnerAlone) {
  ASSERT_TRUE(Start(Path()));
  struct stat info{};
  ASSERT_EQ(stat(Path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
}

TEST_F(ControlSocket, ItsPathMayBeLong) {
  std::filesystem::path folder = folder_.path();
  for (int i = 0; i < 4; ++i) {
    folder /= std::string(60, 'd');
  }
  std::filesystem::create_directories(folder);
  const Status started = Start(folder / kSocketName);
  ASSERT_TRUE(started) << started.error();
  auto client = Client::Connect(folder / kSocketName);
  ASSERT_TRUE(client) << client.error();
  ASSERT_NE(*client, nullptr);
  ASSERT_TRUE((*client)->Append(MakeCapture(0)));
  EXPECT_TRUE((*client)->NextAnswer());
}

TEST_F(ControlSocket, WhatCannotBeUnderstoodIsSaidAndEndsTheConnection) {
  ASSERT_TRUE(Start(Path()));
  const std::string hello = "{\"op\":\"hello\",\"version\":1}\n";
  const std::pair<std::string, std::string> cases[] = {
      {"GET / HTTP/1.1\r\n\r\n", "a request is one JSON object"},
      {"{\"op\":\"append\",\"first\":1,\"metadata\":1}\n", "the first request is hello"},
      {"{\"op\":\"hello\",\"version\":2}\n", "speaks version 1"},
      {std::string(100'000, 'x'), "a line of more than"},
      {hello + "{\"op\":\"append\",\"first\":-1,\"metadata\":1}\n", "lengths in bytes"},
      {hello + "{\"op\":\"append\",\"first\":1,\"metadata\":9000000000}\n", "lengths in bytes"},
      {hello + "{\"op\":\"append\",\"first\":2,\"metadata\":2}\nabcd", "\"kind\":\"malformed\""},
      {hello + "{\"op\":\"dance\"}\n", "unknown op 'dance'"},
  };
  for (const auto& [bytes, wanted] : cases) {
    EXPECT_NE(Raw(Path(), bytes).find(wanted), std::string::npos) << wanted;
  }
  EXPECT_EQ(Raw(Path(), ""), "");
  EXPECT_EQ(
      Raw(Path(), hello + "{\"op\":\"append\",\"first\":0,\"metadata\":100}\nhalf").find("error"),
      std::string::npos);
  EXPECT_TRUE(archive::ReadArchive(folder_.path() / "archive").captures.empty());
}

// When a connection is answered, everything that an earlier one appended is durable.
TEST_F(ControlSocket, AConnectionBeginsWhenTheOneBeforeHasEnded) {
  ASSERT_TRUE(Start(Path()));
  for (int n = 0; n < 5; ++n) {
    {
      auto client = Client::Connect(Path());
      ASSERT_TRUE(client && *client);
      ASSERT_TRUE((*client)->Append(MakeCapture(n)));
    }  // not waited for
    auto next = Client::Connect(Path());
    ASSERT_TRUE(next && *next);
    const size_t captures = archive::ReadArchive(folder_.path() / "archive").captures.size();
    next->reset();
    // The one that was dropped may have been lost on the way, but never comes later.
    auto after = Client::Connect(Path());
    ASSERT_TRUE(after && *after);
    EXPECT_EQ(archive::ReadArchive(folder_.path() / "archive").captures.size(), captures);
  }
}

}  // namespace
}  // namespace newswire::control
