// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/pending_batch.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace newswire::relay {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr uint64_t kCaptureBytes = 1000;

class PendingBatchTest : public testing::Test {
 protected:
  static Cadence Small() {
    return {.interval = milliseconds(100),
            .bytes = 1000,
            .events = 10,
            .behind_bytes = uint64_t{1} << 20,
            .behind_interval = seconds(1),
            .behind_factor = 4,
            .idle_bytes = 1 << 20,
            .idle_time = seconds(60)};
  }

  // Adds the next capture with `events` events of `bytes` bytes each.
  void Add(size_t events, size_t bytes = 1) {
    ArchiveAddress address{.record_id = "urn:uuid:r", .position = Position(1, offset_)};
    offset_ += kCaptureBytes;
    address.end = Position(1, offset_);
    std::vector<Event> made(events);
    for (Event& event : made) {
      event.value = std::string(bytes, 'x');
    }
    batch_.Add(address, std::move(made), now_);
  }
  Position EndAfter(uint64_t bytes) const { return {1, offset_ + bytes}; }

  SteadyTime now_{};
  uint64_t offset_ = 0;
  PendingBatch batch_{Small(), {}, now_};
};

TEST_F(PendingBatchTest, IsDueByTimeEventsOrBytes) {
  Add(1);
  EXPECT_FALSE(batch_.Due(now_ + milliseconds(99)));
  EXPECT_TRUE(batch_.Due(now_ + milliseconds(100)));
  EXPECT_EQ(batch_.UntilDue(now_ + milliseconds(40)), milliseconds(60));
  Add(9);
  EXPECT_TRUE(batch_.Due(now_)) << "ten events";
  batch_.Committed(now_);
  EXPECT_FALSE(batch_.Due(now_ + seconds(1)));
  Add(2, 500);
  EXPECT_TRUE(batch_.Due(now_)) << "a thousand bytes";
}

TEST_F(PendingBatchTest, IsLargerAndLaterWhileFarBehindTheArchivesEnd) {
  batch_.SetArchiveEnd(EndAfter(uint64_t{8} << 20));
  Add(10);
  EXPECT_FALSE(batch_.Due(now_ + milliseconds(999)));
  EXPECT_TRUE(batch_.Due(now_ + seconds(1)));
  Add(29);
  EXPECT_FALSE(batch_.Due(now_));
  Add(1);
  EXPECT_TRUE(batch_.Due(now_)) << "forty events";
  batch_.Committed(now_);
  Add(4, 1000);
  EXPECT_TRUE(batch_.Due(now_)) << "four thousand bytes";
}

TEST_F(PendingBatchTest, FallsBackToTheUsualCadenceWhenItHasCaughtUp) {
  batch_.SetArchiveEnd(EndAfter(uint64_t{8} << 20));
  Add(10);
  ASSERT_FALSE(batch_.Due(now_ + milliseconds(200)));
  batch_.SetArchiveEnd(EndAfter(0));
  EXPECT_TRUE(batch_.Due(now_ + milliseconds(200)));
  EXPECT_EQ(batch_.UntilDue(now_ + milliseconds(200)), milliseconds(0));
}

TEST_F(PendingBatchTest, IsBehindAcrossSegments) {
  Add(1);
  batch_.SetArchiveEnd(Position(2, 0));
  EXPECT_TRUE(batch_.Due(now_ + milliseconds(100))) << "the next segment has only begun";
  batch_.SetArchiveEnd(Position(3, 0));
  EXPECT_FALSE(batch_.Due(now_ + milliseconds(100))) << "a whole segment lies between";
}

TEST_F(PendingBatchTest, CommitsThePositionAloneAfterMuchArchiveOrTime) {
  Add(0);
  EXPECT_FALSE(batch_.Due(now_ + seconds(59)));
  EXPECT_TRUE(batch_.Due(now_ + seconds(60)));
  for (uint64_t bytes = 0; bytes < (1 << 20); bytes += kCaptureBytes) {
    Add(0);
  }
  EXPECT_TRUE(batch_.Due(now_)) << "idle_bytes of archive";
}

}  // namespace
}  // namespace newswire::relay
