// SPDX-License-Identifier: Apache-2.0
// The state as a fold: whatever was applied, dropped and folded again, what lies below P decides.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "daemon/relay/sequencer.h"
#include "daemon/store/sqlite.h"
#include "tests/daemon/relay/history.h"

namespace newswire::relay {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kTopics = 3;

std::vector<Transformed> RandomHistory(uint32_t seed, size_t length) {
  std::mt19937 random(seed);
  const auto pick = [&](uint32_t count) { return random() % count; };
  History history;
  std::vector<Transformed> captures;
  for (size_t i = 0; i < length; ++i) {
    PostSpec spec{.id = "s:" + std::to_string(pick(6)),
                  .title = "title " + std::to_string(pick(2)),
                  .text = "text " + std::to_string(pick(3)),
                  .category = "c" + std::to_string(pick(6)),
                  .pipeline = i > length / 2 ? "2+b" : "1+a"};
    switch (pick(10)) {
      case 0:
        captures.push_back(history.Removed(History::LinkOf(spec.id), spec.id));
        break;
      case 1:
        captures.push_back(history.Revisit(History::LinkOf(spec.id)));
        break;
      case 2:
        captures.push_back(history.Broken("https://a.example/broken"));
        break;
      case 3: {
        PostSpec other = spec;
        other.id = "s:f" + std::to_string(pick(3));
        spec.id = "s:f" + std::to_string(3 + pick(3));
        captures.push_back(history.Feed({spec, other}));
        break;
      }
      case 4:
        history.NextSegment();
        [[fallthrough]];
      default:
        captures.push_back(history.Page(spec));
        if (pick(4) == 0) {
          captures.back().publish_after = UtcMillis(std::chrono::milliseconds(5'000));
        }
    }
  }
  return captures;
}

class SequencerStateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "newswire-sequencer-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    dir_ = name;
  }
  void TearDown() override { fs::remove_all(dir_); }

  std::unique_ptr<Sequencer> Open(const std::string& name, bool read_only = false) {
    auto opened = Sequencer::Open(
        {.state = dir_ / name, .max_topics = kTopics, .read_only = read_only}, nullptr);
    EXPECT_TRUE(opened) << opened.error();
    return opened ? std::move(*opened) : nullptr;
  }

  static std::vector<std::string> Apply(Sequencer& sequencer, const Transformed& capture) {
    auto events = sequencer.Apply(capture);
    EXPECT_TRUE(events) << events.error();
    std::vector<std::string> values;
    for (const Event& event : events.value_or(std::vector<Event>())) {
      values.push_back(event.topic_slug + " " + event.value);
    }
    return values;
  }

  // Every row of every table, as SQLite quotes it.
  std::string Dump(const std::string& name) const {
    const std::string_view migrated[] = {"", "", ""};  // as many migrations as the file has seen
    auto database = store::Database::OpenCopy(dir_ / name, migrated);
    EXPECT_TRUE(database) << database.error();
    std::string dump;
    for (const char* sql :
         {"SELECT quote(id)||quote(post)||quote(position)||quote(revision)||quote(state)||"
          "quote(body)||quote(topic)||quote(digest)||quote(text)||quote(document_digest)||"
          "quote(pipeline)||quote(capture)||quote(document)||quote(link)||quote(url)||text_new||"
          "link_new FROM posts "
          "ORDER BY id",
          "SELECT quote(slug)||quote(position)||quote(own)||quote(number) FROM topics ORDER BY "
          "slug",
          "SELECT quote(position) FROM fold"}) {
      auto statement = database->Prepare(sql);
      EXPECT_TRUE(statement) << statement.error();
      while (statement->Step().value_or(false)) {
        dump += std::string(statement->Text(0)) + "\n";
      }
    }
    return dump;
  }

  fs::path dir_;
};

TEST_F(SequencerStateTest, RewindingToAnyPrefixEqualsAFreshFoldOfIt) {
  for (const uint32_t seed : {1U, 2U, 3U}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const std::vector<Transformed> captures = RandomHistory(seed, 60);
    std::vector<std::vector<std::string>> told;
    auto fresh = Open("fresh.db");
    {
      auto whole = Open("whole.db");
      for (const Transformed& capture : captures) {
        told.push_back(Apply(*whole, capture));
      }
      ASSERT_TRUE(whole->Flush());
    }
    for (size_t prefix = 0; prefix < captures.size(); ++prefix) {
      const Position at = prefix == 0 ? Position() : captures[prefix - 1].address.end;
      if (prefix > 0) {
        ASSERT_TRUE(fresh->Fold(captures[prefix - 1]));
      }
      ASSERT_TRUE(fresh->Flush());
      fs::copy_file(dir_ / "whole.db", dir_ / "rewound.db", fs::copy_options::overwrite_existing);
      auto rewound = Open("rewound.db");
      ASSERT_TRUE(rewound->RewindTo(at));
      ASSERT_EQ(rewound->folded(), at);
      ASSERT_EQ(Dump("rewound.db"), Dump("fresh.db")) << "after " << prefix << " captures";
      // And what follows is told as before.
      for (size_t i = prefix; i < std::min(prefix + 5, captures.size()); ++i) {
        ASSERT_EQ(Apply(*rewound, captures[i]), told[i]) << "capture " << i;
      }
      rewound.reset();
      ASSERT_TRUE(Sequencer::Delete(dir_ / "rewound.db"));
    }
    fresh.reset();
    ASSERT_TRUE(Sequencer::Delete(dir_ / "fresh.db"));
    ASSERT_TRUE(Sequencer::Delete(dir_ / "whole.db"));
  }
}

TEST_F(SequencerStateTest, RandomRewindsAndReopeningsTellTheSameStory) {
  for (const uint32_t seed : {11U, 12U, 13U, 14U}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const std::vector<Transformed> captures = RandomHistory(seed, 120);
    std::vector<std::vector<std::string>> told;
    {
      auto whole = Open("whole.db");
      for (const Transformed& capture : captures) {
        told.push_back(Apply(*whole, capture));
      }
      ASSERT_TRUE(whole->Flush());
    }
    std::mt19937 random(seed);
    auto sequencer = Open("broken.db");
    size_t next = 0, committed = 0;
    while (next < captures.size()) {
      ASSERT_EQ(Apply(*sequencer, captures[next]), told[next]) << "capture " << next;
      ++next;
      switch (random() % 8) {
        case 0:  // flushed and committed
          ASSERT_TRUE(sequencer->Flush());
          committed = next;
          break;
        case 1:  // flushed, then the process died: reopened, the commit unknown
          ASSERT_TRUE(sequencer->Flush());
          [[fallthrough]];
        case 2: {  // or died before the flush
          sequencer.reset();
          sequencer = Open("broken.db");
          const Position at = committed == 0 ? Position() : captures[committed - 1].address.end;
          ASSERT_TRUE(sequencer->RewindTo(at));
          ASSERT_EQ(sequencer->folded(), at);
          next = committed;
          break;
        }
        case 3: {  // aborted: dropped without reopening
          const Position at = committed == 0 ? Position() : captures[committed - 1].address.end;
          ASSERT_TRUE(sequencer->RewindTo(at));
          next = committed;
          break;
        }
        default:
          break;
      }
    }
    ASSERT_TRUE(sequencer->Flush());
    sequencer.reset();
    EXPECT_EQ(Dump("broken.db"), Dump("whole.db"));
    ASSERT_TRUE(Sequencer::Delete(dir_ / "broken.db"));
    ASSERT_TRUE(Sequencer::Delete(dir_ / "whole.db"));
  }
}

TEST_F(SequencerStateTest, AReadOnlySequencerLeavesTheFileAlone) {
  const std::vector<Transformed> captures = RandomHistory(5, 20);
  {
    auto sequencer = Open("live.db");
    for (size_t i = 0; i < 10; ++i) {
      ASSERT_TRUE(sequencer->Fold(captures[i]));
    }
    ASSERT_TRUE(sequencer->Flush());
  }
  const std::string before = Dump("live.db");
  auto copy = Open("live.db", true);
  EXPECT_EQ(copy->folded(), captures[9].address.end);
  ASSERT_TRUE(copy->RewindTo(captures[4].address.end));
  for (size_t i = 5; i < captures.size(); ++i) {
    ASSERT_TRUE(copy->Fold(captures[i]));
  }
  ASSERT_TRUE(copy->Flush());
  EXPECT_EQ(Dump("live.db"), before);
}

TEST_F(SequencerStateTest, AStateBelongsToOneArchive) {
  for (const char* archive : {"a", "", "a"}) {
    EXPECT_TRUE(Sequencer::Open({.state = dir_ / "s.db", .archive = archive}, nullptr));
  }
  const auto other = Sequencer::Open({.state = dir_ / "s.db", .archive = "b"}, nullptr);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::kCorruption) << other.error();
}

TEST_F(SequencerStateTest, ADamagedFileIsSaidToBeDamaged) {
  std::ofstream(dir_ / "bad.db") << std::string(10'000, 'x');
  auto opened = Sequencer::Open({.state = dir_ / "bad.db"}, nullptr);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::kCorruption) << opened.error();
  ASSERT_TRUE(Sequencer::Delete(dir_ / "bad.db"));
  EXPECT_TRUE(Sequencer::Open({.state = dir_ / "bad.db"}, nullptr));
}

}  // namespace
}  // namespace newswire::relay
