// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/archive.h"

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

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

// A wall clock that a test moves.
class ManualClock final : public Clock {
 public:
  UtcMillis Wall() const override { return wall; }
  SteadyTime Steady() const override { return SystemClock().Steady(); }
  UtcMillis wall{std::chrono::milliseconds{1'650'000'000'000}};
};

std::vector<Segment> Segments(const std::filesystem::path& dir) {
  const auto segments = ListSegments(dir);
  EXPECT_TRUE(segments) << segments.error();
  return segments.value_or(std::vector<Segment>{});
}

// Each capture fills a segment.
ArchiveOptions OneCaptureSegments(const std::filesystem::path& dir) {
  ArchiveOptions options = MakeOptions(dir);
  options.segment_size = 1;
  return options;
}

TEST(Archive, AnswersInAppendOrderFromManyThreads) {
  const TemporaryFolder folder;
  std::mutex mutex;
  std::condition_variable answered;
  std::vector<Position> order;
  std::vector<int> per_thread[4];
  auto archive = Archive::Open(MakeOptions(folder.path()), MakeInfo(), SystemClock());
  ASSERT_TRUE(archive) << archive.error();
  constexpr int kEach = 50;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int n = 0; n < kEach; ++n) {
          (*archive)->Append(MakeCapture(t * 1000 + n), [&, t, n](Result<ArchiveAddress> address) {
            ASSERT_TRUE(address) << address.error();
            EXPECT_GE((*archive)->durable_end(), address->end);
            const std::lock_guard guard(mutex);
            order.push_back(address->position);
            per_thread[t].push_back(n);
            answered.notify_one();
          });
        }
      });
    }
  }
  std::unique_lock guard(mutex);
  ASSERT_TRUE(answered.wait_for(guard, std::chrono::seconds{60},
                                [&] { return order.size() == 4 * kEach; }));
  EXPECT_TRUE(std::ranges::is_sorted(order));
  for (const std::vector<int>& numbers : per_thread) {
    EXPECT_TRUE(std::ranges::is_sorted(numbers));
  }
}

TEST(Archive, AnswersEverythingBeforeItEnds) {
  const TemporaryFolder folder;
  int answers = 0;
  {
    ArchiveOptions options = MakeOptions(folder.path());
    options.sync_interval = std::chrono::hours{1};
    auto archive = Archive::Open(options, MakeInfo(), SystemClock());
    ASSERT_TRUE(archive) << archive.error();
    for (int n = 0; n < 20; ++n) {
      (*archive)->Append(MakeCapture(n), [&](Result<ArchiveAddress> address) {
        EXPECT_TRUE(address);
        ++answers;
      });
    }
  }
  EXPECT_EQ(answers, 20);
  EXPECT_EQ(ReadArchive(folder.path()).captures.size(), 20u);
}

TEST(Archive, WhatComesAfterAPauseWaitsForNobody) {
  const TemporaryFolder folder;
  std::promise<Result<ArchiveAddress>> answer;
  ArchiveOptions options = MakeOptions(folder.path());
  options.sync_interval = std::chrono::hours{1};
  auto archive = Archive::Open(options, MakeInfo(), SystemClock());
  ASSERT_TRUE(archive) << archive.error();
  (*archive)->Append(MakeCapture(1),
                     [&](Result<ArchiveAddress> address) { answer.set_value(std::move(address)); });
  EXPECT_EQ(answer.get_future().wait_for(std::chrono::seconds{60}), std::future_status::ready);
}

TEST(Archive, ACallbackMayAppend) {
  const TemporaryFolder folder;
  std::promise<Result<ArchiveAddress>> second;
  auto archive = Archive::Open(MakeOptions(folder.path()), MakeInfo(), SystemClock());
  ASSERT_TRUE(archive) << archive.error();
  (*archive)->Append(MakeCapture(1), [&](Result<ArchiveAddress>) {
    (*archive)->Append(MakeCapture(2), [&](Result<ArchiveAddress> address) {
      second.set_value(std::move(address));
    });
  });
  EXPECT_TRUE(second.get_future().get());
}

TEST(Archive, RotatesBySizeBetweenCapturesAndSealsWithASumThatSha256sumAccepts) {
  const TemporaryFolder folder;
  {
    auto archive = Archive::Open(OneCaptureSegments(folder.path()), MakeInfo(), SystemClock());
    ASSERT_TRUE(archive) << archive.error();
    for (int n = 0; n < 4; ++n) {
      const auto address = AppendAndWait(**archive, MakeCapture(n));
      ASSERT_TRUE(address) << address.error();
      EXPECT_EQ(address->position.serial(), static_cast<uint32_t>(n + 1));
    }
  }
  const std::vector<Segment> segments = Segments(folder.path());
  ASSERT_EQ(segments.size(), 4u);
  for (const Segment& segment : segments) {
    EXPECT_TRUE(segment.sealed);
    EXPECT_TRUE(std::filesystem::exists(segment.path.native() + ".sha256"));
  }
  EXPECT_EQ(segments[0].path.filename(), "newswire-main-00000001.warc.gz");
  const std::string command =
      "cd '" + folder.path().native() + "' && sha256sum --quiet -c *.sha256";
  EXPECT_EQ(std::system(command.c_str()), 0);

  const Contents got = ReadArchive(folder.path());
  EXPECT_EQ(got.captures.size(), 4u);
  EXPECT_EQ(got.infos.size(), 4u) << "every segment begins with a warcinfo";
  EXPECT_TRUE(got.damage.empty());
}

TEST(Archive, RotatesByAge) {
  const TemporaryFolder folder;
  ManualClock clock;
  ArchiveOptions options = MakeOptions(folder.path());
  options.segment_age = std::chrono::hours{1};
  auto archive = Archive::Open(options, MakeInfo(), clock);
  ASSERT_TRUE(archive) << archive.error();
  ASSERT_TRUE(AppendAndWait(**archive, MakeCapture(1)));
  ASSERT_EQ(AppendAndWait(**archive, MakeCapture(2))->position.serial(), 1u);
  archive->reset();
  clock.wall += std::chrono::hours{2};  // the age is that of the segment, not of the process
  archive = Archive::Open(options, MakeInfo(), clock);
  ASSERT_TRUE(archive) << archive.error();
  EXPECT_EQ(AppendAndWait(**archive, MakeCapture(3))->position.serial(), 2u);
}

TEST(Archive, NeverUsesASerialAgainEvenWhenTheNewestSegmentWasDeleted) {
  const TemporaryFolder folder;
  {
    auto archive = Archive::Open(OneCaptureSegments(folder.path()), MakeInfo(), SystemClock());
    ASSERT_TRUE(AppendAndWait(**archive, MakeCapture(1)));
    ASSERT_TRUE(AppendAndWait(**archive, MakeCapture(2)));
  }
  for (const Segment& segment : Segments(folder.path())) {
    std::filesystem::remove(segment.path);
    std::filesystem::remove(segment.path.native() + ".sha256");
  }
  auto archive = Archive::Open(OneCaptureSegments(folder.path()), MakeInfo(), SystemClock());
  ASSERT_TRUE(archive) << archive.error();
  EXPECT_FALSE((*archive)->created());
  EXPECT_EQ(AppendAndWait(**archive, MakeCapture(3))->position.serial(), 3u);
}

TEST(Archive, CompletesAMissingSumOfAnOlderSegment) {
  const TemporaryFolder folder;
  {
    auto archive = Archive::Open(OneCaptureSegments(folder.path()), MakeInfo(), SystemClock());
    ASSERT_TRUE(AppendAndWait(**archive, MakeCapture(1)));
    ASSERT_TRUE(AppendAndWait(**archive, MakeCapture(2)));
  }
  const std::filesystem::path sum = Segments(folder.path())[0].path.native() + ".sha256";
  const std::string before = ReadAll(sum);
  std::filesystem::remove(sum);
  ASSERT_TRUE(Archive::Open(OneCaptureSegments(folder.path()), MakeInfo(), SystemClock()));
  EXPECT_EQ(ReadAll(sum), before);
}

TEST(Archive, KeepsItsUuidAndSaysWhetherAnythingWasEverCaptured) {
  const TemporaryFolder folder;
  std::string uuid;
  {
    auto archive = Archive::Open(MakeOptions(folder.path()), MakeInfo(), SystemClock());
    ASSERT_TRUE(archive) << archive.error();
    uuid = (*archive)->uuid();
    EXPECT_TRUE((*archive)->created());
  }
  {
    auto archive = Archive::Open(MakeOptions(folder.path()), MakeInfo(), SystemClock());
    EXPECT_TRUE((*archive)->created()) << "a crash before the first capture changes nothing";
    ASSERT_TRUE(AppendAndWait(**archive, MakeCapture(1)));
  }
  auto archive = Archive::Open(MakeOptions(folder.path()), MakeInfo(), SystemClock());
  EXPECT_FALSE((*archive)->created());
  EXPECT_EQ((*archive)->uuid(), uuid);
  EXPECT_EQ(*ReadUuid(folder.path()), uuid);
}

TEST(Archive, RefusesASecondProcess) {
  const TemporaryFolder folder;
  auto archive = Archive::Open(MakeOptions(folder.path()), MakeInfo(), SystemClock());
  ASSERT_TRUE(archive) << archive.error();
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto second = Archive::Open(MakeOptions(folder.path()), MakeInfo(), SystemClock());
    _exit(!second && second.error().kind == ErrorKind::kPermanent ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(Archive, AConfigurationGovernsWhatIsAppendedAfterIt) {
  const TemporaryFolder folder;
  Position second;
  {
    auto archive = Archive::Open(MakeOptions(folder.path()), MakeInfo("info"), SystemClock());
    ASSERT_TRUE(AppendAndWait(**archive, MakeCapture(1)));
    (*archive)->SetWarcInfo(MakeInfo("debug"));
    const auto address = AppendAndWait(**archive, MakeCapture(2));
    ASSERT_TRUE(address);
    second = address->position;
  }
  auto reader = Reader::OpenArchive(folder.path(), Position{}, {});
  ASSERT_TRUE(reader) << reader.error();
  std::string in_force;
  std::vector<std::string> seen;
  while (true) {
    auto item = (*reader)->Next();
    ASSERT_TRUE(item) << item.error();
    if (!item->has_value()) {
      break;
    }
    if (const auto* info = std::get_if<WarcInfo>(&**item)) {
      in_force = info->config_json;
    } else {
      seen.push_back(in_force);
    }
  }
  EXPECT_EQ(seen, (std::vector{MakeInfo("info").config_json, MakeInfo("debug").config_json}));
  const Contents from_second = ReadArchive(folder.path(), second);
  ASSERT_EQ(from_second.infos.size(), 1u);
  EXPECT_EQ(from_second.infos[0].config_json, MakeInfo("debug").config_json);
  EXPECT_EQ(from_second.captures.size(), 1u);
}

TEST(Archive, ALineBreakInAHeaderOrTheConfigurationStaysInItsLine) {
  const TemporaryFolder folder;
  {
    WarcInfo info = MakeInfo();
    info.config_json = "{\n \"sources\": []\r\n}";
    auto archive = Archive::Open(MakeOptions(folder.path()), info, SystemClock());
    ASSERT_TRUE(archive) << archive.error();
    Capture capture = MakeCapture(1);
    capture.headers.push_back({"X-Evil", "a\r\n\r\nWARC/1.1\r\nWARC-Type: warcinfo"});
    capture.url += "\r\nContent-Length: 0";
    ASSERT_TRUE(AppendAndWait(**archive, capture));
    ASSERT_TRUE(AppendAndWait(**archive, MakeCapture(2)));
  }
  const Contents got = ReadArchive(folder.path());
  EXPECT_TRUE(got.damage.empty());
  ASSERT_EQ(got.captures.size(), 2u);
  EXPECT_EQ(got.captures[0].headers.back().value, "a    WARC/1.1  WARC-Type: warcinfo");
  EXPECT_EQ(got.captures[0].body, MakeCapture(1).body);
}

TEST(Archive, AFullDiskFailsTheCaptureAndKeepsTheRest) {
  const TemporaryFolder folder;
  ArchiveOptions options = MakeOptions(folder.path());
  auto archive = Archive::Open(options, MakeInfo(), SystemClock());
  ASSERT_TRUE(archive) << archive.error();
  const auto first = AppendAndWait(**archive, MakeCapture(1));
  ASSERT_TRUE(first) << first.error();

  // A limit on the size of files acts as a disk that fills up in the middle of a write.
  std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  struct rlimit tight = old;
  tight.rlim_cur = first->end.offset() + 100;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  const auto refused = AppendAndWait(**archive, MakeCapture(2));
  const uint64_t size = std::filesystem::file_size(folder.path() / first->segment);
  const bool room = (*archive)->has_room();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old), 0);

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kTransient) << refused.error();
  EXPECT_EQ(size, first->end.offset()) << "the partial write is cut back";
  EXPECT_FALSE(room);
  EXPECT_EQ((*archive)->durable_end(), first->end);
  const auto later = AppendAndWait(**archive, MakeCapture(3));
  ASSERT_TRUE(later) << later.error();
  archive->reset();
  const Contents got = ReadArchive(folder.path());
  EXPECT_TRUE(got.damage.empty());
  ASSERT_EQ(got.captures.size(), 2u);
  ExpectSameCapture(got.captures[1], MakeCapture(3));
}

TEST(Archive, HasNoRoomBelowTheReserve) {
  const TemporaryFolder folder;
  ArchiveOptions options = MakeOptions(folder.path());
  options.min_free_bytes = UINT64_MAX;
  auto archive = Archive::Open(options, MakeInfo(), SystemClock());
  ASSERT_TRUE(archive) << archive.error();
  EXPECT_FALSE((*archive)->has_room());
}

TEST(Archive, RefusesOptionsItCannotKeep) {
  const TemporaryFolder folder;
  ArchiveOptions options = MakeOptions(folder.path());
  options.instance = "../x";
  EXPECT_EQ(Archive::Open(options, MakeInfo(), SystemClock()).error().kind, ErrorKind::kConfig);
}

TEST(Archive, ACaptureTooLargeForARecordIsRefusedAlone) {
  const TemporaryFolder folder;
  auto archive = Archive::Open(MakeOptions(folder.path()), MakeInfo(), SystemClock());
  ASSERT_TRUE(archive) << archive.error();
  Capture large = MakeCapture(1);
  large.body.assign(size_t{256} << 20, 'x');
  EXPECT_EQ(AppendAndWait(**archive, std::move(large)).error().kind, ErrorKind::kPermanent);
  EXPECT_TRUE(AppendAndWait(**archive, MakeCapture(2)));
}

}  // namespace
}  // namespace newswire::archive
