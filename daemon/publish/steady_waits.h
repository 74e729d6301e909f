// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace newswire::publish {

// librdkafka waits with C11's cnd_timedwait, whose deadlines are wall time: when the clock is set
// back by an hour, a retry that is due in 100 ms comes after an hour. A program that links this
// file has a cnd_timedwait of its own, which waits as long by steady time, and the dynamic linker
// gives it to librdkafka. (GNU libc's own threads do not call it.)
//
// True when it did. Any thread.
bool WaitsAreSteady();

}  // namespace newswire::publish
