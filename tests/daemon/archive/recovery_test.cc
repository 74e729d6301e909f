// SPDX-License-Identifier: Apache-2.0
// What crashes leave behind, and what Open makes of it.
#include "daemon/archive/recovery.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/archive/archive.h"
#include "fetchers/clock.h"
#include "tests/daemon/archive/archive_fixture.h"

namespace newswire::archive {
namespace {

constexpr std::string_view kSegment = "newswire-main-00000001.warc.gz";

// Three captures in one segment; returns their addresses.
std::vector<ArchiveAddress> MakeThree(const std::filesystem::path& dir) {
  std::vector<ArchiveAddress> addresses;
  auto archive = Archive::Open(MakeOptions(dir), MakeInfo(), SystemClock());
  EXPECT_TRUE(archive) << archive.error();
  for (int n = 0; n < 3; ++n) {
    const auto address = AppendAndWait(**archive, MakeCapture(n));
    EXPECT_TRUE(address) << address.error();
    addresses.push_back(address.value_or(ArchiveAddress{}));
  }
  return addresses;
}

TEST(ArchiveRecovery, CutsATailTornAtAnyByteBackToTheLastWholeCapture) {
  const TemporaryFolder original;
  const std::vector<ArchiveAddress> addresses = MakeThree(original.path());
  const std::string bytes = ReadAll(original.path() / kSegment);
  ASSERT_EQ(bytes.size(), addresses[2].end.offset());
  for (uint64_t length = addresses[2].offset; length < bytes.size(); ++length) {
    SCOPED_TRACE(length);
    const TemporaryFolder folder;
    std::filesystem::copy(original.path(), folder.path(),
                          std::filesystem::copy_options::recursive |
                              std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file(folder.path() / kSegment, length);
    const auto tail = FindTail(folder.path() / kSegment);
    ASSERT_TRUE(tail) << tail.error();
    ASSERT_EQ(tail->end, addresses[1].end.offset());
    if (length % 16 != 0) {
      continue;  // the whole of Open, with its fsyncs, for some
    }
    auto archive = Archive::Open(MakeOptions(folder.path()), MakeInfo(), SystemClock());
    ASSERT_TRUE(archive) << archive.error();
    ASSERT_TRUE(AppendAndWait(**archive, MakeCapture(7)));
    const Contents got = ReadArchive(folder.path());
    ASSERT_TRUE(got.damage.empty()) << got.damage[0].reason;
    ASSERT_EQ(got.captures.size(), 3u);
    EXPECT_EQ(got.captures[1].address, addresses[1]);
    ExpectSameCapture(got.captures[2], MakeCapture(7));
  }
}

TEST(ArchiveRecovery, CutsATailOfNoughtsOrNoise) {
  for (const std::string& noise :
       {std::string(5000, '\0'), std::string("\x1f\x8b\x08\x04garbage")}) {
    const TemporaryFolder folder;
    const std::vector<ArchiveAddress> addresses = MakeThree(folder.path());
    WriteAll(folder.path() / kSegment, ReadAll(folder.path() / kSegment) + noise);
    ASSERT_TRUE(Archive::Open(MakeOptions(folder.path()), MakeInfo(), SystemClock()));
    const Contents got = ReadArchive(folder.path());
    EXPECT_TRUE(got.damage.empty());
    EXPECT_EQ(got.captures.size(), 3u);
  }
}

TEST(ArchiveRecovery, KeepsWholeCapturesBehindDamage) {
  const TemporaryFolder folder;
  const std::vector<ArchiveAddress> addresses = MakeThree(folder.path());
  std::string bytes = ReadAll(folder.path() / kSegment);
  bytes[addresses[1].offset + 50] ^= 0x40;
  WriteAll(folder.path() / kSegment, bytes);
  ASSERT_TRUE(Archive::Open(MakeOptions(folder.path()), MakeInfo(), SystemClock()));
  const Contents got = ReadArchive(folder.path());
  ASSERT_EQ(got.captures.size(), 2u);
  EXPECT_EQ(got.captures[1].address, addresses[2]);
  ASSERT_EQ(got.damage.size(), 1u);
  EXPECT_EQ(got.damage[0].offset, addresses[1].offset);
  EXPECT_EQ(got.damage[0].length, addresses[1].end.offset() - addresses[1].offset);
}

TEST(ArchiveRecovery, AnEmptyNewestSegmentIsUsed) {
  const TemporaryFolder folder;
  MakeThree(folder.path());
  WriteAll(folder.path() / "newswire-main-00000002.warc.gz", "");
  auto archive = Archive::Open(MakeOptions(folder.path()), MakeInfo(), SystemClock());
  ASSERT_TRUE(archive) << archive.error();
  EXPECT_EQ(AppendAndWait(**archive, MakeCapture(5))->position.serial(), 2u);
  EXPECT_TRUE(std::filesystem::exists(folder.path() / fmt::format("{}.sha256", kSegment)));
  const Contents got = ReadArchive(folder.path());
  EXPECT_EQ(got.captures.size(), 4u);
  EXPECT_EQ(got.infos.size(), 2u);
}

#ifdef NEWSWIRE_FAIL_POINTS
// A child appends captures, writes a byte for each answer, and dies at the fail point. Then Open
// must give back everything that was answered, in order, and go on.
struct Crash {
  std::string point;
  int hits;
};

void PrintTo(const Crash& crash, std::ostream* out) { *out << crash.point << ":" << crash.hits; }

class ArchiveCrash : public testing::TestWithParam<Crash> {};

TEST_P(ArchiveCrash, LosesNothingThatWasAnswered) {
  constexpr int kCaptures = 12;
  const TemporaryFolder folder;
  ArchiveOptions options = MakeOptions(folder.path());
  options.segment_size = 4000;  // rotates a few times
  int answers[2];
  ASSERT_EQ(pipe(answers), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    setenv("NEWSWIRE_FAIL_POINT", fmt::format("{}:{}", GetParam().point, GetParam().hits).c_str(),
           1);
    auto archive = Archive::Open(options, MakeInfo(), SystemClock());
    for (int n = 0; archive && n < kCaptures; ++n) {
      const auto address = AppendAndWait(**archive, MakeCapture(n));
      if (address && write(answers[1], "x", 1) != 1) {
        break;
      }
    }
    archive = Fail(ErrorKind::kCancelled, "");
    _exit(0);
  }
  close(answers[1]);
  size_t answered = 0;
  for (char c = 0; read(answers[0], &c, 1) == 1;) {
    ++answered;
  }
  close(answers[0]);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "the fail point was never reached";

  auto archive = Archive::Open(options, MakeInfo(), SystemClock());
  ASSERT_TRUE(archive) << archive.error();
  ASSERT_TRUE(AppendAndWait(**archive, MakeCapture(99)));
  archive->reset();
  const Contents got = ReadArchive(folder.path());
  EXPECT_TRUE(got.damage.empty());
  ASSERT_GE(got.captures.size(), answered + 1);
  ASSERT_LE(got.captures.size(), answered + 2) << "at most the one in flight is there unanswered";
  for (size_t i = 0; i + 1 < got.captures.size(); ++i) {
    ExpectSameCapture(got.captures[i], MakeCapture(static_cast<int>(i)));
  }
  ExpectSameCapture(got.captures.back(), MakeCapture(99));
  const std::string command = "cd '" + folder.path().native() +
                              "' && if ls *.sha256 >/dev/null 2>&1; then sha256sum --quiet -c "
                              "*.sha256; fi";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

INSTANTIATE_TEST_SUITE_P(
    EveryStep, ArchiveCrash,
    testing::Values(
        Crash{"archive.file.before_sync", 1}, Crash{"archive.file.before_rename", 2},
        Crash{"archive.file.after_rename", 1}, Crash{"archive.file.after_rename", 2},
        Crash{"archive.file.before_rename", 4}, Crash{"archive.file.after_rename", 4},
        Crash{"archive.rotate.before_serial", 1}, Crash{"archive.rotate.before_serial", 2},
        Crash{"archive.rotate.before_create", 2}, Crash{"archive.rotate.created", 1},
        Crash{"archive.rotate.created", 2}, Crash{"archive.rotate.sealed", 1},
        Crash{"archive.segment.partly_written", 1}, Crash{"archive.segment.partly_written", 3},
        Crash{"archive.segment.written", 2}, Crash{"archive.segment.before_sync", 2},
        Crash{"archive.segment.before_folder_sync", 2}, Crash{"archive.segment.synced", 3},
        Crash{"archive.segment.before_seal", 1}, Crash{"archive.commit.before_answers", 1},
        Crash{"archive.commit.before_answers", 4}));

// The relay writes its hint into an empty archive: it must be told so.
TEST(ArchiveRecovery, AFirstStartThatDiesBeforeItHasASegmentIsStillTheFirst) {
  for (const char* point : {"archive.rotate.before_serial", "archive.rotate.before_create",
                            "archive.rotate.created", "archive.segment.written"}) {
    SCOPED_TRACE(point);
    const TemporaryFolder folder;
    int deaths = 0;  // a later start may find more and pass the point by
    for (int start = 0; start < 3; ++start) {
      const pid_t child = fork();
      ASSERT_GE(child, 0);
      if (child == 0) {
        setenv("NEWSWIRE_FAIL_POINT", point, 1);
        const auto archive = Archive::Open(MakeOptions(folder.path()), MakeInfo(), SystemClock());
        _exit(0);
      }
      int status = 0;
      ASSERT_EQ(waitpid(child, &status, 0), child);
      deaths += WIFSIGNALED(status) ? 1 : 0;
    }
    EXPECT_GT(deaths, 0);
    {
      const auto archive = Archive::Open(MakeOptions(folder.path()), MakeInfo(), SystemClock());
      ASSERT_TRUE(archive) << archive.error();
      EXPECT_TRUE((*archive)->empty()) << "nothing was ever captured";
      ASSERT_TRUE(AppendAndWait(**archive, MakeCapture(1)));
    }
    const auto archive = Archive::Open(MakeOptions(folder.path()), MakeInfo(), SystemClock());
    ASSERT_TRUE(archive) << archive.error();
    EXPECT_FALSE((*archive)->empty());
  }
}

TEST(ArchiveRecovery, ACrashDuringRepairIsRepaired) {
  for (const char* point : {"archive.repair.before_cut", "archive.repair.before_sync"}) {
    SCOPED_TRACE(point);
    const TemporaryFolder folder;
    const std::vector<ArchiveAddress> addresses = MakeThree(folder.path());
    std::filesystem::resize_file(folder.path() / kSegment, addresses[2].end.offset() - 1);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      setenv("NEWSWIRE_FAIL_POINT", point, 1);
      const auto archive = Archive::Open(MakeOptions(folder.path()), MakeInfo(), SystemClock());
      _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    ASSERT_TRUE(Archive::Open(MakeOptions(folder.path()), MakeInfo(), SystemClock()));
    const Contents got = ReadArchive(folder.path());
    EXPECT_TRUE(got.damage.empty());
    EXPECT_EQ(got.captures.size(), 2u);
  }
}
#endif

}  // namespace
}  // namespace newswire::archive
