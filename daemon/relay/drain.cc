// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/drain.h"

#include <utility>

#include <pthread.h>

namespace newswire::relay {

Drain::Drain(std::stop_token stop, std::chrono::milliseconds drain)
    : thread_([this, stop = std::move(stop), drain](const std::stop_token& end) {
        Watch(stop, drain, end);
      }) {
  pthread_setname_np(thread_.native_handle(), "relay-drain");
}

void Drain::Watch(const std::stop_token& stop, std::chrono::milliseconds drain,
                  const std::stop_token& end) {
  std::stop_source either;
  const std::stop_callback on_stop(stop, [&either] { either.request_stop(); });
  const std::stop_callback on_end(end, [&either] { either.request_stop(); });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, either.get_token(), [] { return false; });
  changed_.wait_for(lock, end, drain, [] { return false; });
  late_.request_stop();
}

void Pause(std::chrono::milliseconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, time, [] { return false; });
}

}  // namespace newswire::relay
