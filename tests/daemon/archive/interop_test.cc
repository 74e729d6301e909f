// SPDX-License-Identifier: Apache-2.0
// What is claimed of other WARC tools is tested with one: jwarc, an independent reader and writer.
#include <algorithm>
#include <sstream>

#include <fmt/format.h>
#include <sys/wait.h>

#include "daemon/archive/cdxj.h"
#include "daemon/archive/export_captures.h"
#include "daemon/archive/redact.h"
#include "daemon/archive/tools.h"
#include "daemon/archive/verify.h"
#include "fetchers/clock.h"
#include "tests/daemon/archive/archive_fixture.h"
#include "tests/daemon/archive/redact_fixture.h"
#include "tests/daemon/archive/run_tool.h"
#include "transforms/text/json.h"

namespace newswire::archive {
namespace {

constexpr int kNotInstalled = 77;

class Interop : public testing::Test {
 protected:
  void SetUp() override {
    if (const Answer jars = Jwarc("jars"); jars.status == kNotInstalled) {
      GTEST_SKIP() << "SKIPPED: jwarc cannot be had: " << jars.out;
    }
  }
  // Its answer; `out` holds what it said on both streams.
  Answer Jwarc(const std::string& words) const {
    const std::filesystem::path script =
        std::filesystem::path(NEWSWIRE_SOURCE_DIR) / "tests/daemon/archive/jwarc/jwarc";
    const std::filesystem::path output = scratch_.path() / "jwarc.out";
    const int status = std::system(
        fmt::format("'{}' {} > '{}' 2>&1", script.native(), words, output.native()).c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, ReadAll(output), ""};
  }
  // An archive with a record of every kind.
  void MakeArchive() {
    auto archive = Archive::Open(MakeOptions(dir()), MakeInfo(), SystemClock());
    ASSERT_TRUE(archive) << archive.error();
    const Result<ArchiveAddress> first = AppendAndWait(**archive, MakeCapture(0));
    ASSERT_TRUE(first);
    Capture revisit = MakeCapture(0);
    revisit.kind = CaptureKind::kRevisit;
    revisit.refers_to = RefersTo{first->record_id, revisit.url, revisit.fetched_at};
    Capture not_modified = revisit;
    not_modified.http_status = 304;
    Capture file = MakeCapture(1);
    file.kind = CaptureKind::kResource;
    file.url = "file:///srv/posts/1.md";
    file.http_status = 0;
    file.protocol.clear();
    file.headers.clear();
    file.content_type = "text/markdown";
    Capture gone = MakeCapture(2);
    gone.kind = CaptureKind::kGone;
    for (const Capture& capture : {revisit, not_modified, file, gone}) {
      ASSERT_TRUE(AppendAndWait(**archive, capture));
    }
    std::promise<Result<ArchiveAddress>> control;
    (*archive)->AppendControl(
        ControlKind::kQuarantine,
        fmt::format(R"({{"captures":["{}"],"reason":"a test"}})", first->position.ToHex()),
        [&](Result<ArchiveAddress> address) { control.set_value(std::move(address)); });
    ASSERT_TRUE(control.get_future().get());
  }
  const std::filesystem::path& dir() const { return archive_.path(); }
  std::filesystem::path Segment1() const { return dir() / "newswire-main-00000001.warc.gz"; }

  // Types of all records in order, after each was found right.
  std::string TypesOf(const std::filesystem::path& file) const {
    const Answer valid = Jwarc(fmt::format("tool validate '{}'", file.native()));
    EXPECT_EQ(valid.status, 0) << valid.out;
    const Answer read = Jwarc(fmt::format("read '{}'", file.native()));
    EXPECT_EQ(read.status, 0) << read.out;
    std::string types;
    for (const std::string& line : read.lines()) {
      std::istringstream words(line);
      std::string type, id, target, block, payload;
      words >> type >> id >> target >> block >> payload;
      EXPECT_EQ(block, "right") << line;
      if (type == "response" || type == "resource") {
        EXPECT_EQ(payload, "right") << line;
      }
      types += type + " ";
    }
    return types;
  }

  TemporaryFolder scratch_, archive_;
};

TEST_F(Interop, ItReadsAllThatWeWriteWithTheRightDigests) {
  MakeArchive();
  EXPECT_EQ(TypesOf(Segment1()),
            "warcinfo response metadata revisit metadata revisit metadata resource metadata "
            "metadata metadata ");
}

TEST_F(Interop, ItReadsWhatWeExport) {
  MakeArchive();
  const std::filesystem::path file = scratch_.path() / "subset.warc.gz";
  std::ostringstream said, err;
  ASSERT_EQ(ExportCaptures(dir(), {.kind = CaptureKind::kRevisit}, "newswired/0.1.0", file, {},
                           said, err),
            0)
      << err.str();
  EXPECT_EQ(TypesOf(file),
            "warcinfo warcinfo response metadata revisit metadata revisit metadata ");
}

TEST_F(Interop, ItReadsASegmentWithRedactedRecords) {
  {
    auto archive = Archive::Open(MakeOptions(dir()), NewsInfo(), SystemClock());
    ASSERT_TRUE(archive) << archive.error();
    for (int n = 0; n < 4; ++n) {
      ASSERT_TRUE(AppendAndWait(**archive, NewsPage(n)));
    }
    ASSERT_TRUE(AppendAndWait(**archive, NewsFeed({0, 1, 2}, false, "gzip")));
    const auto report = Redact(**archive, {.posts = {"finews:" + NewsId(1)}, .reason = {}}, {}, {});
    ASSERT_TRUE(report) << report.error();
    ASSERT_EQ(report->captures.size(), 2u);
  }
  EXPECT_EQ(TypesOf(Segment1()),
            "warcinfo response metadata response metadata response metadata response metadata "
            "response metadata ");
  // Its index finds each record where it was.
  const Answer index = Jwarc(fmt::format("tool cdxj '{}'", Segment1().native()));
  EXPECT_EQ(index.status, 0) << index.out;
  size_t found = 0;
  for (const Capture& capture : ReadArchive(dir()).captures) {
    found +=
        index.out.find(fmt::format("\"{}\"", capture.address.offset)) != std::string::npos ||
                index.out.find(fmt::format(":{},", capture.address.offset)) != std::string::npos
            ? 1
            : 0;
  }
  EXPECT_EQ(found, 5u) << index.out;
}

// The same keys, times, places and digests; jwarc orders the members of the JSON otherwise.
TEST_F(Interop, ItsIndexIsOurs) {
  MakeArchive();
  std::vector<std::string> ours;
  std::ostringstream err;
  ASSERT_EQ(IndexFiles(
                {Segment1()}, {}, scratch_.path(), kIndexMemory, {},
                [&](const std::string& line) {
                  ours.push_back(line);
                  return Status();
                },
                err),
            0);
  const Answer theirs = Jwarc(fmt::format("tool cdxj '{}'", Segment1().native()));
  ASSERT_EQ(theirs.status, 0) << theirs.out;
  const auto member = [](const std::string& line, const std::string& name) {
    const auto json = text::JsonDocument::Parse(line.substr(line.find('{')));
    if (!json) {
      return std::string();
    }
    const text::JsonValue value = json->root()[name];
    return value.is_string() ? std::string(value.string_or("")) : value.Dump();
  };
  const auto essence = [&](const std::string& line) {
    std::string digest = member(line, "digest");
    digest = digest.substr(digest.find(':') + 1);
    return line.substr(0, line.find('{')) + member(line, "offset") + " " + member(line, "length") +
           " " + digest + " " + member(line, "mime");
  };
  std::vector<std::string> got, wanted;
  for (const std::string& line : ours) {
    got.push_back(essence(line));
  }
  for (const std::string& line : theirs.lines()) {
    if (line.find("file:") == std::string::npos) {  // it has keys of its own for these
      wanted.push_back(essence(line));
    }
  }
  std::erase_if(got, [](const std::string& line) { return line.starts_with("file:"); });
  std::ranges::sort(wanted);
  std::ranges::sort(got);
  EXPECT_EQ(got, wanted);
  EXPECT_EQ(got.size(), 3u);
}

TEST_F(Interop, WeReadAllThatItWrites) {
  ASSERT_EQ(Jwarc(fmt::format("write '{}'", dir().native())).status, 0);
  for (const std::string name :
       {"plain.warc", "members.warc.gz", "whole.warc.gz", "ccnews.warc.gz"}) {
    SCOPED_TRACE(name);
    const Contents contents = ReadFiles({dir() / name});
    EXPECT_TRUE(contents.damage.empty());
    ASSERT_EQ(contents.captures.size(), 4u);
    for (size_t n = 0; n < 2; ++n) {
      EXPECT_EQ(contents.captures[n].url, fmt::format("https://news.example/{}.html", n));
      EXPECT_EQ(contents.captures[n].body, fmt::format("<p>page {}</p>", n));
      EXPECT_EQ(contents.captures[n].http_status, 200);
      EXPECT_FALSE(FindHeader(contents.captures[n].headers, "Transfer-Encoding"));
      EXPECT_EQ(FormatUtcMillis(contents.captures[n].fetched_at),
                fmt::format("2022-04-19T02:45:3{}.000Z", n));
    }
    EXPECT_EQ(contents.captures[2].kind, CaptureKind::kResource);
    EXPECT_EQ(contents.captures[2].content_type, "text/markdown");
    EXPECT_EQ(contents.captures[3].kind, CaptureKind::kRevisit);
    EXPECT_EQ(contents.captures[3].refers_to->target_uri, "https://news.example/0.html");
    const Answer verified =
        RunTool([&](auto& out, auto& err) { return VerifyPaths({dir() / name}, out, err); });
    EXPECT_EQ(verified.status, 0) << verified.out;
  }
}

}  // namespace
}  // namespace newswire::archive
