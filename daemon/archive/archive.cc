// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/archive.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>
#include <utility>
#include <variant>

#include <pthread.h>

#include "daemon/archive/folder.h"
#include "daemon/archive/retention.h"
#include "daemon/archive/room_watch.h"
#include "daemon/archive/segment_log.h"
#include "daemon/durable_folder.h"
#include "daemon/fail_point.h"

namespace newswire::archive {
namespace {

constexpr size_t kMaxQueuedBytes = size_t{64} << 20;
constexpr std::chrono::milliseconds kIdleWake{1000};  // looks at the segment's age
constexpr size_t kUnitOverhead = 1024;

size_t SizeOf(const Capture& capture) {
  size_t size = kUnitOverhead + capture.body.size();
  for (const HttpHeader& header : capture.headers) {
    size += header.name.size() + header.value.size();
  }
  return size;
}

}  // namespace

struct Archive::Impl {
  using Answer = std::promise<Result<Position>>;
  struct Seal {
    std::shared_ptr<Answer> answer;
  };
  struct Entry {
    std::variant<Capture, Control, WarcInfo, Seal> what;
    Appended done;
    size_t bytes = 0;
    std::chrono::steady_clock::time_point since;
  };

  Impl(ArchiveOptions opts, WarcInfo info, std::string id, const Clock& clock, FolderLock the_lock)
      : options(std::move(opts)),
        uuid(std::move(id)),
        lock(std::move(the_lock)),
        room(options.dir, options.min_free_bytes, clock),
        log(options, uuid, std::move(info), clock, room) {}

  void Run();
  std::optional<Entry> Pop(std::chrono::steady_clock::time_point until);
  void Take(Entry entry);
  void Push(Entry entry);
  void Commit();
  void Publish();

  // Set once.
  const ArchiveOptions options;
  const std::string uuid;
  const FolderLock lock;
  SegmentLog::Found found;
  std::thread::id writer_id;

  mutable RoomWatch room;
  SegmentLog log;  // the writer thread's; Open's before it runs

  mutable std::mutex mutex;
  std::condition_variable not_full, not_empty;
  mutable std::condition_variable_any moved;
  std::deque<Entry> queue;  // under mutex, as all below
  size_t queued_bytes = 0;
  bool stopping = false;
  SegmentLog::Durable durable;

  std::jthread writer;  // last: ends before what it uses
};

void Archive::Impl::Take(Entry entry) {
  if (auto* info = std::get_if<WarcInfo>(&entry.what)) {
    log.SetInfo(std::move(*info));
  } else if (const auto* seal = std::get_if<Seal>(&entry.what)) {
    Commit();
    seal->answer->set_value(log.EndSegment());
  } else if (auto* capture = std::get_if<Capture>(&entry.what)) {
    log.Take(std::move(*capture), std::move(entry.done));
  } else {
    log.Take(std::get<Control>(std::move(entry.what)), std::move(entry.done));
  }
}

// What is durable, for readers.
void Archive::Impl::Publish() {
  {
    const std::lock_guard guard(mutex);
    durable = log.durable();
  }
  moved.notify_all();
}

// Makes durable, tells readers, then answers in append order.
void Archive::Impl::Commit() {
  std::vector<SegmentLog::Answer> answers = log.Commit();
  Publish();
  NEWSWIRE_FAIL_POINT("archive.commit.before_answers");
  for (SegmentLog::Answer& one : answers) {
    one.done(std::move(one.address));
  }
  log.RotateIfDue();
}

std::optional<Archive::Impl::Entry> Archive::Impl::Pop(
    std::chrono::steady_clock::time_point until) {
  std::unique_lock guard(mutex);
  not_empty.wait_until(guard, until, [this] { return !queue.empty() || stopping; });
  if (queue.empty()) {
    return std::nullopt;
  }
  Entry entry = std::move(queue.front());
  queue.pop_front();
  queued_bytes -= entry.bytes;
  guard.unlock();
  not_full.notify_all();
  return entry;
}

void Archive::Impl::Run() {
  auto synced = std::chrono::steady_clock::time_point::min();  // never
  while (true) {
    std::optional<Entry> entry = Pop(std::chrono::steady_clock::now() + kIdleWake);
    if (!entry) {
      {
        const std::lock_guard guard(mutex);
        if (stopping && queue.empty()) {
          break;
        }
      }
      log.RotateIfDue();
      continue;
    }
    // What comes after a pause waits for nobody; what comes sooner shares the next fsync.
    const auto deadline = std::min(entry->since, synced) + options.sync_interval;
    while (entry) {
      Take(std::move(*entry));
      entry.reset();
      if (log.IsCommitDue()) {
        break;
      }
      entry = Pop(deadline);
    }
    Commit();
    synced = std::chrono::steady_clock::now();
  }
}

Archive::Archive(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Archive>> Archive::Open(ArchiveOptions options, WarcInfo info,
                                               const Clock& clock) {
  if (!IsInstanceName(options.instance)) {
    return Fail(ErrorKind::kConfig, "archive.instance: expected 1 to 64 of A-Z a-z 0-9 . _ -");
  }
  if (options.segment_size == 0 || options.segment_size > Position::kMaxOffset / 2) {
    return Fail(ErrorKind::kConfig, "archive.segment_size: expected 1 byte to 256 GiB");
  }
  if (Status made = MakeFolderDurably(options.dir); !made) {
    return std::unexpected(made.error());
  }
  Result<FolderLock> lock = FolderLock::Take(options.dir);
  if (!lock) {
    return std::unexpected(lock.error());
  }
  Result<Identity> identity = ReadOrMakeIdentity(options.dir);
  if (!identity) {
    return std::unexpected(identity.error());
  }
  auto impl = std::make_unique<Impl>(std::move(options), std::move(info), std::move(identity->uuid),
                                     clock, std::move(*lock));
  Result<SegmentLog::Found> found = impl->log.Open();
  if (!found) {
    return std::unexpected(found.error());
  }
  impl->found = *found;
  impl->Publish();
  Impl* running = impl.get();
  impl->writer = std::jthread([running] {
    pthread_setname_np(pthread_self(), "archive");
    running->Run();
  });
  impl->writer_id = impl->writer.get_id();
  return std::unique_ptr<Archive>(new Archive(std::move(impl)));
}

Archive::~Archive() {
  {
    const std::lock_guard guard(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->not_empty.notify_all();
  impl_->not_full.notify_all();
  impl_->writer.join();
}

const std::string& Archive::uuid() const { return impl_->uuid; }
const std::filesystem::path& Archive::dir() const { return impl_->options.dir; }
bool Archive::created() const { return impl_->found.created; }
bool Archive::empty() const { return impl_->found.empty; }

// Waits until there is room, then queues.
void Archive::Impl::Push(Entry entry) {
  {
    std::unique_lock guard(mutex);
    // A callback that appends would wait for itself.
    if (std::this_thread::get_id() != writer_id) {
      not_full.wait(guard, [&] {
        return queue.empty() || queued_bytes + entry.bytes <= kMaxQueuedBytes || stopping;
      });
    }
    entry.since = std::chrono::steady_clock::now();
    queued_bytes += entry.bytes;
    queue.push_back(std::move(entry));
  }
  not_empty.notify_one();
}

void Archive::Append(Capture capture, Appended done) {
  const size_t bytes = SizeOf(capture);
  impl_->Push({.what = std::move(capture), .done = std::move(done), .bytes = bytes, .since = {}});
}

void Archive::AppendControl(ControlKind kind, std::string body, Appended done) {
  Control control{.kind = kind, .body = std::move(body)};
  control.record_id = NewRecordId();
  const size_t bytes = kUnitOverhead + control.body.size();
  impl_->Push({.what = std::move(control), .done = std::move(done), .bytes = bytes, .since = {}});
}

Result<ArchiveAddress> Archive::AppendControlAndWait(ControlKind kind, std::string body) {
  std::promise<Result<ArchiveAddress>> answer;
  AppendControl(kind, std::move(body), [&answer](Result<ArchiveAddress> address) {
    answer.set_value(std::move(address));
  });
  return answer.get_future().get();
}

Result<Position> Archive::Seal() {
  auto answer = std::make_shared<std::promise<Result<Position>>>();
  std::future<Result<Position>> sealed = answer->get_future();
  impl_->Push({.what = Impl::Seal{std::move(answer)}, .done = {}, .bytes = 0, .since = {}});
  return sealed.get();
}

std::shared_ptr<const Controls> Archive::controls() const {
  const std::lock_guard guard(impl_->mutex);
  return impl_->durable.controls;
}

void Archive::SetWarcInfo(WarcInfo info) {
  {
    const std::lock_guard guard(impl_->mutex);
    impl_->queue.push_back(
        {.what = std::move(info), .done = {}, .since = std::chrono::steady_clock::now()});
  }
  impl_->not_empty.notify_one();
}

Result<bool> Archive::RetireOldest(uint32_t keep_from) {
  const Result<bool> deleted = DeleteOldest(impl_->options.dir, keep_from);
  if (!deleted || !*deleted) {
    return deleted;
  }
  const Result<std::vector<Segment>> left = ListSegments(impl_->options.dir);
  if (left && !left->empty()) {
    impl_->log.Retired(Position(left->front().serial, 0));
  }
  return true;
}

Position Archive::durable_end() const {
  const std::lock_guard guard(impl_->mutex);
  return impl_->durable.end;
}

Position Archive::WaitPast(Position position, std::chrono::milliseconds timeout,
                           std::stop_token stop) const {
  std::unique_lock guard(impl_->mutex);
  impl_->moved.wait_for(guard, stop, timeout, [&] { return impl_->durable.end > position; });
  return impl_->durable.end;
}

bool Archive::has_room() const { return impl_->room.Look(); }

}  // namespace newswire::archive
