// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/import.h"

#include <algorithm>
#include <deque>
#include <random>

#include <fmt/format.h>

#include "daemon/archive/warc_record.h"
#include "daemon/relay/foreign_page.h"
#include "fetchers/clock.h"
#include "tests/daemon/archive/archive_fixture.h"

namespace newswire::archive {
namespace {

// An archive as a sink; answers come at once.
class ArchiveSink : public CaptureSink {
 public:
  explicit ArchiveSink(Archive& archive) : archive_(archive) {}
  Status Append(Capture capture) override {
    if (left == 0) {
      return Fail(ErrorKind::kTransient, "the daemon ended");
    }
    --left;
    answers_.push_back(AppendAndWait(archive_, std::move(capture)));
    return {};
  }
  Result<ArchiveAddress> NextAnswer() override {
    if (answers_.empty() || deaf) {
      return Fail(ErrorKind::kTransient, "the daemon ended");
    }
    Result<ArchiveAddress> answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }

  size_t left = SIZE_MAX;  // appends until it ends
  bool deaf = false;       // what it appends is not acknowledged

 private:
  Archive& archive_;
  std::deque<Result<ArchiveAddress>> answers_;
};

class ImportTest : public testing::Test {
 protected:
  void SetUp() override {
    auto archive = Archive::Open(MakeOptions(dir()), MakeInfo(), SystemClock());
    ASSERT_TRUE(archive) << archive.error();
    archive_ = std::move(*archive);
  }
  std::filesystem::path dir() const { return folder_.path() / "archive"; }
  std::filesystem::path state() const { return folder_.path() / "import"; }

  // Foreign captures as a reader gives them.
  static std::vector<Capture> Foreign(int count) {
    std::vector<Capture> captures;
    for (int n = 0; n < count; ++n) {
      Capture capture = MakeCapture(n);
      capture.metadata = {};
      capture.payload_digest = Sha1Digest(capture.body);
      capture.address = {.segment = "CC-NEWS.warc.gz",
                         .offset = static_cast<uint64_t>(n) * 100,
                         .record_id = fmt::format("urn:uuid:{}", n),
                         .position = Position(0, static_cast<uint64_t>(n) * 100),
                         .end = Position(0, static_cast<uint64_t>(n) * 100 + 100)};
      captures.push_back(std::move(capture));
    }
    return captures;
  }

  struct Outcome {
    Status status;
    ImportCounts counts;
  };
  Outcome Run(const std::vector<Capture>& captures, ArchiveSink& sink,
              const std::stop_token& stop = {}, bool all = false) {
    Result<FolderLock> lock = ImportLedger::Lock(state());
    EXPECT_TRUE(lock) << lock.error();
    auto ledger = ImportLedger::Open(std::move(*lock), state(), archive_->uuid());
    EXPECT_TRUE(ledger) << ledger.error();
    const Status caught_up = (*ledger)->CatchUp(dir());
    EXPECT_TRUE(caught_up) << caught_up.error();
    size_t next = 0;
    Outcome outcome;
    outcome.status = Import(
        [&]() -> Result<std::optional<Item>> {
          return next < captures.size() ? std::optional<Item>(captures[next++]) : std::nullopt;
        },
        {.source = MakeInfo().sources[0],
         .is_post = all ? std::function<bool(const Capture&)>() : relay::IsForeignPage},
        **ledger, sink, stop, outcome.counts, [] {});
    return outcome;
  }

  TemporaryFolder folder_;
  std::unique_ptr<Archive> archive_;
};

TEST_F(ImportTest, AForeignCaptureBecomesOneOfTheSource) {
  ArchiveSink sink(*archive_);
  const Outcome outcome = Run(Foreign(2), sink);
  ASSERT_TRUE(outcome.status) << outcome.status.error();
  EXPECT_EQ(outcome.counts.imported, 2u);
  const Contents contents = ReadArchive(dir());
  ASSERT_EQ(contents.captures.size(), 2u);
  const Capture& got = contents.captures[1];
  EXPECT_EQ(got.metadata.source, "finews");
  EXPECT_EQ(got.metadata.role, CaptureRole::kPost);
  EXPECT_EQ(got.metadata.link, MakeCapture(1).url);
  EXPECT_EQ(got.fetched_at, MakeCapture(1).fetched_at);
  EXPECT_EQ(got.body, MakeCapture(1).body);
  EXPECT_EQ(got.refers_to->record_id, "urn:uuid:1");
  EXPECT_NE(got.address.record_id, "urn:uuid:1");
}

TEST_F(ImportTest, WhatIsNoPageIsPassedByUnlessAllIsWanted) {
  std::vector<Capture> captures = Foreign(4);
  captures[0].http_status = 404;
  captures[1].headers = {{"Content-Type", "image/png"}};
  captures[2].kind = CaptureKind::kRevisit;
  ArchiveSink sink(*archive_);
  Outcome outcome = Run(captures, sink);
  EXPECT_EQ(outcome.counts.imported, 1u);
  EXPECT_EQ(outcome.counts.passed_by, 3u);
  outcome = Run(captures, sink, {}, true);
  EXPECT_EQ(outcome.counts.imported, 2u);
  EXPECT_EQ(outcome.counts.known, 1u);
  EXPECT_EQ(outcome.counts.passed_by, 1u);
}

// Interrupted anywhere, with or without acknowledgements, with or without its own state: run again
// it imports the rest, and nothing twice.
TEST_F(ImportTest, NothingIsImportedTwice) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937 random(seed);
  const std::vector<Capture> captures = Foreign(60);
  for (int round = 0; round < 12; ++round) {
    ArchiveSink sink(*archive_);
    sink.left = random() % 10;
    sink.deaf = random() % 2 == 0;
    Run(captures, sink);
    if (random() % 3 == 0) {
      std::filesystem::remove_all(state());
    } else if (random() % 3 == 0) {
      WriteAll(state() / "imported.db", "no database");
    }
  }
  ArchiveSink sink(*archive_);
  ASSERT_TRUE(Run(captures, sink).status);
  const Outcome again = Run(captures, sink);
  EXPECT_EQ(again.counts.imported, 0u);
  EXPECT_EQ(again.counts.known, 60u);
  std::vector<std::string> urls;
  for (const Capture& capture : ReadArchive(dir()).captures) {
    urls.push_back(capture.url);
  }
  ASSERT_EQ(urls.size(), 60u);
  std::ranges::sort(urls);
  EXPECT_EQ(std::ranges::unique(urls).begin(), urls.end());
}

TEST_F(ImportTest, TheSameRecordInTwoFilesIsOne) {
  std::vector<Capture> captures = Foreign(1);
  captures.push_back(captures[0]);
  captures[1].address.segment = "a-copy.warc.gz";
  ArchiveSink sink(*archive_);
  const Outcome outcome = Run(captures, sink);
  EXPECT_EQ(outcome.counts.imported, 1u);
  EXPECT_EQ(outcome.counts.known, 1u);
}

// What others appended after the last import is lost with the power; the position that was reached
// is then no place in the archive.
TEST_F(ImportTest, TheArchiveMayEndBeforeThePositionThatWasReached) {
  {
    ArchiveSink sink(*archive_);
    ASSERT_TRUE(Run(Foreign(2), sink).status);
  }
  const Position imported = archive_->durable_end();
  ASSERT_TRUE(AppendAndWait(*archive_, MakeCapture(9)));
  {
    ArchiveSink sink(*archive_);
    ASSERT_TRUE(Run({}, sink).status);
  }
  archive_.reset();
  std::filesystem::resize_file(dir() / "newswire-main-00000001.warc.gz", imported.offset());
  SetUp();
  ArchiveSink sink(*archive_);
  const Outcome outcome = Run(Foreign(3), sink);
  ASSERT_TRUE(outcome.status) << outcome.status.error();
  EXPECT_EQ(outcome.counts.known, 2u);
  EXPECT_EQ(outcome.counts.imported, 1u);
}

TEST_F(ImportTest, OneImportAtATime) {
  const Result<FolderLock> lock = ImportLedger::Lock(state());
  ASSERT_TRUE(lock);
  const Result<FolderLock> second = ImportLedger::Lock(state());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, "another import into this archive is running");
}

TEST_F(ImportTest, AStopKeepsWhatWasAppended) {
  std::stop_source stop;
  stop.request_stop();
  ArchiveSink sink(*archive_);
  const Outcome outcome = Run(Foreign(3), sink, stop.get_token());
  ASSERT_FALSE(outcome.status);
  EXPECT_EQ(outcome.status.error().kind, ErrorKind::kCancelled);
  EXPECT_EQ(outcome.counts.imported, 0u);
}

}  // namespace
}  // namespace newswire::archive
