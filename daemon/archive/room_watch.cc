// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/room_watch.h"

#include <algorithm>

#include "daemon/disk_room.h"

namespace newswire::archive {
namespace {

constexpr std::chrono::milliseconds kInterval{1000};
constexpr std::chrono::milliseconds kLongestRefusal{60'000};

}  // namespace

void RoomWatch::Refused() {
  const std::lock_guard guard(mutex_);
  const SteadyTime now = clock_.Steady();
  if (refused_until_ && now < *refused_until_) {
    return;  // of the same time: asked for before the first one failed
  }
  refused_until_ = now + refusal_;
  refusal_ = std::min(refusal_ * 2, kLongestRefusal);
}

void RoomWatch::Written() {
  const std::lock_guard guard(mutex_);
  refusal_ = kFirstRefusal;
  refused_until_.reset();
}

bool RoomWatch::Look() {
  const std::lock_guard guard(mutex_);
  const SteadyTime now = clock_.Steady();
  if (refused_until_ && now < *refused_until_) {
    return false;
  }
  if (!looked_ || now - *looked_ >= kInterval) {
    room_ = HasRoom(dir_, min_free_bytes_);
    looked_ = now;
  }
  return room_;
}

}  // namespace newswire::archive
