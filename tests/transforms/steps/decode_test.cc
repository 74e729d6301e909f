// SPDX-License-Identifier: Apache-2.0
#include "transforms/steps/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/transforms/steps/step_fixture.h"
#include "transforms/text/hash.h"

namespace newswire::steps {
namespace {

using testing::HasSubstr;

TEST(DecodeStep, MakesTextOfAPage) {
  StepFixture fixture;
  fixture.capture.body = "<p>caf\xE9</p>";
  fixture.document.content_type = "text/html; charset=iso-8859-1";
  ASSERT_TRUE(Decode(fixture.document));
  EXPECT_EQ(fixture.document.html, "<p>café</p>");
  EXPECT_FALSE(fixture.document.is_fragment);
  EXPECT_EQ(fixture.document.decoded.charset, "windows-1252");
  EXPECT_EQ(fixture.document.post.document_digest, text::Sha256("<p>caf\xE9</p>"));
}

TEST(DecodeStep, RefusesACutBody) {
  StepFixture fixture;
  fixture.capture.body = "<p>x</p>";
  fixture.capture.truncated = "length";
  const Status done = Decode(fixture.document);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::kMalformed);
  EXPECT_THAT(done.error().message, HasSubstr("length"));
}

TEST(DecodeStep, RefusesWhatIsNoPage) {
  for (const char* type :
       {"application/pdf", "image/png", "video/mp4", "application/zip", "application/json"}) {
    StepFixture fixture;
    fixture.capture.body = "whatever";
    fixture.document.content_type = type;
    const Status done = Decode(fixture.document);
    ASSERT_FALSE(done) << type;
    EXPECT_THAT(done.error().message, HasSubstr(type));
  }
  StepFixture mislabelled;
  mislabelled.capture.body = "%PDF-1.7 ...";
  mislabelled.document.content_type = "text/html";
  EXPECT_FALSE(Decode(mislabelled.document));
}

TEST(DecodeStep, NamesADamagedEncodingAndTheLimit) {
  StepFixture damaged;
  damaged.capture.headers = {{"Content-Encoding", "gzip"}};
  damaged.capture.body = "\x1F\x8B\x08 broken";
  EXPECT_FALSE(Decode(damaged.document));
  StepFixture large;
  large.capture.body.assign(kMaxPostBytes + 1, ' ');
  const Status done = Decode(large.document);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("5242880"));
}

TEST(DecodeStep, ReadsTheAnswersOfADetailApi) {
  struct Case {
    std::string body, html;
  };
  for (const auto& [body, html] :
       {Case{R"({"content":"<p>一</p>","title":"题"})", "<p>一</p>"},
        Case{R"({"text":"<p>二</p>","title":"题"})", "<p>二</p>"},
        Case{R"({"data":{"news":[{"id":1,"content":"<p>三</p>","title":"题"}]}})", "<p>三</p>"},
        Case{R"(callback({"content":"<p>四</p>","title":"题"});)", "<p>四</p>"}}) {
    StepFixture fixture(BodyKind::kDetail);
    fixture.capture.body = body;
    fixture.document.content_type = "application/json";
    ASSERT_TRUE(Decode(fixture.document)) << body;
    EXPECT_EQ(fixture.document.html, html);
    EXPECT_TRUE(fixture.document.is_fragment);
    ASSERT_EQ(fixture.document.candidates.titles.size(), 1U);
    EXPECT_EQ(fixture.document.candidates.titles[0].value, "题");
    EXPECT_EQ(fixture.document.candidates.titles[0].origin, "detail");
  }
  StepFixture empty(BodyKind::kDetail);
  empty.capture.body = R"({"code":404})";
  empty.document.content_type = "application/json";
  EXPECT_FALSE(Decode(empty.document));
}

TEST(DecodeStep, LeavesMarkdownToItsSteps) {
  StepFixture fixture;
  fixture.Markdown("---\ntitle: x\n---\ntext");
  ASSERT_TRUE(Decode(fixture.document));
  EXPECT_EQ(fixture.document.html, "");
  EXPECT_EQ(fixture.document.decoded.text, "---\ntitle: x\n---\ntext");
}

TEST(DecodeStep, MakesParagraphsOfPlainText) {
  StepFixture fixture(BodyKind::kFile);
  fixture.capture.body = "one <1%\ntwo\n\n\nthree & four\n";
  fixture.document.content_type = "text/plain";
  ASSERT_TRUE(Decode(fixture.document));
  EXPECT_EQ(fixture.document.html, "<p>one &lt;1%\ntwo</p>\n<p>three &amp; four</p>\n");
  EXPECT_TRUE(fixture.document.is_fragment);
}

}  // namespace
}  // namespace newswire::steps
