// SPDX-License-Identifier: Apache-2.0
// Which segments go, what keeps them, and what deleting leaves when it is interrupted.
#include "daemon/archive/retention.h"

#include <csignal>
#include <future>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "daemon/archive/folder.h"
#include "daemon/archive/hold.h"
#include "fetchers/clock.h"
#include "tests/daemon/archive/archive_fixture.h"

namespace newswire::archive {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr UtcMillis kNow{std::chrono::milliseconds{1'790'000'000'000}};

// Segments 1 to `count` of 10 MiB; the n-th before the newest ended n hours ago.
std::vector<DatedSegment> Hourly(uint32_t count) {
  std::vector<DatedSegment> segments;
  for (uint32_t serial = 1; serial <= count; ++serial) {
    segments.push_back(
        {.serial = serial,
         .size = 10 * kMiB,
         .ended = serial == count ? std::optional<UtcMillis>() : kNow - hours(count - serial)});
  }
  return segments;
}

TEST(ArchiveRetention, KeepsWhatTheOptionsAndTheLimitsSay) {
  struct Case {
    const char* name;
    RetentionOptions options;
    RetentionLimits limits;
    uint32_t oldest;
  };
  const Case cases[] = {
      {"nothing goes without an option", {}, {.keep_from = 99}, 1},
      {"as much as fits the size", {.age = {}, .size = 45 * kMiB}, {.keep_from = 99}, 7},
      {"exactly the size fits", {.age = {}, .size = 40 * kMiB}, {.keep_from = 99}, 7},
      {"all of it fits", {.age = {}, .size = 100 * kMiB}, {.keep_from = 99}, 1},
      {"the snapshot must fit too",
       {.age = {}, .size = 45 * kMiB},
       {.keep_from = 99, .snapshot_bytes = 6 * kMiB},
       8},
      {"many go at once where a snapshot is large",
       {.age = {}, .size = 95 * kMiB},
       {.keep_from = 99, .snapshot_bytes = 10 * kMiB},
       5},
      {"but half of the size stays",
       {.age = {}, .size = 95 * kMiB},
       {.keep_from = 99, .snapshot_bytes = 40 * kMiB},
       7},
      {"what is not committed stays", {.age = {}, .size = 20 * kMiB}, {.keep_from = 3}, 3},
      {"the newest stays", {.age = {}, .size = kMiB}, {.keep_from = 99}, 10},
      {"by age", {.age = hours(5), .size = {}}, {.keep_from = 99}, 6},
      {"by age, not what is held", {.age = hours(5), .size = {}}, {.keep_from = 2}, 2},
      {"the smaller of the two", {.age = hours(7), .size = 45 * kMiB}, {.keep_from = 99}, 7},
      {"by age, a little late where a snapshot is large",
       {.age = std::chrono::minutes(510), .size = {}},
       {.keep_from = 99, .snapshot_bytes = 10 * kMiB},
       1},
      {"by age, but not later",
       {.age = hours(8), .size = {}},
       {.keep_from = 99, .snapshot_bytes = 10 * kMiB},
       3},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(OldestToKeep(Hourly(10), one.options, one.limits, kNow), one.oldest) << one.name;
  }
}

TEST(ArchiveRetention, ASegmentOfUnknownAgeStays) {
  std::vector<DatedSegment> segments = Hourly(5);
  segments[1].ended.reset();
  EXPECT_EQ(OldestToKeep(segments, {.age = hours(1), .size = {}}, {.keep_from = 99}, kNow), 2U);
}

// A folder with a segment for each of `count` captures.
std::vector<ArchiveAddress> FillSegments(const std::filesystem::path& dir, int count) {
  ArchiveOptions options = MakeOptions(dir);
  options.segment_size = 1;
  auto archive = Archive::Open(options, MakeInfo(), SystemClock());
  EXPECT_TRUE(archive) << archive.error();
  std::vector<ArchiveAddress> addresses;
  for (int n = 0; n < count; ++n) {
    const auto address = AppendAndWait(**archive, MakeCapture(n));
    EXPECT_TRUE(address) << address.error();
    addresses.push_back(address.value_or(ArchiveAddress{}));
  }
  return addresses;
}

uint32_t OldestIn(const std::filesystem::path& dir) {
  const auto segments = ListSegments(dir);
  EXPECT_TRUE(segments && !segments->empty());
  return segments->front().serial;
}

TEST(ArchiveRetention, DeletesTheOldestFirstWithItsSumAndNeverTheNewest) {
  const TemporaryFolder folder;
  const auto addresses = FillSegments(folder.path(), 4);
  for (const uint32_t wanted : {2U, 3U}) {
    const auto deleted = DeleteOldest(folder.path(), 3);
    ASSERT_TRUE(deleted) << deleted.error();
    EXPECT_TRUE(*deleted);
    EXPECT_EQ(OldestIn(folder.path()), wanted);
  }
  EXPECT_FALSE(DeleteOldest(folder.path(), 3).value_or(true));
  EXPECT_FALSE(std::filesystem::exists(SumPath(folder.path() / addresses[0].segment)));
  EXPECT_TRUE(std::filesystem::exists(SumPath(folder.path() / addresses[2].segment)));
  EXPECT_TRUE(DeleteOldest(folder.path(), 99).value_or(false));
  EXPECT_FALSE(DeleteOldest(folder.path(), 99).value_or(true)) << "one is left";
}

TEST(ArchiveRetention, DatesASegmentByTheHeadOfTheNext) {
  const TemporaryFolder folder;
  FillSegments(folder.path(), 3);
  const auto before = SystemClock().Wall() - hours(1);
  const auto segments = ListSegments(folder.path());
  ASSERT_TRUE(segments);
  SegmentDates dates;
  const auto dated = dates.Of(*segments);
  ASSERT_TRUE(dated) << dated.error();
  ASSERT_EQ(dated->size(), 3U);
  EXPECT_GT((*dated)[0].ended.value_or(UtcMillis{}), before);
  EXPECT_GE((*dated)[1].ended, (*dated)[0].ended);
  EXPECT_FALSE((*dated)[2].ended);
}

TEST(ArchiveRetention, AHoldKeepsItsSegmentsAsLongAsItLives) {
  const TemporaryFolder folder;
  FillSegments(folder.path(), 4);
  {
    const auto later = Hold::Take(folder.path(), 3);
    ASSERT_TRUE(later) << later.error();
    const auto hold = Hold::Take(folder.path(), 2);
    ASSERT_TRUE(hold) << hold.error();
    EXPECT_TRUE(DeleteOldest(folder.path(), 99).value_or(false)) << "nobody holds the first";
    EXPECT_FALSE(DeleteOldest(folder.path(), 99).value_or(true));
    EXPECT_EQ(OldestIn(folder.path()), 2U);
  }
  EXPECT_TRUE(DeleteOldest(folder.path(), 99).value_or(false));
  EXPECT_EQ(OldestIn(folder.path()), 3U);
}

TEST(ArchiveRetention, AHoldEndsWithItsProcessHoweverItEnds) {
  const TemporaryFolder folder;
  FillSegments(folder.path(), 3);
  int taken[2];
  ASSERT_EQ(pipe(taken), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto hold = Hold::Take(folder.path(), 1);
    const char answer = hold ? 'y' : 'n';
    if (write(taken[1], &answer, 1) != 1) {
      _exit(1);
    }
    while (true) {
      pause();
    }
  }
  char answer = 0;
  ASSERT_EQ(read(taken[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  EXPECT_FALSE(DeleteOldest(folder.path(), 99).value_or(true));
  kill(child, SIGKILL);
  int how = 0;
  ASSERT_EQ(waitpid(child, &how, 0), child);
  EXPECT_TRUE(DeleteOldest(folder.path(), 99).value_or(false));
  size_t holds = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path() / "holds")) {
    holds += entry.path().extension() == ".hold" ? 1 : 0;
  }
  EXPECT_EQ(holds, 0U) << "a dead process's file is removed";
  close(taken[0]);
  close(taken[1]);
}

TEST(ArchiveRetention, AFileThatSaysNothingHoldsEverything) {
  const TemporaryFolder folder;
  FillSegments(folder.path(), 2);
  const auto hold = Hold::Take(folder.path(), 2);
  ASSERT_TRUE(hold) << hold.error();
  for (const auto& entry : std::filesystem::directory_iterator(folder.path() / "holds")) {
    if (entry.path().extension() == ".hold") {
      std::filesystem::resize_file(entry.path(), 0);
    }
  }
  EXPECT_FALSE(DeleteOldest(folder.path(), 99).value_or(true));
}

#ifdef NEWSWIRE_FAIL_POINTS

TEST(ArchiveRetention, KilledWhileItDeletesItLeavesAnArchiveThatGoesOn) {
  for (const char* point : {"archive.retire.before_delete", "archive.retire.between_deletes:1",
                            "archive.retire.between_deletes:2", "archive.retire.deleted"}) {
    SCOPED_TRACE(point);
    const TemporaryFolder folder;
    const auto addresses = FillSegments(folder.path(), 4);
    const pid_t child = fork();
    if (child == 0) {
      setenv("NEWSWIRE_FAIL_POINT", point, 1);
      (void)DeleteOldest(folder.path(), 3);
      _exit(0);
    }
    int how = 0;
    ASSERT_EQ(waitpid(child, &how, 0), child);
    ASSERT_TRUE(WIFSIGNALED(how));
    ASSERT_TRUE(DeleteOrphanSums(folder.path()));
    while (DeleteOldest(folder.path(), 3).value_or(false)) {
    }
    EXPECT_EQ(OldestIn(folder.path()), 3U);
    EXPECT_FALSE(std::filesystem::exists(SumPath(folder.path() / addresses[0].segment)));
    EXPECT_FALSE(std::filesystem::exists(SumPath(folder.path() / addresses[1].segment)));
    ArchiveOptions options = MakeOptions(folder.path());
    auto archive = Archive::Open(options, MakeInfo(), SystemClock());
    ASSERT_TRUE(archive) << archive.error();
    const auto next = AppendAndWait(**archive, MakeCapture(9));
    ASSERT_TRUE(next) << next.error();
    EXPECT_GT(next->position.serial(), 4U) << "serials are never used again";
    const Contents got = ReadArchive(folder.path());
    EXPECT_TRUE(got.damage.empty());
    EXPECT_EQ(got.captures.size(), 3U);
  }
}

#endif

TEST(ArchiveRetention, AReaderSaysWhenASegmentGoesBeforeItsEyes) {
  const TemporaryFolder folder;
  const auto addresses = FillSegments(folder.path(), 4);
  auto reader = Reader::OpenArchive(folder.path(), Position{}, {});
  ASSERT_TRUE(reader) << reader.error();
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE((*reader)->Next());  // the first segment
  }
  ASSERT_TRUE(DeleteOldest(folder.path(), 4).value_or(false));
  ASSERT_TRUE(DeleteOldest(folder.path(), 4).value_or(false));
  Result<std::optional<Item>> item = (*reader)->Next();
  while (item && item->has_value()) {
    item = (*reader)->Next();
  }
  ASSERT_FALSE(item) << "captures were passed over in silence";
  EXPECT_EQ(item.error().kind, ErrorKind::kCorruption);
  EXPECT_NE(item.error().message.find("retired"), std::string::npos) << item.error();
}

TEST(ArchiveRetention, APositionThatIsGoneIsRefusedWithTheOldestOne) {
  const TemporaryFolder folder;
  const auto addresses = FillSegments(folder.path(), 3);
  ASSERT_TRUE(DeleteOldest(folder.path(), 3).value_or(false));
  const auto reader = Reader::OpenArchive(folder.path(), addresses[0].end, {});
  ASSERT_FALSE(reader);
  EXPECT_NE(reader.error().message.find(Position(2, 0).ToHex()), std::string::npos)
      << reader.error();
}

}  // namespace
}  // namespace newswire::archive
