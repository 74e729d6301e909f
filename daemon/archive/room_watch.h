// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <utility>

#include "fetchers/clock.h"

namespace newswire::archive {

// Whether the archive's disk has room: as last looked at, at most a second ago, and as writes found
// it, for a quota may refuse what the file system could hold. Any thread. The clock outlives it.
class RoomWatch {
 public:
  RoomWatch(std::filesystem::path dir, uint64_t min_free_bytes, const Clock& clock)
      : dir_(std::move(dir)), min_free_bytes_(min_free_bytes), clock_(clock) {}

  // A write found no room: there is none for 1 s, doubling to 60 s while writes go on to fail.
  void Refused();
  void Written();
  bool Look();

 private:
  const std::filesystem::path dir_;
  const uint64_t min_free_bytes_;
  const Clock& clock_;

  static constexpr std::chrono::milliseconds kFirstRefusal{1000};

  std::mutex mutex_;  // of all below
  std::optional<SteadyTime> looked_;
  bool room_ = true;
  std::optional<SteadyTime> refused_until_;
  std::chrono::milliseconds refusal_ = kFirstRefusal;
};

}  // namespace newswire::archive
