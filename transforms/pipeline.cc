// SPDX-License-Identifier: Apache-2.0
#include "transforms/pipeline.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "transforms/formats/feed.h"
#include "transforms/steps/compose.h"
#include "transforms/steps/decode.h"
#include "transforms/text/dates.h"
#include "transforms/text/hash.h"
#include "transforms/text/language.h"
#include "transforms/text/pattern.h"

namespace newswire {
namespace {

using steps::Document;

constexpr size_t kPipelineHashBytes = 4;  // 8 hexadecimal digits
constexpr std::string_view kNoText = "clean";

std::string PipelineId(const Source& source, const std::vector<const steps::Step*>& steps) {
  text::FieldHasher hasher;
  hasher.Add(source.id);
  hasher.Add(Name(source.kind));  // `auto` ids depend on it
  hasher.Add(Name(source.body));
  hasher.Add(Name(source.id_policy));
  hasher.Add(source.id_pattern);
  hasher.Add(source.timezone);
  hasher.Add(source.language);
  hasher.Add(std::to_string(steps::kStepsRevision));
  hasher.Add(std::to_string(steps.size()));
  for (const steps::Step* step : steps) {
    hasher.Add(step->name);
  }
  for (const auto& [name, slug] : source.categories) {
    hasher.Add(name);
    hasher.Add(slug);
  }
  hasher.Add(text::LibraryVersions());
  const Digest256 hash = hasher.Finish();
  return NEWSWIRE_VERSION "+" + text::Hex(std::span(hash).first(kPipelineHashBytes));
}

bool HasDocuments(const Capture& capture) {
  const bool answered = (capture.kind == CaptureKind::kResponse && capture.http_status == 200) ||
                        capture.kind == CaptureKind::kResource;
  return answered && (capture.metadata.role == CaptureRole::kPost ||
                      (capture.metadata.role == CaptureRole::kFeed &&
                       capture.metadata.body == BodyKind::kFeed));
}

std::string LinkOf(const Capture& capture) {
  return capture.metadata.link.empty() ? capture.url : capture.metadata.link;
}

Document NewDocument(const Capture& capture, const Source& source, uint32_t number,
                     const std::string& pipeline) {
  Document document;
  document.capture = &capture;
  document.source = &source;
  document.number = number;
  document.body = capture.metadata.body;
  document.content_type = steps::ContentTypeOf(capture);
  Post& post = document.post;
  post.source = source.id;
  post.url = capture.url;
  post.fetched_at = capture.fetched_at;
  post.document = number;
  post.archive = capture.address;
  post.pipeline = pipeline;
  return document;
}

void AddDeadLetter(const Capture& capture, uint32_t document, std::string_view url,
                   std::string_view step, std::string reason, Transformed& out) {
  out.dead_letters.push_back({.source = out.source,
                              .url = std::string(url),
                              .document = document,
                              .step = std::string(step),
                              .reason = std::move(reason),
                              .fetched_at = capture.fetched_at,
                              .archive = capture.address,
                              .pipeline = out.pipeline});
}

// Of two posts with one id the last counts.
void KeepLast(std::vector<Post>& posts) {
  std::unordered_map<std::string_view, size_t> last;
  for (size_t i = 0; i < posts.size(); ++i) {
    last[posts[i].id] = i;
  }
  if (last.size() == posts.size()) {
    return;
  }
  std::vector<bool> keep(posts.size());
  for (const auto& [id, index] : last) {
    keep[index] = true;
  }
  size_t kept = 0;
  for (size_t i = 0; i < posts.size(); ++i) {
    if (keep[i]) {
      if (kept != i) {
        posts[kept] = std::move(posts[i]);
      }
      ++kept;
    }
  }
  posts.resize(kept);
}

}  // namespace

Pipeline::Pipeline(Source source) : source_(std::move(source)) {}

Result<Pipeline> Pipeline::Create(const Source& source) {
  Pipeline pipeline(source);
  if (source.steps.empty()) {
    for (const steps::Step& step : steps::AllSteps()) {
      pipeline.steps_.push_back(&step);
    }
  }
  for (const std::string& name : source.steps) {
    const steps::Step* step = steps::FindStep(name);
    if (step == nullptr) {
      std::string known;
      for (const steps::Step& each : steps::AllSteps()) {
        known += known.empty() ? "" : ", ";
        known += each.name;
      }
      return Fail(ErrorKind::kConfig, "source " + source.id + ": there is no step \"" + name +
                                          "\"; there are: " + known);
    }
    pipeline.steps_.push_back(step);
  }
  if (!source.timezone.empty() && !text::IsKnownZone(source.timezone)) {
    return Fail(ErrorKind::kConfig, "source " + source.id + ": \"" + source.timezone +
                                        "\" is no IANA time zone, such as Asia/Shanghai");
  }
  if (source.id_policy == IdPolicy::kPattern) {
    const auto pattern = text::Pattern::Create(source.id_pattern);
    if (!pattern) {
      return WithContext(pattern.error(), "source " + source.id + ": id_pattern");
    }
    if (pattern->groups() != 1) {
      return Fail(ErrorKind::kConfig,
                  "source " + source.id + ": id_pattern needs exactly one group");
    }
  }
  if (!source.language.empty() && text::CanonicalLanguage(source.language).empty()) {
    return Fail(ErrorKind::kConfig, "source " + source.id + ": \"" + source.language +
                                        "\" is no BCP 47 language tag, such as zh-CN");
  }
  pipeline.id_ = PipelineId(source, pipeline.steps_);
  return pipeline;
}

void Pipeline::RunDocument(Document& document, const std::string& link, const LinkEntry& entry,
                           Transformed& out) const {
  const Capture& capture = *document.capture;
  for (const steps::Step* step : steps_) {
    if (const Status done = step->run(document); !done) {
      AddDeadLetter(capture, document.number, document.post.url, step->name, done.error().message,
                    out);
      return;
    }
  }
  steps::EnsureComposed(document);
  if (document.post.text.empty()) {
    AddDeadLetter(capture, document.number, document.post.url, kNoText, "no text was found", out);
    return;
  }
  document.post.id = source_.id_policy == IdPolicy::kOriginalUrl
                         ? PostIdFromOriginal(source_, document.post.original_url, link)
                         : PostIdFromLink(source_, link, entry);
  if (document.post.id.empty()) {
    AddDeadLetter(capture, document.number, document.post.url, "decode",
                  "neither a URL nor a guid to make an id of", out);
    return;
  }
  out.posts.push_back(std::move(document.post));
}

void Pipeline::RunFeed(const Capture& capture, Transformed& out) const {
  if (!capture.truncated.empty()) {
    AddDeadLetter(capture, 0, capture.url, "decode", "the body was cut (" + capture.truncated + ")",
                  out);
    return;
  }
  std::string storage;
  const auto bytes = steps::DecodedBody(capture, steps::kMaxFeedBytes, storage);
  if (!bytes) {
    AddDeadLetter(capture, 0, capture.url, "decode", bytes.error().message, out);
    return;
  }
  auto feed = formats::ParseFeed(*bytes, steps::ContentTypeOf(capture), capture.url);
  if (!feed) {
    AddDeadLetter(capture, 0, capture.url, "decode", feed.error().message, out);
    return;
  }
  uint32_t number = 0;
  for (formats::FeedEntry& entry : feed->entries) {
    Document document = NewDocument(capture, source_, number++, id_);
    document.body = BodyKind::kFeed;
    // A summary alone is the body; attribution sees the empty content and gives no summary then.
    document.bytes = entry.content.empty() ? steps::PlainTextToHtml(entry.summary) : entry.content;
    if (!entry.url.empty()) {
      document.post.url = entry.url;
    }
    if (entry.language.empty()) {
      entry.language = feed->language;
    }
    LinkEntry link;
    link.id = entry.id;
    const std::string url = entry.url;
    document.feed_entry = std::move(entry);
    RunDocument(document, url, link, out);
  }
}

Transformed Pipeline::Run(const Capture& capture) const {
  Transformed out;
  out.address = capture.address;
  out.kind = capture.kind;
  out.role = capture.metadata.role;
  out.http_status = capture.http_status;
  out.source = source_.id;
  out.link = LinkOf(capture);
  if (out.role == CaptureRole::kPost) {
    out.link_post_id = PostIdFromLink(source_, out.link, capture.metadata.entry);
  }
  out.pipeline = id_;
  out.fetched_at = capture.fetched_at;
  out.removal = capture.metadata.removal;
  out.publish_after = capture.metadata.publish_after;
  if (!HasDocuments(capture)) {
    return out;
  }
  if (capture.metadata.role == CaptureRole::kFeed) {
    RunFeed(capture, out);
    KeepLast(out.posts);
  } else {
    Document document = NewDocument(capture, source_, 0, id_);
    RunDocument(document, out.link, capture.metadata.entry, out);
  }
  return out;
}

}  // namespace newswire
