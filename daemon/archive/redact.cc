// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/redact.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "daemon/archive/blank_capture.h"
#include "daemon/archive/capture_filter.h"
#include "daemon/archive/control_scan.h"
#include "daemon/archive/folder.h"
#include "daemon/archive/hold.h"
#include "daemon/archive/segment_rewrite.h"
#include "daemon/fail_point.h"
#include "transforms/pipeline.h"

namespace newswire::archive {
namespace {

// The documents of a capture that are blanked with it.
std::vector<RedactedDocument> DocumentsOf(const HoldingCapture& held, const Transformed& before) {
  std::vector<RedactedDocument> documents;
  const auto add = [&](uint32_t number) {
    RedactedDocument document{.capture = held.address.position,
                              .document = number,
                              .without_entry = before.without_entry,
                              .ghost = std::nullopt};
    const auto post = std::ranges::find(before.posts, number, &Post::document);
    if (post != before.posts.end()) {
      Post& ghost = document.ghost.emplace();
      ghost.id = post->id;
      ghost.source = post->source;
      ghost.url = post->url;
      ghost.category.slug = post->category.slug;
      if (post->published_at) {
        ghost.published_at = Timestamp{.instant = post->published_at->instant, .offset = {}};
      }
      ghost.pipeline = post->pipeline;
      ghost.digest = post->digest;
      ghost.document_digest = post->document_digest;
    }
    documents.push_back(std::move(document));
  };
  std::ranges::for_each(held.blanking.entries, add);
  if (held.blanking.whole && held.role == CaptureRole::kPost) {
    add(0);
  }
  return documents;
}

Transformed Run(const Pipeline& pipeline, const Capture& capture) {
  Transformed transformed = pipeline.Run(capture);
  // As the relay's transforms have it.
  transformed.without_entry = capture.metadata.IsPostWithoutEntry();
  return transformed;
}

// What sequencing sees of a capture, apart from words of the documents that are blanked.
bool SameForOthers(Transformed before, Transformed after,
                   const std::vector<RedactedDocument>& documents) {
  for (const RedactedDocument& document : documents) {
    const auto is_it = [&](const auto& one) { return one.document == document.document; };
    for (Transformed* one : {&before, &after}) {
      std::erase_if(one->posts, is_it);
      std::erase_if(one->dead_letters, is_it);
    }
  }
  return before.posts == after.posts && before.dead_letters == after.dead_letters &&
         before.removal == after.removal && before.link == after.link &&
         before.link_post_id == after.link_post_id && before.publish_after == after.publish_after;
}

// One redaction, from the search to the segments that are ready to take their places.
class Redactor {
 public:
  Redactor(std::filesystem::path dir, const RedactRequest& request,
           std::shared_ptr<const Controls> controls)
      : dir_(std::move(dir)),
        request_(request),
        controls_(std::move(controls)),
        search_(dir_, {request.posts.begin(), request.posts.end()}) {}

  RedactionSearch& search() { return search_; }
  // Blanks what was found, segment by segment; with `write` into `.new` files. kPermanent: a post
  // is not known to the archive.
  Status Prepare(bool write, const std::stop_token& stop, const SearchProgress& progress);
  bool nothing_new() const {
    return report_.captures.empty() &&
           std::ranges::all_of(request_.posts, [&](const std::string& post) {
             return controls_->redactions()->Names(post);
           });
  }
  std::string Body();
  void GiveUp() { DropNew(dir_, redaction_.segments); }
  const Redaction& redaction() const { return redaction_; }
  RedactReport& report() { return report_; }

 private:
  Status CheckMet() const;
  Status Blank(const HoldingCapture& held, std::vector<Replacement>& replacements);
  Status EndSegment(const std::string& segment, const std::vector<Replacement>& replacements,
                    bool write);

  const std::filesystem::path dir_;
  const RedactRequest& request_;
  const std::shared_ptr<const Controls> controls_;
  RedactionSearch search_;
  PostIds ids_;
  Redaction redaction_;
  RedactReport report_;
};

Status Redactor::CheckMet() const {
  for (const std::string& post : request_.posts) {
    if (!search_.met().contains(post) && !controls_->redactions()->Names(post)) {
      return Fail(ErrorKind::kPermanent,
                  fmt::format("the archive holds no capture of the post {}", post));
    }
  }
  return {};
}

Status Redactor::Blank(const HoldingCapture& held, std::vector<Replacement>& replacements) {
  Result<BlankedCapture> blanked =
      BlankCapture(dir_ / held.address.segment, held.address, held.blanking);
  if (!blanked) {
    return std::unexpected(blanked.error());
  }
  if (blanked->replacements.empty()) {
    ++report_.blanked_before;
    return {};
  }
  std::vector<RedactedDocument> documents;
  if (!held.quarantined) {
    const Result<Capture> capture = ReadCaptureAt(dir_, held.address.position);
    if (!capture) {
      return std::unexpected(capture.error());
    }
    ids_.Govern(*held.governing);
    const Pipeline* pipeline = ids_.PipelineOf(*capture);
    if (pipeline == nullptr) {
      return Fail(ErrorKind::kPermanent, fmt::format("capture {}: its source {} is not known",
                                                     held.address.position.ToHex(), held.source));
    }
    Transformed before = Run(*pipeline, *capture);
    controls_->redactions()->Apply(before);
    Transformed after = Run(*pipeline, blanked->capture);
    controls_->redactions()->Apply(after);
    documents = DocumentsOf(held, before);
    if (!SameForOthers(std::move(before), std::move(after), documents)) {
      return Fail(ErrorKind::kPermanent, fmt::format("capture {}: other events would change",
                                                     held.address.position.ToHex()));
    }
  }
  std::ranges::move(blanked->replacements, std::back_inserter(replacements));
  redaction_.captures.push_back(held.address.position);
  std::ranges::move(documents, std::back_inserter(redaction_.documents));
  report_.captures.push_back({.position = held.address.position,
                              .segment = held.address.segment,
                              .kind = held.kind,
                              .role = held.role,
                              .source = held.source,
                              .url = held.url,
                              .entries = held.blanking.entries.size()});
  return {};
}

Status Redactor::EndSegment(const std::string& segment,
                            const std::vector<Replacement>& replacements, bool write) {
  if (replacements.empty()) {
    return {};
  }
  if (!write) {
    redaction_.segments.push_back({.name = segment, .old_sum = {}, .new_sum = {}});
    return {};
  }
  NEWSWIRE_FAIL_POINT("archive.redact.before_new");
  Result<RewrittenSegment> anew = WriteAnew(dir_ / segment, replacements);
  if (!anew) {
    return std::unexpected(anew.error());
  }
  NEWSWIRE_FAIL_POINT("archive.redact.new_written");
  if (const auto sum = ReadSum(dir_ / segment); sum && *sum != anew->old_sum) {
    spdlog::warn("archive: a segment that is redacted did not have its sum segment={}", segment);
  }
  redaction_.segments.push_back(std::move(*anew));
  return {};
}

Status Redactor::Prepare(bool write, const std::stop_token& stop, const SearchProgress& progress) {
  const auto found = search_.Finish(stop, progress);
  if (!found) {
    return std::unexpected(found.error());
  }
  if (Status status = CheckMet(); !status) {
    return status;
  }
  std::string segment;
  std::vector<Replacement> replacements;  // of that segment
  for (const HoldingCapture& held : *found) {
    if (stop.stop_requested()) {
      return Fail(ErrorKind::kCancelled, "stopped before anything was changed");
    }
    if (held.address.segment != segment) {
      if (Status status = EndSegment(segment, replacements, write); !status) {
        return status;
      }
      replacements.clear();
      segment = held.address.segment;
      if (progress) {
        progress(held.address.position);
      }
    }
    if (Status status = Blank(held, replacements); !status) {
      return status;
    }
  }
  if (Status status = EndSegment(segment, replacements, write); !status) {
    return status;
  }
  report_.segments = redaction_.segments;
  return {};
}

std::string Redactor::Body() {
  redaction_.posts = request_.posts;
  redaction_.reason = request_.reason;
  redaction_.links.assign(search_.links().begin(), search_.links().end());
  return RedactionToJson(redaction_);
}

Status CheckRequest(const RedactRequest& request) {
  return request.posts.empty() ? Fail(ErrorKind::kPermanent, "no post was named") : Status();
}

}  // namespace

Result<RedactReport> Redact(Archive& archive, const RedactRequest& request,
                            const std::stop_token& stop, const SearchProgress& progress) {
  if (Status status = CheckRequest(request); !status) {
    return std::unexpected(status.error());
  }
  const std::filesystem::path& dir = archive.dir();
  // What an earlier one may have left after an error of the disk.
  if (Status status = FinishRewrites(dir, *archive.controls()); !status) {
    return std::unexpected(status.error());
  }
  const Result<Hold> hold = Hold::Take(dir, 0);
  if (!hold) {
    return std::unexpected(hold.error());
  }
  Redactor redactor(dir, request, archive.controls());
  if (Status status = redactor.search().ReadTo(archive.durable_end(), stop, progress); !status) {
    return std::unexpected(status.error());
  }
  // What has come meanwhile too. Only sealed segments can be written anew.
  const Result<Position> sealed = archive.Seal();
  if (!sealed) {
    return std::unexpected(sealed.error());
  }
  Status status = redactor.search().ReadTo(*sealed, stop, progress);
  if (status) {
    status = redactor.Prepare(true, stop, progress);
  }
  if (!status) {
    redactor.GiveUp();
    return std::unexpected(status.error());
  }
  if (redactor.nothing_new()) {
    return std::move(redactor.report());
  }
  NEWSWIRE_FAIL_POINT("archive.redact.before_record");
  const Result<ArchiveAddress> record =
      archive.AppendControlAndWait(ControlKind::kRedaction, redactor.Body());
  if (!record) {
    redactor.GiveUp();
    return std::unexpected(record.error());
  }
  NEWSWIRE_FAIL_POINT("archive.redact.recorded");
  spdlog::warn("archive: posts are redacted posts={} captures={} segments={} record={}",
               fmt::join(request.posts, ","), redactor.report().captures.size(),
               redactor.report().segments.size(), record->position.ToHex());
  if (Status placed = PutInPlace(dir, redactor.redaction().segments); !placed) {
    Error error = placed.error();
    error.kind = ErrorKind::kCorruption;  // the redaction is in force, whatever the reason
    return WithContext(error, "the redaction is recorded, and is completed at the next start");
  }
  redactor.report().record = record->position;
  return std::move(redactor.report());
}

Result<RedactReport> PlanRedaction(const std::filesystem::path& dir, const RedactRequest& request,
                                   const std::stop_token& stop, const SearchProgress& progress) {
  if (Status status = CheckRequest(request); !status) {
    return std::unexpected(status.error());
  }
  const Result<Hold> hold = Hold::Take(dir, 0);  // where the folder may be written to
  const Result<std::vector<Segment>> segments = ListSegments(dir);
  if (!segments) {
    return std::unexpected(segments.error());
  }
  auto controls = ReadControls(dir);
  if (!controls) {
    return std::unexpected(controls.error());
  }
  Redactor redactor(dir, request, std::move(*controls));
  const Position end =
      segments->empty() ? Position() : Position(segments->back().serial, segments->back().size);
  Status status = redactor.search().ReadTo(end, stop, progress);
  if (status) {
    status = redactor.Prepare(false, stop, progress);
  }
  if (!status) {
    return std::unexpected(status.error());
  }
  return std::move(redactor.report());
}

}  // namespace newswire::archive
