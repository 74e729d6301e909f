// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/verify.h"

#include <random>
#include <regex>

#include <fmt/format.h>

#include "daemon/archive/folder.h"
#include "daemon/archive/gzip_member.h"
#include "daemon/archive/record_stream.h"
#include "daemon/archive/tools.h"
#include "fetchers/clock.h"
#include "tests/daemon/archive/archive_fixture.h"
#include "tests/daemon/archive/run_tool.h"

namespace newswire::archive {
namespace {

// An archive of two sealed segments and one that is written, one capture in each.
class Verify : public testing::Test {
 protected:
  void SetUp() override {
    for (int n = 0; n < 3; ++n) {
      ArchiveOptions options = MakeOptions(dir());
      options.segment_size = n < 2 ? 1 : 1 << 20;
      auto archive = Archive::Open(options, MakeInfo(), SystemClock());
      ASSERT_TRUE(archive) << archive.error();
      ASSERT_TRUE(AppendAndWait(**archive, MakeCapture(n)));
    }
  }
  const std::filesystem::path& dir() const { return folder_.path(); }
  std::filesystem::path Segment1() const { return dir() / "newswire-main-00000001.warc.gz"; }
  Answer Run() const {
    return RunTool([&](auto& out, auto& err) { return VerifyArchive(dir(), out, err); });
  }
  static Answer RunPaths(const std::vector<std::filesystem::path>& paths) {
    return RunTool([&](auto& out, auto& err) { return VerifyPaths(paths, out, err); });
  }

  TemporaryFolder folder_;
};

// Whether a line of the answer names a range that holds `offset`.
bool Names(const Answer& answer, uint64_t offset, uint64_t narrower_than) {
  static const std::regex kRange("([0-9]+) bytes at offset ([0-9]+)$");
  for (const std::string& line : answer.lines()) {
    std::smatch match;
    if (std::regex_search(line, match, kRange)) {
      const uint64_t begin = std::stoull(match[2]);
      const uint64_t length = std::stoull(match[1]);
      if (begin <= offset && offset < begin + length && length < narrower_than) {
        return true;
      }
    }
  }
  return false;
}

TEST_F(Verify, AWholeArchiveIsWhole) {
  const Answer answer = Run();
  EXPECT_EQ(answer.status, 0) << answer.out << answer.err;
  EXPECT_EQ(answer.lines().size(), 3u) << answer.out;
  EXPECT_TRUE(answer.lines()[2].ends_with(", not sealed yet")) << answer.out;
}

// Every byte, one bit of it at random: named, and by a range smaller than the segment.
TEST_F(Verify, FindsEveryFlippedByteOfASealedSegment) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937 random(seed);
  const std::string whole = ReadAll(Segment1());
  for (size_t offset = 0; offset < whole.size(); ++offset) {
    std::string flipped = whole;
    flipped[offset] = static_cast<char>(flipped[offset] ^ (1 << (random() % 8)));
    WriteAll(Segment1(), flipped);
    const Answer answer = Run();
    ASSERT_EQ(answer.status, kFoundDamage) << "offset " << offset << "\n" << answer.out;
    ASSERT_TRUE(answer.err.empty()) << answer.err;
    ASSERT_TRUE(Names(answer, offset, whole.size())) << "offset " << offset << "\n" << answer.out;
  }
}

TEST_F(Verify, FindsATearAtEveryOffsetOfASealedSegment) {
  const std::string whole = ReadAll(Segment1());
  for (size_t length = 0; length < whole.size(); ++length) {
    WriteAll(Segment1(), whole.substr(0, length));
    const Answer answer = Run();
    ASSERT_EQ(answer.status, kFoundDamage) << "length " << length << "\n" << answer.out;
    ASSERT_TRUE(answer.err.empty()) << answer.err;
  }
  WriteAll(Segment1(), whole + '\0');
  EXPECT_EQ(Run().status, kFoundDamage);
}

// Where a header of a member is damaged, the very byte is named.
TEST_F(Verify, NamesTheByteOfAGzipHeader) {
  const std::string whole = ReadAll(Segment1());
  for (const size_t offset : {4, 5, 6, 7, 8, 9, 16, 20, 24, 25, 26, 27, 28, 31}) {
    std::string flipped = whole;
    flipped[offset] = static_cast<char>(flipped[offset] ^ 0x20);
    WriteAll(Segment1(), flipped);
    EXPECT_TRUE(Names(Run(), offset, 2)) << offset << "\n" << Run().out;
  }
}

// A deflate stream that says the same in other bytes: no checksum but the sum notices.
TEST_F(Verify, NamesTheMemberThatIsCompressedOtherwise) {
  const std::string whole = ReadAll(Segment1());
  auto stream = RecordStream::Open(Segment1());
  ASSERT_TRUE(stream);
  const auto first = (*stream)->Next();
  ASSERT_TRUE(first && first->has_value());
  const auto& record = std::get<StoredRecord>(**first);
  const std::optional<MemberHint> hint = ReadMemberHint(whole);
  ASSERT_TRUE(hint);
  MemberInflater inflater;
  std::string data;
  ASSERT_TRUE(inflater.Inflate(whole.substr(0, record.end), hint->data_length, data));
  // Stored, not compressed.
  std::string member;
  const auto little = [](uint64_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) {
      text.push_back(static_cast<char>(value >> (8 * i)));
    }
    return text;
  };
  const std::string deflated = "\x01" + little(data.size(), 2) + little(~data.size(), 2) + data;
  const auto length = static_cast<uint32_t>(kHintedHeaderSize + deflated.size() + kGzipTrailerSize);
  member = MemberHeader({.member_length = length,
                         .data_length = hint->data_length,
                         .kind = MemberKind::kWarcInfo}) +
           deflated + whole.substr(record.end - kGzipTrailerSize, kGzipTrailerSize);
  WriteAll(Segment1(), member + whole.substr(record.end));
  const Answer answer = Run();
  EXPECT_EQ(answer.status, kFoundDamage);
  EXPECT_NE(answer.out.find(fmt::format(
                "a record is whole, but not compressed as it was written, {} bytes at offset 0\n",
                length)),
            std::string::npos)
      << answer.out;
}

TEST_F(Verify, NamesWhatIsMissingBesideASegment) {
  std::filesystem::remove(SumPath(Segment1()));
  Answer answer = Run();
  EXPECT_EQ(answer.status, kFoundDamage);
  EXPECT_NE(answer.out.find("its .sha256 is missing"), std::string::npos) << answer.out;

  std::filesystem::remove(dir() / "newswire-main-00000002.warc.gz");
  answer = Run();
  EXPECT_EQ(answer.status, kFoundDamage);
  EXPECT_NE(answer.out.find("newswire-main-00000002.warc.gz.sha256: the segment of this sum"),
            std::string::npos)
      << answer.out;
  EXPECT_NE(answer.out.find("serial 2: no segment"), std::string::npos) << answer.out;
}

TEST_F(Verify, TheOldestSegmentsMayBeMissingButNotTheNewest) {
  std::filesystem::remove(Segment1());
  EXPECT_EQ(Run().status, 0) << Run().out;  // its sum was left over
  std::filesystem::remove(dir() / "newswire-main-00000003.warc.gz");
  const Answer answer = Run();
  EXPECT_EQ(answer.status, kFoundDamage);
  EXPECT_NE(answer.out.find("serial 3: no segment"), std::string::npos) << answer.out;
}

TEST_F(Verify, FlippedBytesOfASumAreFound) {
  const std::filesystem::path sum = SumPath(Segment1());
  const std::string whole = ReadAll(sum);
  for (size_t offset = 0; offset < whole.size(); ++offset) {
    std::string flipped = whole;
    flipped[offset] = static_cast<char>(flipped[offset] ^ 0x01);
    WriteAll(sum, flipped);
    EXPECT_EQ(Run().status, kFoundDamage) << offset;
  }
}

TEST_F(Verify, ForeignFilesSayWhichGuaranteeTheyGive) {
  const std::string record =
      "WARC/1.0\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:uuid:1>\r\n"
      "WARC-Date: 2022-04-19T00:00:00Z\r\nWARC-Target-URI: http://a.example/\r\n"
      "WARC-Block-Digest: sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"
      "Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello\r\n\r\n";
  TemporaryFolder other;
  WriteAll(other.path() / "a.warc", record);
  Answer answer = RunPaths({other.path()});
  EXPECT_EQ(answer.status, kFoundDamage);
  EXPECT_NE(answer.out.find("the block does not match its digest"), std::string::npos);
  EXPECT_NE(answer.out.find("a plain file has no checksum"), std::string::npos) << answer.out;

  std::filesystem::copy_file(Segment1(), other.path() / "b.warc.gz");
  answer = RunPaths({other.path() / "b.warc.gz"});
  EXPECT_EQ(answer.status, 0) << answer.out;
  EXPECT_NE(answer.out.find("CRC-32 and length of every gzip member"), std::string::npos);
  EXPECT_NE(answer.out.find("3 block digests right"), std::string::npos) << answer.out;

  EXPECT_EQ(RunPaths({dir()}).status, 0) << "an archive's folder";
  EXPECT_EQ(RunPaths({other.path() / "nothing.warc"}).status, kCannotRead);
  WriteAll(other.path() / "empty.warc", "");
  EXPECT_EQ(RunPaths({other.path() / "empty.warc"}).status, kFoundDamage);
}

}  // namespace
}  // namespace newswire::archive
