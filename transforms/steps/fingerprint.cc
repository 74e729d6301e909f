// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <string_view>

#include "transforms/steps/compose.h"
#include "transforms/steps/step.h"
#include "transforms/text/hash.h"

namespace newswire::steps {
namespace {

std::string KindsOf(const std::vector<Block>& blocks) {
  std::string kinds;
  for (const Block& block : blocks) {
    kinds += Name(block.kind);
    kinds += std::to_string(block.level);
    kinds.push_back(' ');
  }
  return kinds;
}

}  // namespace

Status Fingerprint(Document& document) {
  EnsureComposed(document);
  const Post& post = document.post;
  PostDigest digest;
  text::FieldHasher hasher;
  text::FieldHasher whole;
  const auto finish = [&](DigestField field) {
    const Digest256 hash = hasher.Finish();
    std::copy_n(hash.begin(), digest.fields[0].size(),
                digest.fields[static_cast<size_t>(field)].begin());
    whole.Add({reinterpret_cast<const char*>(hash.data()), hash.size()});
  };
  hasher.Add(post.title);
  finish(DigestField::kTitle);
  hasher.Add(post.summary);
  finish(DigestField::kSummary);
  hasher.Add(post.text);
  finish(DigestField::kText);
  hasher.Add(KindsOf(post.blocks));
  finish(DigestField::kBlocks);
  for (const std::string& author : post.authors) {
    hasher.Add(author);
  }
  finish(DigestField::kAuthors);
  hasher.Add(post.publisher);
  finish(DigestField::kPublisher);
  // The instant: the same time written with another offset is no change.
  hasher.Add(post.published_at ? FormatUtc(post.published_at->instant) : "");
  finish(DigestField::kPublishedAt);
  hasher.Add(post.category.slug);
  hasher.Add(post.category.name);
  finish(DigestField::kCategory);
  digest.whole = whole.Finish();
  document.post.digest = digest;
  return {};
}

}  // namespace newswire::steps
