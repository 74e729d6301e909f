// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "daemon/archive/control.h"
#include "fetchers/clock.h"
#include "transforms/model/capture.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"
#include "transforms/model/source.h"

namespace newswire::archive {

// How much of the archive stays; without a value, all of it.
struct RetentionOptions {
  std::optional<std::chrono::seconds> age;  // of what is newest in a segment
  std::optional<uint64_t> size;             // bytes of all segments together
};

struct ArchiveOptions {
  std::filesystem::path dir;      // <data_dir>/archive
  std::string instance = "main";  // in segment names: newswire-<instance>-<serial>.warc.gz
  uint64_t segment_size = uint64_t{256}
                          << 20;  // bytes; a segment is sealed after the capture that passes it
  std::chrono::seconds segment_age{24 * 3600};
  std::chrono::milliseconds sync_interval{20};  // appends wait at most so long for one fsync
  int compression_level = 6;                    // of libdeflate, 1 to 12
  uint64_t min_free_bytes = uint64_t{256}
                            << 20;  // below it `has_room` is false and fetching pauses
  RetentionOptions retention;       // for the relay, which knows what may go
};

// What a warcinfo record holds besides the WARC fields: all that a value of an event depends on.
struct WarcInfo {
  std::string software;         // "newswired/0.1.0"
  std::string libraries;        // ICU and CLD2 versions
  std::string config_json;      // the effective configuration, no secrets
  std::vector<Source> sources;  // parsed from it: config_json["sources"]
  Position position;            // where it lies
};

// Owner and only writer of an archive folder. Segments of WARC 1.1 (ISO 28500), one gzip member a
// record; a capture is a response or resource record plus a concurrent metadata record, or a
// revisit plus metadata, or a metadata record alone, and ends with its metadata record. A control
// record is a unit of its own. Segments rotate only between units; every segment begins with a
// warcinfo, which lists the control records in force.
//
// What is on disk: an append is acknowledged only after fsync of its segment (and of the folder
// when it made the segment). A crash leaves at most a torn tail, cut back on Open to the last whole
// unit and fsynced before anyone reads; what is cut was never acknowledged and is logged. A
// sealed segment has a `<segment>.sha256` beside it.
//
// Threads: Append, AppendControl, controls, SetWarcInfo, durable_end, WaitPast from any thread. One
// writer thread compresses, writes, fsyncs and calls the callbacks in append order, outside any
// lock.
class Archive {
 public:
  using Appended = std::function<void(Result<ArchiveAddress>)>;

  // Locks the folder (flock on <dir>/lock): kPermanent when another process holds it. Creates it
  // with a random uuid in <dir>/uuid.
  static Result<std::unique_ptr<Archive>> Open(ArchiveOptions options, WarcInfo info,
                                               const Clock& clock);
  ~Archive();  // acknowledges or fails everything appended, then closes

  const std::string& uuid() const;
  const std::filesystem::path& dir() const;
  // True when nothing was ever captured here: Open made the archive, or found one that got no
  // further than that.
  bool created() const;
  // True when Open found no capture here, whatever was here before.
  bool empty() const;
  // Takes the capture; waits when 64 MiB are queued. `done` gets the address after fsync, or
  // kTransient (disk full: nothing of it stays, it may be appended again), kPermanent (larger than
  // a record may be), kCorruption (I/O error: the archive is then read-only and every later append
  // fails the same). `done` may append, but not end the archive.
  void Append(Capture capture, Appended done);
  // Appends a control record; durable, acknowledged and failing as a capture is. Its address, id
  // and date are made here. In force for readers once it is durable, before `done` is called.
  void AppendControl(ControlKind kind, std::string body, Appended done);
  // The same, waiting for the answer: not from a callback.
  Result<ArchiveAddress> AppendControlAndWait(ControlKind kind, std::string body);
  // Those in force now. Never null; a value that does not change.
  std::shared_ptr<const Controls> controls() const;
  // Ends the segment that is being written, after all that was appended before: what lies below the
  // answer is sealed, and no append will touch its segments again. Errors are Append's. Waits for
  // the writer; not for callbacks.
  Result<Position> Seal();
  // A new configuration takes effect at its record: for every capture appended after this call.
  void SetWarcInfo(WarcInfo info);

  // Deletes the oldest segment, durably, if its serial is below `keep_from` and no replay holds it.
  // False: there is none that may go. Control records that governed nothing else are out of force
  // with the next segment's head. Errors: archive/retention.h, DeleteOldest. Blocks; one thread at
  // a time, not the callbacks'.
  Result<bool> RetireOldest(uint32_t keep_from);

  Position durable_end() const;  // readers never pass it
  // Waits until durable_end() > position, stop or timeout; returns durable_end().
  Position WaitPast(Position position, std::chrono::milliseconds timeout,
                    std::stop_token stop) const;
  // Free bytes above min_free_bytes, as last looked (at most a second ago), and no write failed
  // just now for want of room: after one, false for 1 s, doubling to 60 s while writes go on to
  // fail.
  bool has_room() const;

 private:
  struct Impl;
  explicit Archive(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The archive's files, oldest first. Works on a folder that no process owns too.
struct Segment {
  std::filesystem::path path;
  uint32_t serial = 0;
  uint64_t size = 0;  // bytes now
  bool sealed = false;
};
Result<std::vector<Segment>> ListSegments(const std::filesystem::path& dir);
Result<std::string> ReadUuid(const std::filesystem::path& dir);

}  // namespace newswire::archive
