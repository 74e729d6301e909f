// SPDX-License-Identifier: Apache-2.0
#include "daemon/publish/steady_waits.h"

#include <cerrno>
#include <cstdint>
#include <ctime>

#include <dlfcn.h>
#include <pthread.h>
#include <threads.h>

namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;

int64_t Nanos(const timespec& time) { return time.tv_sec * kNanosPerSecond + time.tv_nsec; }

}  // namespace

// A cnd_t is a pthread_cond_t, and a mtx_t a pthread_mutex_t, in GNU libc (nptl/thrd_priv.h): its
// own cnd_timedwait rests on that too.
extern "C" int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* deadline) {
  timespec wall{}, steady{};
  timespec_get(&wall, TIME_UTC);
  clock_gettime(CLOCK_MONOTONIC, &steady);
  const int64_t left = Nanos(*deadline) - Nanos(wall);
  if (left > 0) {
    const int64_t end = Nanos(steady) + left;
    steady = {.tv_sec = end / kNanosPerSecond, .tv_nsec = end % kNanosPerSecond};
  }
  switch (pthread_cond_clockwait(reinterpret_cast<pthread_cond_t*>(condition),
                                 reinterpret_cast<pthread_mutex_t*>(mutex), CLOCK_MONOTONIC,
                                 &steady)) {
    case 0:
      return thrd_success;
    case ETIMEDOUT:
      return thrd_timedout;
    default:
      return thrd_error;
  }
}

namespace newswire::publish {

bool WaitsAreSteady() {
  return dlsym(RTLD_DEFAULT, "cnd_timedwait") == reinterpret_cast<void*>(&cnd_timedwait);
}

}  // namespace newswire::publish
