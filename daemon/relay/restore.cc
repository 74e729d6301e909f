// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/restore.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "daemon/archive/archive.h"
#include "daemon/archive/control_scan.h"
#include "daemon/archive/sha256.h"
#include "daemon/archive/snapshot_parts.h"
#include "daemon/fail_point.h"
#include "daemon/relay/sequencer_state.h"
#include "daemon/relay/snapshot_codec.h"

namespace newswire::relay {
namespace {

using archive::Control;
using archive::ControlKind;

// Snapshots that may serve, the best one first.
std::vector<const Control*> Candidates(const archive::Controls& controls, Position oldest,
                                       Position start) {
  std::vector<const Control*> found;
  for (const Control& control : controls.all()) {
    const bool leads = start == Position() || control.base <= start;
    if (control.kind == ControlKind::kSnapshot && control.base >= oldest && leads) {
      found.push_back(&control);
    }
  }
  std::ranges::stable_sort(found, {}, [](const Control* one) { return one->base; });
  if (start != Position()) {
    std::ranges::reverse(found);  // the less is folded the better
  }
  return found;
}

using TakePart = std::function<Status(const SnapshotPart&)>;

// Gives the parts of a snapshot, in order. kMalformed: it is not whole, which may show only behind
// the last part.
Status ReadParts(const std::filesystem::path& dir, const Control& control, const SnapshotEnd& end,
                 const TakePart& take) {
  archive::SnapshotParts parts(dir, end.first, control.position);
  archive::Sha256Stream sum;
  SnapshotEnd read;
  while (read.parts < end.parts) {
    auto block = parts.Next();
    if (!block) {
      return std::unexpected(block.error());
    }
    if (!*block) {
      return Fail(ErrorKind::kMalformed,
                  fmt::format("{} of its {} parts are there", read.parts, end.parts));
    }
    const auto part = SnapshotPartFromJson(**block);
    if (!part) {
      return std::unexpected(part.error());
    }
    if (part->snapshot != end.snapshot) {
      continue;  // of one that was given up
    }
    if (part->number != ++read.parts) {
      return Fail(ErrorKind::kMalformed, fmt::format("part {} is missing", read.parts));
    }
    sum.Add(**block);
    read.topics += part->topics.size();
    read.posts += part->posts.size();
    read.rereads += part->rereads.size();
    if (Status status = take(*part); !status) {
      return status;
    }
  }
  if (read.posts != end.posts || read.topics != end.topics || read.rereads != end.rereads ||
      sum.Finish() != end.sha256) {
    return Fail(ErrorKind::kMalformed, "its parts do not match its sum");
  }
  return {};
}

void SayNotWhole(const Control& control, const Error& error) {
  spdlog::error("a snapshot of the sequencer's state is not whole record={} reason=\"{}\"",
                control.position.ToHex(), error.message);
}

Status PutRereads(const SnapshotPart& part, SequencerState& state) {
  for (const RereadDigest& reread : part.rereads) {
    if (Status status = state.Put(reread); !status) {
      return status;
    }
  }
  return {};
}

// Puts a snapshot in the place of all rows, in one transaction. After an error (kMalformed: it is
// not whole) RewindTo makes the state what it was before.
Status Load(const std::filesystem::path& dir, const Control& control, SequencerState& state) {
  const auto end = SnapshotEndFromJson(control.body);
  if (!end) {
    return std::unexpected(end.error());
  }
  if (Status status = state.BeginReplacing(); !status) {
    return status;
  }
  Status status = ReadParts(dir, control, *end, [&](const SnapshotPart& part) -> Status {
    for (const StoredTopic& topic : part.topics) {
      if (Status restored = state.Restore(topic); !restored) {
        return restored;
      }
    }
    for (const StoredPost& post : part.posts) {
      if (Status restored = state.Put(post.post, post.position, post.row); !restored) {
        return restored;
      }
    }
    return PutRereads(part, state);
  });
  if (!status) {
    return status;
  }
  NEWSWIRE_FAIL_POINT("relay.restore.before_commit");
  return state.EndReplacing(end->base);
}

// A state that did not come so far as the writer of a snapshot: what that one needed of captures
// that are gone now is taken over.
Status TakeOverRereads(const std::filesystem::path& dir, const archive::Controls& controls,
                       Sequencer& sequencer) {
  for (const Control& control : controls.all()) {
    if (control.kind != ControlKind::kSnapshot || control.through <= sequencer.folded()) {
      continue;
    }
    const auto end = SnapshotEndFromJson(control.body);
    if (!end) {
      return std::unexpected(end.error());
    }
    if (end->rereads == 0) {
      continue;
    }
    Status status = ReadParts(dir, control, *end, [&](const SnapshotPart& part) {
      return PutRereads(part, sequencer.state());
    });
    if (!status && status.error().kind == ErrorKind::kMalformed) {
      // What was read is right by itself: each part is a record with a checksum of its own.
      SayNotWhole(control, status.error());
      status = {};
    }
    if (status) {
      status = sequencer.Flush();
    }
    if (!status) {
      return status;
    }
  }
  return {};
}

std::string Oldest(const std::filesystem::path& dir, Position oldest) {
  return fmt::format("the oldest position that {} holds is {}", dir.native(), oldest.ToHex());
}

}  // namespace

Status RestoreFor(Position start, const std::filesystem::path& dir,
                  const archive::Controls& controls, Sequencer& sequencer) {
  const auto segments = archive::ListSegments(dir);
  if (!segments) {
    return std::unexpected(segments.error());
  }
  if (segments->empty()) {
    return {};
  }
  const Position oldest(segments->front().serial, 0);
  if (start != Position() && start < oldest) {
    return Fail(ErrorKind::kConfig,
                fmt::format("position {} was retired: {}", start.ToHex(), Oldest(dir, oldest)));
  }
  const Position folded = sequencer.folded();
  if (segments->front().serial == 1) {
    return {};
  }
  if (folded >= oldest) {
    return TakeOverRereads(dir, controls, sequencer);
  }
  const std::vector<const Control*> candidates = Candidates(controls, oldest, start);
  for (const Control* candidate : candidates) {
    const Status loaded = Load(dir, *candidate, sequencer.state());
    if (loaded) {
      spdlog::info("the sequencer's state was loaded from a snapshot base={} record={}",
                   candidate->base.ToHex(), candidate->position.ToHex());
      return sequencer.RewindTo(candidate->base);
    }
    if (Status status = sequencer.RewindTo(folded); !status) {
      return status;
    }
    if (loaded.error().kind != ErrorKind::kMalformed) {
      return loaded;
    }
    SayNotWhole(*candidate, loaded.error());
  }
  if (candidates.empty() && folded == Position() &&
      controls.Newest(ControlKind::kSnapshot) == nullptr) {
    // Nothing says that there was anything before.
    return {};
  }
  return Fail(
      ErrorKind::kConfig,
      fmt::format("the sequencer's state as of {} cannot be made: the state at hand reaches "
                  "{}, {}, and no whole snapshot leads from there",
                  start.ToHex(), folded.ToHex(), Oldest(dir, oldest)));
}

Status RestoreFor(Position start, const std::filesystem::path& dir, Sequencer& sequencer) {
  const auto segments = archive::ListSegments(dir);
  if (!segments) {
    return std::unexpected(segments.error());
  }
  archive::ControlScan scan;
  if (const auto found = scan.Refresh(*segments); !found) {
    return std::unexpected(found.error());
  }
  return RestoreFor(start, dir, scan.controls(), sequencer);
}

}  // namespace newswire::relay
