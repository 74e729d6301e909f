// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/restore.h"

#include <algorithm>
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

// Puts a snapshot in the place of all rows, in one transaction. kMalformed: it is not whole; the
// state is then as before.
Status Load(const std::filesystem::path& dir, const Control& control, SequencerState& state) {
  const auto end = SnapshotEndFromJson(control.body);
  if (!end) {
    return std::unexpected(end.error());
  }
  if (Status status = state.BeginReplacing(); !status) {
    return status;
  }
  archive::SnapshotParts parts(dir, end->first, control.position);
  archive::Sha256Stream sum;
  uint64_t number = 0;
  uint64_t posts = 0;
  uint64_t topics = 0;
  while (number < end->parts) {
    auto block = parts.Next();
    if (!block) {
      return std::unexpected(block.error());
    }
    if (!*block) {
      return Fail(ErrorKind::kMalformed,
                  fmt::format("{} of its {} parts are there", number, end->parts));
    }
    const auto part = SnapshotPartFromJson(**block);
    if (!part) {
      return std::unexpected(part.error());
    }
    if (part->snapshot != end->snapshot) {
      continue;  // of one that was given up
    }
    if (part->number != ++number) {
      return Fail(ErrorKind::kMalformed, fmt::format("part {} is missing", number));
    }
    sum.Add(**block);
    for (const StoredTopic& topic : part->topics) {
      if (Status status = state.Restore(topic); !status) {
        return status;
      }
    }
    for (const StoredPost& post : part->posts) {
      if (Status status = state.Put(post.post, post.position, post.row); !status) {
        return status;
      }
    }
    posts += part->posts.size();
    topics += part->topics.size();
  }
  if (posts != end->posts || topics != end->topics || sum.Finish() != end->sha256) {
    return Fail(ErrorKind::kMalformed, "its parts do not match its sum");
  }
  NEWSWIRE_FAIL_POINT("relay.restore.before_commit");
  return state.EndReplacing(end->base);
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
  if (folded >= oldest || segments->front().serial == 1) {
    return {};
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
    spdlog::error("a snapshot of the sequencer's state is not whole record={} reason=\"{}\"",
                  candidate->position.ToHex(), loaded.error().message);
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
