// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "tests/transforms/steps/step_fixture.h"

namespace newswire::steps {
namespace {

Post SamplePost() {
  Post post;
  post.title = "t";
  post.summary = "s";
  post.text = "ab";
  post.blocks = {{.kind = BlockKind::kParagraph, .level = 0, .span = {0, 2}}};
  post.authors = {"a", "b"};
  post.publisher = "p";
  post.published_at = Timestamp{.instant = UtcMillis{}, .offset = std::chrono::minutes(0)};
  post.category = {.slug = "c", .name = "n"};
  return post;
}

PostDigest DigestOf(const Post& post) {
  StepFixture fixture;
  fixture.document.post = post;
  EXPECT_TRUE(Fingerprint(fixture.document));
  return fixture.document.post.digest;
}

struct Change {
  DigestField field;
  std::function<void(Post&)> apply;
};

TEST(FingerprintStep, ChangesWithEachFieldOfARevisionAndOnlyThere) {
  const PostDigest base = DigestOf(SamplePost());
  const std::vector<Change> changes = {
      {DigestField::kTitle, [](Post& p) { p.title = "t2"; }},
      {DigestField::kSummary, [](Post& p) { p.summary = ""; }},
      {DigestField::kText, [](Post& p) { p.text = "ac"; }},
      {DigestField::kBlocks, [](Post& p) { p.blocks[0].kind = BlockKind::kHeading; }},
      {DigestField::kAuthors, [](Post& p) { p.authors = {"ab"}; }},
      {DigestField::kPublisher, [](Post& p) { p.publisher = "q"; }},
      {DigestField::kPublishedAt, [](Post& p) { p.published_at.reset(); }},
      {DigestField::kCategory, [](Post& p) { p.category.name = "m"; }},
  };
  for (const auto& [field, apply] : changes) {
    Post post = SamplePost();
    apply(post);
    const PostDigest changed = DigestOf(post);
    EXPECT_NE(changed.whole, base.whole) << Name(field);
    for (size_t i = 0; i < kDigestFields; ++i) {
      EXPECT_EQ(changed.fields[i] != base.fields[i], i == static_cast<size_t>(field))
          << Name(field) << " against " << Name(static_cast<DigestField>(i));
    }
  }
}

TEST(FingerprintStep, IgnoresWhatMakesNoRevision) {
  Post post = SamplePost();
  post.url = "https://b/";
  post.links = {{.url = "x", .text = "y", .span = {0, 1}}};
  post.images = {{.url = "x", .alt = "", .caption = ""}};
  post.tags = {"x"};
  post.language = "de";
  post.published_at->offset = std::chrono::minutes(480);
  post.fetched_at += std::chrono::milliseconds(1);
  EXPECT_EQ(DigestOf(post), DigestOf(SamplePost()));
}

}  // namespace
}  // namespace newswire::steps
