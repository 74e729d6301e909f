// SPDX-License-Identifier: Apache-2.0
#include "tests/daemon/relay/history.h"

#include <algorithm>

#include <fmt/core.h>

#include "transforms/text/hash.h"

namespace newswire::relay {
namespace {

constexpr int64_t kFirstFetch = 1'700'000'000'000;

UtcMillis At(int64_t millis) { return UtcMillis(std::chrono::milliseconds(millis)); }

}  // namespace

Post Make(const PostSpec& spec) {
  Post post;
  post.id = spec.id;
  post.source = spec.id.substr(0, spec.id.find(':'));
  post.category = {.slug = spec.category, .name = spec.category};
  post.title = spec.title;
  post.text = spec.text;
  post.url = spec.url;
  post.pipeline = spec.pipeline;
  post.document = spec.document;
  if (spec.published_at) {
    post.published_at = Timestamp{.instant = At(*spec.published_at), .offset = {}};
  }
  text::FieldHasher whole;
  // Another pipeline makes other digests of the same text, as a real one may.
  const std::array<std::string, kDigestFields> fields = {
      spec.title + spec.pipeline,
      "",
      spec.text + spec.pipeline,
      "",
      "",
      "",
      spec.published_at ? std::to_string(*spec.published_at) : "",
      spec.category};
  for (size_t i = 0; i < fields.size(); ++i) {
    const auto sum = text::Sha256(fields[i]);
    std::copy_n(sum.begin(), post.digest.fields[i].size(), post.digest.fields[i].begin());
    whole.Add(fields[i]);
  }
  post.digest.whole = whole.Finish();
  post.document_digest =
      text::Sha256(spec.bytes.empty() ? spec.title + "\n" + spec.text : spec.bytes);
  return post;
}

Transformed History::Start(CaptureRole role) {
  Transformed capture;
  capture.address.segment = fmt::format("newswire-test-{:06}.warc.gz", next_.serial());
  capture.address.offset = next_.offset();
  capture.address.record_id = fmt::format("urn:uuid:{:032x}", ++number_);
  capture.address.position = next_;
  next_ = Position(next_.serial(), next_.offset() + kCaptureBytes);
  capture.address.end = next_;
  capture.role = role;
  capture.body = role == CaptureRole::kFeed ? BodyKind::kFeed : BodyKind::kPage;
  capture.http_status = 200;
  capture.source = "s";
  capture.fetched_at = At(kFirstFetch + number_ * 1000);
  return capture;
}

Transformed History::Page(const PostSpec& spec) {
  Transformed capture = Start(CaptureRole::kPost);
  capture.link = LinkOf(spec.id);
  capture.posts.push_back(Make(spec));
  capture.posts.back().archive = capture.address;
  capture.posts.back().fetched_at = capture.fetched_at;
  capture.pipeline = spec.pipeline;
  return capture;
}

Transformed History::Feed(const std::vector<PostSpec>& specs) {
  Transformed capture = Start(CaptureRole::kFeed);
  capture.link = "https://a.example/feed.xml";
  for (const PostSpec& spec : specs) {
    capture.posts.push_back(Make(spec));
    capture.posts.back().document = static_cast<uint32_t>(capture.posts.size() - 1);
    capture.posts.back().archive = capture.address;
    capture.posts.back().fetched_at = capture.fetched_at;
    capture.pipeline = spec.pipeline;
  }
  return capture;
}

Transformed History::Removed(const std::string& link, const std::string& link_post_id) {
  Transformed capture = Start(CaptureRole::kPost);
  capture.http_status = 410;
  capture.link = link;
  capture.link_post_id = link_post_id;
  capture.removal = Removal{.how = "http_410", .confirmed_at = capture.fetched_at};
  return capture;
}

Transformed History::Revisit(const std::string& link) {
  Transformed capture = Start(CaptureRole::kPost);
  capture.kind = CaptureKind::kRevisit;
  capture.link = link;
  return capture;
}

Transformed History::Broken(const std::string& url) {
  Transformed capture = Start(CaptureRole::kPost);
  capture.link = url;
  capture.dead_letters.push_back({.source = "s",
                                  .url = url,
                                  .document = 0,
                                  .step = "decode",
                                  .reason = "no text at all",
                                  .fetched_at = capture.fetched_at,
                                  .archive = capture.address,
                                  .pipeline = "1.0.0+aaaaaaaa"});
  return capture;
}

void History::NextSegment() { next_ = Position(next_.serial() + 1, 0); }

}  // namespace newswire::relay
