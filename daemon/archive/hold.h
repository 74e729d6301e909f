// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "transforms/model/error.h"

// What keeps segments from being retired while a process reads them: a small file each under
// <archive>/holds, which its process holds an flock on, so that the kernel ends the hold when the
// process ends, however it does. Blocking I/O.
namespace newswire::archive {

// From Take until destruction no segment with this serial or a higher one is retired, by any
// process. List the segments after Take: what was there before may be gone by then. One thread.
class Hold {
 public:
  // kTransient: the folder cannot be written to (a copy on a read-only disk, another user's
  // archive): nothing is held.
  static Result<Hold> Take(const std::filesystem::path& archive_dir, uint32_t serial);
  Hold(Hold&& other) noexcept;
  Hold& operator=(Hold&&) = delete;
  ~Hold();

 private:
  Hold(int fd, std::filesystem::path file);
  int fd_;
  std::filesystem::path file_;
};

// Whoever deletes segments has this from looking at the holds until the segments are gone: no hold
// begins in between.
class RetirementLock {
 public:
  // nullopt: a hold is just being taken; try again later.
  static Result<std::optional<RetirementLock>> Take(const std::filesystem::path& archive_dir);
  RetirementLock(RetirementLock&& other) noexcept;
  RetirementLock& operator=(RetirementLock&&) = delete;
  ~RetirementLock();

  // The lowest serial that a running process holds; nullopt: none. Removes files whose process has
  // ended. A file that cannot be read holds everything.
  Result<std::optional<uint32_t>> LowestHeld() const;

 private:
  RetirementLock(int fd, std::filesystem::path dir);
  int fd_;
  std::filesystem::path dir_;
};

}  // namespace newswire::archive
