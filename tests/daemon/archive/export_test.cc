// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "daemon/archive/export_captures.h"
#include "daemon/archive/tools.h"
#include "daemon/archive/verify.h"
#include "fetchers/clock.h"
#include "tests/daemon/archive/archive_fixture.h"
#include "tests/daemon/archive/run_tool.h"

namespace newswire::archive {
namespace {

// Captures 0 to 3 of "finews": 2 is a revisit of 0, 3 a vanished file; then 4 of "other" under
// another configuration.
class Export : public testing::Test {
 protected:
  void SetUp() override {
    auto archive = Archive::Open(MakeOptions(dir()), MakeInfo(), SystemClock());
    ASSERT_TRUE(archive) << archive.error();
    for (int n = 0; n < 5; ++n) {
      Capture capture = MakeCapture(n);
      if (n == 2) {
        capture.kind = CaptureKind::kRevisit;
        capture.url = MakeCapture(0).url;
        capture.metadata.link = MakeCapture(0).metadata.link;
        capture.payload_digest = captures_[0].payload_digest;
        capture.body.clear();
        capture.refers_to = RefersTo{addresses_[0].record_id, capture.url, captures_[0].fetched_at};
      } else if (n == 3) {
        capture = Capture{.kind = CaptureKind::kGone,
                          .url = capture.url,
                          .fetched_at = capture.fetched_at,
                          .metadata = capture.metadata};
      } else if (n == 4) {
        capture.metadata.source = "other";
        (*archive)->SetWarcInfo(MakeInfo("debug"));
      }
      const auto address = AppendAndWait(**archive, capture);
      ASSERT_TRUE(address) << address.error();
      addresses_.push_back(*address);
      captures_.push_back(std::move(capture));
    }
  }
  const std::filesystem::path& dir() const { return folder_.path(); }
  std::filesystem::path output() const { return out_.path() / "subset.warc.gz"; }
  Answer Run(const CaptureFilter& filter, const std::stop_token& stop = {}) {
    return RunTool([&](auto& out, auto& err) {
      return ExportCaptures(dir(), filter, "newswired/0.1.0", output(), stop, out, err);
    });
  }

  TemporaryFolder folder_, out_;
  std::vector<Capture> captures_;
  std::vector<ArchiveAddress> addresses_;
};

TEST_F(Export, EverythingIsReadAgainAsItWas) {
  const Answer answer = Run({});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_TRUE(answer.out.starts_with(fmt::format("{}: 5 captures, ", output().native())))
      << answer.out;
  const Contents contents = ReadFiles({output()});
  EXPECT_TRUE(contents.damage.empty());
  ASSERT_EQ(contents.captures.size(), 5u);
  for (size_t i = 0; i < 5; ++i) {
    SCOPED_TRACE(i);
    ExpectSameCapture(contents.captures[i], captures_[i]);
    EXPECT_EQ(contents.captures[i].address.record_id, addresses_[i].record_id);
  }
  // Its own, and the two that governed.
  ASSERT_EQ(contents.infos.size(), 3u);
  EXPECT_TRUE(contents.infos[0].config_json.empty());
  EXPECT_EQ(contents.infos[1].config_json, MakeInfo().config_json);
  EXPECT_EQ(contents.infos[2].config_json, MakeInfo("debug").config_json);
  EXPECT_FALSE(std::filesystem::exists(output().native() + ".part"));
  const Answer verified =
      RunTool([&](auto& out, auto& err) { return VerifyPaths({output()}, out, err); });
  EXPECT_EQ(verified.status, 0) << verified.out;
}

TEST_F(Export, ARevisitBringsWhatItRefersTo) {
  const Answer answer = Run({.kind = CaptureKind::kRevisit});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_NE(answer.out.find("2 captures"), std::string::npos) << answer.out;
  EXPECT_NE(answer.out.find("1 of them because revisits refer to them"), std::string::npos);
  const Contents contents = ReadFiles({output()});
  ASSERT_EQ(contents.captures.size(), 2u);
  EXPECT_EQ(contents.captures[0].address.record_id, addresses_[0].record_id);
  EXPECT_EQ(contents.captures[1].refers_to->record_id, addresses_[0].record_id);
}

TEST_F(Export, SaysWhenARevisitsOriginalIsGone) {
  const Answer answer = Run({.from = addresses_[2].position, .to = addresses_[3].position});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_NE(answer.out.find("2 captures"), std::string::npos) << answer.out;

  std::filesystem::remove(output());
  // The original is damaged: the archive does not hold it any more.
  const std::filesystem::path segment = dir() / addresses_[0].segment;
  std::string bytes = ReadAll(segment);
  bytes[addresses_[0].offset + 40] ^= 0x10;
  WriteAll(segment, bytes);
  const Answer damaged = Run({.kind = CaptureKind::kRevisit});
  EXPECT_EQ(damaged.status, kFoundDamage);
  EXPECT_NE(damaged.out.find("1 captures"), std::string::npos) << damaged.out;
  EXPECT_NE(damaged.out.find("1 that revisits refer to are not in the archive any more"),
            std::string::npos)
      << damaged.out;
}

TEST_F(Export, NothingIsOverwrittenAndNothingIsLeftBehind) {
  WriteAll(output(), "mine");
  EXPECT_EQ(Run({}).status, kCannotRead);
  EXPECT_EQ(ReadAll(output()), "mine");
  std::filesystem::remove(output());
  EXPECT_EQ(Run({.source = "nobody"}).status, kCannotRead);
  EXPECT_TRUE(std::filesystem::is_empty(out_.path()));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(Run({}, stop.get_token()).status, kCannotRead);
  EXPECT_TRUE(std::filesystem::is_empty(out_.path()));
}

}  // namespace
}  // namespace newswire::archive
