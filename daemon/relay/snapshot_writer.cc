// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/snapshot_writer.h"

#include <condition_variable>
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
  std::condition_variable came;
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
  begun_ = true;
  return {};
}

Status SnapshotWriter::ReadPosts() {
  const size_t before = part_.posts.size();
  const auto next = state_.NewestRows(next_row_, last_row_, kRowsPerStep, part_.posts);
  if (!next) {
    return std::unexpected(next.error());
  }
  next_row_ = *next;
  for (size_t i = before; i < part_.posts.size(); ++i) {
    const StoredPost& post = part_.posts[i];
    part_bytes_ += kRowOverhead + post.post.size() + post.row.url.size();
  }
  return {};
}

Result<bool> SnapshotWriter::ReadRereads() {
  const size_t before = part_.rereads.size();
  const auto next = state_.Rereads(next_reread_, kRowsPerStep, last_row_, part_.rereads);
  if (!next) {
    return std::unexpected(next.error());
  }
  for (size_t i = before; i < part_.rereads.size(); ++i) {
    part_bytes_ += kRowOverhead + part_.rereads[i].post.size();
  }
  next_reread_ = next->value_or(next_reread_);
  return next->has_value();
}

void SnapshotWriter::AppendPart() {
  part_.number = ++end_.parts;
  end_.topics += part_.topics.size();
  end_.posts += part_.posts.size();
  end_.rereads += part_.rereads.size();
  std::string block = ToJson(part_);
  sum_.Add(block);
  part_.topics.clear();
  part_.posts.clear();
  part_.rereads.clear();
  part_bytes_ = 0;
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
                           answers->came.notify_one();
                         });
}

Result<SnapshotWriter::Progress> SnapshotWriter::Step() {
  {
    const std::lock_guard lock(answers_->mutex);
    if (answers_->error) {
      archive_failed_ = true;
      return std::unexpected(*answers_->error);
    }
    if (end_.parts - answers_->count >= kMostUnanswered) {
      return Progress::kWaiting;
    }
  }
  bool more = true;
  Status status;
  if (!begun_) {
    status = Begin();
  } else if (next_row_ < last_row_) {
    status = ReadPosts();
  } else {
    const auto read = ReadRereads();
    status = read ? Status() : std::unexpected(read.error());
    more = read.value_or(false);
  }
  if (!status) {
    return std::unexpected(status.error());
  }
  if (part_bytes_ >= kPartBytes) {
    AppendPart();
  }
  return more ? Progress::kWorking : Progress::kReady;
}

Status SnapshotWriter::WaitForParts() {
  std::unique_lock lock(answers_->mutex);
  answers_->came.wait(lock, [this] { return answers_->count == end_.parts; });
  if (answers_->error) {
    archive_failed_ = true;
    return std::unexpected(*answers_->error);
  }
  end_.first = *answers_->first;
  return {};
}

Status SnapshotWriter::Finish(Position through) {
  // What was read again since Step came to its end.
  for (bool more = true; more;) {
    const auto read = ReadRereads();
    if (!read) {
      return std::unexpected(read.error());
    }
    more = *read;
    if (part_bytes_ >= kPartBytes) {
      AppendPart();
    }
  }
  // The first part is there always: the end says where it lies.
  if (part_bytes_ > 0 || end_.parts == 0) {
    AppendPart();
  }
  if (Status status = WaitForParts(); !status) {
    return status;
  }
  end_.through = through;
  end_.sha256 = sum_.Finish();
  NEWSWIRE_FAIL_POINT("relay.snapshot.before_end");
  const auto ended = archive_.AppendControlAndWait(archive::ControlKind::kSnapshot, ToJson(end_));
  archive_failed_ = !ended;
  return ended ? Status() : std::unexpected(ended.error());
}

}  // namespace newswire::relay
