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

#include <fmt/format.h>
#include <pthread.h>
#include <spdlog/spdlog.h>

#include "daemon/archive/capture_codec.h"
#include "daemon/archive/control_scan.h"
#include "daemon/archive/folder.h"
#include "daemon/archive/recovery.h"
#include "daemon/archive/retention.h"
#include "daemon/archive/room_watch.h"
#include "daemon/archive/segment_rewrite.h"
#include "daemon/archive/segment_writer.h"
#include "daemon/durable_folder.h"
#include "daemon/fail_point.h"

namespace newswire::archive {
namespace {

constexpr size_t kMaxQueuedBytes = size_t{64} << 20;
constexpr size_t kFlushBytes = size_t{1} << 20;       // compressed; written at once
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
  struct SealRequest {
    std::shared_ptr<std::promise<Result<Position>>> answer;
  };
  struct Entry {
    std::variant<Capture, Control, WarcInfo, SealRequest> what;
    Appended done;
    size_t bytes = 0;
    std::chrono::steady_clock::time_point since;
  };
  struct Pending {
    Appended done;
    Result<ArchiveAddress> answer;
    bool buffered = false;  // its bytes are in buffer_, not yet in the file
  };

  Impl(ArchiveOptions opts, WarcInfo warcinfo, const Clock& the_clock, FolderLock folder_lock)
      : options(std::move(opts)),
        clock(the_clock),
        lock(std::move(folder_lock)),
        info(std::move(warcinfo)),
        encoder(options.compression_level),
        room(options.dir, options.min_free_bytes, clock) {}

  Status Recover();
  Status LoadControls(const std::vector<Segment>& segments);
  void Run();
  std::optional<Entry> Pop(std::chrono::steady_clock::time_point until);
  void Take(Entry entry);
  void TakeUnit(Entry entry);
  void TakeSeal(const SealRequest& request);
  void Push(Entry entry);
  Status Prepare();
  Status BeginSegment();
  void DropRetiredControls();
  void Flush();
  void Commit();
  void Break(const Error& error);
  bool Full() const;
  bool Aged() const;
  void RotateIfDue();
  void Rotate();

  // Set once.
  const ArchiveOptions options;
  const Clock& clock;
  const FolderLock lock;
  std::string uuid;
  bool created = false;
  bool empty = false;

  // The writer thread's; Open's before it runs.
  WarcInfo info;
  bool info_written = false;
  // In force once all that was taken is written; and when none of what is in `buffer` is.
  std::shared_ptr<const Controls> taken_controls = std::make_shared<const Controls>();
  std::shared_ptr<const Controls> written_controls = taken_controls;
  std::string warcinfo_id;
  CaptureEncoder encoder;
  std::unique_ptr<SegmentWriter> segment;
  uint32_t highest_serial = 0;
  std::optional<uint32_t> previous_serial;  // of the segment before `segment`
  std::optional<uint32_t> newest_serial;    // of the last segment there is
  bool segment_holds_unit = false;
  UtcMillis segment_begun;
  std::string buffer;
  uint64_t unsynced = 0;
  std::vector<Pending> pending;
  std::optional<Error> broken;  // read-only since
  std::thread::id writer_id;

  mutable std::mutex mutex;
  std::condition_variable not_full, not_empty;
  mutable std::condition_variable_any moved;
  std::deque<Entry> queue;  // under mutex, as all below
  size_t queued_bytes = 0;
  bool stopping = false;
  Position durable_end;
  Position oldest;  // what lies below was retired
  std::shared_ptr<const Controls> durable_controls = std::make_shared<const Controls>();

  mutable RoomWatch room;

  std::jthread writer;  // last: ends before what it uses
};

// What a crash left: an unfinished sum, a torn tail. Leaves the newest segment open for appending.
Status Archive::Impl::Recover() {
  Result<std::vector<Segment>> segments = ListSegments(options.dir);
  if (!segments) {
    return std::unexpected(segments.error());
  }
  const Result<std::optional<uint32_t>> highest = ReadHighestSerial(options.dir);
  if (!highest) {
    return std::unexpected(highest.error());
  }
  if (!highest->has_value() && segments->empty()) {
    return Fail(ErrorKind::kCorruption,
                fmt::format("{} is missing: which serials were used is not known",
                            (options.dir / "serial").native()));
  }
  highest_serial = highest->value_or(0);
  if (segments->empty()) {
    empty = true;
    created = highest_serial == 0;
    durable_end = Position(highest_serial, 0);
    return {};
  }
  if (highest_serial < segments->back().serial) {
    highest_serial = segments->back().serial;
    if (Status status = WriteHighestSerial(options.dir, highest_serial); !status) {
      return status;
    }
  }
  for (size_t i = 0; i + 1 < segments->size(); ++i) {
    const Segment& old = (*segments)[i];
    if (std::filesystem::exists(SumPath(old.path))) {
      continue;
    }
    const Result<std::string> sum = FileSum(old.path);
    if (!sum) {
      return std::unexpected(sum.error());
    }
    if (Status status = WriteSum(old.path, *sum); !status) {
      return status;
    }
    spdlog::warn("archive: completed the sum of a sealed segment segment={}",
                 old.path.filename().native());
  }
  Segment& newest = segments->back();
  newest_serial = newest.serial;
  if (segments->size() > 1) {
    previous_serial = (*segments)[segments->size() - 2].serial;
  }
  durable_end = Position(newest.serial, newest.size);
  if (newest.sealed) {
    return LoadControls(*segments);
  }
  const Result<Tail> tail = FindTail(newest.path);
  if (!tail) {
    return std::unexpected(tail.error());
  }
  if (Status status = CutTail(newest, tail->end); !status) {
    return status;
  }
  Result<std::unique_ptr<SegmentWriter>> writer_of =
      SegmentWriter::Continue(newest.path, newest.serial);
  if (!writer_of) {
    return std::unexpected(writer_of.error());
  }
  segment = std::move(*writer_of);
  if (Status status = segment->Sync(); !status) {
    return status;
  }
  segment_holds_unit = tail->holds_unit;
  segment_begun = tail->begun.value_or(clock.Wall());
  empty = segments->size() == 1 && !tail->holds_unit;
  created = empty && highest_serial == 1;
  durable_end = Position(newest.serial, segment->size());
  newest.size = segment->size();
  return LoadControls(*segments);
}

Status Archive::Impl::LoadControls(const std::vector<Segment>& segments) {
  ControlScan scan;
  if (const Result<bool> found = scan.Refresh(segments); !found) {
    return std::unexpected(found.error());
  }
  if (Status status = FinishRewrites(options.dir, scan.controls()); !status) {
    return status;
  }
  oldest = Position(segments.front().serial, 0);
  durable_controls = std::make_shared<const Controls>(scan.controls());
  taken_controls = written_controls = durable_controls;
  return {};
}

bool Archive::Impl::Full() const {
  return segment != nullptr && segment_holds_unit &&
         segment->size() + buffer.size() >= options.segment_size;
}

bool Archive::Impl::Aged() const {
  return segment != nullptr && segment_holds_unit &&
         clock.Wall() - segment_begun >= options.segment_age;
}

Status Archive::Impl::BeginSegment() {
  if (highest_serial == Position::kMaxSerial) {
    return Fail(ErrorKind::kCorruption, "the archive's serials are used up");
  }
  const uint32_t serial = highest_serial + 1;
  NEWSWIRE_FAIL_POINT("archive.rotate.before_serial");
  if (Status status = WriteHighestSerial(options.dir, serial); !status) {
    return status;
  }
  highest_serial = serial;
  NEWSWIRE_FAIL_POINT("archive.rotate.before_create");
  Result<std::unique_ptr<SegmentWriter>> made =
      SegmentWriter::Create(options.dir / SegmentName(options.instance, serial), serial);
  if (!made) {
    return std::unexpected(made.error());
  }
  NEWSWIRE_FAIL_POINT("archive.rotate.created");
  segment = std::move(*made);
  previous_serial = std::exchange(newest_serial, serial);
  segment_holds_unit = false;
  segment_begun = clock.Wall();
  info_written = false;
  return {};
}

// Those that govern nothing that is left.
void Archive::Impl::DropRetiredControls() {
  Position begin;
  {
    const std::lock_guard guard(mutex);
    begin = oldest;
  }
  auto controls = std::make_shared<Controls>(*taken_controls);
  if (controls->Retire(begin)) {
    taken_controls = std::move(controls);
  }
}

// A segment is open and the configuration in force stands in it.
Status Archive::Impl::Prepare() {
  if (broken) {
    return std::unexpected(*broken);
  }
  if (segment == nullptr) {
    if (Status status = BeginSegment(); !status) {
      return status;
    }
  }
  if (!info_written) {
    DropRetiredControls();
    Result<std::string> id = encoder.AppendWarcInfo(info, taken_controls->ToJson(), uuid,
                                                    segment->path().filename().native(),
                                                    previous_serial, clock.Wall(), buffer);
    if (!id) {
      return std::unexpected(id.error());
    }
    warcinfo_id = std::move(*id);
    info_written = true;
  }
  return {};
}

void Archive::Impl::TakeUnit(Entry entry) {
  Appended done = std::move(entry.done);
  Status ready = Prepare();
  if (!ready) {
    if (ready.error().kind == ErrorKind::kCorruption) {
      Break(ready.error());
    } else {
      room.Refused();
    }
    pending.push_back({std::move(done), std::unexpected(ready.error())});
    return;
  }
  const uint64_t offset = segment->size() + buffer.size();
  const auto* capture = std::get_if<Capture>(&entry.what);
  Control control;
  Result<std::string> id;
  if (capture != nullptr) {
    id = encoder.Append(*capture, warcinfo_id, buffer);
  } else {
    control = std::get<Control>(std::move(entry.what));
    control.date = clock.Wall();
    id = encoder.AppendControl(control, warcinfo_id, buffer);
  }
  if (!id) {
    pending.push_back({std::move(done), std::unexpected(id.error())});
    return;
  }
  segment_holds_unit = true;
  const Position end(segment->serial(), segment->size() + buffer.size());
  if (capture == nullptr && control.kind != ControlKind::kSnapshotPart) {
    control.position = Position(segment->serial(), offset);
    control.end = end;
    auto controls = std::make_shared<Controls>(*taken_controls);
    controls->Add(std::move(control));
    taken_controls = std::move(controls);
  }
  pending.push_back({std::move(done),
                     ArchiveAddress{.segment = segment->path().filename(),
                                    .offset = offset,
                                    .record_id = std::move(*id),
                                    .position = Position(segment->serial(), offset),
                                    .end = end},
                     true});
}

void Archive::Impl::Take(Entry entry) {
  if (auto* new_info = std::get_if<WarcInfo>(&entry.what)) {
    info = std::move(*new_info);
    info_written = false;
    if (const Status status = Prepare(); !status) {
      spdlog::warn("archive: the configuration is written before the next capture reason=\"{}\"",
                   status.error().message);
    }
  } else if (const auto* seal = std::get_if<SealRequest>(&entry.what)) {
    TakeSeal(*seal);
  } else {
    TakeUnit(std::move(entry));
  }
  if (buffer.size() >= kFlushBytes) {
    Flush();
  }
}

void Archive::Impl::TakeSeal(const SealRequest& request) {
  Commit();
  if (segment != nullptr && segment_holds_unit) {
    Rotate();
  }
  if (broken) {
    request.answer->set_value(std::unexpected(*broken));
    return;
  }
  if (segment != nullptr && segment_holds_unit) {
    request.answer->set_value(
        Fail(ErrorKind::kTransient, "the segment cannot be ended: no room for its sum"));
    return;
  }
  const std::lock_guard guard(mutex);
  // A segment without a unit holds nothing but its head, and is written on.
  request.answer->set_value(segment == nullptr ? durable_end : Position(segment->serial(), 0));
}

// The archive is read-only from here on.
void Archive::Impl::Break(const Error& error) {
  if (!broken) {
    broken = Error{ErrorKind::kCorruption, error.message};
    spdlog::error("archive: nothing more can be archived reason=\"{}\"", error.message);
  }
}

// Writes the buffer. When that fails, the captures in it fail and the file is as before.
void Archive::Impl::Flush() {
  if (buffer.empty() || segment == nullptr) {
    return;
  }
  const Status status = broken ? Status(std::unexpected(*broken)) : segment->Append(buffer);
  if (status) {
    unsynced += buffer.size();
    written_controls = taken_controls;
    room.Written();
  } else {
    taken_controls = written_controls;
    info_written = false;  // perhaps it was in the buffer; once more does no harm
    if (status.error().kind == ErrorKind::kCorruption) {
      Break(status.error());
    } else {
      room.Refused();
    }
  }
  for (Pending& one : pending) {
    if (one.buffered) {
      one.buffered = false;
      if (!status) {
        one.answer = std::unexpected(broken.value_or(status.error()));
      }
    }
  }
  buffer.clear();
}

// Makes durable, tells readers, then answers in append order.
void Archive::Impl::Commit() {
  Flush();
  if (segment != nullptr && !broken) {
    if (const Status status = segment->Sync(); !status) {
      Break(status.error());
      for (Pending& one : pending) {
        if (one.answer) {
          one.answer = std::unexpected(*broken);
        }
      }
    }
  }
  unsynced = 0;
  if (segment != nullptr && !broken) {
    {
      const std::lock_guard guard(mutex);
      durable_end = Position(segment->serial(), segment->size());
      durable_controls = written_controls;
    }
    moved.notify_all();
  }
  NEWSWIRE_FAIL_POINT("archive.commit.before_answers");
  std::vector<Pending> answers = std::exchange(pending, {});
  for (Pending& one : answers) {
    if (one.done) {
      one.done(std::move(one.answer));
    }
  }
  RotateIfDue();
}

void Archive::Impl::RotateIfDue() {
  if ((Full() || Aged()) && room.Look()) {
    Rotate();
  }
}

void Archive::Impl::Rotate() {
  if (broken) {
    return;
  }
  if (const Status status = segment->Seal(); !status) {
    if (status.error().kind == ErrorKind::kTransient) {
      // No room for the sum: the segment is written on until there is.
      spdlog::warn("archive: a segment cannot be ended yet segment={} reason=\"{}\"",
                   segment->path().filename().native(), status.error().message);
      room.Refused();
      return;
    }
    spdlog::warn("archive: a segment's sum is completed at the next start segment={} reason=\"{}\"",
                 segment->path().filename().native(), status.error().message);
  }
  NEWSWIRE_FAIL_POINT("archive.rotate.sealed");
  segment.reset();
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
  while (true) {
    std::optional<Entry> entry = Pop(std::chrono::steady_clock::now() + kIdleWake);
    if (!entry) {
      {
        const std::lock_guard guard(mutex);
        if (stopping && queue.empty()) {
          break;
        }
      }
      RotateIfDue();
      continue;
    }
    const auto deadline = entry->since + options.sync_interval;
    while (entry) {
      Take(std::move(*entry));
      entry.reset();
      if (unsynced + buffer.size() >= kMaxUnsynced || Full()) {
        break;
      }
      entry = Pop(deadline);
    }
    Commit();
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
  auto impl = std::make_unique<Impl>(std::move(options), std::move(info), clock, std::move(*lock));
  Result<Identity> identity = ReadOrMakeIdentity(impl->options.dir);
  if (!identity) {
    return std::unexpected(identity.error());
  }
  impl->uuid = std::move(identity->uuid);
  if (Status status = impl->Recover(); !status) {
    return std::unexpected(status.error());
  }
  if (impl->Full() || impl->Aged()) {
    impl->Rotate();
  }
  if (Status status = impl->Prepare(); status) {
    impl->Commit();
  } else if (status.error().kind != ErrorKind::kTransient) {
    return std::unexpected(status.error());
  }
  if (impl->broken) {
    return std::unexpected(*impl->broken);
  }
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
bool Archive::created() const { return impl_->created; }
bool Archive::empty() const { return impl_->empty; }

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

Result<Position> Archive::Seal() {
  auto answer = std::make_shared<std::promise<Result<Position>>>();
  std::future<Result<Position>> sealed = answer->get_future();
  impl_->Push({.what = Impl::SealRequest{std::move(answer)}, .done = {}, .bytes = 0, .since = {}});
  return sealed.get();
}

std::shared_ptr<const Controls> Archive::controls() const {
  const std::lock_guard guard(impl_->mutex);
  return impl_->durable_controls;
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
    const std::lock_guard guard(impl_->mutex);
    impl_->oldest = Position(left->front().serial, 0);
  }
  return true;
}

Position Archive::durable_end() const {
  const std::lock_guard guard(impl_->mutex);
  return impl_->durable_end;
}

Position Archive::WaitPast(Position position, std::chrono::milliseconds timeout,
                           std::stop_token stop) const {
  std::unique_lock guard(impl_->mutex);
  impl_->moved.wait_for(guard, stop, timeout, [&] { return impl_->durable_end > position; });
  return impl_->durable_end;
}

bool Archive::has_room() const { return impl_->room.Look(); }

}  // namespace newswire::archive
