// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

// What both sides of the control socket agree on: docs/formats/control-socket.md.
namespace newswire::control {

inline constexpr int64_t kProtocolVersion = 1;
inline constexpr size_t kMaxLine = size_t{64} << 10;          // bytes
inline constexpr uint64_t kMaxRecords = uint64_t{257} << 20;  // of one append, both records
inline constexpr size_t kMaxPendingBytes = size_t{64} << 20;  // appends without answer
inline constexpr size_t kMaxPendingAppends = 1024;
inline constexpr std::chrono::seconds kIdle{60};  // then a connection is ended

}  // namespace newswire::control
