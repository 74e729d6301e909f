// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/quarantine.h"

#include <algorithm>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/archive/control_scan.h"
#include "daemon/archive/reader.h"
#include "daemon/relay/crash_notes.h"
#include "tests/daemon/relay/scripted.h"

namespace newswire::relay {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class Quarantine : public testing::Test {
 protected:
  // A history, where it lies, and what was published of it.
  void SetUp() override {
    world_.Append(ScriptedHistory(21, 20));
    ScriptedOutput output(healthy_);
    ASSERT_TRUE(world_.Settle(output));
    ASSERT_GE(healthy_.values.size(), 3u);
    const auto& archive = world_.archive();
    auto reader = archive::Reader::OpenArchive(world_.Options().archive_dir, Position(),
                                               [&] { return archive.durable_end(); });
    ASSERT_TRUE(reader) << reader.error();
    while (true) {
      auto item = (*reader)->Next();
      ASSERT_TRUE(item) << item.error();
      if (!*item) {
        break;
      }
      if (const auto* capture = std::get_if<Capture>(&**item)) {
        captures_.push_back(*capture);
      }
    }
  }

  void Note(const std::vector<Position>& crashes) {
    std::ofstream file(crashes_, std::ios::app);
    for (const Position capture : crashes) {
      file << capture.ToHex() << " 11\n";
    }
  }

  size_t Records() const { return world_.archive().controls()->all().size(); }

  mutable RelayWorld world_;
  const std::filesystem::path crashes_ = world_.dir() / "crashes";
  Truth healthy_;
  std::vector<Capture> captures_;
};

TEST_F(Quarantine, TakesThreeCrashes) {
  const Position twice = captures_[0].address.position;
  const Position thrice = captures_[1].address.position;
  Note({twice, thrice, thrice, twice});
  ASSERT_TRUE(QuarantineCrashers(world_.archive(), crashes_));
  EXPECT_EQ(Records(), 0u);
  Note({thrice});
  ASSERT_TRUE(QuarantineCrashers(world_.archive(), crashes_));
  ASSERT_EQ(Records(), 1u);
  EXPECT_THAT(world_.archive().controls()->all()[0].captures, ElementsAre(thrice));
  EXPECT_THAT(*QuarantineReason(*world_.archive().controls(), thrice),
              HasSubstr("crashed 3 times while it worked on this capture (SIGSEGV, SIGSEGV, "));
  EXPECT_EQ(QuarantineReason(*world_.archive().controls(), twice), std::nullopt);
  EXPECT_THAT(*ReadCrashes(crashes_), ElementsAre(Pair(twice, testing::SizeIs(2))));
}

TEST_F(Quarantine, IsRecordedOnceWhenTheNotesCouldNotBeTakenOut) {
  const Position capture = captures_[1].address.position;
  Note({capture, capture, capture});
  ASSERT_TRUE(QuarantineCrashers(world_.archive(), crashes_));
  Note({capture, capture, capture});  // as a crash before they were forgotten leaves them
  ASSERT_TRUE(QuarantineCrashers(world_.archive(), crashes_));
  EXPECT_EQ(Records(), 1u);
  EXPECT_THAT(*ReadCrashes(crashes_), IsEmpty());
}

TEST_F(Quarantine, WithoutNotesNothingHappens) {
  ASSERT_TRUE(QuarantineCrashers(world_.archive(), crashes_));
  EXPECT_EQ(Records(), 0u);
  EXPECT_FALSE(std::filesystem::exists(crashes_));
}

TEST_F(Quarantine, TheCaptureIsADeadLetterForEveryReader) {
  // A capture with an event of its own.
  const auto victim = std::ranges::find_if(captures_, [](const Capture& capture) {
    return capture.kind == CaptureKind::kResponse && capture.http_status == 200;
  });
  ASSERT_NE(victim, captures_.end());
  const Position capture = victim->address.position;
  Note({capture, capture, capture});
  ASSERT_TRUE(QuarantineCrashers(world_.archive(), crashes_));

  const std::vector<std::string> now = world_.Expected();
  EXPECT_NE(now, healthy_.values);
  EXPECT_THAT(now, testing::Contains(testing::AllOf(
                       HasSubstr("dead-letter"), HasSubstr("\"step\":\"quarantine\""),
                       HasSubstr("while it worked on this capture"), HasSubstr(victim->url))));
  // After another start, which reads the record from the archive, the same.
  world_.CloseArchive();
  world_.OpenArchive();
  EXPECT_EQ(world_.Expected(), now);
  // As another process sees it.
  auto read = archive::ReadControls(world_.Options().archive_dir);
  ASSERT_TRUE(read) << read.error();
  EXPECT_NE(QuarantineReason(**read, capture), std::nullopt);
}

}  // namespace
}  // namespace newswire::relay
