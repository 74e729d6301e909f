// SPDX-License-Identifier: Apache-2.0
#include "daemon/logging.h"

#include <cstdlib>
#include <string>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

namespace newswire {
namespace {

using testing::MatchesRegex;

// What the lines of one message look like with this JOURNAL_STREAM.
std::string Logged(const std::string& level, bool under_journal,
                   spdlog::level::level_enum message_level) {
  testing::internal::CaptureStderr();
  if (under_journal) {
    struct stat standard_error{};
    EXPECT_EQ(fstat(STDERR_FILENO, &standard_error), 0);
    setenv("JOURNAL_STREAM",
           fmt::format("{}:{}", standard_error.st_dev, standard_error.st_ino).c_str(), 1);
  } else {
    setenv("JOURNAL_STREAM", "1:1", 1);  // of another process's standard error
  }
  SetUpLogging(level);
  spdlog::log(message_level, "something happened count={}", 3);
  unsetenv("JOURNAL_STREAM");
  return testing::internal::GetCapturedStderr();
}

TEST(Logging, IsALineWithTimeAndLevelForAPerson) {
  EXPECT_THAT(Logged("info", false, spdlog::level::warn),
              MatchesRegex("20..-..-..T..:..:..\\....Z warning something happened count=3\n"));
}

TEST(Logging, HasPriorityAndNoTimeUnderTheJournal) {
  EXPECT_EQ(Logged("info", true, spdlog::level::info), "<6>something happened count=3\n");
  EXPECT_EQ(Logged("info", true, spdlog::level::warn), "<4>something happened count=3\n");
  EXPECT_EQ(Logged("info", true, spdlog::level::err), "<3>something happened count=3\n");
  EXPECT_EQ(Logged("debug", true, spdlog::level::debug), "<7>something happened count=3\n");
}

TEST(Logging, LeavesOutWhatIsLessSevere) {
  EXPECT_EQ(Logged("warn", false, spdlog::level::info), "");
  EXPECT_EQ(Logged("error", false, spdlog::level::warn), "");
  EXPECT_EQ(Logged("info", false, spdlog::level::debug), "");
}

}  // namespace
}  // namespace newswire
