// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/comparison.h"

#include <algorithm>
#include <iterator>

namespace newswire::relay {
namespace {

constexpr std::string_view kChangedUnknown = "unknown";
// Captures read again lately: a feed's entries often point to the same few.
constexpr size_t kReadLately = 4;

Comparison CompareDigests(const PostDigest& before, const PostDigest& now) {
  Comparison comparison;
  comparison.same = before.whole == now.whole;
  if (comparison.same) {
    return comparison;
  }
  for (size_t i = 0; i < kDigestFields; ++i) {
    if (before.fields[i] != now.fields[i]) {
      comparison.changed.emplace_back(Name(static_cast<DigestField>(i)));
      comparison.text_changed |= static_cast<DigestField>(i) == DigestField::kText;
    }
  }
  return comparison;
}

}  // namespace

Comparer::Comparer(SequencerState& state, Reread reread, Retired retired)
    : state_(state), reread_(std::move(reread)), retired_(std::move(retired)) {}

Result<Comparison> Comparer::Compare(const PostRow& row, const Post& post, Position at) {
  if (row.pipeline == post.pipeline) {
    return CompareDigests(row.digest, post.digest);
  }
  const auto before = DigestUnderTodaysPipeline(row, post, at);
  if (!before) {
    return std::unexpected(before.error());
  }
  if (*before) {
    return CompareDigests(**before, post.digest);
  }
  Comparison comparison;
  comparison.same = row.document_digest == post.document_digest;
  if (!comparison.same) {
    comparison.text_changed = true;
    comparison.changed.emplace_back(kChangedUnknown);
  }
  return comparison;
}

Result<std::optional<PostDigest>> Comparer::DigestUnderTodaysPipeline(const PostRow& row,
                                                                      const Post& post,
                                                                      Position at) {
  auto digest = state_.Reread(post.id, row.capture, post.pipeline);
  if (!digest || *digest || (retired_ && retired_(row.capture, at))) {
    return digest;
  }
  digest = ReadAgain(row, post);
  if (digest && *digest) {
    if (Status status = state_.Put({post.id, row.capture, post.pipeline, **digest}); !status) {
      return std::unexpected(status.error());
    }
  }
  return digest;
}

Result<std::optional<PostDigest>> Comparer::ReadAgain(const PostRow& row, const Post& post) {
  const auto fits = [&](const auto& entry) {
    return entry.first == row.capture && (!entry.second || entry.second->pipeline == post.pipeline);
  };
  auto known = std::ranges::find_if(lately_, fits);
  if (known == lately_.end()) {
    auto read = reread_ ? reread_(row.capture) : std::optional<Transformed>();
    if (!read) {
      return std::unexpected(read.error());
    }
    if (lately_.size() == kReadLately) {
      lately_.erase(lately_.begin());
    }
    lately_.emplace_back(row.capture, std::move(*read));
    known = std::prev(lately_.end());
  }
  if (!known->second) {
    return std::nullopt;
  }
  const std::vector<Post>& posts = known->second->posts;
  auto found = std::ranges::find(posts, post.id, &Post::id);
  if (found == posts.end()) {
    found = std::ranges::find(posts, row.document, &Post::document);
  }
  if (found == posts.end() || found->pipeline != post.pipeline) {
    return std::nullopt;
  }
  return found->digest;
}

}  // namespace newswire::relay
