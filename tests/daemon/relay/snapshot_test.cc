// SPDX-License-Identifier: Apache-2.0
// Snapshots: what is written, what is loaded, and what is not believed.
#include <algorithm>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/archive/control_scan.h"
#include "daemon/archive/folder.h"
#include "daemon/relay/restore.h"
#include "daemon/relay/sequencer_state.h"
#include "daemon/relay/snapshot_codec.h"
#include "daemon/relay/snapshot_writer.h"
#include "fetchers/clock.h"
#include "tests/daemon/archive/archive_fixture.h"
#include "tests/daemon/relay/history.h"

namespace newswire::relay {
namespace {

using ::testing::HasSubstr;

// A row with everything in it, some of it no text.
StoredPost RandomRow(std::mt19937& random, size_t number, Position position) {
  const auto byte = [&] { return static_cast<uint8_t>(random()); };
  StoredPost stored{.post = "s:" + std::to_string(number), .position = position, .row = {}};
  PostRow& row = stored.row;
  row.revision = random() % 9;
  row.state = static_cast<PostState>(random() % 3);
  row.body = static_cast<BodyKind>(random() % 4);
  row.topic = random() % 5 == 0 ? "" : "c" + std::to_string(random() % 7);
  std::ranges::generate(row.digest.whole, byte);
  for (auto& field : row.digest.fields) {
    std::ranges::generate(field, byte);
  }
  std::ranges::generate(row.document_digest, byte);
  row.pipeline = "1.0.0+aaaa";
  row.capture = position;
  row.document = random() % 3;
  row.link = random() % 4 == 0 ? "" : LinkKey("s", stored.post);
  row.url = random() % 6 == 0 ? "https://a.example/\xff\xfe\"" : "https://a.example/" + stored.post;
  row.text_new = row.link_new = true;
  return stored;
}

bool Same(const StoredPost& a, const StoredPost& b) {
  return a.post == b.post && a.position == b.position && a.row.revision == b.row.revision &&
         a.row.state == b.row.state && a.row.body == b.row.body && a.row.topic == b.row.topic &&
         a.row.digest == b.row.digest && a.row.document_digest == b.row.document_digest &&
         a.row.pipeline == b.row.pipeline && a.row.capture == b.row.capture &&
         a.row.document == b.row.document && a.row.link == b.row.link && a.row.url == b.row.url;
}

TEST(SnapshotCodec, EveryRowComesBackAsItWas) {
  std::mt19937 random(7);
  SnapshotPart part{.snapshot = "one", .number = 3, .topics = {}, .posts = {}, .rereads = {}};
  for (size_t i = 0; i < 200; ++i) {
    part.posts.push_back(RandomRow(random, i, Position(2, i)));
  }
  part.topics = {{.slug = "a", .position = Position(1, 2), .own = true, .number = 1},
                 {.slug = "b", .position = Position(1, 3), .own = false, .number = 0}};
  part.rereads = {{"s:1", Position(1, 7), "1.0.1+bbbb", part.posts[1].row.digest},
                  {"s:\xff", Position(2, 9), "1.0.2+cccc", part.posts[2].row.digest}};
  const auto read = SnapshotPartFromJson(ToJson(part));
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->snapshot, "one");
  EXPECT_EQ(read->number, 3U);
  ASSERT_EQ(read->topics.size(), 2U);
  EXPECT_TRUE(read->topics[0].own && !read->topics[1].own);
  ASSERT_EQ(read->rereads.size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(read->rereads[i].post, part.rereads[i].post);
    EXPECT_EQ(read->rereads[i].capture, part.rereads[i].capture);
    EXPECT_EQ(read->rereads[i].pipeline, part.rereads[i].pipeline);
    EXPECT_EQ(read->rereads[i].digest, part.rereads[i].digest);
  }
  ASSERT_EQ(read->posts.size(), part.posts.size());
  for (size_t i = 0; i < part.posts.size(); ++i) {
    EXPECT_TRUE(Same(read->posts[i], part.posts[i])) << i;
    EXPECT_TRUE(read->posts[i].row.text_new && read->posts[i].row.link_new);
  }
}

TEST(SnapshotCodec, RowsThatAreNoneAreRefused) {
  std::mt19937 random(8);
  SnapshotPart part{.snapshot = "one", .number = 1, .topics = {}, .posts = {}, .rereads = {}};
  part.posts.push_back(RandomRow(random, 1, Position(2, 1)));
  part.posts.back().row.state = PostState::kLive;
  const std::string good = ToJson(part);
  ASSERT_TRUE(SnapshotPartFromJson(good));
  const size_t rows = good.find("\"posts\":[[") + 10;
  for (const std::string& bad :
       {good.substr(0, rows) + "1," + good.substr(rows), good.substr(0, good.size() - 1),
        std::string(R"({"posts":[["a"]]})"), std::string(R"({"topics":[["a","x",1,1]]})"),
        std::string(R"({"rereads":[["a","0000000000000001","p","00"]]})")}) {
    const auto read = SnapshotPartFromJson(bad);
    ASSERT_FALSE(read) << bad;
    EXPECT_EQ(read.error().kind, ErrorKind::kMalformed);
  }
}

// An archive, a state with rows of it, and snapshots of that state.
class SnapshotTest : public ::testing::Test {
 protected:
  void SetUp() override {
    archive::ArchiveOptions options = archive::MakeOptions(dir());
    options.segment_size = 4096;
    auto opened = archive::Archive::Open(options, archive::MakeInfo(), SystemClock());
    ASSERT_TRUE(opened) << opened.error();
    archive_ = std::move(*opened);
  }

  std::filesystem::path dir() const { return folder_.path() / "archive"; }

  std::unique_ptr<Sequencer> OpenState(const std::string& name) {
    auto opened = Sequencer::Open({.state = folder_.path() / name}, nullptr);
    EXPECT_TRUE(opened) << opened.error();
    return opened ? std::move(*opened) : nullptr;
  }

  // Several rows for some posts, at positions of segments 1 to `segments`.
  void Fill(Sequencer& sequencer, size_t rows, uint32_t segments) {
    SequencerState& state = sequencer.state();
    std::mt19937 random(9);
    std::set<std::string> known;
    for (size_t i = 0; i < rows; ++i) {
      const auto serial = static_cast<uint32_t>(1 + i * segments / rows);
      const Position position(serial, i * 100);
      StoredPost row = RandomRow(random, random() % (rows / 2), position);
      // As the sequencer writes them: indexed where the link is new to the post.
      row.row.link = LinkKey("s", row.post);
      row.row.link_new = known.insert(row.post).second;
      ASSERT_TRUE(state.Put(row.post, position, row.row));
      const std::string slug = "c" + std::to_string(i % 40);
      if (!state.OwnsTopic(slug).value_or(true)) {
        ASSERT_TRUE(state.AddTopic(slug, position, i < 10));
      }
    }
    ASSERT_TRUE(state.Flush(Position(segments + 1, 0)));
    ASSERT_TRUE(sequencer.RewindTo(Position(segments + 1, 0)));  // takes up how far it reaches
  }

  void Write(SequencerState& state, Position base, Position through = Position(99, 0)) {
    SnapshotWriter writer(state, *archive_, base);
    while (true) {
      const auto progress = writer.Step();
      ASSERT_TRUE(progress) << progress.error();
      if (*progress == SnapshotWriter::Progress::kReady) {
        break;
      }
      if (*progress == SnapshotWriter::Progress::kWaiting) {
        archive_->WaitPast(archive_->durable_end(), std::chrono::milliseconds(1), {});
      }
    }
    const Status finished = writer.Finish(through);
    ASSERT_TRUE(finished) << finished.error();
    parts_ = writer.parts();
  }

  // What a state holds as of a position.
  static std::vector<StoredPost> RowsOf(SequencerState& state, Position base) {
    std::vector<StoredPost> rows;
    const auto last = state.LastRowBelow(base);
    EXPECT_TRUE(last) << last.error();
    int64_t at = 0;
    while (at < *last) {
      const auto next = state.NewestRows(at, *last, 64, rows);
      EXPECT_TRUE(next) << next.error();
      at = *next;
    }
    return rows;
  }

  // The folder without its first segments, as a retirement leaves it.
  void Retire(uint32_t keep_from) {
    while (archive_->RetireOldest(keep_from).value_or(false)) {
    }
  }

  archive::TemporaryFolder folder_;
  std::unique_ptr<archive::Archive> archive_;
  uint64_t parts_ = 0;
};

TEST_F(SnapshotTest, TheStateThatIsLoadedIsTheOneThatWasWritten) {
  for (int n = 0; n < 12; ++n) {
    ASSERT_TRUE(archive::AppendAndWait(*archive_, archive::MakeCapture(n)));
  }
  const uint32_t newest = archive_->durable_end().serial();
  ASSERT_GE(newest, 3U);
  const auto original = OpenState("original.db");
  Fill(*original, 20'000, newest);
  const Position base(newest - 1, 0);
  Write(original->state(), base);
  EXPECT_GT(parts_, 1U);
  Retire(newest - 1);

  const auto restored = OpenState("restored.db");
  const Status status = RestoreFor(Position(newest, 0), dir(), *restored);
  ASSERT_TRUE(status) << status.error();
  EXPECT_EQ(restored->folded(), base);
  EXPECT_EQ(restored->position(), base);
  EXPECT_EQ(restored->TopicSlugs(), original->TopicSlugs());
  const auto wanted = RowsOf(original->state(), base);
  const auto got = RowsOf(restored->state(), base);
  EXPECT_GT(wanted.size(), 1000U);
  ASSERT_EQ(got.size(), wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    ASSERT_TRUE(Same(got[i], wanted[i])) << i << " " << wanted[i].post;
  }
  EXPECT_TRUE(archive::ReadArchive(dir()).damage.empty());
}

// What was read again of captures that go is carried: of the newest rows below the base alone.
TEST_F(SnapshotTest, CarriesWhatWasReadAgain) {
  for (int n = 0; n < 12; ++n) {
    ASSERT_TRUE(archive::AppendAndWait(*archive_, archive::MakeCapture(n)));
  }
  const auto original = OpenState("original.db");
  SequencerState& state = original->state();
  std::mt19937 random(11);
  constexpr size_t kPosts = 3000;
  for (size_t i = 0; i < kPosts; ++i) {
    for (const uint32_t segment : {1U, 2U, 3U}) {  // the first is superseded, the last beyond
      const StoredPost row = RandomRow(random, i, Position(segment, 1000 + i));
      ASSERT_TRUE(state.Put({row.post, row.position, "1.0.1+bbbb", row.row.digest}));
    }
  }
  for (const uint32_t segment : {1U, 2U, 3U}) {
    for (size_t i = 0; i < kPosts; ++i) {
      const StoredPost row = RandomRow(random, i, Position(segment, 1000 + i));
      ASSERT_TRUE(state.Put(row.post, row.position, row.row));
    }
  }
  ASSERT_TRUE(state.Flush(Position(4, 0)));
  Write(state, Position(3, 0), Position(3, 5000));
  EXPECT_TRUE(archive_->controls()->IsRetired(Position(2, 5), Position(3, 5000)));
  EXPECT_FALSE(archive_->controls()->IsRetired(Position(2, 5), Position(3, 4999)));
  EXPECT_FALSE(archive_->controls()->IsRetired(Position(3, 0), Position(3, 5000)));
  Retire(3);

  const auto known = [](Sequencer& sequencer, uint32_t segment) {
    size_t count = 0;
    for (size_t i = 0; i < kPosts; ++i) {
      const auto digest = sequencer.state().Reread("s:" + std::to_string(i),
                                                   Position(segment, 1000 + i), "1.0.1+bbbb");
      EXPECT_TRUE(digest) << digest.error();
      count += *digest ? 1U : 0U;
    }
    return count;
  };
  const auto restored = OpenState("restored.db");
  ASSERT_TRUE(RestoreFor(Position(3, 100), dir(), *restored));
  EXPECT_EQ(restored->folded(), Position(3, 0));
  EXPECT_EQ(known(*restored, 1), 0U);
  EXPECT_EQ(known(*restored, 2), kPosts);
  EXPECT_EQ(known(*restored, 3), 0U);
  EXPECT_FALSE(*restored->state().Reread("s:1", Position(2, 1001), "1.0.2+cccc"));

  // A state that reaches what is left, and not what the writer had seen.
  const auto behind = OpenState("behind.db");
  ASSERT_TRUE(behind->state().Flush(Position(3, 10)));
  ASSERT_TRUE(behind->RewindTo(Position(3, 10)));
  ASSERT_TRUE(RestoreFor(Position(3, 10), dir(), *behind));
  EXPECT_EQ(behind->folded(), Position(3, 10));
  EXPECT_EQ(known(*behind, 2), kPosts);
  // One that has come further needs nothing.
  const auto ahead = OpenState("ahead.db");
  ASSERT_TRUE(ahead->state().Flush(Position(3, 5000)));
  ASSERT_TRUE(ahead->RewindTo(Position(3, 5000)));
  ASSERT_TRUE(RestoreFor(Position(3, 5000), dir(), *ahead));
  EXPECT_EQ(known(*ahead, 2), 0U);

  // Pruned with the rows that they were made for.
  int64_t at = 0;
  for (auto next = state.Prune(Position(3, 0), at, 700); next && *next;
       next = state.Prune(Position(3, 0), at, 700)) {
    at = **next;
  }
  ASSERT_TRUE(state.Flush(Position(4, 0)));
  EXPECT_EQ(known(*original, 1), 0U);
  EXPECT_EQ(known(*original, 2), kPosts);
  EXPECT_EQ(known(*original, 3), kPosts);
}

TEST_F(SnapshotTest, AnArchiveThatHasItsBeginningNeedsNone) {
  ASSERT_TRUE(archive::AppendAndWait(*archive_, archive::MakeCapture(0)));
  const auto state = OpenState("empty.db");
  ASSERT_TRUE(RestoreFor(archive_->durable_end(), dir(), *state));
  EXPECT_EQ(state->folded(), Position());
}

TEST_F(SnapshotTest, OneThatIsNotWholeIsNotBelieved) {
  for (int n = 0; n < 12; ++n) {
    ASSERT_TRUE(archive::AppendAndWait(*archive_, archive::MakeCapture(n)));
  }
  const uint32_t newest = archive_->durable_end().serial();
  const auto original = OpenState("original.db");
  Fill(*original, 9000, newest);
  Write(original->state(), Position(2, 0));
  Write(original->state(), Position(3, 0));
  Retire(2);
  const auto snapshots = archive_->controls()->all();
  ASSERT_EQ(snapshots.size(), 2U);
  const auto first = SnapshotEndFromJson(snapshots[1].body);
  ASSERT_TRUE(first) << first.error();
  archive_.reset();
  // A byte of the newer one's first part.
  const auto path = dir() / archive::SegmentName("main", first->first.serial());
  std::string bytes = archive::ReadAll(path);
  bytes[first->first.offset() + 1000] ^= 0x20;
  archive::WriteAll(path, bytes);

  const auto restored = OpenState("restored.db");
  Status status = RestoreFor(Position(newest, 0), dir(), *restored);
  ASSERT_TRUE(status) << status.error();
  EXPECT_EQ(restored->folded(), Position(2, 0)) << "the one before serves too";
  EXPECT_EQ(RowsOf(restored->state(), Position(2, 0)).size(),
            RowsOf(original->state(), Position(2, 0)).size());

  // Without the one before there is nothing to begin with.
  std::filesystem::remove(dir() / archive::SegmentName("main", 2));
  const auto none = OpenState("none.db");
  status = RestoreFor(Position(newest, 0), dir(), *none);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kConfig);
  EXPECT_THAT(status.error().message, HasSubstr(Position(3, 0).ToHex()));
  EXPECT_EQ(none->folded(), Position());
}

TEST_F(SnapshotTest, OneThatWasGivenUpHasNoEffect) {
  for (int n = 0; n < 12; ++n) {
    ASSERT_TRUE(archive::AppendAndWait(*archive_, archive::MakeCapture(n)));
  }
  const uint32_t newest = archive_->durable_end().serial();
  const auto original = OpenState("original.db");
  Fill(*original, 20'000, newest);
  {
    SnapshotWriter given_up(original->state(), *archive_, Position(2, 0));
    while (given_up.parts() == 0) {
      ASSERT_TRUE(given_up.Step());
    }
  }
  Write(original->state(), Position(2, 0));
  EXPECT_EQ(archive_->controls()->all().size(), 1U);
  Retire(2);
  const auto restored = OpenState("restored.db");
  const Status status = RestoreFor(Position(2, 0), dir(), *restored);
  ASSERT_TRUE(status) << status.error();
  EXPECT_EQ(restored->folded(), Position(2, 0));
}

TEST_F(SnapshotTest, APositionThatWasRetiredIsRefused) {
  for (int n = 0; n < 12; ++n) {
    ASSERT_TRUE(archive::AppendAndWait(*archive_, archive::MakeCapture(n)));
  }
  const auto original = OpenState("original.db");
  Fill(*original, 100, 3);
  Write(original->state(), Position(3, 0));
  Retire(3);
  const Status status = RestoreFor(Position(2, 100), dir(), *original);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kConfig);
  EXPECT_THAT(status.error().message, HasSubstr(Position(3, 0).ToHex()));
}

TEST_F(SnapshotTest, PruningKeepsWhatEveryPositionLeftNeeds) {
  const auto pruned = OpenState("pruned.db");
  const auto whole = OpenState("whole.db");
  Fill(*pruned, 4000, 6);
  Fill(*whole, 4000, 6);
  const Position oldest(4, 0);
  int64_t at = 0;
  while (true) {
    const auto next = pruned->state().Prune(oldest, at, 100);
    ASSERT_TRUE(next) << next.error();
    if (!*next) {
      break;
    }
    at = **next;
    ASSERT_TRUE(pruned->Flush());
  }
  EXPECT_LT(pruned->state().CountRows().value_or(0), whole->state().CountRows().value_or(0));
  for (const Position as_of : {Position(7, 0), Position(5, 150'000), oldest}) {
    SCOPED_TRACE(as_of.ToHex());
    ASSERT_TRUE(pruned->RewindTo(as_of));
    ASSERT_TRUE(whole->RewindTo(as_of));
    const auto wanted = RowsOf(whole->state(), as_of);
    const auto got = RowsOf(pruned->state(), as_of);
    ASSERT_EQ(got.size(), wanted.size());
    for (size_t i = 0; i < wanted.size(); ++i) {
      ASSERT_TRUE(Same(got[i], wanted[i])) << i;
      ASSERT_EQ(pruned->state().PostsOfLink(wanted[i].row.link),
                std::vector<std::string>{wanted[i].post});
    }
  }
  ASSERT_TRUE(pruned->RewindTo(Position(3, 0)));
  EXPECT_EQ(pruned->folded(), Position()) << "below what was pruned there is only the beginning";
  EXPECT_EQ(pruned->state().CountRows().value_or(1), 0U);
}

TEST_F(SnapshotTest, TheLastRowBelowAPositionIsFoundAmongRowsWithGaps) {
  const auto state = OpenState("state.db");
  Fill(*state, 3000, 3);
  int64_t at = 0;
  for (auto next = state->state().Prune(Position(3, 0), at, 500); next && *next;
       next = state->state().Prune(Position(3, 0), at, 500)) {
    at = **next;
  }
  ASSERT_TRUE(state->Flush());
  std::vector<StoredPost> all;
  ASSERT_TRUE(state->state().NewestRows(0, 1'000'000, 1'000'000, all));
  for (const Position position : {Position(1, 0), Position(2, 50), Position(3, 250'000),
                                  Position(3, 299'900), Position(9, 0)}) {
    const auto last = state->state().LastRowBelow(position);
    ASSERT_TRUE(last) << last.error();
    std::vector<StoredPost> below;
    if (*last > 0) {
      ASSERT_TRUE(state->state().NewestRows(0, *last, 1'000'000, below));
    }
    for (const StoredPost& row : below) {
      EXPECT_LT(row.position, position);
    }
    std::vector<StoredPost> behind;
    ASSERT_TRUE(state->state().NewestRows(*last, 1'000'000, 1'000'000, behind));
    for (const StoredPost& row : behind) {
      EXPECT_GE(row.position, position);
    }
  }
}

}  // namespace
}  // namespace newswire::relay
