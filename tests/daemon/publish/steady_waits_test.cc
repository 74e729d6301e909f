// SPDX-License-Identifier: Apache-2.0
#include "daemon/publish/steady_waits.h"

#include <chrono>
#include <ctime>

#include <gtest/gtest.h>
#include <threads.h>

namespace newswire::publish {
namespace {

TEST(SteadyWaits, LibrdkafkaIsGivenThem) { EXPECT_TRUE(WaitsAreSteady()); }

TEST(SteadyWaits, AWaitEndsWhenItsTimeHasPassed) {
  cnd_t condition;
  mtx_t mutex;
  ASSERT_EQ(cnd_init(&condition), thrd_success);
  ASSERT_EQ(mtx_init(&mutex, mtx_plain), thrd_success);
  ASSERT_EQ(mtx_lock(&mutex), thrd_success);
  for (const int millis : {-1000, 0, 30}) {
    timespec deadline{};
    timespec_get(&deadline, TIME_UTC);
    deadline.tv_sec += millis < 0 ? millis / 1000 : 0;
    deadline.tv_nsec += millis > 0 ? millis * 1'000'000L : 0;
    deadline.tv_sec += deadline.tv_nsec / 1'000'000'000;
    deadline.tv_nsec %= 1'000'000'000;
    const auto begin = std::chrono::steady_clock::now();
    while (cnd_timedwait(&condition, &mutex, &deadline) != thrd_timedout) {
    }
    EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(millis));
  }
  mtx_unlock(&mutex);
  mtx_destroy(&mutex);
  cnd_destroy(&condition);
}

}  // namespace
}  // namespace newswire::publish
