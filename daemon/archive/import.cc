// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/import.h"

#include <deque>
#include <string>
#include <unordered_set>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "daemon/fail_point.h"
#include "transforms/text/utf8.h"

namespace newswire::archive {
namespace {

constexpr size_t kMaxPending = 256;                    // captures that wait for their answer
constexpr size_t kMaxPendingBytes = size_t{32} << 20;  // of their bodies

struct Pending {
  std::string key;
  size_t bytes = 0;
};

class Importer {
 public:
  Importer(ImportLedger& ledger, CaptureSink& sink, ImportCounts& counts)
      : ledger_(ledger), sink_(sink), counts_(counts) {}

  Status Take(Capture capture) {
    const std::string key = ImportKey(capture);
    const Result<bool> known = ledger_.Contains(key);
    if (!known) {
      return std::unexpected(known.error());
    }
    if (*known || in_flight_.contains(key)) {
      ++counts_.known;
      return {};
    }
    while (pending_.size() >= kMaxPending ||
           (!pending_.empty() && bytes_ + capture.body.size() > kMaxPendingBytes)) {
      if (Status status = Answer(); !status) {
        return status;
      }
    }
    pending_.push_back({key, capture.body.size()});
    bytes_ += capture.body.size();
    in_flight_.insert(key);
    return sink_.Append(std::move(capture));
  }

  // Waits for everything.
  Status Drain() {
    while (!pending_.empty()) {
      if (Status status = Answer(); !status) {
        return status;
      }
    }
    return ledger_.Flush();
  }

 private:
  Status Answer() {
    Result<ArchiveAddress> answer = sink_.NextAnswer();
    const Pending one = std::move(pending_.front());
    pending_.pop_front();
    bytes_ -= one.bytes;
    in_flight_.erase(one.key);
    if (!answer) {
      if (answer.error().kind == ErrorKind::kPermanent) {
        ++counts_.failed;
        return {};
      }
      return std::unexpected(answer.error());
    }
    NEWSWIRE_FAIL_POINT("archive.import.acknowledged");
    ++counts_.imported;
    return ledger_.Add(one.key, answer->end);
  }

  ImportLedger& ledger_;
  CaptureSink& sink_;
  ImportCounts& counts_;
  std::deque<Pending> pending_;
  std::unordered_set<std::string> in_flight_;
  size_t bytes_ = 0;
};

}  // namespace

std::optional<Capture> ToImport(Capture capture, const ImportOptions& options) {
  const bool file = capture.kind == CaptureKind::kResource;
  const bool answer = capture.kind == CaptureKind::kResponse;
  const bool foreign = capture.metadata.source.empty();
  if ((!file && !answer) || capture.url.empty() ||
      (foreign && options.is_post && !options.is_post(capture))) {
    return std::nullopt;
  }
  std::string id = capture.address.record_id;
  if (id.empty()) {
    id = fmt::format("{}@{}", capture.address.segment, capture.address.offset);
  }
  size_t replaced = 0;
  capture.refers_to = RefersTo{.record_id = text::MakeValidUtf8(id, &replaced)};
  capture.metadata.source = options.source.id;
  if (foreign) {
    capture.metadata.body = options.source.body;
    capture.metadata.role =
        options.source.body == BodyKind::kFeed ? CaptureRole::kFeed : CaptureRole::kPost;
    if (capture.metadata.link.empty()) {
      capture.metadata.link = capture.url;
    }
  }
  capture.metadata.publish_after.reset();
  capture.address = {};
  return capture;
}

Status Import(const std::function<Result<std::optional<Item>>()>& next,
              const ImportOptions& options, ImportLedger& ledger, CaptureSink& sink,
              const std::stop_token& stop, ImportCounts& counts,
              const std::function<void()>& tell) {
  Importer importer(ledger, sink, counts);
  Status status;
  while (status) {
    if (stop.stop_requested()) {
      status = Fail(ErrorKind::kCancelled, "stopped");
      break;
    }
    Result<std::optional<Item>> item = next();
    if (!item) {
      status = std::unexpected(item.error());
      break;
    }
    if (!item->has_value()) {
      break;
    }
    if (std::holds_alternative<Damage>(**item)) {
      ++counts.damaged;
    } else if (auto* capture = std::get_if<Capture>(&**item)) {
      if (std::optional<Capture> imported = ToImport(std::move(*capture), options)) {
        status = importer.Take(std::move(*imported));
      } else {
        ++counts.passed_by;
      }
    }
    tell();
  }
  // What was appended is waited for whatever ended it, unless the sink itself is lost.
  const Status drained = importer.Drain();
  tell();
  return status ? drained : status;
}

}  // namespace newswire::archive
