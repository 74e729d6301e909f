// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/tools.h"

#include <sstream>

#include <fmt/format.h>

#include "daemon/archive/cat.h"
#include "daemon/archive/inspect.h"
#include "daemon/archive/list.h"
#include "daemon/archive/verify.h"
#include "daemon/archive/warc_record.h"
#include "fetchers/clock.h"
#include "tests/daemon/archive/archive_fixture.h"
#include "tests/daemon/archive/run_tool.h"
#include "transforms/text/hash.h"
#include "transforms/text/json.h"

namespace newswire::archive {
namespace {

class ArchiveTools : public testing::Test {
 protected:
  void SetUp() override {
    auto archive = Archive::Open(MakeOptions(dir()), MakeInfo(), SystemClock());
    ASSERT_TRUE(archive) << archive.error();
    for (int n = 0; n < 3; ++n) {
      Capture capture = MakeCapture(n);
      if (n == 2) {
        capture.metadata.source = "other";
        capture.kind = CaptureKind::kGone;
        capture.http_status = 0;
      }
      const auto address = AppendAndWait(**archive, capture);
      ASSERT_TRUE(address) << address.error();
      addresses_.push_back(*address);
    }
  }
  const std::filesystem::path& dir() const { return folder_.path(); }
  std::filesystem::path segment() const { return dir() / addresses_[0].segment; }
  void Flip(uint64_t offset) {
    std::string bytes = ReadAll(segment());
    bytes[offset] ^= 0x10;
    WriteAll(segment(), bytes);
  }
  Answer List(const CaptureFilter& filter) {
    return RunTool(
        [&](auto& out, auto& err) { return ListCaptures(dir(), filter, false, out, err); });
  }
  Answer Cat(const std::string& which, CatPart part) {
    return RunTool([&](auto& out, auto& err) { return CatCapture(dir(), which, part, out, err); });
  }
  Answer Verify() {
    return RunTool([&](auto& out, auto& err) { return VerifyArchive(dir(), out, err); });
  }
  Answer Inspect(const std::filesystem::path& file) {
    return RunTool([&](auto& out, auto& err) { return InspectWarc(file, out, err); });
  }

  TemporaryFolder folder_;
  std::vector<ArchiveAddress> addresses_;
};

TEST_F(ArchiveTools, ListsCapturesAndFilters) {
  const Answer all = List({});
  EXPECT_EQ(all.status, 0) << all.err;
  ASSERT_EQ(all.lines().size(), 3u);
  EXPECT_EQ(all.lines()[0], addresses_[0].position.ToHex() +
                                "\t2022-04-15T05:20:00.123Z\tresponse\tfinews\tpost\t200\t"
                                "https://news.example/post/0.html");
  EXPECT_NE(all.lines()[2].find("\tgone\tother\tpost\t-\t"), std::string::npos);
  EXPECT_EQ(List({.source = "other"}).lines().size(), 1u);
  EXPECT_EQ(List({.url = "/post/1."}).lines().size(), 1u);
  EXPECT_EQ(List({.since = MakeCapture(1).fetched_at}).lines().size(), 2u);
  EXPECT_EQ(List({.until = MakeCapture(1).fetched_at}).lines().size(), 1u);
}

TEST_F(ArchiveTools, ListFiltersByEveryCondition) {
  EXPECT_EQ(List({.role = CaptureRole::kFeed}).lines().size(), 0u);
  EXPECT_EQ(List({.kind = CaptureKind::kGone}).lines().size(), 1u);
  EXPECT_EQ(List({.url = "https://*/post/*.html"}).lines().size(), 3u);
  EXPECT_EQ(List({.url = "/post/*.html"}).lines().size(), 0u);
  EXPECT_EQ(List({.status = 200}).lines().size(), 2u);
  EXPECT_EQ(List({.status = 0}).lines().size(), 1u);
  EXPECT_EQ(List({.from = addresses_[1].position}).lines().size(), 2u);
  EXPECT_EQ(List({.from = Position::FromValue(addresses_[1].position.value() + 1)}).lines().size(),
            1u);
  EXPECT_EQ(List({.to = addresses_[1].position}).lines().size(), 1u);
  EXPECT_EQ(List({.from = Position(2, 0)}).lines().size(), 0u);
  // The id of a post is told by its source's pipeline.
  const auto pipeline = Pipeline::Create(MakeInfo().sources[0]);
  ASSERT_TRUE(pipeline);
  const Transformed transformed = pipeline->Run(MakeCapture(1));
  ASSERT_EQ(transformed.posts.size(), 1u);
  const Answer by_post = List({.post = transformed.posts[0].id});
  ASSERT_EQ(by_post.lines().size(), 1u) << by_post.out;
  EXPECT_TRUE(by_post.out.starts_with(addresses_[1].position.ToHex()));
}

TEST_F(ArchiveTools, ListAsJsonSaysMore) {
  const Answer answer = RunTool([&](auto& out, auto& err) {
    return ListCaptures(dir(), {.from = addresses_[1].position}, true, out, err);
  });
  ASSERT_EQ(answer.lines().size(), 2u);
  EXPECT_EQ(
      answer.lines()[0],
      fmt::format(
          R"({{"position":"{}","end":"{}","segment":"newswire-main-00000001.warc.gz","offset":{},)"
          R"("record_id":"{}","date":"2022-04-15T05:20:01.123Z","kind":"response",)"
          R"("source":"finews","role":"post","status":200,)"
          R"("url":"https://news.example/post/1.html","link":"https://news.example/1",)"
          R"("title":"新能源 1","content_type":"text/html; charset=gb2312","length":{},)"
          R"("digest":"{}","truncated":null,"removal":null,"refers_to":null,"redacted":false}})",
          addresses_[1].position.ToHex(), addresses_[1].end.ToHex(), addresses_[1].offset,
          addresses_[1].record_id, MakeCapture(1).body.size(), Sha1Digest(MakeCapture(1).body)));
}

TEST(CaptureFilter, UrlPatterns) {
  EXPECT_TRUE(MatchesUrl("news", "https://news.example/"));
  EXPECT_TRUE(MatchesUrl("https://*.example/*/1", "https://a.example/b/1"));
  EXPECT_FALSE(MatchesUrl("https://*.example/*/1", "https://a.example/b/12"));
  EXPECT_TRUE(MatchesUrl("*1", "https://a.example/b/1"));
  EXPECT_TRUE(MatchesUrl("*", ""));
  EXPECT_FALSE(MatchesUrl("ab*ba", "aba"));
}

TEST(CaptureFilter, Bounds) {
  EXPECT_EQ(*ParseBound("0000008000000293", false), Position(1, 0x293));
  EXPECT_EQ(*ParseBound("3", false), Position(3, 0));
  EXPECT_EQ(*ParseBound("3", true), Position(3, Position::kMaxOffset));
  EXPECT_EQ(*ParseBound("newswire-main-00000012.warc.gz", false), Position(12, 0));
  EXPECT_FALSE(ParseBound("", false));
  EXPECT_FALSE(ParseBound("12x", false));
}

TEST_F(ArchiveTools, ListGoesOnBehindDamageAndSaysSo) {
  Flip(addresses_[0].offset + 40);
  const Answer answer = List({});
  EXPECT_EQ(answer.status, kFoundDamage);
  EXPECT_EQ(answer.lines().size(), 2u);
  EXPECT_TRUE(answer.err.ends_with(fmt::format("at offset {}\n", addresses_[0].offset)))
      << answer.err;
}

TEST_F(ArchiveTools, CatsByPositionAndById) {
  EXPECT_EQ(Cat(addresses_[1].position.ToHex(), CatPart::kPayload).out, MakeCapture(1).body);
  EXPECT_EQ(Cat(addresses_[1].record_id, CatPart::kPayload).out, MakeCapture(1).body);
  EXPECT_EQ(Cat("<" + addresses_[1].record_id + ">", CatPart::kDecoded).out, MakeCapture(1).body);
  const Answer records = Cat(addresses_[1].position.ToHex(), CatPart::kRecords);
  EXPECT_EQ(records.status, 0);
  EXPECT_TRUE(records.out.starts_with("WARC/1.1\r\nWARC-Type: response\r\n")) << records.out;
  EXPECT_NE(records.out.find("WARC-Type: metadata\r\n"), std::string::npos);
  EXPECT_NE(records.out.find("WARC-Protocol: h2\r\n"), std::string::npos);
  EXPECT_NE(records.out.find("WARC-IP-Address: 203.0.113.7\r\n"), std::string::npos);
  EXPECT_EQ(Cat("0000000000000001", CatPart::kPayload).status, kCannotRead);
  EXPECT_EQ(Cat("urn:uuid:nothing", CatPart::kPayload).status, kCannotRead);
}

TEST_F(ArchiveTools, CatsTheNewestCaptureOfAUrl) {
  {
    auto archive = Archive::Open(MakeOptions(dir()), MakeInfo(), SystemClock());
    ASSERT_TRUE(archive) << archive.error();
    Capture newer = MakeCapture(1);
    newer.body = "newer";
    ASSERT_TRUE(AppendAndWait(**archive, newer));
    newer.kind = CaptureKind::kRevisit;
    newer.refers_to = RefersTo{addresses_[1].record_id, newer.url, newer.fetched_at};
    ASSERT_TRUE(AppendAndWait(**archive, newer));
  }
  EXPECT_EQ(Cat(MakeCapture(1).url, CatPart::kPayload).out, "newer");
  EXPECT_EQ(Cat(MakeCapture(1).metadata.link, CatPart::kPayload).out, "newer");
  EXPECT_EQ(Cat(MakeCapture(0).url, CatPart::kPayload).out, MakeCapture(0).body);
  EXPECT_EQ(Cat("https://news.example/never", CatPart::kPayload).status, kCannotRead);
}

TEST_F(ArchiveTools, CatsTheTextThatThePipelineTakesOut) {
  Capture capture = MakeCapture(7);
  capture.headers = {{"content-type", "text/html; charset=utf-8"}};
  capture.body =
      "<html><head><title>T</title></head><body><article><p>The first paragraph of this story, "
      "long "
      "enough to be one.</p><p>And a second one, which says something else about it.</p>"
      "</article></body></html>";
  ArchiveAddress address;
  {
    auto archive = Archive::Open(MakeOptions(dir()), MakeInfo(), SystemClock());
    ASSERT_TRUE(archive) << archive.error();
    address = *AppendAndWait(**archive, capture);
  }
  const auto pipeline = Pipeline::Create(MakeInfo().sources[0]);
  ASSERT_TRUE(pipeline);
  const Transformed transformed = pipeline->Run(capture);
  ASSERT_EQ(transformed.posts.size(), 1u);
  ASSERT_FALSE(transformed.posts[0].text.empty());
  EXPECT_EQ(Cat(address.position.ToHex(), CatPart::kText).out, transformed.posts[0].text + "\n");
  // The source of capture 2 is in no configuration.
  const Answer unknown = Cat(addresses_[2].position.ToHex(), CatPart::kText);
  EXPECT_EQ(unknown.status, kFoundDamage);
  EXPECT_NE(unknown.err.find("no source 'other'"), std::string::npos) << unknown.err;
}

TEST_F(ArchiveTools, VerifyFindsEachKindOfDamage) {
  const Answer whole = Verify();
  EXPECT_EQ(whole.status, 0) << whole.out << whole.err;
  EXPECT_NE(whole.out.find("whole, 6 records, 3 captures"), std::string::npos) << whole.out;

  Flip(addresses_[1].offset + 40);
  const Answer damaged = Verify();
  EXPECT_EQ(damaged.status, kFoundDamage);
  EXPECT_NE(damaged.out.find(fmt::format("at offset {}\n", addresses_[1].offset)),
            std::string::npos)
      << damaged.out;
}

TEST_F(ArchiveTools, VerifyComparesASealedSegmentWithItsSum) {
  const std::string name = addresses_[0].segment;
  WriteAll(dir() / (name + ".sha256"), text::Hex(text::Sha256(ReadAll(segment()))) + "  " + name);
  EXPECT_EQ(Verify().status, 0);
  Flip(4);  // the member's modification time: no checksum of its own covers it
  const Answer answer = Verify();
  EXPECT_EQ(answer.status, kFoundDamage);
  EXPECT_NE(answer.out.find("does not match its .sha256, "), std::string::npos) << answer.out;
  EXPECT_NE(
      answer.out.find("a byte of a gzip header is not what is written, 1 bytes at offset 4\n"),
      std::string::npos)
      << answer.out;
}

TEST_F(ArchiveTools, WhatADaemonIsWritingIsNoDamage) {
  auto archive = Archive::Open(MakeOptions(dir()), MakeInfo(), SystemClock());
  ASSERT_TRUE(archive) << archive.error();
  WriteAll(segment(), ReadAll(segment()) + "\x1f\x8b\x08\x04 half a member");
  EXPECT_EQ(Verify().status, 0) << Verify().out;
  EXPECT_EQ(List({}).status, 0) << List({}).err;
  archive->reset();
  EXPECT_EQ(Verify().status, kFoundDamage);
  EXPECT_EQ(List({}).status, kFoundDamage);
}

TEST_F(ArchiveTools, InspectPrintsOneJsonLinePerRecord) {
  const Answer answer = Inspect(segment());
  EXPECT_EQ(answer.status, 0) << answer.err;
  const std::vector<std::string> lines = answer.lines();
  ASSERT_EQ(lines.size(), 6u);
  const auto info = text::JsonDocument::Parse(lines[0]);
  ASSERT_TRUE(info) << info.error();
  EXPECT_EQ(info->root()["type"].string_or(""), "warcinfo");
  EXPECT_TRUE(info->root()["target_uri"].is_null());
  EXPECT_TRUE(info->root()["http_status"].is_null());
  EXPECT_EQ(info->root()["content_type"].string_or(""), "application/warc-fields");

  const Capture capture = MakeCapture(1);
  EXPECT_EQ(lines[3],
            fmt::format(R"({{"offset":{},"type":"response","record_id":"{}",)"
                        R"("date":"2022-04-15T05:20:01.123Z",)"
                        R"("target_uri":"https://news.example/post/1.html","http_status":200,)"
                        R"("content_type":"text/html; charset=gb2312","payload_length":{},)"
                        R"("payload_sha1":"{}"}})",
                        addresses_[1].offset, addresses_[1].record_id, capture.body.size(),
                        text::Base32(text::Sha1(capture.body))));
}

TEST_F(ArchiveTools, InspectNeverListsADamagedRecord) {
  Flip(addresses_[1].offset + 40);
  const Answer answer = Inspect(segment());
  EXPECT_EQ(answer.status, kFoundDamage);
  EXPECT_EQ(answer.lines().size(), 5u);
  EXPECT_TRUE(answer.err.ends_with(fmt::format("at offset {}\n", addresses_[1].offset)))
      << answer.err;
  EXPECT_EQ(Inspect(dir() / "nothing").status, kCannotRead);
}

TEST_F(ArchiveTools, PythonsOwnGzipReadsOurSegments) {
  if (std::system("python3 -c 'import gzip' 2>/dev/null") != 0) {
    GTEST_SKIP() << "SKIPPED: python3 is not installed";
  }
  const std::filesystem::path script =
      std::filesystem::path(NEWSWIRE_SOURCE_DIR) / "tests/daemon/archive/read_warc.py";
  const std::string output = (dir() / "output").native();
  const std::string command =
      fmt::format("python3 '{}' '{}' > '{}'", script.native(), segment().native(), output);
  ASSERT_EQ(std::system(command.c_str()), 0);
  std::string wanted;
  for (const std::string& line : Inspect(segment()).lines()) {
    const auto json = text::JsonDocument::Parse(line);
    ASSERT_TRUE(json) << json.error();
    wanted +=
        fmt::format("{} {} {}\n", *json->root()["offset"].integer(),
                    json->root()["type"].string_or(""), json->root()["record_id"].string_or(""));
  }
  EXPECT_EQ(ReadAll(output), wanted);
}

}  // namespace
}  // namespace newswire::archive
