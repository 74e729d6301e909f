// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/reader.h"

#include <map>
#include <thread>

#include "fetchers/clock.h"
#include "tests/daemon/archive/archive_fixture.h"

namespace newswire::archive {
namespace {

std::vector<ArchiveAddress> Fill(const std::filesystem::path& dir, int count,
                                 uint64_t segment_size) {
  ArchiveOptions options = MakeOptions(dir);
  options.segment_size = segment_size;
  std::vector<ArchiveAddress> addresses;
  auto archive = Archive::Open(options, MakeInfo(), SystemClock());
  EXPECT_TRUE(archive) << archive.error();
  for (int n = 0; n < count; ++n) {
    const auto address = AppendAndWait(**archive, MakeCapture(n));
    EXPECT_TRUE(address) << address.error();
    addresses.push_back(address.value_or(ArchiveAddress{}));
  }
  return addresses;
}

constexpr uint64_t kOneSegment = uint64_t{1} << 30;

TEST(ArchiveReader, NeverGivesAWrongCaptureWhicheverByteIsFlipped) {
  const TemporaryFolder folder;
  const std::vector<ArchiveAddress> addresses = Fill(folder.path(), 4, kOneSegment);
  const std::filesystem::path segment = folder.path() / addresses[0].segment;
  const std::string bytes = ReadAll(segment);
  for (size_t at = 0; at < bytes.size(); ++at) {
    SCOPED_TRACE(at);
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    WriteAll(segment, damaged);
    const Contents got = ReadArchive(folder.path());
    std::map<Position, const Capture*> by_position;
    for (const Capture& capture : got.captures) {
      by_position[capture.address.position] = &capture;
    }
    size_t missing = 0;
    for (size_t n = 0; n < addresses.size(); ++n) {
      const bool hit = at >= addresses[n].offset && at < addresses[n].end.offset();
      const auto found = by_position.find(addresses[n].position);
      if (found == by_position.end()) {
        ASSERT_TRUE(hit) << "an untouched capture is not given: " << n;
        ++missing;
        continue;
      }
      ASSERT_EQ(found->second->body, MakeCapture(static_cast<int>(n)).body);
      ASSERT_EQ(found->second->metadata, MakeCapture(static_cast<int>(n)).metadata);
      ASSERT_EQ(found->second->url, MakeCapture(static_cast<int>(n)).url);
      by_position.erase(found);
    }
    ASSERT_TRUE(by_position.empty()) << "a capture that never was";
    ASSERT_LE(missing, 1u);
    const bool info_lost = got.infos.empty();
    ASSERT_EQ(got.damage.size(), missing + (info_lost ? 1 : 0));
    for (const Damage& damage : got.damage) {
      ASSERT_EQ(damage.segment, addresses[0].segment);
      ASSERT_LE(damage.offset, at);
      ASSERT_GT(damage.offset + damage.length, at);
    }
  }
}

TEST(ArchiveReader, ContinuesFromEveryPositionItGaveOut) {
  const TemporaryFolder folder;
  Fill(folder.path(), 6, 2500);
  const Contents all = ReadArchive(folder.path());
  ASSERT_EQ(all.captures.size(), 6u);
  ASSERT_GE(ListSegments(folder.path())->size(), 2u);
  for (size_t n = 0; n < all.captures.size(); ++n) {
    SCOPED_TRACE(n);
    const ArchiveAddress& address = all.captures[n].address;
    const Contents from_begin = ReadArchive(folder.path(), address.position);
    ASSERT_EQ(from_begin.captures.size(), all.captures.size() - n);
    EXPECT_EQ(from_begin.captures[0].address, address);
    ASSERT_FALSE(from_begin.infos.empty());
    EXPECT_LT(from_begin.infos[0].position, address.position);
    EXPECT_EQ(from_begin.infos[0].config_json, MakeInfo().config_json);
    const Contents from_end = ReadArchive(folder.path(), address.end);
    ASSERT_EQ(from_end.captures.size(), all.captures.size() - n - 1);
    EXPECT_TRUE(from_end.damage.empty());
  }
}

TEST(ArchiveReader, RefusesAPositionThatIsNone) {
  const TemporaryFolder folder;
  const std::vector<ArchiveAddress> addresses = Fill(folder.path(), 3, kOneSegment);
  const auto refused = [&](Position from) {
    const auto reader = Reader::OpenArchive(folder.path(), from, {});
    return !reader && reader.error().kind == ErrorKind::kCorruption;
  };
  EXPECT_TRUE(refused(Position(1, addresses[2].end.offset() + 1))) << "past the end";
  EXPECT_TRUE(refused(Position(2, 0))) << "no such segment";
  for (uint64_t offset = addresses[1].offset + 1; offset < addresses[1].end.offset(); ++offset) {
    ASSERT_TRUE(refused(Position(1, offset))) << offset;
  }
  EXPECT_FALSE(refused(addresses[1].position));
  EXPECT_FALSE(Reader::OpenArchive(folder.path(), addresses[2].end, [&] {
    return addresses[1].end;
  })) << "past what is durable";
}

TEST(ArchiveReader, StartsAtTheOldestSegmentThatIsLeft) {
  const TemporaryFolder folder;
  const std::vector<ArchiveAddress> addresses = Fill(folder.path(), 3, 1);
  std::filesystem::remove(folder.path() / addresses[0].segment);
  const Contents got = ReadArchive(folder.path());
  ASSERT_EQ(got.captures.size(), 2u);
  EXPECT_EQ(got.captures[0].address, addresses[1]);
}

TEST(ArchiveReader, FollowsALiveArchiveThroughRotationsAndNeverPassesTheDurableEnd) {
  const TemporaryFolder folder;
  ArchiveOptions options = MakeOptions(folder.path());
  options.segment_size = 2500;
  auto archive = Archive::Open(options, MakeInfo(), SystemClock());
  ASSERT_TRUE(archive) << archive.error();
  auto reader =
      Reader::OpenArchive(folder.path(), Position{}, [&] { return (*archive)->durable_end(); });
  ASSERT_TRUE(reader) << reader.error();
  constexpr int kCount = 100;
  std::jthread writer([&] {
    for (int n = 0; n < kCount; ++n) {
      (*archive)->Append(MakeCapture(n), {});
    }
  });
  int next = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{120};
  while (next < kCount && std::chrono::steady_clock::now() < deadline) {
    auto item = (*reader)->Next();
    ASSERT_TRUE(item) << item.error();
    if (!item->has_value()) {
      (*archive)->WaitPast((*reader)->position(), std::chrono::seconds{1}, {});
      continue;
    }
    ASSERT_FALSE(std::holds_alternative<Damage>(**item)) << std::get<Damage>(**item).reason;
    ASSERT_LE((*reader)->position(), (*archive)->durable_end());
    if (const auto* capture = std::get_if<Capture>(&**item)) {
      ASSERT_EQ(capture->url, MakeCapture(next).url);
      ASSERT_EQ(capture->address.end, (*reader)->position());
      ++next;
    }
  }
  EXPECT_EQ(next, kCount);
  EXPECT_GT(ListSegments(folder.path())->size(), 10u);
}

TEST(ArchiveReader, ALimitInTheMiddleEndsTheReadingThere) {
  const TemporaryFolder folder;
  const std::vector<ArchiveAddress> addresses = Fill(folder.path(), 3, kOneSegment);
  Position limit = addresses[0].end;
  auto reader = Reader::OpenArchive(folder.path(), Position{}, [&] { return limit; });
  ASSERT_TRUE(reader) << reader.error();
  EXPECT_EQ(Drain(**reader).captures.size(), 1u);
  EXPECT_EQ((*reader)->position(), limit);
  limit = addresses[2].end;
  EXPECT_EQ(Drain(**reader).captures.size(), 2u);
}

TEST(ArchiveReader, ReadsOurSegmentsAsForeignFilesToo) {
  const TemporaryFolder folder;
  const std::vector<ArchiveAddress> addresses = Fill(folder.path(), 3, 1);
  const Contents got =
      ReadFiles({folder.path() / addresses[1].segment, folder.path() / addresses[0].segment});
  ASSERT_EQ(got.captures.size(), 2u);
  ExpectSameCapture(got.captures[0], MakeCapture(1));
  EXPECT_EQ(got.captures[0].address.position, Position(0, addresses[1].offset));
  EXPECT_EQ(got.captures[1].address.position, Position(1, addresses[0].offset));
  EXPECT_EQ(got.infos.size(), 2u);
}

TEST(ArchiveReader, AnEmptyFolderHasNothingYet) {
  const TemporaryFolder folder;
  const Contents got = ReadArchive(folder.path());
  EXPECT_TRUE(got.captures.empty() && got.infos.empty() && got.damage.empty());
}

}  // namespace
}  // namespace newswire::archive
