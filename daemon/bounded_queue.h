// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

namespace newswire {

// The one way in which work crosses threads. Capacity counts items; a full queue makes Push wait:
// that wait is the backpressure. Close wakes everybody: Push then refuses, Pop drains what is left.
// Thread-safe.
template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(size_t capacity) : capacity_(capacity) {}

  // False when closed or stopped; the item is then lost.
  bool Push(T item, std::stop_token stop = {}) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [&] { return closed_ || items_.size() < capacity_; })) {
      return false;
    }
    if (closed_) {
      return false;
    }
    items_.push_back(std::move(item));
    lock.unlock();
    changed_.notify_all();
    return true;
  }

  // nullopt when stopped, or closed and empty.
  std::optional<T> Pop(std::stop_token stop = {}) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [&] { return closed_ || !items_.empty(); })) {
      return std::nullopt;
    }
    return Take(lock);
  }

  // As Pop, but nullopt also when nothing came within `wait`.
  std::optional<T> PopFor(std::chrono::milliseconds wait, std::stop_token stop = {}) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, stop, wait, [&] { return closed_ || !items_.empty(); })) {
      return std::nullopt;
    }
    return Take(lock);
  }

  void Close() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
  }

  size_t size() const {
    std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  std::optional<T> Take(std::unique_lock<std::mutex>& lock) {
    if (items_.empty()) {
      return std::nullopt;
    }
    T item = std::move(items_.front());
    items_.pop_front();
    lock.unlock();
    changed_.notify_all();
    return item;
  }

  const size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<T> items_;
  bool closed_ = false;
};

}  // namespace newswire
