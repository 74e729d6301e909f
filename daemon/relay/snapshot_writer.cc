// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/snapshot_writer.h"

#include <mutex>
#include <optional>
#include <utility>

#include "daemon/archive/warc_record.h"
#include "daemon/fail_point.h"

namespace newswire::relay {
namespace {

constexpr size_t kPartBytes = size_t{1} << 20;
constexpr uint64_t kMostUnanswered = 4;  // parts
constexpr int64_t kRowsPerStep = 1000;   // of the table, superseded ones among them
constexpr size_t kRowOverhead = 400;     // bytes of a row's JSON without its texts

}  // namespace

// What the archive's thread said.
struct SnapshotWriter::Answers {
  std::mutex mutex;
  uint64_t count = 0;
  std::optional<Position> first;
  std::optional<Error> error;
};

SnapshotWriter::SnapshotWriter(SequencerState& state, archive::Archive& archive, Position base)
    : state_(state), archive_(archive), answers_(std::make_shared<Answers>()) {
  end_.snapshot = archive::NewUuid();
  end_.archive = archive.uuid();
  end_.base = base;
  part_.snapshot = end_.snapshot;
}

SnapshotWriter::~SnapshotWriter() = default;

Status SnapshotWriter::Begin() {
  auto last = state_.LastRowBelow(end_.base);
  if (!last) {
    return std::unexpected(last.error());
  }
  last_row_ = *last;
  auto topics = state_.TopicsBelow(end_.base);
  if (!topics) {
    return std::unexpected(topics.error());
  }
  part_.topics = std::move(*topics);
  end_.topics = part_.topics.size();
  begun_ = true;
  return {};
}

void SnapshotWriter::AppendPart() {
  part_.number = ++end_.parts;
  end_.posts += part_.posts.size();
  std::string block = ToJson(part_);
  sum_.Add(block);
  part_.topics.clear();
  part_.posts.clear();
  part_bytes_ = 0;
  ++appended_;
  NEWSWIRE_FAIL_POINT("relay.snapshot.before_part");
  archive_.AppendControl(archive::ControlKind::kSnapshotPart, std::move(block),
                         [answers = answers_](Result<ArchiveAddress> address) {
                           const std::lock_guard lock(answers->mutex);
                           ++answers->count;
                           if (!address) {
                             answers->error = address.error();
                           } else if (!answers->first) {
                             answers->first = address->position;
                           }
                         });
}

void SnapshotWriter::AppendEnd() {
  end_.sha256 = sum_.Finish();
  end_appended_ = true;
  ++appended_;
  NEWSWIRE_FAIL_POINT("relay.snapshot.before_end");
  archive_.AppendControl(archive::ControlKind::kSnapshot, ToJson(end_),
                         [answers = answers_](Result<ArchiveAddress> address) {
                           const std::lock_guard lock(answers->mutex);
                           ++answers->count;
                           if (!address) {
                             answers->error = address.error();
                           }
                         });
}

Result<SnapshotWriter::Progress> SnapshotWriter::Step() {
  uint64_t unanswered = 0;
  {
    const std::lock_guard lock(answers_->mutex);
    if (answers_->error) {
      archive_failed_ = true;
      return std::unexpected(*answers_->error);
    }
    unanswered = appended_ - answers_->count;
    if (answers_->first) {
      end_.first = *answers_->first;
    }
  }
  if (end_appended_) {
    return unanswered == 0 ? Progress::kDone : Progress::kWaiting;
  }
  if (unanswered >= kMostUnanswered || (read_all_ && unanswered > 0)) {
    return Progress::kWaiting;
  }
  if (!begun_) {
    if (Status status = Begin(); !status) {
      return std::unexpected(status.error());
    }
    return Progress::kWorking;
  }
  if (read_all_) {
    AppendEnd();
    return Progress::kWaiting;
  }
  const size_t before = part_.posts.size();
  auto next = state_.NewestRows(next_row_, last_row_, kRowsPerStep, part_.posts);
  if (!next) {
    return std::unexpected(next.error());
  }
  next_row_ = *next;
  for (size_t i = before; i < part_.posts.size(); ++i) {
    const StoredPost& post = part_.posts[i];
    part_bytes_ += kRowOverhead + post.post.size() + post.row.url.size();
  }
  read_all_ = next_row_ >= last_row_;
  // The first part is there always: the end says where it lies.
  if (part_bytes_ >= kPartBytes || (read_all_ && (!part_.posts.empty() || end_.parts == 0))) {
    AppendPart();
  }
  return Progress::kWorking;
}

}  // namespace newswire::relay
