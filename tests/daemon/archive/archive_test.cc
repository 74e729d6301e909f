// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/archive.h"

#include "fetchers/clock.h"
#include "tests/daemon/archive/archive_fixture.h"

namespace newswire::archive {
namespace {

TEST(Archive, GivesBackWhatWasAppended) {
  const TemporaryFolder folder;
  std::vector<Capture> wanted;
  for (int n = 0; n < 5; ++n) {
    wanted.push_back(MakeCapture(n));
  }
  wanted[1].kind = CaptureKind::kResource;
  wanted[1].url = "file:///var/news/1.md";
  wanted[1].http_status = 0;
  wanted[1].protocol.clear();
  wanted[1].headers.clear();
  wanted[1].content_type = "text/markdown";
  wanted[2].kind = CaptureKind::kRevisit;
  wanted[2].http_status = 304;
  wanted[2].body.clear();
  wanted[3].kind = CaptureKind::kGone;
  wanted[3].http_status = 0;
  wanted[3].protocol.clear();
  wanted[3].headers.clear();
  wanted[3].body.clear();
  wanted[3].metadata.removal = Removal{"file_vanished", UtcMillis{std::chrono::milliseconds{5}}};
  wanted[4].truncated = "length";
  std::vector<ArchiveAddress> addresses;
  {
    auto archive = Archive::Open(MakeOptions(folder.path()), MakeInfo(), SystemClock());
    ASSERT_TRUE(archive) << archive.error();
    EXPECT_TRUE((*archive)->created());
    for (Capture& capture : wanted) {
      if (capture.kind == CaptureKind::kRevisit) {
        capture.refers_to = RefersTo{addresses[0].record_id, wanted[0].url, wanted[0].fetched_at};
      }
      const auto address = AppendAndWait(**archive, capture);
      ASSERT_TRUE(address) << address.error();
      addresses.push_back(*address);
      EXPECT_GE((*archive)->durable_end(), address->end);
    }
  }
  const Contents got = ReadArchive(folder.path());
  EXPECT_TRUE(got.damage.empty());
  ASSERT_EQ(got.infos.size(), 1u);
  EXPECT_EQ(got.infos[0].software, MakeInfo().software);
  EXPECT_EQ(got.infos[0].libraries, MakeInfo().libraries);
  EXPECT_EQ(got.infos[0].config_json, MakeInfo().config_json);
  EXPECT_TRUE(got.infos[0].sources == MakeInfo().sources);
  EXPECT_EQ(got.infos[0].position, Position(1, 0));
  ASSERT_EQ(got.captures.size(), wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    SCOPED_TRACE(i);
    ExpectSameCapture(got.captures[i], wanted[i]);
    EXPECT_TRUE(got.captures[i].address == addresses[i]);
    const auto held = HoldsRecord(folder.path(), addresses[i].position, addresses[i].record_id);
    ASSERT_TRUE(held) << held.error();
    EXPECT_TRUE(*held);
    EXPECT_FALSE(*HoldsRecord(folder.path(), addresses[i].position, "urn:uuid:other"));
    const auto again = ReadCaptureAt(folder.path(), addresses[i].position);
    ASSERT_TRUE(again) << again.error();
    ExpectSameCapture(*again, wanted[i]);
  }
}

}  // namespace
}  // namespace newswire::archive
