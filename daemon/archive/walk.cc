// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/walk.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "daemon/archive/folder.h"
#include "daemon/archive/tools.h"

namespace newswire::archive {
namespace {

// Whether damage is only the unfinished end of a segment that a running daemon writes.
bool IsBeingWritten(const std::filesystem::path& dir, const std::string& segment, uint64_t end) {
  const Result<std::vector<Segment>> segments = ListSegments(dir);
  if (!segments || segments->empty()) {
    return false;
  }
  // A segment that was the newest a moment ago may have been sealed by now: look at its size only.
  const auto found = std::ranges::find_if(
      *segments, [&](const Segment& s) { return s.path.filename() == segment; });
  const bool newest = found != segments->end() && found + 1 >= segments->end() && !found->sealed;
  const bool grown = found != segments->end() && found->size > end;
  return (newest || grown) && IsLocked(dir);
}

// The head of the first segment that may hold what lies at or behind `from`: any position may be
// asked for, a reader begins only where a record does.
Result<Position> BeginOf(const std::filesystem::path& dir, std::optional<Position> from) {
  if (!from) {
    return Position{};
  }
  const Result<std::vector<Segment>> segments = ListSegments(dir);
  if (!segments) {
    return std::unexpected(segments.error());
  }
  const auto found = std::ranges::lower_bound(*segments, from->serial(), {}, &Segment::serial);
  return found == segments->end() ? Position{} : Position(found->serial, 0);
}

}  // namespace

void DamageReport::Add(const Damage& damage, bool at_end) {
  if (at_end && IsBeingWritten(dir_, damage.segment, damage.offset + damage.length)) {
    return;
  }
  out_ << fmt::format("{}: {}, {} bytes at offset {}\n", damage.segment, damage.reason,
                      damage.length, damage.offset);
  found_ = true;
}

int WalkCaptures(const std::filesystem::path& dir, const CaptureFilter& filter, PostIds& ids,
                 const Walk& walk, std::ostream& err) {
  const Result<Position> begin = BeginOf(dir, filter.from);
  if (!begin) {
    err << begin.error().message << '\n';
    return kCannotRead;
  }
  Result<std::unique_ptr<Reader>> reader = Reader::OpenArchive(dir, *begin, {});
  if (!reader) {
    err << reader.error().message << '\n';
    return kCannotRead;
  }
  DamageReport report(dir, err);
  std::optional<Damage> last;  // reported when it is known whether something follows
  const auto status = [&] { return report.found() ? kFoundDamage : 0; };
  while (true) {
    Result<std::optional<Item>> item = (*reader)->Next();
    if (!item) {
      err << item.error().message << '\n';
      return kCannotRead;
    }
    if (last) {
      report.Add(*last, !item->has_value());
      last.reset();
    }
    if (!item->has_value()) {
      return status();
    }
    if (auto* damage = std::get_if<Damage>(&**item)) {
      last = std::move(*damage);
    } else if (const auto* info = std::get_if<WarcInfo>(&**item)) {
      ids.Govern(*info);
      if (walk.info) {
        walk.info(*info);
      }
    } else if (auto* capture = std::get_if<Capture>(&**item)) {
      if (filter.to && capture->address.position >= *filter.to) {
        return status();
      }
      ids.Know((*reader)->controls()->redactions());
      if (Matches(filter, *capture, ids) && !walk.capture(*capture)) {
        return status();
      }
    }
  }
}

}  // namespace newswire::archive
